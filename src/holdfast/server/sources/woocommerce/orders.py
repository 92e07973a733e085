"""Orders of WooCommerce: counted once paid, with their refunds.

`revenue` is `total`: what the customer pays, with tax and shipping, after discounts. Refunds count with tax and shipping too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from holdfast.server.sources.messages import (
    AFTER,
    Message,
    NotUnderstood,
    Told,
    filled,
    instant,
    money,
    once,
    once_each,
    plain,
    text,
    track,
)
from holdfast.server.sources.source import Ids

__all__ = ["line", "order", "who"]

PAID = ("processing", "completed", "refunded")
WAITING = ("pending", "on-hold")
WITHDRAWN = ("cancelled", "trash")
UNSAID = ("checkout-draft", "auto-draft", "draft", "new")


def order(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """All that an order says as it is now."""
    number, at = ids.one(body.get("id")), instant(body.get("date_created_gmt"))
    if number is None or at is None:
        raise NotUnderstood("shape_unknown", "the order has no id or no time", "choose API version WP REST API v3")
    status, paid = body.get("status"), body.get("date_paid_gmt") is not None
    if status in PAID or (paid and status not in (*UNSAID, "failed")):
        done = _completed(body, ids, number, at)
        taken_back = [*_refunds(body, ids, number)]
        if status in WITHDRAWN:
            taken_back.append(_withdrawn(body, ids, number, at))
        return [done, *(once_each(one, done) for one in taken_back)]
    if status in WAITING:
        return [once(_plainly("Order Placed", ids.message("placed", number), at, body, ids))]
    if status == "failed":
        changed = instant(body.get("date_modified_gmt")) or at
        return [_plainly("Payment Failed", ids.message("failed", number, changed), changed, body, ids)]
    return []


def who(body: Mapping[str, Any], ids: Ids) -> str | None:
    """The customer of an order; a guest is her e-mail address; None where nobody is named."""
    email = text(plain(body, "billing", "email"))
    return ids.one(body.get("customer_id")) or (email.lower() if email else None)


def line(item: Mapping[str, Any]) -> dict[str, Any]:
    """A line of an order as a product of Segment's specification; the price of a piece without tax, before discounts."""
    quantity, subtotal, total = item.get("quantity"), money(item.get("subtotal")), money(item.get("total"))
    counts = isinstance(quantity, int) and quantity > 0 and subtotal is not None
    taken_off = None if subtotal is None or total is None else subtotal - total
    return filled(
        {
            "product_id": ids_of_product(item),
            "variant": text(item.get("variation_id")) if item.get("variation_id") else None,
            "sku": text(item.get("sku")),
            "name": text(item.get("parent_name") or item.get("name")),
            "quantity": quantity,
            "price": round(subtotal / quantity, 4) if counts and subtotal is not None and quantity else None,
            "discount": taken_off or None,
        }
    )


def ids_of_product(item: Mapping[str, Any]) -> str | None:
    """A product by its id; one that is gone by its name."""
    return text(item.get("product_id")) if item.get("product_id") else text(item.get("name"))


def _completed(body: Mapping[str, Any], ids: Ids, number: str, at: str) -> Message:
    """The order as it is now. Cancelled, it is worth what was paid back of it, and a refund of nothing takes it out of every
    count; should it be taken up again, or be paid back by hand, the next telling says what is right then.
    """
    total, withdrawn = money(body.get("total")), body.get("status") in WITHDRAWN
    told = {
        "order_id": number,
        "revenue": sum((_amount(one) for one in body.get("refunds") or []), Decimal(0)) if withdrawn else total,
        "total": total if withdrawn else None,
        "currency": text(body.get("currency")),
        "tax": money(body.get("total_tax")),
        "shipping": money(body.get("shipping_total")),
        "discount": money(body.get("discount_total")),
        "coupon": ", ".join(code for one in body.get("coupon_lines") or [] if (code := text(one.get("code")))),
        "channel": text(body.get("created_via")),
        "products": [line(one) for one in body.get("line_items") or []],
    }
    changed = instant(body.get("date_modified_gmt")) or at
    version = f"{changed}{AFTER if withdrawn else ''}"
    return track("Order Completed", id="", at=at, user=who(body, ids), properties=told, of=f"order:{number}", version=version)


def _withdrawn(body: Mapping[str, Any], ids: Ids, number: str, at: str) -> Message:
    """What takes a cancelled order out of every count. It stands at the order's own date, as what the order is worth does: it
    is out of the counts of the days before it was cancelled too.
    """
    told = {
        "order_id": number,
        "revenue": Decimal(0),
        "currency": text(body.get("currency")),
        "reason": "cancelled",
        "cancelled_at": instant(body.get("date_modified_gmt")),
    }
    return track("Order Refunded", id=ids.message("cancelled", number), at=at, user=who(body, ids), properties=told)


def _plainly(event: str, name: str, at: str, body: Mapping[str, Any], ids: Ids) -> Message:
    told = {
        "order_id": ids.one(body.get("id")),
        "total": money(body.get("total")),
        "currency": text(body.get("currency")),
    }
    return track(event, id=name, at=at, user=who(body, ids), properties=told)


def _refunds(body: Mapping[str, Any], ids: Ids, number: str) -> Iterator[Message]:
    """What was paid back. The order tells neither when nor which products: they count at the order's change."""
    for one in body.get("refunds") or []:
        amount = _amount(one)
        if amount:
            yield _refund(body, ids, number, ids.message("refund", number, one.get("id")), amount, text(one.get("reason")))


def _amount(refund: Mapping[str, Any]) -> Decimal:
    return abs(money(refund.get("total")) or Decimal(0))


def _refund(body: Mapping[str, Any], ids: Ids, number: str, name: str, amount: Decimal, reason: str | None) -> Message:
    at = instant(body.get("date_modified_gmt") or body.get("date_created_gmt")) or ""
    told = {"order_id": number, "revenue": amount, "currency": text(body.get("currency")), "reason": reason}
    return track("Order Refunded", id=name, at=at, user=who(body, ids), properties=told)
