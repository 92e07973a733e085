"""What every template knows: the business, the navigation, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from holdfast.server.people.access import Need, may
from holdfast.server.place import settings

__all__ = ["NAVIGATION", "Entry", "frame"]


@dataclass(frozen=True)
class Entry:
    """A line of the navigation.

    label  what it says
    url    name of the URL
    needs  what it takes to see it
    part   the heading that it stands under; empty: above all headings
    """

    label: Any
    url: str
    needs: Need = "look"
    part: Any = ""


NAVIGATION: tuple[Entry, ...] = (
    Entry(_("Today"), "today"),
    Entry(_("Customers"), "customers"),
    Entry(_("Tasks"), "tasks"),
    Entry(_("Retention"), "insights-retention", part=_("Understand")),
    Entry(_("Cohorts"), "insights-cohorts", part=_("Understand")),
    Entry(_("Paths"), "insights-paths", part=_("Understand")),
    Entry(_("RFM"), "insights-rfm", part=_("Understand")),
    Entry(_("Value and risk"), "insights-value", part=_("Understand")),
    Entry(_("Personas"), "insights-personas", part=_("Understand")),
    Entry(_("All analyses"), "insights", part=_("Understand")),
    Entry(_("Reports"), "reports", part=_("Keep")),
    Entry(_("Audiences"), "audiences", part=_("Keep")),
    Entry(_("Data in"), "sources", "look", _("Set up")),
    Entry(_("Refused events"), "refused", "look", _("Set up")),
    Entry(_("People"), "people", "own", _("Set up")),
    Entry(_("Keys"), "keys", "own", _("Set up")),
    Entry(_("Audit log"), "audit", "steer", _("Set up")),
)
"""The navigation. An entry whose URL does not exist (yet) is left out."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """For the templates: `business`, `navigation` (part → entries), `can` (need → bool)."""
    user = getattr(request, "user", None)
    return {
        "business": SimpleLazyObject(lambda: settings().name),
        "navigation": SimpleLazyObject(lambda: _navigation(user, request.path)),
        "can": {need: may(user, need) for need in ("look", "care", "steer", "own")},
    }


def _navigation(user: Any, here: str) -> list[tuple[str, list[dict[str, Any]]]]:
    parts: dict[str, list[dict[str, Any]]] = {}
    for entry in NAVIGATION:
        url = _url(entry.url)
        if url is not None and may(user, entry.needs):
            on = here == url or (url != "/" and here.startswith(url))
            parts.setdefault(str(entry.part), []).append({"label": entry.label, "url": url, "on": on})
    for entries in parts.values():
        longest = max((len(one["url"]) for one in entries if one["on"]), default=0)
        for one in entries:
            one["on"] = one["on"] and len(one["url"]) == longest
    return list(parts.items())


def _url(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
