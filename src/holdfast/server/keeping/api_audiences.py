"""Operations: audiences, people who were gathered on a day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Schema, Status
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Name, example
from holdfast.server.api.files import CSV, file, gives
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, by_place
from holdfast.server.customers.named import named
from holdfast.server.insights.api_names import cell_names, check_query
from holdfast.server.insights.behind import csv_rows
from holdfast.server.keeping import members
from holdfast.server.keeping.api import Note, Query, Renamed, renamed
from holdfast.server.keeping.keeping import audience_of
from holdfast.server.keeping.models import Audience
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["reports and audiences"])

Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512, pattern=r"^[^\x00-\x1f]*$")]


class AudienceIn(Schema):
    """Either the people behind a number (`slug`, and `query`: choices and cell), or people by their ids."""

    name: Name
    note: Note = ""
    slug: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9-]*$")] = ""
    query: Query = ""
    persons: list[Person] = Field([], max_length=members.MOST_GIVEN)
    model_config = example(name="Quiet ones", slug="attention", query="cell.group=quiet")


class AudienceOut(Schema):
    """An audience: how many are in, and behind which number they stood (`origin`)."""

    id: int
    name: str
    note: str
    people: int
    origin: dict[str, Any]
    made_at: datetime


class Member(Schema):
    """Somebody in an audience; name and e-mail are empty where they are not known."""

    id: str
    key: str
    name: str
    email: str


@router.get("/audiences", needs="look", response={200: Page[AudienceOut]} | ERRORS, summary="Which audiences are there?")
def audiences(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first."""
    return by_key(Audience.objects.all(), limit, cursor)


@router.post("/audiences", needs="steer", again="once", response={201: AudienceOut} | ERRORS, summary="Make an audience")
def new_audience(request: HttpRequest, said: AudienceIn) -> Status:
    """Fixed: it holds exactly these people, each once, whatever they do later."""
    if bool(said.slug) == bool(said.persons) or (said.query and not said.slug):
        raise UsageError("people come from a number, or by their ids", "give slug (and query), or persons")
    if said.slug:
        check_query(cell_names(said.slug), said.query)
    persons, origin = members.behind({"slug": said.slug, "query": said.query, "persons": "\n".join(said.persons)})
    return Status(201, audience_of(said.name, persons, behind(request), origin, said.note))


@router.get("/audiences/{audience_id}", needs="look", response={200: AudienceOut} | ERRORS, summary="One audience")
def audience(request: HttpRequest, audience_id: Id) -> Audience:  # noqa: ARG001 - ninja's signature
    """Name, size, origin."""
    return get_object_or_404(Audience, pk=audience_id)


@router.get(
    "/audiences/{audience_id}/people", needs="look", response={200: Page[Member]} | ERRORS, summary="Who is in an audience?"
)
def audience_people(request: HttpRequest, audience_id: Id, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """By id."""
    page = by_place(get_object_or_404(Audience, pk=audience_id).members.values_list("person", flat=True), limit, cursor)
    return {**page, "items": [one.told() for one in named(page["items"])]}


@router.get(
    "/audiences/{audience_id}/people.csv",
    needs="steer",
    response=ERRORS,
    summary="An audience as CSV",
    openapi_extra=gives(CSV),
)
def audience_file(request: HttpRequest, audience_id: Id) -> Any:
    """Everybody in it, one a line."""
    kept = get_object_or_404(Audience, pk=audience_id)
    record(actor(request), "audience.export", str(audience_id), people=kept.people)
    return file(csv_rows(list(kept.members.values_list("person", flat=True))), CSV, f"audience-{audience_id}.csv")


@router.patch("/audiences/{audience_id}", needs="steer", response={200: AudienceOut} | ERRORS, summary="Rename an audience")
def rename_audience(request: HttpRequest, audience_id: Id, said: Renamed) -> Audience:
    """Name or note; the people in it stay."""
    one = get_object_or_404(Audience, pk=audience_id)
    renamed(one, said)
    record(actor(request), "audience.rename", str(audience_id))
    return one


@router.delete("/audiences/{audience_id}", needs="steer", response={204: None} | ERRORS, summary="Forget an audience")
def forget_audience(request: HttpRequest, audience_id: Id) -> Status:
    """The people in it are untouched."""
    get_object_or_404(Audience, pk=audience_id).delete()
    record(actor(request), "audience.forget", str(audience_id))
    return Status(204, None)
