"""Payments of Stripe: an order is a paid invoice, or a one-off payment of Checkout; refunds take them back.

`revenue` is what was paid, with tax, after discounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.server.sources.messages import NotUnderstood, Tie, Told, filled, instant, once, plain, text, track
from holdfast.server.sources.source import Ids
from holdfast.server.sources.stripe.amounts import amount
from holdfast.server.sources.stripe.event import Event

__all__ = ["checked_out", "failed", "paid", "paid_by", "refunded", "who"]


def who(thing: Mapping[str, Any], ids: Ids) -> str | None:
    """The customer; one without an account is her e-mail address; None where nobody is named."""
    email = text(
        thing.get("customer_email") or plain(thing, "customer_details", "email") or plain(thing, "billing_details", "email")
    )
    return ids.one(_id(thing.get("customer"))) or (email.lower() if email else None)


def paid(event: Event, ids: Ids) -> list[Told]:
    """A paid invoice; one over nothing (a trial) says nothing."""
    invoice = event.thing
    number, currency = ids.one(invoice.get("id")), text(invoice.get("currency"))
    total = amount(invoice.get("amount_paid"), currency)
    if number is None or total is None:
        raise NotUnderstood("shape_unknown", "the invoice has no id or no amount", "look at what was sent")
    if total == 0:
        return []
    told = {
        "order_id": number,
        "revenue": total,
        "currency": (currency or "").upper(),
        "tax": amount(invoice.get("tax"), currency),
        "subtotal": amount(invoice.get("subtotal"), currency),
        "subscription_id": _subscription(invoice),
        "billing_reason": text(invoice.get("billing_reason")),
        "products": [_line(one, currency) for one in plain(invoice, "lines", "data") or []],
    }
    at = instant(plain(invoice, "status_transitions", "paid_at") or invoice.get("created")) or event.at
    done = track("Order Completed", id=ids.message("invoice", number, "paid"), at=at, user=who(invoice, ids), properties=told)
    payment = _id(invoice.get("payment_intent"))
    return [done, Tie(payment, number)] if payment else [done]


def paid_by(event: Event, ids: Ids) -> list[Told]:
    """Which invoice a payment paid."""
    number = ids.one(_id(event.thing.get("invoice")))
    payment = _id(plain(event.thing, "payment", "payment_intent") or plain(event.thing, "payment", "charge"))
    return [Tie(payment, number)] if payment and number else []


def failed(event: Event, ids: Ids) -> list[Told]:
    """A payment that was refused."""
    invoice, currency = event.thing, text(event.thing.get("currency"))
    told = {
        "invoice_id": ids.one(invoice.get("id")),
        "amount": amount(invoice.get("amount_due"), currency),
        "currency": (currency or "").upper(),
        "attempt": text(invoice.get("attempt_count")),
        "subscription_id": _subscription(invoice),
    }
    return [track("Payment Failed", id=ids.message(event.id), at=event.at, user=who(invoice, ids), properties=told)]


def refunded(event: Event, ids: Ids) -> list[Told]:
    """What was paid back of a charge with this event; the charge itself counts all that was paid back so far."""
    charge, currency = event.thing, text(event.thing.get("currency"))
    so_far, before = charge.get("amount_refunded"), event.before.get("amount_refunded", 0)
    if not isinstance(so_far, int) or not isinstance(before, int):
        raise NotUnderstood("shape_unknown", "the charge does not say what was refunded", "look at what was sent")
    if so_far <= before:
        return []
    payment = _id(charge.get("payment_intent")) or text(charge.get("id")) or ""
    invoice = ids.one(_id(charge.get("invoice")))
    told = {
        "order_id": invoice or ids.one(payment),
        "revenue": amount(so_far - before, currency),
        "currency": (currency or "").upper(),
        "charge_id": text(charge.get("id")),
    }
    name = ids.message("refund", charge.get("id"), so_far)
    done = once(track("Order Refunded", id=name, at=event.at, user=who(charge, ids), properties=told))
    if invoice:
        return [done]
    # before API version 2025-03-31 a charge without an invoice says so
    return [replace(done, tied_by=payment, untied="told" if "invoice" in charge else "waits")]


def checked_out(event: Event, ids: Ids) -> list[Told]:
    """A one-off payment of Checkout, which is an order by itself; subscriptions and sessions with an invoice are told by their
    invoices.
    """
    session, currency = event.thing, text(event.thing.get("currency"))
    if session.get("mode") != "payment" or session.get("invoice") or session.get("payment_status") != "paid":
        return []
    payment = _id(session.get("payment_intent"))
    number = ids.one(payment or session.get("id"))
    told = {
        "order_id": number,
        "revenue": amount(session.get("amount_total"), currency),
        "currency": (currency or "").upper(),
        "subtotal": amount(session.get("amount_subtotal"), currency),
        "tax": amount(plain(session, "total_details", "amount_tax"), currency),
        "shipping": amount(plain(session, "total_details", "amount_shipping"), currency),
        "discount": amount(plain(session, "total_details", "amount_discount"), currency),
    }
    at = instant(session.get("created")) or event.at
    name = ids.message("session", session.get("id"), "paid")
    done = track("Order Completed", id=name, at=at, user=who(session, ids), properties=told)
    return [done, Tie(payment, number)] if payment and number else [done]


def _id(value: Any) -> str | None:
    """The id of an object, which may stand there whole."""
    return text(plain(value, "id") if isinstance(value, Mapping) else value)


def _subscription(invoice: Mapping[str, Any]) -> str | None:
    """Before and since API version 2025-03-31."""
    return _id(invoice.get("subscription")) or _id(plain(invoice, "parent", "subscription_details", "subscription"))


def _line(one: Mapping[str, Any], currency: str | None) -> dict[str, Any]:
    """A line of an invoice as a product; a proration can be less than nothing."""
    quantity, total = one.get("quantity") or 1, amount(one.get("amount"), currency)
    product = _id(plain(one, "pricing", "price_details", "product")) or _id(plain(one, "price", "product"))
    return filled(
        {
            "product_id": product or text(one.get("description")) or text(one.get("id")),
            "variant": _id(plain(one, "pricing", "price_details", "price")) or text(plain(one, "price", "id")),
            "name": text(plain(one, "price", "nickname")) or text(one.get("description")),
            "quantity": quantity,
            "price": None if total is None else round(total / quantity, 4),
        }
    )
