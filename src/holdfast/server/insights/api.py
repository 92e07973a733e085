"""Operations: which analyses there are, asking one, its table, and the people behind a number."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, QueryDict
from ninja import Path, Schema, Status

from holdfast.errors import UsageError
from holdfast.server.analyst.client import AnalystAway, call
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.files import CSV, file, gives
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.names import Names
from holdfast.server.api.paging import Cursor, Limit, Page, place_of_cursor, whole
from holdfast.server.customers.named import named
from holdfast.server.insights.api_names import cell_names, choice_names
from holdfast.server.insights.asked import people as people_of
from holdfast.server.insights.asked import table_file
from holdfast.server.insights.behind import csv_rows
from holdfast.server.insights.catalogue import INSIGHTS, controls, insight
from holdfast.server.insights.kept import table_named
from holdfast.server.insights.spec import Spec, cell_of, spec_of
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["insights"])

Slug = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9-]+$", description="Which analysis, as the catalogue calls it.")]


class Choice(Schema):
    """What can be chosen of an analysis; it goes into the query string by its name.

    `choices`: its values, where they are listed; `least` and `most`: bounds of a number; `many`: it may stand several times.
    """

    name: str
    kind: str
    help: str
    choices: list[str]
    least: float | None
    most: float | None
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


class Behind(Schema):
    """Somebody behind a number; name and e-mail are empty where they are not known."""

    id: str
    key: str
    name: str
    email: str


class People(Page[Behind]):
    """People behind a number: how many in all, and a page of them."""

    n: int


class Table(Schema):
    """A table: the names of its columns, and its rows."""

    columns: list[str]
    rows: list[list[Any]]


class AnswerOut(Schema):
    """An answer: the question as it was understood, the sentence, the table, notes, what the numbers mean, further tables."""

    question: dict[str, Any]
    words: str
    table: Table
    notes: list[str]
    definition: dict[str, Any]
    extra: dict[str, Table]


LATER = {202: Working}


CHOSEN = "What is chosen, each by its name (GET /insights/{slug} lists them), such as period=month; another name is refused."
CELL = " And the cell of a number, as in the links of the page, such as cell.group=quiet or cell-number.period=3."


def choices(about: str = CHOSEN, **such: str) -> dict[str, Any]:
    """The choices of an analysis, as the schema tells them: any name with a text."""
    one = {"name": "choices", "in": "query", "required": False, "description": about, "style": "form", "explode": True}
    shape = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}}
    return {"parameters": [one | {"schema": shape, "example": such or {"period": "month"}}]}


def chosen(path: dict[str, Any]) -> Names:
    """What may stand in the query string besides: the choices of the analysis."""
    return choice_names(path["slug"])


def number(path: dict[str, Any]) -> Names:
    """The same where people are asked for: also the cell of a number."""
    return cell_names(path["slug"])


@router.get("/insights", needs="look", response={200: Page[InsightOut]} | ERRORS, summary="Which analyses are there?")
def insights(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """In the order of the page."""
    return whole(_told(one.slug) for one in INSIGHTS)


@router.get(
    "/insights/{slug}", needs="look", response={200: InsightWhole} | ERRORS, summary="What can be chosen of an analysis?"
)
def one_insight(request: HttpRequest, slug: Slug) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The same choices as on its page and on the command line."""
    choices = [
        {name: getattr(one, name) for name in ("name", "kind", "least", "most", "many")}
        | {"help": str(one.help), "choices": list(one.choices)}
        for one in controls(slug)
    ]
    return {**_told(slug), "choices": choices}


@router.get(
    "/insights/{slug}/answer",
    needs="look",
    response={200: AnswerOut} | LATER | ERRORS,
    summary="Ask an analysis",
    openapi_extra=choices(),
    names=chosen,
)
def insight_answer(request: HttpRequest, slug: Slug) -> Any:
    """Choices go into the query string: ?period=month. The answer with its table and definition; 202 while it is worked on."""
    found = _file(spec_of(insight(slug).slug, request.GET), "json")
    return json.loads(found) if isinstance(found, bytes) else found


