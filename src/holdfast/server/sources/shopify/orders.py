"""Orders of Shopify: counted once paid or authorised, with their refunds and shipments.

`revenue` is `total_price`: what the customer pays, with tax and shipping, after discounts, in the shop's currency. Refunds
count what was paid back, with tax and shipping too, so that an order wholly refunded is worth nothing. `subtotal` (goods),
`tax`, `shipping` and `discount` stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from holdfast.server.sources.messages import (
    AFTER,
    Message,
    NotUnderstood,
    Told,
    address,
    filled,
    identify,
    instant,
    money,
    once,
    once_each,
    plain,
    text,
    track,
)
from holdfast.server.sources.source import Ids

__all__ = ["line", "order", "ordered_by", "who"]

COUNTED = ("authorized", "paid", "partially_paid", "partially_refunded", "refunded")
WITHDRAWN = ("voided", "expired")


def order(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """All that an order says as it is now; a test order says nothing."""
    if body.get("test") is True:
        return []
    number, at = ids.one(body.get("id")), instant(body.get("processed_at") or body.get("created_at"))
    if number is None or at is None:
        raise NotUnderstood("shape_unknown", "the order has no id or no time", "look at what was sent")
    status = body.get("financial_status")
    if status in COUNTED or status in WITHDRAWN:
        done = _completed(body, ids, number, at)
        taken_back = [_withdrawn(body, ids, number, at)] if status in WITHDRAWN else []
        beside = [*taken_back, *_refunds(body, ids, number), *_shipments(body, ids, number)]
        return [done, *(once_each(one, done) for one in beside)]
    waiting = {"order_id": number, "total": money(body.get("total_price")), "currency": body.get("currency")}
    placed = track("Order Placed", id=ids.message("placed", number), at=at, user=who(body, ids), properties=waiting)
    return [once(placed)]


def who(body: Mapping[str, Any], ids: Ids) -> str | None:
    """The customer of an order or checkout; a guest is her e-mail address; None where nobody is named."""
    email = text(body.get("email") or body.get("contact_email"))
    return ids.one(plain(body, "customer", "id")) or (email.lower() if email else None)


def line(item: Mapping[str, Any]) -> dict[str, Any]:
    """A line of an order as a product of Segment's specification."""
    taken_off = [money(one.get("amount")) or Decimal(0) for one in item.get("discount_allocations") or []]
    return filled(
        {
            "product_id": text(item.get("product_id")) or text(item.get("variant_id")) or text(item.get("title")),
            "sku": text(item.get("sku")),
            "name": text(item.get("title")),
            "variant": text(item.get("variant_title")),
            "brand": text(item.get("vendor")),
            "category": text(item.get("product_type")),
            "quantity": item.get("quantity"),
            "price": money(item.get("price")),
            "discount": sum(taken_off, Decimal(0)) or None,
        }
    )


def _completed(body: Mapping[str, Any], ids: Ids, number: str, at: str) -> Message:
    coupons = [code for one in body.get("discount_codes") or [] if (code := text(one.get("code")))]
    total, withdrawn = money(body.get("total_price")), body.get("financial_status") in WITHDRAWN
    told = {
        "order_id": number,
        "revenue": sum((one.amount for one in _returns(body)), Decimal(0)) if withdrawn else total,
        "total": total if withdrawn else None,
        "currency": text(body.get("currency")),
        "subtotal": money(body.get("subtotal_price")),
        "tax": money(body.get("total_tax")),
        "shipping": money(plain(body, "total_shipping_price_set", "shop_money", "amount")),
        "discount": money(body.get("total_discounts")),
        "coupon": ", ".join(coupons),
        "order_name": text(body.get("name")),
        "channel": text(body.get("source_name")),
        "products": [line(one) for one in body.get("line_items") or []],
    }
    changed = instant(body.get("updated_at")) or at
    version = f"{changed}{AFTER if withdrawn else ''}"
    return track("Order Completed", id="", at=at, user=who(body, ids), properties=told, of=f"order:{number}", version=version)


