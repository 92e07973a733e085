"""Operations: events that were refused, and sending them in again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Line, example
from holdfast.server.api.files import JSON_LINES, file, gives
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, whole
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.refused import json_lines, problem_of, replay_all, replay_one
from holdfast.server.intake.sifting import Choice, reasons
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


class RefusedReason(Schema):
    """A reason, how often it was one, and when last."""

    code: str
    sentence: str
    mend: str
    events: int
    last: datetime


class Mended(Schema):
    """The message, put right; left out: as it came."""

    message: Annotated[str, StringConstraints(max_length=500_000, pattern=r"^[^\x00]*$")] | None = None
    model_config = example(message='{"type": "track", "event": "Order Completed", "userId": "17"}')


class Again(Schema):
    """How many are sent in again."""

    replayed: int


class Chosen(Schema):
    """Which refused events; what is left out narrows nothing."""

    code: Line = Field("", description="Only with this reason.")
    source: Line = Field("", description="Only from this source.")
    since: date | None = Field(None, description="Only what arrived on this day or later.")
    show: Literal["waits", "again", "used", "known", "all"] = Field("all", description="What became of them.")


@router.get("/refused-events", needs="look", response={200: Page[RefusedOut]} | ERRORS, summary="Which events were refused?")
def refused_events(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    filters: Query[Chosen],
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first."""
    return by_key(Choice(**filters.dict()).events(), limit, cursor)


@router.get("/refused-reasons", needs="look", response={200: Page[RefusedReason]} | ERRORS, summary="Why were events refused?")
def refused_reasons(request: HttpRequest, filters: Query[Chosen]) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The most frequent reason first."""
    return whole(reasons(Choice(**filters.dict())))


@router.get(
    "/refused-events.jsonl",
    needs="look",
    response=ERRORS,
    summary="Refused events as JSON lines",
    openapi_extra=gives(JSON_LINES),
)
def refused_events_file(request: HttpRequest, filters: Query[Chosen]) -> Any:  # noqa: ARG001 - ninja's signature
    """With reason, mend and the message as it came."""
    return file(json_lines(Choice(**filters.dict())), JSON_LINES, "refused.jsonl")


@router.post(
    "/refused-events/replay", needs="steer", again="same", response={202: Again} | ERRORS, summary="Send many in again"
)
def replay_events(request: HttpRequest, filters: Query[Chosen]) -> Status:
    """Those of a choice that wait: a few at once, many by a job."""
    return Status(202, {"replayed": replay_all(Choice(**filters.dict()), actor(request))})


@router.get("/refused-events/{event_id}", needs="look", response={200: RefusedOut} | ERRORS, summary="One refused event")
def refused_event(request: HttpRequest, event_id: Id) -> RefusedEvent:  # noqa: ARG001 - ninja's signature
    """Why, how to mend it, and the message."""
    return get_object_or_404(RefusedEvent, pk=event_id)


@router.post(
    "/refused-events/{event_id}/replay",
    needs="steer",
    again="same",
    response={202: Again} | ERRORS,
    summary="Send one in again, as it came or put right",
)
def replay_event(request: HttpRequest, event_id: Id, said: Mended | None = None) -> Status:
    """It goes through all stations anew; what is in the lake already stays one event. Sent in again already, it is refused."""
    one = get_object_or_404(RefusedEvent, pk=event_id)
    if one.outcome:
        raise UsageError("this event was sent in again already", "look at its outcome")
    message = said.message if said else None
    if message is not None and (problem := problem_of(message)):
        raise UsageError(problem, "correct it, or leave the message out")
    replay_one(one, message)
    record(actor(request), "refused.replay", subject=str(one.pk), edited=message is not None)
    return Status(202, {"replayed": 1})
