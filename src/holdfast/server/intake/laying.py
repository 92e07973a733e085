"""Second station: messages are laid out as columns of text, by Segment's names. Whose shape is wrong is refused here.

What becomes of the parts of a message:

    type, event      page, screen, identify, group and alias are named Page, Screen, … where they name no event, as files are
    userId …         customer and device; groupId, previousId, name and category of a page are properties
    properties       flattened with dots (address.city); lists stay JSON; order_id, revenue, currency, products and
                     are columns. Of an order or refund without revenue, total, else value, is the money
    traits           with "traits." before them
    context          campaign, page, consent, traits and groupId; of identify also locale, timezone

One pass over the messages, plain Python, lists that Arrow takes over as they are: this is where half of the time goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from holdfast.events.schema import ORDER, REFUND, TYPES
from holdfast.server.intake.refusing import Refused, reason
from holdfast.server.intake.unpacking import WEBHOOK, Message

__all__ = ["LONGEST", "Laid", "laid"]

LONGEST = 512
"""Letters of an id or of the name of an event."""

DEEPEST = 20
ABSURD = Decimal(10) ** 12
LATEST = 10**17
EPOCHS = ((10**14, 1), (10**11, 1000))
CONTEXT = ("campaign", "page", "consent", "traits", "groupId")
CONTEXT_OF_IDENTIFY = (*CONTEXT, "locale", "timezone")

_KNOWN_TYPES = frozenset(TYPES)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _Wrong(Exception):
    """The shape of a message is wrong."""


@dataclass
class Laid:
    """Columns of equal length, one entry a message; texts as sent, None where a message says nothing.

    row, place  where a message came from; `received` (µs) and `source` of its row
    marked      what its id is: messageId, or made of the content
    """

    row: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    type: list[str] = field(default_factory=list)
    event: list[str] = field(default_factory=list)
    time: list[str | None] = field(default_factory=list)
    sent: list[str | None] = field(default_factory=list)
    customer: list[str | None] = field(default_factory=list)
    anonymous: list[str | None] = field(default_factory=list)
    order: list[str | None] = field(default_factory=list)
    revenue: list[str | None] = field(default_factory=list)
    currency: list[str | None] = field(default_factory=list)
    products: list[str | None] = field(default_factory=list)
    properties: list[str | None] = field(default_factory=list)


def laid(messages: Iterable[Message]) -> tuple[Laid, list[Refused]]:
    """The messages as columns, and those whose shape is wrong."""
    columns, refused = Laid(), []
    for message in messages:
        try:
            _lay(message, columns)
        except _Wrong as wrong:
            refused.append(reason(message.row.id, message.place, *wrong.args))
    return columns, refused


def _lay(message: Message, columns: Laid) -> None:
    """Adds one message; nothing is added when its shape is wrong."""
    body, row, around = message.body, message.row, message.around
    kind = body.get("type") or message.kind
    if type(kind) is not str or kind not in _KNOWN_TYPES:
        kind = _type(kind)
    customer, anonymous = _id(body.get("userId")), _id(body.get("anonymousId"))
    if customer is None and anonymous is None and not row.kind.startswith(WEBHOOK):
        raise _Wrong("nobody")
    event = _event(body.get("event"), kind)
    sent = body.get("sentAt") or around.get("sentAt")
    time = body.get("timestamp") or body.get("originalTimestamp")
    marked = _id(body.get("messageId")) or _made_id(message, kind, time, sent)
    told = _properties(body, kind, customer, around)
    money = _money(told, event)
    products = _products(body.get("properties"))

    columns.row.append(row.id)
    columns.place.append(message.place)
    columns.received.append(row.received_us)
    columns.source.append(row.source)
    columns.marked.append(marked)
    columns.type.append(kind)
    columns.event.append(event)
    columns.time.append(time if time is None or type(time) is str else _time(time))
    columns.sent.append(sent if sent is None or type(sent) is str else _time(sent))
    columns.customer.append(customer)
    columns.anonymous.append(anonymous)
    columns.order.append(told.pop("order_id", None) or told.pop("orderId", None))
    columns.revenue.append(money)
    columns.currency.append(None if money is None else told.pop("currency", None))
    columns.products.append(products)
    columns.properties.append(_json(told))


def _type(said: Any) -> str:
    kind = said.lower() if isinstance(said, str) else ""
    if kind not in _KNOWN_TYPES:
        raise _Wrong("type_unknown", repr(said)[:80])
    return kind


def _event(said: Any, kind: str) -> str:
    name = said.strip() if type(said) is str else _id(said) or ""
    if not name:
        if kind == "track":
            raise _Wrong("no_event")
        return kind.capitalize()
    if len(name) > LONGEST:
        raise _Wrong("field_too_large", "event")
    return name.replace("\0", "") if "\0" in name else name


def _id(said: Any) -> str | None:
    """An id as text; numbers are taken as they are written, 17850.0 as 17850."""
    if said is None:
        return None
    if type(said) is not str:
        if isinstance(said, bool) or not isinstance(said, int | Decimal):
            raise _Wrong("id_unreadable", repr(said)[:80])
        said = str(said).removesuffix(".0")
    text = said.strip()
    if len(text) > LONGEST:
        raise _Wrong("field_too_large", "an id")
    if "\0" in text:
        text = text.replace("\0", "")
    return text or None


def _time(said: Any) -> str:
    """A time as text; numbers are seconds, milliseconds or microseconds since 1970, by their size."""
    if isinstance(said, bool) or not isinstance(said, int | Decimal) or not -LATEST < said < LATEST:
        return str(said)[:80]
    scale = next((scale for limit, scale in EPOCHS if said >= limit), 1_000_000)
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(said * scale))).isoformat()


def _made_id(message: Message, kind: str, time: Any, sent: Any) -> str:
    """The id of a message that has none.

    A message with a time of its own is told by its source and content: sent again it is the same event. One without any time
    cannot be told from the same thing done twice, so each arrival is an event.
    """
    said: dict[str, Any] = {name: value for name, value in message.body.items() if name != "sentAt"}
    parts: list[Any] = [message.row.source, kind, said]
    if time is None:
        parts.append(sent if sent is not None else [message.row.received_us, message.row.id, message.place])
    written = msgspec.json.encode(parts, order="deterministic")
    return "made-" + hashlib.blake2b(written, digest_size=16).hexdigest()


def _properties(body: dict[str, Any], kind: str, customer: str | None, around: Any) -> dict[str, str]:
    """Everything that is told beside who, what and when, flattened."""
    told: dict[str, str] = {}
    properties = body.get("properties")
    if properties is not None:
        _flatten(told, "", _object(properties, "properties"), DEEPEST)
    traits = body.get("traits")
    if traits is not None:
        _flatten(told, "traits.", _object(traits, "traits"), DEEPEST)
    context = body.get("context") or around.get("context")
    if context is not None:
        _in_context(told, _object(context, "context"), kind)
    if kind != "track":
        _of_kind(told, body, kind, customer)
    return told


def _of_kind(told: dict[str, str], body: dict[str, Any], kind: str, customer: str | None) -> None:
    """What single kinds of call say beside the others."""
    if kind in ("page", "screen"):
        _flatten(told, "", {name: body[name] for name in ("name", "category") if name in body}, 1)
    elif kind == "group":
        told["groupId"] = group = _id(body.get("groupId")) or told.get("groupId", "")
        if not group:
            raise _Wrong("no_group")
    elif kind == "alias":
        told["previousId"] = previous = _id(body.get("previousId")) or told.get("previousId", "")
        if not previous or customer is None:
            raise _Wrong("no_previous")


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("not_object", name)
    return value


def _in_context(told: dict[str, str], context: dict[str, Any], kind: str) -> None:
    for name in CONTEXT_OF_IDENTIFY if kind == "identify" else CONTEXT:
        # the page of a page call stands in its properties
        if name in context and not (name == "page" and kind == "page"):
            _flatten(told, "context.", {name: context[name]}, DEEPEST)


def _flatten(told: dict[str, str], prefix: str, item: dict[str, Any], deepest: int) -> None:
    """Adds the values of a JSON object as texts, nested ones with dotted names."""
    for name, value in item.items():
        kind = type(value)
        if kind is str:
            text = value.strip()
            if text:
                told[prefix + name] = text
        elif value is None:
            continue
        elif kind is dict and deepest:
            _flatten(told, f"{prefix}{name}.", value, deepest - 1)
        elif kind is bool:
            told[prefix + name] = "true" if value else "false"
        elif kind is list or kind is dict:
            if name != "products" or prefix:
                told[prefix + name] = _ENCODER.encode(value).decode()
        else:
            told[prefix + name] = str(value)


def _money(told: dict[str, str], event: str) -> str | None:
    revenue = told.pop("revenue", None)
    if revenue is None and event in (ORDER, REFUND):
        return told.get("total") or told.get("value")
    return revenue


def _products(properties: Any) -> str | None:
    """The list of products as JSON, their numbers as written."""
    if not properties:
        return None
    products = properties.get("products")
    if type(products) is not list or not products:
        return None
    for product in products:
        if isinstance(product, dict) and (_absurd(product.get("price")) or _absurd(product.get("quantity"))):
            raise _Wrong("amount_absurd", "products")
    return _clear(_ENCODER.encode(products).decode(), products)


def _absurd(value: Any) -> bool:
    """Whether a number, or a text that is one, is larger than any amount."""
    if value is None or isinstance(value, list | dict | bool):
        return False
    try:
        number = Decimal(value)
    except InvalidOperation:
        return False
    return number.is_finite() and not -ABSURD < number < ABSURD


def _json(told: dict[str, str]) -> str | None:
    return _clear(_ENCODER.encode(told).decode(), told) if told else None


def _clear(text: str, value: Any) -> str:
    """JSON without the sign that no database keeps: NUL."""
    return text if "\\u0000" not in text else _ENCODER.encode(_without_nul(value)).decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(one) for name, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value