@router.delete(
    "/insights/{slug}/answer",
    needs="look",
    response={204: None} | ERRORS,
    summary="Take a question back",
    openapi_extra=choices(),
    names=chosen,
)
def cancel_insight(request: HttpRequest, slug: Slug) -> Status:
    """Nobody waits for this answer any more; the choices stand in the query string as when it was asked."""
    spec = spec_of(insight(slug).slug, request.GET)
    with suppress(TimeoutError, AnalystAway):  # what cannot be reached works on nothing
        call("insights.cancel", within_seconds=2.0, slug=spec.slug, pairs=spec.pairs)
    return Status(204, None)


@router.get(
    "/insights/{slug}/table.csv",
    needs="look",
    response=LATER | ERRORS,
    summary="The whole table as CSV",
    openapi_extra=choices() | gives(CSV),
    names=chosen,
)
def insight_table(request: HttpRequest, slug: Slug) -> Any:
    """The same question, as a file."""
    found = _file(spec_of(insight(slug).slug, request.GET), "csv")
    return file(found, CSV, f"{slug}.csv") if isinstance(found, bytes) else found


@router.get(
    "/insights/{slug}/people",
    needs="look",
    response={200: People} | LATER | ERRORS,
    summary="Who is behind a number?",
    openapi_extra=choices(CHOSEN + CELL, **{"cell.group": "quiet"}),
    names=number,
)
def insight_people(request: HttpRequest, slug: Slug, limit: Limit = 50, cursor: Cursor = "") -> Any:
    """The cell goes into the query string, as in the links of the page: ?cell.what=lost&cell-number.period=3."""
    first, asked = place_of_cursor(cursor), request.GET.copy()
    asked.pop("limit", None)  # here it is how many people at most, and no choice of an analysis that has one of that name
    reply = _people(slug, asked, first, limit)
    if not isinstance(reply, dict):
        return reply
    record(actor(request), "insight.people", slug, n=reply["n"])
    items = [one.told() for one in named(reply["ids"])]
    return {"n": reply["n"], "items": items, "next": str(first + limit) if first + limit < reply["n"] else None}


@router.get(
    "/insights/{slug}/people.csv",
    needs="steer",
    response=LATER | ERRORS,
    summary="Who is behind a number, as CSV",
    openapi_extra=choices(CHOSEN + CELL, **{"cell.group": "quiet"}) | gives(CSV),
    names=number,
)
def insight_people_file(request: HttpRequest, slug: Slug) -> Any:
    """All of them: id, and name and e-mail where they are known."""
    reply = _people(slug, request.GET, 0, None)
    if not isinstance(reply, dict):
        return reply
    record(actor(request), "insight.people_csv", slug, n=reply["n"])
    return file(csv_rows(reply["ids"]), CSV, f"{slug}-people.csv")


def _people(slug: str, asked: QueryDict, first: int, count: int | None) -> Any:
    """The reply of the analyst; an answer where it is not there yet."""
    spec = spec_of(insight(slug).slug, asked)
    if spec.slug == "rate":
        raise UsageError("these figures are your own", "nobody stands behind them here")
    reply = people_of(spec, cell_of(asked), first, count)
    return reply if reply["state"] == "found" else _not_yet(reply)


def _told(slug: str) -> dict[str, Any]:
    one = insight(slug)
    return {"slug": one.slug, "title": str(one.title), "about": str(one.about)}


def _file(spec: Spec, form: Literal["json", "csv"]) -> bytes | HttpResponse | Status:
    if spec.slug == "rate":
        raise UsageError("this one is answered on its page alone", "work it out: (E - N) / S")
    reply = table_file(spec, form)
    path = table_named(reply.get("file", "none"))
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