def _withdrawn(body: Mapping[str, Any], ids: Ids, number: str, at: str) -> Message:
    """An order that was authorised and never charged: its newest telling says that it is worth nothing, and this takes it out
    of every count, at the order's own date, so that it is out of the counts of the days before it was voided too. Should it be
    charged after all, the next telling counts again.
    """
    told = {
        "order_id": number,
        "revenue": Decimal(0),
        "currency": text(body.get("currency")),
        "reason": text(body.get("cancel_reason")) or text(body.get("financial_status")),
        "cancelled_at": instant(body.get("cancelled_at") or body.get("updated_at")),
    }
    return track("Order Refunded", id=ids.message("voided", number), at=at, user=who(body, ids), properties=told)


class _Return(NamedTuple):
    """A refund of which all has arrived: as it was sent, when, how much and in which currency."""

    body: Mapping[str, Any]
    at: str
    amount: Decimal
    currency: str | None


def _returns(body: Mapping[str, Any]) -> Iterator[_Return]:
    """What was paid back; a payment that is still on its way is told when it has arrived."""
    for one in body.get("refunds") or []:
        paid = [each for each in one.get("transactions") or [] if each.get("kind") == "refund"]
        if any(each.get("status") == "pending" for each in paid):
            continue
        done = [each for each in paid if each.get("status", "success") == "success"]
        amount = sum((money(each.get("amount")) or Decimal(0) for each in done), Decimal(0))
        at = instant(one.get("processed_at") or one.get("created_at"))
        if amount > 0 and at is not None:
            yield _Return(one, at, amount, text(done[0].get("currency")))


def _refunds(body: Mapping[str, Any], ids: Ids, number: str) -> Iterator[Message]:
    for one in _returns(body):
        told = {
            "order_id": number,
            "refund_id": text(one.body.get("id")),
            "revenue": one.amount,
            "currency": one.currency or text(body.get("currency")),
            "products": [_returned(each) for each in one.body.get("refund_line_items") or []],
        }
        name = ids.message("refund", one.body.get("id"))
        yield track("Order Refunded", id=name, at=one.at, user=who(body, ids), properties=told)


def _returned(item: Mapping[str, Any]) -> dict[str, Any]:
    """A line that was given back, with what was paid back for a piece."""
    sold = line(item.get("line_item") or {})
    quantity, subtotal = int(item.get("quantity") or 0), money(item.get("subtotal"))
    piece = sold.get("price") if subtotal is None or not quantity else round(subtotal / quantity, 4)
    return filled({**sold, "quantity": quantity or None, "price": piece, "discount": None})


def _shipments(body: Mapping[str, Any], ids: Ids, number: str) -> Iterator[Message]:
    for one in body.get("fulfillments") or []:
        at = instant(one.get("created_at"))
        if at is None or one.get("status") in ("cancelled", "error", "failure"):
            continue
        told = {"order_id": number, "shipment_id": text(one.get("id"))}
        name = ids.message("shipment", one.get("id"))
        yield track("Order Shipped", id=name, at=at, user=who(body, ids), properties=told)


def ordered_by(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """Who ordered, as the new order tells it: for shops that send no `customers/…`."""
    user, at = who(body, ids), instant(body.get("created_at"))
    if user is None or at is None or body.get("test") is True:
        return []
    given = body.get("billing_address") or body.get("shipping_address") or {}
    traits = {
        "email": text(body.get("email")),
        "firstName": text(plain(body, "customer", "first_name") or plain(given, "first_name")),
        "lastName": text(plain(body, "customer", "last_name") or plain(given, "last_name")),
        "phone": text(body.get("phone") or plain(given, "phone")),
        "address": address(given, street="address1", city="city", state="province", postalCode="zip", country="country_code"),
    }
    if not filled(traits):
        return []
    return [identify(id=ids.message("ordered-by", body.get("id")), at=at, user=user, traits=traits)]
