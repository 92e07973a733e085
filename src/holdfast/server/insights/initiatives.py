"""What was done to keep customers, and when: marked on the charts, compared before and after."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from holdfast.errors import HoldfastError, UsageError
from holdfast.server.people.audit import record
from holdfast.server.place import folder, settings
from holdfast.settings_file import settings_of, write_settings

__all__ = ["LONGEST", "add", "initiatives", "remove"]

LONGEST = 80


def initiatives(request: HttpRequest) -> HttpResponse:
    """The list; who steers adds one, or takes one away."""
    if request.method == "POST":
        _changed(request)
        return redirect("initiatives")
    known = sorted(settings().initiatives, reverse=True)
    rows = [
        {
            "date": date.fromisoformat(day),
            "what": what,
            "url": f"{reverse('insight', kwargs={'slug': 'initiative'})}?date={day}",
        }
        for day, what in known
    ]
    typed = {"date": request.GET.get("date", "")[:10], "what": request.GET.get("what", "")[:LONGEST]}
    return render(request, "insights/initiatives.html", {"rows": rows, "typed": typed})


def _changed(request: HttpRequest) -> None:
    text = request.POST.get("date", "").strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        messages.error(request, _("“%(text)s” is no date. Nothing was changed; write it as 2024-09-01.") % {"text": text[:40]})
        return
    try:
        if "remove" in request.POST:
            remove(day, request.user)
        else:
            add(day, request.POST.get("what", ""), request.user)
    except HoldfastError as error:
        messages.error(request, _("%(what)s. %(mend)s") % {"what": error.what, "mend": error.mend})
        return
    messages.success(request, _("Kept. It is marked on charts as soon as they are asked for again."))


def add(day: date, what: str, by: Any) -> None:
    """Note what began on a day; what was noted for that day before gives way. UsageError when nothing is said."""
    said = " ".join(what.split())[:LONGEST]
    if not said:
        raise UsageError(_("Say in a few words what began on that day"), _("Nothing was changed."))
    _keep({**dict(settings().initiatives), day.isoformat(): said})
    record(by, "insight.initiative_added", day.isoformat())


def remove(day: date, by: Any) -> None:
    """Take away what was noted for a day."""
    _keep({when: what for when, what in settings().initiatives if when != day.isoformat()})
    record(by, "insight.initiative_removed", day.isoformat())


def _keep(known: dict[str, str]) -> None:
    write_settings(folder() / "holdfast.toml", settings_of({"initiatives": tuple(sorted(known.items()))}, settings()))
