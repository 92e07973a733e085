"""Everything that happened with a customer, newest first: what she did, and what we did (notes, tasks, consents, merges)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from holdfast.errors import HoldfastError
from holdfast.events.names import ORDER, REFUND
from holdfast.server.customers import known
from holdfast.server.customers.care import Task
from holdfast.server.customers.consents import history
from holdfast.server.customers.merging import merges
from holdfast.server.customers.notes import notes_of
from holdfast.server.customers.pages.caring import label_of, state_of
from holdfast.server.customers.pages.lines import Line, line_of
from holdfast.server.customers.tasks import tasks_of
from holdfast.server.customers.timeline import TOLD, Shown, Wanted, details, timeline
from holdfast.server.place import settings

__all__ = ["KINDS", "news", "timeline_context", "timeline_part"]

PAGE = 40
WHOLE = 500
"""Events on a page that shows all at once."""

DETAIL_SECONDS = 8.0

KINDS = {
    "orders": gettext_lazy("Orders"),
    "refunds": gettext_lazy("Refunds"),
    "visits": gettext_lazy("Visits and other events"),
    "told": gettext_lazy("Profile changes"),
    "notes": gettext_lazy("Notes"),
    "tasks": gettext_lazy("Tasks"),
    "consent": gettext_lazy("Consent"),
    "merges": gettext_lazy("Merges"),
}
"""What the timeline can be narrowed to."""

DID = ("orders", "refunds", "visits", "told")
"""The kinds that are events; the others are ours."""


@dataclass(frozen=True)
class Narrowed:
    """What is asked for: kinds (none: all), local days, both included, and where the page begins."""

    kinds: tuple[str, ...]
    since: date | None
    until: date | None
    before: str = ""

    def wants(self, kind: str) -> bool:
        """Whether a kind is shown."""
        return not self.kinds or kind in self.kinds

    def link(self, **more: str) -> str:
        """The same as the query of a URL."""
        said = [("kind", kind) for kind in self.kinds]
        said += [(name, day.isoformat()) for name, day in (("since", self.since), ("until", self.until)) if day]
        return urlencode([*said, *more.items()])


def timeline_part(request: HttpRequest, key: str) -> HttpResponse:
    """The timeline, or (with `before`) what follows below it."""
    who = known.who_or_404(key)
    template = "more" if request.GET.get("before") else "timeline"
    return render(request, f"customers/parts/{template}.html", timeline_context(request, who))


def news(request: HttpRequest, key: str) -> HttpResponse:
    """How many events came since the page was made; 204 when there are none."""
    who = known.who_or_404(key)
    shown = _shown(who, Wanted(), "", 1)
    before = request.GET.get("seen", "")
    if shown is None or not before.isdecimal():
        return HttpResponse(status=204)
    fresh = sum(shown.names.values()) - int(before[:12])
    if fresh <= 0:
        return HttpResponse(status=204)
    return render(request, "customers/parts/news.html", {"who": who, "fresh": fresh, "query": _narrowed(request).link()})


def timeline_context(request: HttpRequest, who: known.Who) -> dict[str, Any]:
    """What the timeline shows: its lines by day, its filters, where it goes on."""
    narrowed = _narrowed(request)
    shown = _events(who, narrowed, WHOLE if "all" in request.GET else PAGE)
    lines = sorted([*_did(who, shown), *_ours(who, narrowed, shown)], key=lambda one: one.at, reverse=True)
    zone = ZoneInfo(settings().zone)
    days = [(day, list(rows)) for day, rows in groupby(lines, key=lambda one: one.at.astimezone(zone).date())]
    return {
        "who": who,
        "days": days,
        "kinds": [(kind, label, kind in narrowed.kinds) for kind, label in KINDS.items()],
        "narrowed": narrowed,
        "away": shown is None,
        "total": shown.total if shown else 0,
        "seen": sum(shown.names.values()) if shown else "",
        "next_query": narrowed.link(before=shown.next) if shown and shown.next else "",
        "query_kept": narrowed.link(),
    }


def _narrowed(request: HttpRequest) -> Narrowed:
    kinds = tuple(kind for kind in KINDS if kind in request.GET.getlist("kind"))
    since, until = (_day(request.GET.get(name, "")) for name in ("since", "until"))
    return Narrowed(kinds, since, until, request.GET.get("before", "")[:40])


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _events(who: known.Who, narrowed: Narrowed, size: int) -> Shown | None:
    """The page of events; none of them where only what we did is wanted."""
    wanted = Wanted((), narrowed.since, narrowed.until)
    if narrowed.kinds:
        counted = _shown(who, wanted, "", 1)
        if counted is None:
            return None
        names = tuple(name for name in counted.names if narrowed.wants(_kind(name)))
        if not names:
            return Shown((), "", counted.names, 0)
        wanted = Wanted(names, narrowed.since, narrowed.until)
    return _shown(who, wanted, narrowed.before, size)


def _shown(who: known.Who, wanted: Wanted, before: str, size: int) -> Shown | None:
    from holdfast.server.analyst.client import AnalystAway

    try:
        return timeline(who.person, wanted, before, size, ids=who.ids)
    except (AnalystAway, TimeoutError, HoldfastError):
        return None


def _kind(event: str) -> str:
    return {ORDER: "orders", REFUND: "refunds", TOLD: "told"}.get(event, "visits")


def _did(who: known.Who, shown: Shown | None) -> Iterable[Line]:
    """Her events as lines, with what the lake has of them where it can be read in time."""
    from holdfast.server.analyst.client import AnalystAway

    if shown is None:
        return ()
    try:
        found = details(who.person, shown.rows, ids=who.ids, within_seconds=DETAIL_SECONDS)
    except (AnalystAway, TimeoutError, HoldfastError):
        found = [None] * len(shown.rows)
    return [line_of(row, detail, _kind(row.event)) for row, detail in zip(shown.rows, found, strict=True)]


def _ours(who: known.Who, narrowed: Narrowed, shown: Shown | None) -> Iterable[Line]:
    """What we did, within the span of time that this page covers."""
    made = {
        "notes": _notes,
        "tasks": _tasks,
        "consent": _consent,
        "merges": _merges,
    }
    later = _instant(narrowed.before) if narrowed.before else datetime.max.replace(tzinfo=UTC)
    earlier = _instant(shown.next) if shown and shown.next else datetime.min.replace(tzinfo=UTC)
    zone = ZoneInfo(settings().zone)
    for kind, lines in made.items():
        if not narrowed.wants(kind):
            continue
        for line in lines(who):
            day = line.at.astimezone(zone).date()
            inside = (narrowed.since is None or day >= narrowed.since) and (narrowed.until is None or day <= narrowed.until)
            if inside and earlier <= line.at < later:
                yield line


def _instant(cursor: str) -> datetime:
    said = re.match(r"-?[0-9]{1,16}(?=\.|$)", cursor)
    us = int(said[0]) if said else 0
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _notes(who: known.Who) -> Iterable[Line]:
    for one in notes_of(who.ids):
        yield Line(one.created_at, "notes", _("Note by %(who)s") % {"who": one.author_name}, text=one.text)


def _tasks(who: known.Who) -> Iterable[Line]:
    for one in tasks_of(who.ids):
        told = f"{one.get_kind_display()}: {one.title}"
        if one.closed_at is None or one.closed_at > one.created_at:
            yield Line(one.created_at, "tasks", _("Task made") + " · " + told)
        if one.closed_at is not None:
            state = one.get_state_display() if one.state != Task.State.OPEN else ""
            outcome = f" ({one.get_outcome_display()})" if one.outcome else ""
            yield Line(one.closed_at, "tasks", f"{state} · {told}{outcome}", text=one.told, by=str(one.closed_by or ""))


def _consent(who: known.Who) -> Iterable[Line]:
    for one in history(who.person):
        yield Line(one.at, "consent", f"{label_of(one.kind, one.name)}: {state_of(one.state)}", by=one.who or one.source)


def _merges(who: known.Who) -> Iterable[Line]:
    for one in merges(who.person):
        yield Line(one.at, "merges", _("%(id)s was merged with this customer") % {"id": one.previous})
