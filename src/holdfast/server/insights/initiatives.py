"""What was done to keep customers, and when: marked on the charts, compared before and after."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from holdfast.errors import HoldfastError
from holdfast.server.place import folder, settings
from holdfast.settings_file import settings_of, write_settings

__all__ = ["initiatives"]

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
    from holdfast.server.people.audit import record

    day, what = request.POST.get("date", "").strip(), " ".join(request.POST.get("what", "").split())[:LONGEST]
    known = dict(settings().initiatives)
    try:
        date.fromisoformat(day)
    except ValueError:
        messages.error(request, _("“%(text)s” is no date. Nothing was changed; write it as 2024-09-01.") % {"text": day[:40]})
        return
    if "remove" in request.POST:
        known.pop(day, None)
    elif not what:
        messages.error(request, _("Say in a few words what began on that day. Nothing was changed."))
        return
    else:
        known[day] = what
    try:
        write_settings(folder() / "holdfast.toml", settings_of({"initiatives": tuple(sorted(known.items()))}, settings()))
    except HoldfastError as error:
        messages.error(request, _("%(what)s. %(mend)s") % {"what": error.what, "mend": error.mend})
        return
    record(request.user, "insight.initiative_removed" if "remove" in request.POST else "insight.initiative_added", day)
    messages.success(request, _("Kept. It is marked on charts as soon as they are asked for again."))
