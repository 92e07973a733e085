"""Operations: which analyses there are, asking one, its table, and the people behind a number."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema, Status

from holdfast.errors import UsageError
from holdfast.server.analyst.client import AnalystAway
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.gate import Router, actor
from holdfast.server.insights.asked import people as people_of
from holdfast.server.insights.asked import table_file
from holdfast.server.insights.catalogue import INSIGHTS, controls, insight
from holdfast.server.insights.kept import place_of
from holdfast.server.insights.spec import Spec, cell_of, spec_of
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["insights"])

Slug = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9-]+$", description="Which analysis, as the catalogue calls it.")]


class Choice(Schema):
    """What can be chosen of an analysis; it goes into the query string by its name."""

    name: str
    kind: str
    help: str
    choices: list[str]
    many: bool


class InsightOut(Schema):
    """An analysis."""

    slug: str
    title: str
    about: str


class InsightWhole(InsightOut):
    """An analysis, with all that can be chosen."""

    choices: list[Choice]


class Working(Schema):
    """It is being worked on: ask again after Retry-After."""

    state: str


class People(Schema):
    """People behind a number: how many in all, and a page of their ids."""

    n: int
    ids: list[str]


LATER = {202: Working}


@router.get("/insights", needs="look", response={200: list[InsightOut]} | ERRORS, summary="Which analyses are there?")
def catalogue(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - ninja's signature
    """In the order of the page."""
    return [_told(one.slug) for one in INSIGHTS]


@router.get(
    "/insights/{slug}", needs="look", response={200: InsightWhole} | ERRORS, summary="What can be chosen of an analysis?"
)
def one_insight(request: HttpRequest, slug: Slug) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The same choices as on its page and on the command line."""
    choices = [
        {"name": one.name, "kind": one.kind, "help": str(one.help), "choices": list(one.choices), "many": one.many}
        for one in controls(slug)
    ]
    return {**_told(slug), "choices": choices}


@router.get("/insights/{slug}/answer", needs="look", response={200: dict[str, Any]} | LATER | ERRORS, summary="Ask an analysis")
def answer(request: HttpRequest, slug: Slug) -> Any:
    """Choices go into the query string: ?period=month. The answer with its table and definition; 202 while it is worked on."""
    found = _file(spec_of(insight(slug).slug, request.GET), "json")
    return found if isinstance(found, HttpResponse) else json.loads(found)


@router.get(
    "/insights/{slug}/table.csv",
    needs="look",
    response=LATER | ERRORS,
    summary="The whole table as CSV",
    openapi_extra={"responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def table(request: HttpRequest, slug: Slug) -> Any:
    """The same question, as a file."""
    found = _file(spec_of(insight(slug).slug, request.GET), "csv")
    return found if isinstance(found, HttpResponse) else HttpResponse(found, content_type="text/csv; charset=utf-8")


@router.get("/insights/{slug}/people", needs="look", response={200: People} | LATER | ERRORS, summary="Who is behind a number?")
def people(
    request: HttpRequest,
    slug: Slug,
    first: Annotated[int, Query(0, ge=0, le=100_000_000, description="How many to leave out at the beginning.")] = 0,
    limit: Annotated[int, Query(100, ge=1, le=500, description="How many at most.")] = 100,
) -> Any:
    """The cell goes into the query string, as in the links of the page: ?cell.what=lost&cell-number.period=3."""
    spec = spec_of(insight(slug).slug, request.GET)
    if spec.slug == "rate":
        raise UsageError("these figures are your own", "nobody stands behind them here")
    reply = people_of(spec, cell_of(request.GET), first, limit)
    if reply["state"] != "found":
        return _not_yet(reply)
    record(actor(request), "insight.people", slug, n=reply["n"])
    return {"n": reply["n"], "ids": reply["ids"]}


def _told(slug: str) -> dict[str, Any]:
    one = insight(slug)
    return {"slug": one.slug, "title": str(one.title), "about": str(one.about)}


def _file(spec: Spec, form: Literal["json", "csv"]) -> bytes | HttpResponse | Status:
    if spec.slug == "rate":
        raise UsageError("this one is answered on its page alone", "work it out: (E - N) / S")
    reply = table_file(spec, form)
    path = place_of(spec.key, form)
    if reply["state"] == "kept" and path.exists():
        return path.read_bytes()
    return _not_yet(reply)


def _not_yet(reply: dict[str, Any]) -> HttpResponse:
    if reply["state"] == "refused":
        raise UsageError(str(reply.get("what") or "it cannot be asked so"), str(reply.get("mend") or "look at its choices"))
    if reply["state"] != "working":
        raise AnalystAway(str(reply["state"]))
    body = json.dumps({"state": "working"})
    return HttpResponse(body, status=202, content_type="application/json", headers={"Retry-After": "2"})
