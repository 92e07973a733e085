"""Refused events are sent in again: put back into the inbox, under the reason's id, and through all stations anew.

Nothing is decided here: a message that is in the lake already stays one event, one that cannot be used is refused again, and
its clock is put right by the moment at which it came first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from holdfast.server.intake.inbox import Arrived, Inbox, Row
from holdfast.server.intake.models import RefusedEvent

__all__ = ["REPLAY", "replay", "replay_edited", "restored"]

REPLAY = "replay:"
"""Kind of a row that brings a refused event again: this, its id, and the kind it came with."""

PORTION = 500


def replay(events: Any, inbox: Inbox) -> int:
    """Send in again what waits among these refused events (a query set); how many."""
    ids = list(events.filter(outcome="").order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), PORTION):
        with transaction.atomic():
            part = list(RefusedEvent.objects.select_for_update().filter(id__in=ids[start : start + PORTION], outcome=""))
            RefusedEvent.objects.filter(id__in=[one.id for one in part]).update(outcome="again", replayed_at=timezone.now())
            inbox.put([_arrived(one, one.message) for one in sorted(part, key=lambda one: one.id)])
    return len(ids)


def replay_edited(event: RefusedEvent, message: str, inbox: Inbox) -> None:
    """Send in a refused event with another message in its place; that message is kept. Nothing where it was sent in already."""
    with transaction.atomic():
        waits = RefusedEvent.objects.filter(pk=event.pk, outcome="")
        if waits.update(message=message, outcome="again", replayed_at=timezone.now()):
            inbox.put([_arrived(event, message)])


def restored(rows: Sequence[Row]) -> tuple[list[Row], dict[int, int]]:
    """Rows as they came the first time, and row → refused event for those that bring one again."""
    again = {row.id: int(row.kind.split(":", 2)[1]) for row in rows if row.kind.startswith(REPLAY)}
    if not again:
        return list(rows), again
    first = _first_times(again.values())
    return [_restored(row, first.get(again[row.id])) if row.id in again else row for row in rows], again


def _first_times(events: Iterable[int]) -> dict[int, int]:
    found = RefusedEvent.objects.filter(id__in=set(events)).values_list("id", "received_at")
    return {event: round(received.timestamp() * 1_000_000) for event, received in found}


def _restored(row: Row, received_us: int | None) -> Row:
    kind = row.kind.split(":", 2)[2]
    return row._replace(kind=kind, received_us=row.received_us if received_us is None else received_us)


def _arrived(event: RefusedEvent, message: str) -> Arrived:
    return Arrived(time.time_ns() // 1000, event.source, f"{REPLAY}{event.id}:{event.kind}"[:200], message.encode())
