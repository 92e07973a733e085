"""The events of Stripe, and what each of them says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from holdfast.server.sources.messages import NotUnderstood, Told, instant, plain
from holdfast.server.sources.source import Ids
from holdfast.server.sources.stripe.customers import customer
from holdfast.server.sources.stripe.event import Event
from holdfast.server.sources.stripe.payments import checked_out, failed, paid, paid_by, refunded
from holdfast.server.sources.stripe.subscriptions import subscription

__all__ = ["TOPICS", "topic", "translate"]

_SUBSCRIPTION = "customer.subscription."

_MEANING: dict[str, Callable[[Event, Ids], list[Told]]] = {
    **{f"{_SUBSCRIPTION}{one}": subscription for one in ("created", "updated", "deleted", "paused", "resumed")},
    "invoice.paid": paid,
    "invoice.payment_succeeded": paid,
    "invoice.payment_failed": failed,
    "invoice_payment.paid": paid_by,
    "charge.refunded": refunded,
    "checkout.session.completed": checked_out,
    "checkout.session.async_payment_succeeded": checked_out,
    "customer.created": customer,
    "customer.updated": customer,
}

TOPICS = tuple(one for one in _MEANING if one != "invoice.payment_succeeded")
"""What to subscribe to."""


def topic(_headers: Mapping[str, str], body: bytes) -> str:
    """Stripe tells its topic in the body alone."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(plain(read, "type") or "")


def translate(topic: str, body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """What an event says; nothing where the topic is not read."""
    if topic not in _MEANING:
        return []
    thing, at = plain(body, "data", "object"), instant(body.get("created"))
    if not isinstance(thing, Mapping) or at is None or not body.get("id"):
        raise NotUnderstood("shape_unknown", f"{topic} has no object, time or id", "look at what was sent")
    return _MEANING[topic](Event(str(body["id"]), at, thing, plain(body, "data", "previous_attributes") or {}), ids)
