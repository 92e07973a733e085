"""The pages of the analyses."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from holdfast.errors import UnknownName
from holdfast.server.customers.links import customer_url, key_of
from holdfast.server.insights.asked import Asked, ask, table_file
from holdfast.server.insights.catalogue import Insight, controls, insight, parts
from holdfast.server.insights.forms import fields
from holdfast.server.insights.kept import MOST_ROWS, Told, table_named
from holdfast.server.insights.spec import Spec, spec_of

__all__ = ["address_of", "answer", "cancel", "index", "page_of", "placed", "show", "table"]


def index(request: HttpRequest) -> HttpResponse:
    """All analyses, by what they are about."""
    return render(request, "insights/index.html", {"parts": parts()})


def show(request: HttpRequest, slug: str) -> HttpResponse:
    """An analysis."""
    one, spec = _asked_for(request, slug)
    return _shown(request, "insights/insight.html", one, spec, ask(spec))


def page_of(slug: str) -> Any:
    """The same under an address of its own, as the navigation names it."""

    def shown(request: HttpRequest) -> HttpResponse:
        return show(request, slug)

    return shown


def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """The answer alone, for a page that waits: 204 while there is nothing newer than `after`."""
    one, spec = _asked_for(request, slug)
    found = ask(spec)
    after = request.GET.get("after", "")
    if after and (found.told is None or f"{found.told.at:.3f}" == after) and not found.away:
        return HttpResponse(status=204)
    if after:
        return render(request, "insights/newer.html", {"address": address_of(spec)})
    return _shown(request, "insights/answer.html", one, spec, found)


def table(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The whole table as CSV, or the answer as JSON."""
    one, spec = _asked_for(request, slug)
    if form not in FORMS or slug == "rate":
        raise Http404
    reply = table_file(spec, form)
    path = table_named(reply.get("file", "none"))
    if reply["state"] == "kept" and path.exists():
        return FileResponse(path.open("rb"), content_type=FORMS[form], as_attachment=form == "csv", filename=f"{slug}.{form}")
    if reply["state"] == "kept":
        reply = {**reply, "state": "working"}  # one of newer data took its place just now: it is asked for again
    status = {"working": 202, "refused": 400, "away": 503}.get(reply["state"], 500)
    said = {"insight": one, "reply": reply, "again": request.get_full_path(), "back": address_of(spec)}
    return render(request, "insights/file.html", said, status=status)


def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a question back."""
    from holdfast.server.analyst.client import AnalystAway, call

    _one, spec = _asked_for(request, slug)
    with suppress(TimeoutError, AnalystAway):  # what cannot be reached works on nothing
        call("insights.cancel", within_seconds=2.0, slug=spec.slug, pairs=spec.pairs)
    return redirect("insights")


FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
"""In which a whole table can be had."""


def _asked_for(request: HttpRequest, slug: str) -> tuple[Insight, Spec]:
    try:
        return insight(slug), spec_of(slug, request.GET)
    except UnknownName as error:
        raise Http404 from error


def address_of(spec: Spec, name: str = "insight", **more: Any) -> str:
    """Where a question's page is, or another of its addresses."""
    path = reverse(name, kwargs={"slug": spec.slug, **more})
    return f"{path}?{spec.query}" if spec.query else path


def placed(html: str, spec: Spec) -> SafeString:
    """HTML of an answer with its links to people and customers in their place. It was escaped where it was made."""
    people = reverse("insight-people", kwargs={"slug": spec.slug})
    return mark_safe(_CUSTOMER.sub(_customer(), html.replace('href="people/?', f'href="{people}?')))


_CUSTOMER = re.compile(r'href="customer:([A-Za-z0-9_-]*)"')


def _customer() -> str:
    """What stands for a link to a customer, with her key in the place of the first group."""
    try:
        before, _key, after = customer_url("x").partition(key_of("x"))
    except NoReverseMatch:
        return ""
    return f'href="{before}\\1{after}"'


def _shown(request: HttpRequest, template: str, one: Insight, spec: Spec, found: Asked) -> HttpResponse:
    told = found.told
    first, more, used = fields(spec, told)
    said: dict[str, Any] = {
        "insight": one, "spec": spec, "told": told, "asked": found, "first": first, "more": more, "used": used,
        "address": address_of(spec), "answer_address": address_of(spec, "insight-answer"),
        "cancel_address": address_of(spec, "insight-cancel"),
        "csv": address_of(spec, "insight-table", form="csv"), "json": address_of(spec, "insight-table", form="json"),
    }  # fmt: skip
    known = {one.name for one in controls(spec.slug)} | {"after"}
    said["strange"] = [name[:40] for name in request.GET if name not in known][:5]
    if told is not None:
        said |= _told(told, spec, found.clock or time.time())
    refused = told is not None and told.state == "refused" and spec.pairs and template == "insights/insight.html"
    status = 400 if refused else 200
    return render(request, template, said, status=status)


def _told(told: Told, spec: Spec, clock: float) -> dict[str, Any]:
    people = reverse("insight-people", kwargs={"slug": spec.slug})
    figures = [
        (name, _inside(light), _inside(dark), _inside(told.opens.get(name, "[]").replace('"people/?', f'"{people}?')))
        for name, (light, dark) in told.figures.items()
    ]
    return {
        "sentence": placed(told.sentence, spec), "picture": placed(told.picture, spec), "table": placed(told.table, spec),
        "compared": placed(told.compared, spec), "pair": "<svg" in told.picture and bool(told.compared),
        "grid": 'class="grid"' in told.picture, "day": date.fromisoformat(told.as_of) if told.as_of else None,
        "notes": placed(told.notes, spec), "figures": figures,
        "figured": bool(told.table or told.as_of), "most_rows": MOST_ROWS,
        "age": max(clock - told.at, 0.0), "made_at": datetime.fromtimestamp(told.at, UTC), "stamp": f"{told.at:.3f}",
    }  # fmt: skip


def _inside(json: str) -> SafeString:
    """JSON inside a script element: nothing in it ends the element."""
    return mark_safe(json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
