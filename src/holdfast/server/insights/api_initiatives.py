"""Operations: what was done to keep customers, and when; marked on the charts, compared before and after."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Path, Schema, Status
from pydantic import StringConstraints

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import example
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.paging import Page, whole
from holdfast.server.insights import initiatives as rows
from holdfast.server.place import settings

__all__ = ["router"]

router = Router(tags=["insights"])

Day = Annotated[date, Path(description="The day on which it began.")]


class Initiative(Schema):
    """What began on a day."""

    date: date
    what: str


class InitiativeIn(Schema):
    """What began, in a few words."""

    what: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=rows.LONGEST, pattern=r"^[^\x00-\x1f\x7f]*$")
    ]
    model_config = example(what="New loyalty programme")


@router.get("/initiatives", needs="look", response={200: Page[Initiative]} | ERRORS, summary="What was done to keep customers?")
def all_initiatives(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    return whole({"date": day, "what": what} for day, what in sorted(settings().initiatives, reverse=True))


@router.put("/initiatives/{day}", needs="steer", response={200: Initiative} | ERRORS, summary="Note what began on a day")
def put_initiative(request: HttpRequest, day: Day, said: InitiativeIn) -> dict[str, Any]:
    """One a day: what was noted for that day before gives way. Said twice, it is noted once."""
    rows.add(day, said.what, actor(request))
    return {"date": day, "what": dict(settings().initiatives)[day.isoformat()]}


@router.delete("/initiatives/{day}", needs="steer", response={204: None} | ERRORS, summary="Take an initiative away")
def remove_initiative(request: HttpRequest, day: Day) -> Status:
    """It is no longer marked on charts."""
    if day.isoformat() not in dict(settings().initiatives):
        raise Http404
    rows.remove(day, actor(request))
    return Status(204, None)
