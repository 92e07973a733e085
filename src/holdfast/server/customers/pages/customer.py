"""One customer: who is she, and how do we stand with her?

The frame and the profile come from the database at once. Figures, what is to be expected and the timeline are parts that htmx
fetches; with `?all=1`, and so without scripts, all of it comes in one page.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from holdfast.errors import HoldfastError
from holdfast.server.customers import known
from holdfast.server.customers.care import Note
from holdfast.server.customers.contact import last_contact
from holdfast.server.customers.figures import figures
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.merging import merges
from holdfast.server.customers.pages.caring import consent_context, notes_context, tags_context
from holdfast.server.customers.pages.tasks import tasks_context
from holdfast.server.customers.pages.telling import timeline_context
from holdfast.server.customers.standing import Standing, standing_told
from holdfast.server.customers.trait_names import SHOWN, class_of, classes
from holdfast.server.place import settings

__all__ = ["customer", "expected", "liking", "panel", "standing"]

CLASSES = (
    ("demographic", _("Who she is"), _("demographic")),
    ("psychographic", _("What she likes and believes"), _("psychographic")),
    ("behavioural", _("What she does"), _("behavioural")),
    ("contextual", _("In which situation"), _("contextual")),
)

QUICK_SECONDS = 0.1
"""So long the page itself waits for the figures."""

PATIENT_SECONDS = 60.0
"""So long a part of the page waits, which says that it is loading."""


def customer(request: HttpRequest, key: str) -> HttpResponse:
    """The page."""
    who = known.who_or_404(key)
    if who.person != who.asked:
        return redirect(customer_url(who.person))
    whole = "all" in request.GET
    context = {**_profile(who), **_cards(request, who), "whole": whole}
    context |= _standing(who, PATIENT_SECONDS if whole else QUICK_SECONDS)
    if whole:
        context |= {**_expected(who), **timeline_context(request, who)}
    else:
        context["query"] = request.GET.urlencode()
    return render(request, "customers/customer.html", context)


def panel(request: HttpRequest, key: str) -> HttpResponse:
    """The same in small, for beside a ticket: who, how we stand, what was said last, what is to be done."""
    who = known.who_or_404(key)
    context = {**_profile(who), **_standing(who, 1.0), **notes_context(request, who), **tasks_context(request, who)}
    return render(request, "customers/parts/panel.html", context)


def standing(request: HttpRequest, key: str) -> HttpResponse:
    """The sentence and the figures."""
    who = known.who_or_404(key)
    return render(
        request, "customers/parts/standing.html", {"who": who, **_standing(who, PATIENT_SECONDS), "asked_twice": True}
    )


def expected(request: HttpRequest, key: str) -> HttpResponse:
    """Value, risk and the next order."""
    who = known.who_or_404(key)
    return render(request, "customers/parts/expected.html", {"who": who, **_expected(who)})


def liking(request: HttpRequest, key: str) -> HttpResponse:
    """What she would like next."""
    who = known.who_or_404(key)
    return render(request, "customers/parts/liking.html", {"who": who, "liking": _asked("customers.liking", who.person)})


def _profile(who: known.Who) -> dict[str, Any]:
    one, own = who.customer, classes()
    traits: dict[str, list[tuple[str, Any]]] = {}
    shown = {getattr(one, field) for field in SHOWN} if one else set()
    for name, value in sorted((one.traits if one else {}).items()):
        if value not in shown:
            traits.setdefault(class_of(name, own), []).append((name, value))
    groups = [(title, technical, traits[kind]) for kind, title, technical in CLASSES if kind in traits]
    return {"who": who, "one": one, "trait_groups": groups, "contact": last_contact(who.ids), "today": known.today()}


def _cards(request: HttpRequest, who: known.Who) -> dict[str, Any]:
    return {
        **tags_context(who),
        **tasks_context(request, who),
        **notes_context(request, who, undo=_undone(request, who)),
        **consent_context(who),
        "joined": merges(who.person),
    }


def _undone(request: HttpRequest, who: known.Who) -> Note | None:
    """The note that was just deleted, of a page without scripts."""
    said = request.GET.get("undo", "")
    if not said.isdecimal():
        return None
    return Note.objects.filter(pk=int(said[:18]), person__in=who.ids, author=request.user, deleted_at__isnull=False).first()


def _standing(who: known.Who, within_seconds: float) -> dict[str, Any]:
    found = figures(who.ids[:1], within_seconds)
    if found is None:
        return {"standing": None}
    told = found.get(who.person) or Standing(None, None, 0, 0.0, known.today())
    return {"standing": told, "sentence": standing_told(told, settings().currency)}


def _expected(who: known.Who) -> dict[str, Any]:
    return {"expected": _asked("customers.foreseen", who.person)}


def _asked(errand: str, person: str) -> Any:
    """What the analyst says; None when it cannot be reached or takes too long."""
    from holdfast.server.analyst.client import AnalystAway, call

    try:
        return call(errand, within_seconds=PATIENT_SECONDS, person=person)
    except (AnalystAway, TimeoutError, HoldfastError):
        return None
