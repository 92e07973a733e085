"""Subscriptions of Stripe: trial, started, paused, resumed, changed, leaving, ended.

Every event of a subscription holds all of it, so that each of them tells that it started, and when; what is told twice is one
event. A subscription that was never paid and has no trial (`incomplete`) has not started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.server.sources.messages import Message, NotUnderstood, Told, instant, once, plain, state, text, track
from holdfast.server.sources.source import Ids
from holdfast.server.sources.stripe.amounts import amount
from holdfast.server.sources.stripe.event import Event
from holdfast.server.sources.stripe.payments import who

__all__ = ["subscription"]

NEVER = ("incomplete", "incomplete_expired")


def subscription(event: Event, ids: Ids) -> list[Told]:
    """All that a subscription says as it is now."""
    body = event.thing
    if ids.one(body.get("id")) is None or body.get("status") is None:
        raise NotUnderstood("shape_unknown", "the subscription has no id or no status", "look at what was sent")
    return [] if body["status"] in NEVER else [*_life(event, ids), *_states(event, ids)]


def _life(event: Event, ids: Ids) -> Iterator[Message]:
    """Trial, start and end. A trial that ended without a payment never became a subscription."""
    body, number = event.thing, ids.one(event.thing.get("id"))
    begun = instant(body.get("start_date") or body.get("created")) or event.at
    tried, ended = instant(body.get("trial_end")), instant(body.get("ended_at") or body.get("canceled_at"))
    over = body["status"] == "canceled"
    if tried is not None:
        yield once(_event("Trial Started", ids.message(number, "trial"), begun, event, ids))
    paying = body["status"] not in ("trialing", "paused") if not over else tried is None or ended is None or ended > tried
    if paying:
        yield once(_event("Subscription Started", ids.message(number, "started"), tried or begun, event, ids))
    if over:
        what = "Subscription Ended" if paying else "Trial Ended"
        yield once(_event(what, ids.message(number, "ended"), ended or event.at, event, ids))


def _states(event: Event, ids: Ids) -> Iterator[Message]:
    """What goes to and fro: only a change is an event."""
    body, number = event.thing, ids.one(event.thing.get("id"))
    if body["status"] == "canceled":
        return
    paused = body["status"] == "paused" or body.get("pause_collection") is not None
    leaves = body.get("cancel_at_period_end") is True or body.get("cancel_at") is not None
    yield state(
        _event("Subscription Paused" if paused else "Subscription Resumed", "", event.at, event, ids),
        of=f"pause:{number}",
        version=event.at,
        says="paused" if paused else "runs",
        first="told" if paused else "silent",
    )
    yield state(
        _event(f"Subscription Cancellation {'Scheduled' if leaves else 'Withdrawn'}", "", event.at, event, ids),
        of=f"leaving:{number}",
        version=event.at,
        says="leaves" if leaves else "stays",
        first="told" if leaves else "silent",
    )
    plans = " ".join(f"{_price(one).get('id')}×{one.get('quantity')}" for one in _items(body))
    yield state(
        _event("Subscription Changed", "", event.at, event, ids), of=f"plan:{number}", version=event.at, says=plans or "none"
    )


def _items(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return plain(body, "items", "data") or []


def _price(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("price") or item.get("plan") or {}


def _event(event: str, name: str, at: str, of: Event, ids: Ids) -> Message:
    """An event of a subscription, with its plan and what it costs a period."""
    body = of.thing
    items = _items(body)
    first = _price(items[0]) if items else {}
    currency = text(body.get("currency") or first.get("currency"))
    each = [(_price(one).get("unit_amount", _price(one).get("amount")), one.get("quantity") or 1) for one in items]
    sums = [unit * quantity for unit, quantity in each if isinstance(unit, int)]
    told = {
        "subscription_id": ids.one(body.get("id")),
        "plan": text(first.get("nickname")) or text(first.get("product")) or text(first.get("id")),
        "amount": amount(sum(sums), currency) if sums else None,
        "currency": (currency or "").upper(),
        "interval": text(plain(first, "recurring", "interval") or first.get("interval")),
        "interval_count": text(plain(first, "recurring", "interval_count") or first.get("interval_count")),
        "reason": text(plain(body, "cancellation_details", "reason") or plain(body, "cancellation_details", "feedback")),
    }
    return track(event, id=name, at=at, user=who(body, ids), properties=told)
