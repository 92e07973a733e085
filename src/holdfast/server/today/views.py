"""The first page."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe

from holdfast.server.insights.spec import Spec, address_of
from holdfast.server.insights.views import placed
from holdfast.server.intake.inbox import inbox
from holdfast.server.keeping.models import Review
from holdfast.server.place import settings
from holdfast.server.today.today import State, current
from holdfast.server.today.told import Look

__all__ = ["answer", "today"]

COLOURS = {"unhappy": "lost", "quiet": "risk", "falling": "risk", "single": "new", "best": "kept"}
REVIEWS = 3

RECENT_SECONDS = timedelta(days=60).total_seconds()
"""Within so long the header says how long ago the latest event was; before that its date says more."""


def today(request: HttpRequest) -> HttpResponse:
    """Do our customers stay?"""
    return render(request, "today/today.html", _shown(current()))


def answer(request: HttpRequest) -> HttpResponse:
    """The answer alone, for a page that waits for it. 286 tells htmx that there is nothing more to wait for."""
    state = current()
    return render(request, "today/answer.html", _shown(state), status=200 if state.working else 286)


def _shown(state: State) -> dict[str, Any]:
    """What the templates know."""
    told, shown = state.told, {"working": state.working, "empty": state.empty, "told": state.told}
    if told is None:
        return shown
    return shown | {
        # Written by the report's own markup, which escapes whatever comes from data.
        "opening": mark_safe(_PEOPLE.sub(_people, told.opening_html)),
        "bridge": None if told.bridge is None else placed(told.bridge.picture, Spec("bridge")),
        "remarks": "" if told.bridge is None else mark_safe(told.bridge.notes),
        "cohorts": placed(told.cohorts_html, Spec("cohorts")),
        "recent": time.time() - told.last_event < RECENT_SECONDS,
        "as_of": date.fromisoformat(told.as_of),
        "last_event": datetime.fromtimestamp(told.last_event, UTC).astimezone(ZoneInfo(settings().zone)),
        "zone": settings().zone,
        "month": date.fromisoformat(f"{told.bridge.month}-01") if told.bridge and told.bridge.month else None,
        "made_at": state.made_at,
        "waiting": inbox().waiting()[0],
        "looks": [_look(look) for look in told.looks],
        "changes": [{**asdict(one), "people_url": _behind_week(told.week, one.opens)} for one in told.changes],
        "initiatives": [{"day": date.fromisoformat(day), "name": name} for day, name in settings().initiatives],
        "reviews": [_review(one) for one in Review.objects.select_related("by")[:REVIEWS]],
    }


_PEOPLE = re.compile(r'href="people:([a-z-]+)\?')


def _people(found: re.Match[str]) -> str:
    return f'href="{reverse("insight-people", args=[found[1]])}?'


def _look(look: Look) -> dict[str, Any]:
    people = f"{reverse('insight-people', args=['attention'])}?{urlencode(address_of({'group': look.group}))}"
    return {**asdict(look), "colour": COLOURS.get(look.group, ""), "people_url": people}


def _behind_week(week: str, what: str) -> str:
    """The people behind a number of the weekly bridge; empty where nobody is counted."""
    if not what:
        return ""
    pairs = [("period", "week"), *address_of({"period": week, "what": what})]
    return f"{reverse('insight-people', args=['bridge'])}?{urlencode(pairs)}"


def _review(one: Review) -> dict[str, Any]:
    due = one.next_on is not None and one.next_on <= datetime.now(ZoneInfo(settings().zone)).date()
    return {"at": one.at, "decision": one.decision, "next_on": one.next_on, "due": due}
