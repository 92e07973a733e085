"""Subscriptions of the plugin WooCommerce Subscriptions: started, paused, resumed, ended. Their payments are orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.server.sources.messages import Message, NotUnderstood, Told, instant, money, once, plain, state, text, track
from holdfast.server.sources.source import Ids
from holdfast.server.sources.woocommerce.orders import who

__all__ = ["subscription"]

RUNNING = ("active", "on-hold", "pending-cancel")
ENDED = ("cancelled", "expired", "switched")


def subscription(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """All that a subscription says as it is now; one that was never paid says nothing."""
    number, status = ids.one(body.get("id")), str(body.get("status") or "")
    at = instant(body.get("start_date_gmt") or body.get("date_created_gmt"))
    if number is None or at is None:
        raise NotUnderstood("shape_unknown", "the subscription has no id or no time", "look at what was sent")
    if status not in (*RUNNING, *ENDED):
        return []
    changed = instant(body.get("date_modified_gmt")) or at
    started = once(_event("Subscription Started", ids.message("subscription", number, "started"), at, body, ids))
    if status in ENDED:
        ended = instant(body.get("end_date_gmt") or body.get("cancelled_date_gmt")) or changed
        name = ids.message("subscription", number, "ended")
        return [started, once(_event("Subscription Ended", name, ended, body, ids))]
    return [started, _pause(body, ids, number, changed), _leaving(body, ids, number, changed)]


def _pause(body: Mapping[str, Any], ids: Ids, number: str, changed: str) -> Message:
    paused = body.get("status") == "on-hold"
    told = _event("Subscription Paused" if paused else "Subscription Resumed", "", changed, body, ids)
    says, first = ("paused", "told") if paused else ("runs", "silent")
    return state(told, of=f"pause:{number}", version=changed, says=says, first="told" if first == "told" else "silent")


def _leaving(body: Mapping[str, Any], ids: Ids, number: str, changed: str) -> Message:
    """That it will end with what is paid, or will not any more."""
    leaves = body.get("status") == "pending-cancel"
    event = "Subscription Cancellation Scheduled" if leaves else "Subscription Cancellation Withdrawn"
    told = _event(event, "", changed, body, ids)
    return state(
        told,
        of=f"leaving:{number}",
        version=changed,
        says="leaves" if leaves else "stays",
        first="told" if leaves else "silent",
    )


def _event(event: str, name: str, at: str, body: Mapping[str, Any], ids: Ids) -> Message:
    items = body.get("line_items") or []
    told = {
        "subscription_id": ids.one(body.get("id")),
        "plan": text(plain(items[0], "name")) if items else None,
        "amount": money(body.get("total")),
        "currency": text(body.get("currency")),
        "interval": text(body.get("billing_period")),
        "interval_count": text(body.get("billing_interval")),
    }
    return track(event, id=name, at=at, user=who(body, ids), properties=told)
