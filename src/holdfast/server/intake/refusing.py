"""Why a message that arrived could not be used: the codes of the importer, and those that only live messages can have."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from holdfast.events.refusals import REASONS

__all__ = ["LIVE_REASONS", "WHOLE_ROW", "Refused", "reason"]

WHOLE_ROW = -1
"""The place of a refusal that speaks of a whole request."""

LIVE_REASONS: dict[str, tuple[str, str]] = {
    **REASONS,
    "not_json": (_("the request is no JSON object"), _("send one JSON object, or a batch of them")),
    "no_time": (_("the message has no time"), _("fill in timestamp")),
    "time_unreadable": (_("the time cannot be read"), _("write timestamp as 2026-11-22T15:04:05.000Z")),
    "time_too_early": (_("the time lies before 1970-01-02"), _("check the year or the date order")),
    "time_in_future": (_("the time is more than a day after the message arrived"), _("check the clock of the sender")),
    "no_event": (_("the track call names no event"), _("fill in event")),
    "number_unreadable": (_("the revenue cannot be read"), _("write it as a number: 1234.56")),
    "amount_absurd": (_("an amount is larger than a trillion"), _("check revenue, price and quantity")),
    "type_unknown": (_("the type is none of track, page, screen, identify, group, alias"), _("fill in type")),
    "nobody": (_("the message names nobody"), _("fill in userId or anonymousId")),
    "id_unreadable": (_("an id is neither a text nor a number"), _("send ids as texts")),
    "field_too_large": (_("an id or a name is longer than the limit"), _("shorten it")),
    "not_object": (_("properties, traits or context is no JSON object"), _('send it as {"name": value}')),
    "no_group": (_("the group call names no group"), _("fill in groupId")),
    "no_previous": (_("the alias call does not say which id is joined with userId"), _("fill in userId and previousId")),
    "bug": (
        _("Holdfast could not work on this message; the fault is ours"),
        _("report it, and replay it with the next version"),
    ),
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
