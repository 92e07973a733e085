"""Why a message that arrived could not be used: the codes of the importer, and those that only live messages can have."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events.refusals import REASONS

__all__ = ["LIVE_REASONS", "WHOLE_ROW", "Refused", "reason"]

WHOLE_ROW = -1
"""The place of a refusal that speaks of a whole request."""

LIVE_REASONS: dict[str, tuple[str, str]] = {
    **REASONS,
    "not_json": ("the request is no JSON object", "send one JSON object, or a batch of them"),
    "no_time": ("the message has no time", "fill in timestamp"),
    "time_unreadable": ("the time cannot be read", "write timestamp as 2026-11-22T15:04:05.000Z"),
    "time_in_future": ("the time is more than a day after the message arrived", "check the clock of the sender"),
    "no_event": ("the track call names no event", "fill in event"),
    "number_unreadable": ("the revenue cannot be read", "write it as a number: 1234.56"),
    "amount_absurd": ("an amount is larger than a trillion", "check revenue, price and quantity"),
    "type_unknown": ("the type is none of track, page, screen, identify, group, alias", "fill in type"),
    "nobody": ("the message names nobody", "fill in userId or anonymousId"),
    "id_unreadable": ("an id is neither a text nor a number", "send ids as texts"),
    "field_too_large": ("an id or a name is longer than the limit", "shorten it"),
    "not_object": ("properties, traits or context is no JSON object", 'send it as {"name": value}'),
    "no_group": ("the group call names no group", "fill in groupId"),
    "no_previous": ("the alias call does not say which id is joined with userId", "fill in userId and previousId"),
    "bug": ("Holdfast could not work on this message; the fault is ours", "report it, and replay it with the next version"),
}
"""Reason code → (sentence, mend)."""


@dataclass(frozen=True)
class Refused:
    """One message that could not be used.

    row       id of its row in the inbox
    place     its place in the batch, WHOLE_ROW where the request as a whole is refused
    code      a key of LIVE_REASONS, or a code of a source of webhooks
    sentence  what is wrong, with the text that is wrong
    mend      what to do
    """

    row: int
    place: int
    code: str
    sentence: str
    mend: str


def reason(row: int, place: int, code: str, detail: str = "") -> Refused:
    """A refusal for one of LIVE_REASONS; `detail` is added to its sentence."""
    sentence, mend = LIVE_REASONS[code]
    return Refused(row, place, code, f"{sentence}: {detail}" if detail else sentence, mend)
