"""Operations: reports (questions that are kept with their choices) and reviews (what was decided, and when to look again)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from ninja import Schema, Status
from pydantic import StringConstraints

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Name, example
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key
from holdfast.server.insights.api_names import check_query, choice_names
from holdfast.server.insights.catalogue import insight
from holdfast.server.insights.spec import spec_of
from holdfast.server.keeping.keeping import keep_report, keep_review
from holdfast.server.keeping.models import Review, SavedReport
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["reports and audiences"])

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400, pattern=r"^[^\x00]*$")]
Query = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


class ReportIn(Schema):
    """A question under a name: the analysis, and its choices as in the address of its page."""

    name: Name
    slug: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9-]+$")]
    query: Query = ""
    note: Note = ""
    model_config = example(name="Churn by month", slug="bridge", query="period=month", note="for the Monday meeting")


class ReportOut(Schema):
    """A report that is kept; what it says is told anew by `GET /insights/{slug}/answer?{query}`."""

    id: int
    name: str
    slug: str
    query: str
    note: str
    made_at: datetime


class Renamed(Schema):
    """Another name or note; what is left out stays."""

    name: Name | None = None
    note: Note | None = None
    model_config = example(name="Churn by month, all shops")


class ReviewIn(Schema):
    """What was decided, and when to look again."""

    decision: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
    next_on: date | None = None
    model_config = example(decision="Call the quiet best customers first.", next_on="2026-12-01")


class ReviewOut(Schema):
    """A decision, beside what the first page said then (`words`, `as_of`)."""

    id: int
    at: datetime
    said: dict[str, Any]
    decision: str
    next_on: date | None


@router.get("/reports", needs="look", response={200: Page[ReportOut]} | ERRORS, summary="Which reports are kept?")
def reports(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first."""
    return by_key(SavedReport.objects.all(), limit, cursor)


@router.post("/reports", needs="steer", again="once", response={201: ReportOut} | ERRORS, summary="Keep a report")
def new_report(request: HttpRequest, said: ReportIn) -> Status:
    """A question with its choices, under a name."""
    check_query(choice_names(said.slug), said.query)
    query = spec_of(insight(said.slug).slug, QueryDict(said.query)).query
    return Status(201, keep_report(said.name, said.slug, query, behind(request), said.note))


@router.patch("/reports/{report_id}", needs="steer", response={200: ReportOut} | ERRORS, summary="Rename a report")
def rename_report(request: HttpRequest, report_id: Id, said: Renamed) -> SavedReport:
    """Name or note."""
    one = get_object_or_404(SavedReport, pk=report_id)
    renamed(one, said)
    record(actor(request), "report.rename", str(report_id))
    return one


@router.delete("/reports/{report_id}", needs="steer", response={204: None} | ERRORS, summary="Forget a report")
def forget_report(request: HttpRequest, report_id: Id) -> Status:
    """The analysis itself stays."""
    get_object_or_404(SavedReport, pk=report_id).delete()
    record(actor(request), "report.forget", str(report_id))
    return Status(204, None)


@router.get("/reviews", needs="look", response={200: Page[ReviewOut]} | ERRORS, summary="What was decided?")
def reviews(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first."""
    return by_key(Review.objects.all(), limit, cursor)


@router.post("/reviews", needs="steer", again="once", response={201: ReviewOut} | ERRORS, summary="Keep a decision")
def new_review(request: HttpRequest, said: ReviewIn) -> Status:
    """Beside what the figures say at this moment."""
    return Status(201, keep_review(Review(decision=said.decision, next_on=said.next_on), behind(request)))


def renamed(one: Any, said: Renamed) -> None:
    """Give a report or an audience another name or note."""
    for name, value in said.dict(exclude_none=True).items():
        setattr(one, name, value)
    one.save(update_fields=["name", "note"])
