"""The people behind a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from holdfast.errors import UnknownName, UsageError
from holdfast.server.csv_files import guarded, lines
from holdfast.server.customers.named import named
from holdfast.server.insights.asked import people as people_of
from holdfast.server.insights.catalogue import insight
from holdfast.server.insights.spec import Spec, address_of, cell_of, spec_of
from holdfast.server.insights.views import address_of as page_address

__all__ = ["csv_rows", "people", "people_csv"]

PAGE = 100
"""People on a page."""

STATUS = {"working": 202, "refused": 400, "away": 503, "broken": 500}


def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Exactly the people behind a number, a page of them."""
    spec, cell = _asked_for(request, slug)
    place = _place(request)
    reply = _reply(spec, cell, place * PAGE, PAGE)
    said = {
        "insight": insight(slug), "spec": spec, "reply": reply,
        "cell": {key.replace("_", " "): value for key, value in cell.items()},
        "back": page_address(spec), "said": request.GET.get("shown.number", "")[:40],
        "of": request.GET.get("shown.name", "")[:60],
        "again": request.get_full_path(), "query": _query(spec, cell),
    }  # fmt: skip
    if reply["state"] == "found":
        last = max(0, (reply["n"] - 1) // PAGE)
        said |= {"rows": named(reply["ids"]), "place": place, "last": last, "before": place - 1, "after": place + 1}
        said |= {"from": place * PAGE + 1, "to": place * PAGE + len(reply["ids"])}
    return render(request, "insights/people.html", said, status=STATUS.get(reply["state"], 200))


def people_csv(request: HttpRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """All of them as CSV: id, and name and e-mail where they are known."""
    from holdfast.server.people.audit import record

    spec, cell = _asked_for(request, slug)
    reply = _reply(spec, cell, 0, None)
    if reply["state"] != "found":
        said = {"insight": insight(slug), "reply": reply, "again": request.get_full_path(), "back": page_address(spec)}
        return render(request, "insights/file.html", said, status=STATUS.get(reply["state"], 200))
    record(request.user, "insight.people_csv", slug, n=reply["n"])
    response = StreamingHttpResponse(csv_rows(reply["ids"]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-people.csv"'
    return response


def _asked_for(request: HttpRequest, slug: str) -> tuple[Spec, dict[str, Any]]:
    try:
        insight(slug)
        return spec_of(slug, request.GET), cell_of(request.GET)
    except (UnknownName, UsageError) as error:
        raise Http404 from error


def _reply(spec: Spec, cell: dict[str, Any], first: int, count: int | None) -> dict[str, Any]:
    if spec.slug == "rate":
        return {"state": "refused", "what": _("these figures are your own"), "mend": _("nobody stands behind them here")}
    return people_of(spec, cell, first, count)


def _place(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(int(text) - 1, 0) if text.isdecimal() and len(text) < 9 else 0


def _query(spec: Spec, cell: dict[str, Any]) -> str:
    from urllib.parse import urlencode

    return urlencode([*spec.pairs, *address_of(cell)])


STRETCH = 500


def csv_rows(ids: list[str]) -> Iterator[str]:
    """People as lines of CSV: id, and name and e-mail where they are known."""
    yield from lines([("customer_id", "name", "email")], "\n")
    for at in range(0, len(ids), STRETCH):
        people = named(ids[at : at + STRETCH])
        yield "".join(lines((map(guarded, (one.person, one.name, one.email)) for one in people), "\n"))
