"""Segment messages, and the few ways in which shops write times, money and names. Everything here is pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

__all__ = [
    "AFTER",
    "CHECKOUT",
    "Message",
    "NotUnderstood",
    "Tie",
    "Told",
    "address",
    "filled",
    "identify",
    "instant",
    "money",
    "once",
    "once_each",
    "once_of_checkout",
    "plain",
    "state",
    "text",
    "track",
]


AFTER = "~"
"""Ends the version of a state that comes last within its second (paid, then cancelled): it sorts behind the others, and before
the next second."""

CHECKOUT = "checkout"
"""What kind of thing a checkout is, among those of which something is remembered."""


class NotUnderstood(ValueError):
    """What a shop sent cannot be understood: kept among the refused events with this reason and mend."""

    def __init__(self, reason: str, sentence: str, mend: str) -> None:
        super().__init__(sentence)
        self.reason, self.sentence, self.mend = reason, sentence, mend


@dataclass(frozen=True)
class Message:
    """One Segment message that a webhook means.

    body     the message; its `messageId` is the same each time the same thing is told
    of       the object whose present state it tells ("order:17"): a newer telling replaces it. None: it tells what happened
             once; nothing is remembered of it, and after a week the digester would take it again (for good: `once`)
    version  of that state, so written that later ones sort behind earlier ones
    says     what of it makes a difference; empty: all of the body
    first    "silent": the first state that is told is remembered and no event; only a change is one
    beside   object and version of the telling beside which it stands: left out where something newer of that object is known
    tied_by  the payment by which its order is found, where it does not name it itself (see `Tie`)
    untied   what becomes of it while that payment has no order: it is "told" with what it names itself, or "waits" (`awaiting`)
    """

    body: dict[str, Any]
    of: str | None = None
    version: str = ""
    says: str = ""
    first: Literal["told", "silent"] = "told"
    beside: tuple[str, str] | None = None
    tied_by: str | None = None
    untied: Literal["told", "waits"] = "told"

    @property
    def digest(self) -> str:
        """The same for messages that say the same, whatever their id."""
        said = self.says or {name: value for name, value in self.body.items() if name != "messageId"}
        return hashlib.blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Tie:
    """No event: that what is paid by `payment` is the order `order`, for refunds that name the payment alone."""

    payment: str
    order: str


Told = Message | Tie


def track(
    event: str,
    *,
    id: str,  # noqa: A002 - the message's own word
    at: str,
    user: str | None,
    anonymous: str | None = None,
    properties: Mapping[str, Any],
    of: str | None = None,
    version: str = "",
) -> Message:
    """Something that somebody did. `at` is an instant as `instant` writes it."""
    who = filled({"userId": user, "anonymousId": anonymous})
    body = {"type": "track", "event": event, "messageId": id, "timestamp": at, **who, "properties": filled(properties)}
    return Message(body, of, version)


def identify(
    *,
    id: str,  # noqa: A002 - the message's own word
    at: str,
    user: str,
    anonymous: str | None = None,
    traits: Mapping[str, Any],
    of: str | None = None,
    version: str = "",
) -> Message:
    """Who somebody is; with `anonymous`: that what this one did before is hers."""
    who = filled({"userId": user, "anonymousId": anonymous})
    body = {"type": "identify", "messageId": id, "timestamp": at, **who, "traits": filled(traits)}
    return Message(body, of, version)


def state(message: Message, *, of: str, version: str, says: str, first: Literal["told", "silent"] = "silent") -> Message:
    """A message that is an event only where the state it tells differs from the one told before."""
    return replace(message, of=of, version=version, says=says, first=first)


def once(message: Message) -> Message:
    """Something that happened once and is told for years, as the refund of an order is with each change of the order.

    The digester knows a message by its id for a week; this one is known for good.
    """
    return replace(message, of=f"once:{message.body['messageId']}", says="once")


def once_of_checkout(message: Message, heard: str) -> Message:
    """What happened once to a checkout, of which nothing is told any more soon: it is forgotten some time after `heard`."""
    return replace(once(message), of=f"{CHECKOUT}:{message.body['messageId']}", version=heard)


def once_each(message: Message, order: Message) -> Message:
    """What happened once to an order, for each person to whom the order is told to belong.

    When a shop makes an order nobody's, or gives it to another customer, the order is told anew; so is what was paid back,
    or the money of the order would stand too high. The id differs, for the digester knows the other one for a week.

    order  as it is told beside it: where a newer telling came first, that one brought all of this with it, for whose it is now
    """
    body = message.body
    who = hashlib.blake2b(str(body.get("userId") or body.get("anonymousId") or "").encode(), digest_size=6).hexdigest()
    beside = None if order.of is None else (order.of, order.version)
    return replace(once(replace(message, body={**body, "messageId": f"{body['messageId']}:{who}"})), beside=beside)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known: null, an empty text, an empty list or table. Amounts become plain numbers."""
    known = {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
    return {name: _number(value) if isinstance(value, Decimal) else value for name, value in known.items()}


def _number(value: Decimal) -> int | float:
    """As JSON writes it: 10.05 stays 10.05, for a float is written with the fewest digits that tell it."""
    return int(value) if value == value.to_integral_value() else float(value)


def text(value: Any) -> str | None:
    """A value as text without blanks around it; None where there is none."""
    if value is None or isinstance(value, bool | list | dict):
        return None
    return str(value).strip() or None


def plain(value: Any, *names: str) -> Any:
    """What stands under nested names; None where the way ends."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def instant(value: Any) -> str | None:
    """A time as shops write it (ISO 8601, without offset: UTC; or seconds since 1970), as ISO 8601 in UTC with microseconds.

    All are of one length, so that they sort as texts. None for no time; NotUnderstood for one that cannot be read.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            read = datetime.fromisoformat(str(value))
            moment = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotUnderstood(
            "time_unreadable", f"the time cannot be read: {str(value)[:40]!r}", "tell us the payload"
        ) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def money(value: Any) -> Decimal | None:
    """An amount as shops write it ("10.05"); None where there is none. NotUnderstood for one that cannot be read."""
    if value is None or value == "":
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise NotUnderstood("number_unreadable", f"an amount cannot be read: {str(value)[:40]!r}", "see the payload") from error
    if not amount.is_finite():
        raise NotUnderstood("number_unreadable", "an amount is not a number", "see the payload")
    return amount


def address(of: Any, **names: str) -> dict[str, str]:
    """An address in Segment's words: street, city, state, postalCode, country; `names` are the shop's own."""
    told = {ours: text(plain(of, theirs)) for ours, theirs in names.items()}
    return {name: value for name, value in told.items() if value}
