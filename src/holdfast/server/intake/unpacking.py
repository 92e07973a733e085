"""First station: the rows of the inbox become messages, each with its place. What is no message is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.server.intake.inbox import Row
from holdfast.server.intake.refusing import WHOLE_ROW, Refused, reason

if TYPE_CHECKING:
    from holdfast.server.sources.newest import Memory

__all__ = ["MESSAGE", "SHARED", "WEBHOOK", "Message", "RawRow", "unpacked"]

WEBHOOK = "webhook:"
MESSAGE = "message"
"""Kind of a row that brings one message out of a batch again: its type stands in it."""

SHARED = ("sentAt", "context")
"""What a batch may say for all of its messages."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])

_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError, ValueError)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a row.

    row      where it came from
    place    its place in the batch; 0 where it came alone
    kind     the call: "track", "identify", …; what a message of a batch says itself comes first
    body     the decoded message; floats are decimals, so that digits are kept
    around   what the batch says for all of its messages: sentAt, context
    """

    row: Row
    place: int
    kind: str
    body: dict[str, Any]
    around: Mapping[str, Any]


_ALONE: Mapping[str, Any] = {}
_SINGLE = frozenset(("track", "page", "screen", "identify", "group", "alias", MESSAGE))


def unpacked(rows: Iterable[Row], memory: Memory) -> Iterator[Message | Refused]:
    """The messages of rows, in their order.

    memory  what shops told before, and what these rows add to it
    """
    for row in rows:
        if row.kind.startswith(WEBHOOK):
            yield from _of_webhook(row, memory)
        else:
            yield from _of_call(row)


class RawRow:
    """The texts of a row's messages, as they were sent."""

    def __init__(self, row: Row) -> None:
        self._row = row
        around, self._messages = _raw_batch(row)
        self._shared = {name: around[name] for name in SHARED if name in around}
        self.shared_bytes = sum(len(memoryview(said)) for said in self._shared.values())
        """How long is what the batch says for all of its messages."""

    def text(self, place: int) -> str:
        """The message at a place, with what its batch said for all; where there is no such place, the whole row."""
        if not 0 <= place < len(self._messages):
            return self._row.body.decode("utf-8", "replace")
        said = bytes(self._messages[place])
        if not said.lstrip().startswith(b"{"):
            return said.decode("utf-8", "replace")
        return msgspec.json.encode({**self._shared, **_RAW_OBJECT.decode(said)}).decode("utf-8", "replace")

    def batch(self, places: Iterable[int]) -> str:
        """Some messages of a batch as a batch of their own."""
        return msgspec.json.encode({**self._shared, "batch": [self._messages[one] for one in places]}).decode(
            "utf-8", "replace"
        )


def _raw_batch(row: Row) -> tuple[dict[str, msgspec.Raw], list[msgspec.Raw]]:
    """What a batch says for all, and its messages, none of them decoded; nothing where a row is no batch."""
    if row.kind in _SINGLE or row.kind.startswith(WEBHOOK):
        return {}, []
    try:
        around = _RAW_OBJECT.decode(row.body)
        return around, _RAW_LIST.decode(around.pop("batch", b"[]"))
    except _UNREADABLE:
        return {}, []


def _of_call(row: Row) -> Iterator[Message | Refused]:
    try:
        body = _DECODER.decode(row.body)
    except _UNREADABLE:
        yield from _one_by_one(row)
        return
    if not isinstance(body, dict):
        yield reason(row.id, WHOLE_ROW, "not_json")
    elif row.kind in _SINGLE or "batch" not in body:
        yield Message(row, 0, row.kind, body, _ALONE)
    else:
        yield from _of_batch(row, body)


def _one_by_one(row: Row) -> Iterator[Message | Refused]:
    """The messages of a batch of which something cannot be read (a number of 5,000 digits): that does not cost the others."""
    around, messages = _raw_batch(row)
    try:
        shared = {name: _DECODER.decode(around[name]) for name in SHARED if name in around}
    except _UNREADABLE:
        messages = []
    if not messages:
        yield reason(row.id, WHOLE_ROW, "not_json")
    for place, said in enumerate(messages):
        try:
            message = _DECODER.decode(said)
        except _UNREADABLE:
            message = None
        yield Message(row, place, row.kind, message, shared) if isinstance(message, dict) else reason(row.id, place, "not_json")


def _of_batch(row: Row, body: dict[str, Any]) -> Iterator[Message | Refused]:
    messages = body["batch"]
    if not isinstance(messages, list):
        yield reason(row.id, WHOLE_ROW, "not_json", "batch is no list")
        return
    for place, message in enumerate(messages):
        if isinstance(message, dict):
            yield Message(row, place, row.kind, message, body)
        else:
            yield reason(row.id, place, "not_json")


def _of_webhook(row: Row, memory: Memory) -> Iterator[Message | Refused]:
    from holdfast.server.sources.registry import NotUnderstood, translated

    source, _, topic = row.kind.removeprefix(WEBHOOK).partition(":")
    try:
        messages = translated(source, topic, row.body, memory, row.id, memory.waits_since(row.id, row.received_us))
    except NotUnderstood as refusal:
        yield Refused(row.id, WHOLE_ROW, refusal.reason, str(refusal), refusal.mend)
        return
    for place, message in enumerate(messages):
        yield Message(row, place, row.kind, message, _ALONE)
