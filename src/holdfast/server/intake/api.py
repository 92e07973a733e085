"""Operations: events that were refused, and sending them in again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Line
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.paging import Cursor, Limit, Page, by_key
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["refused events"])


class RefusedOut(Schema):
    """A message that could not be used: why, how to mend it, and the message as it came."""

    id: int
    received_at: datetime
    source: str
    kind: str
    code: str
    sentence: str
    mend: str
    message: str
    outcome: str


class Again(Schema):
    """How many were sent in again."""

    replayed: int


@router.get("/refused-events", needs="look", response={200: Page[RefusedOut]} | ERRORS, summary="Which events were refused?")
def refused(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    code: Annotated[Line, Query("", description="Only with this reason.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first."""
    found = RefusedEvent.objects.filter(code=code) if code else RefusedEvent.objects.all()
    return by_key(found, limit, cursor)


@router.post("/refused-events/{event_id}/replay", needs="steer", response={202: Again} | ERRORS, summary="Send one in again")
def replay_one(request: HttpRequest, event_id: Id) -> Status:
    """It goes through all stations anew; what is in the lake already stays one event."""
    from holdfast.server.intake.inbox import inbox
    from holdfast.server.intake.replaying import replay

    one = get_object_or_404(RefusedEvent, pk=event_id)
    count = replay(RefusedEvent.objects.filter(pk=one.pk), inbox())
    if not count:
        raise UsageError("this event was sent in again already", "look at its outcome")
    record(actor(request), "refused.replay", subject=str(one.pk))
    return Status(202, {"replayed": count})
