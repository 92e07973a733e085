"""The fourth station: whether a body is a call at all. Cheap on purpose; each event is judged by the digester."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import msgspec

from holdfast.server.intake.answers import NotTaken
from holdfast.server.intake.call import KILO, SEVERAL

__all__ = ["HALF", "MOST_EVENTS", "Checked", "checked"]

MOST_EVENTS = 2500
MOST_BYTES_EACH = 32 * KILO
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Where half a character of two may be escaped."""


class Checked(NamedTuple):
    """A body that is a call.

    body       as it is kept
    write_key  that stands in it, if any
    events     that it brings
    """

    body: bytes
    write_key: str | None
    events: int


class _One(msgspec.Struct):
    writeKey: Any = None  # noqa: N815 - the field's own name


class _Several(msgspec.Struct):
    batch: list[msgspec.Raw]
    writeKey: Any = None  # noqa: N815 - the field's own name


_one = msgspec.json.Decoder(_One)
_several = msgspec.json.Decoder(_Several)


def checked(kind: str, body: bytes) -> Checked:
    """NotTaken (400) when the body is no JSON object in UTF-8, or its list of events is missing or beyond the limits."""
    call = _read(kind, body)
    if call is None:
        body = _mended(body)
        call = _read(kind, body)
    if call is None:
        raise NotTaken(400, "bad_json", "The body is not JSON in UTF-8.")
    key = call.writeKey if isinstance(call.writeKey, str) else None
    return Checked(body, key or None, _counted(call.batch) if isinstance(call, _Several) else 1)


def _read(kind: str, body: bytes) -> _One | _Several | None:
    """The body as a call; None when it is not JSON."""
    try:
        if not body.isascii():
            body.decode()
        return _several.decode(body) if kind in SEVERAL else _one.decode(body)
    except msgspec.ValidationError as error:
        raise NotTaken(400, "bad_request", f"The body is not as it should be: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _mended(body: bytes) -> bytes:
    """The body; where half a character is escaped in it, with a question mark in its place.

    Browsers write such halves when a script cuts a text in the middle of an emoji: no reason to lose the events beside it.
    """
    if HALF.search(body) is None:
        return body
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return body


def _counted(events: list[msgspec.Raw]) -> int:
    if len(events) > MOST_EVENTS:
        raise NotTaken(400, "too_many", f"A batch may have {MOST_EVENTS} events; this one has {len(events)}.")
    for place, event in enumerate(events):
        if len(memoryview(event)) > MOST_BYTES_EACH:
            raise NotTaken(
                400, "too_large", f"An event may have {MOST_BYTES_EACH // KILO} KB; event {place} of the batch has more."
            )
    return len(events)
