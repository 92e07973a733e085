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
    also   where pages begin that have no line of their own and belong to this one
    """

    label: Any
    url: str
    needs: Need = "look"
    part: Any = ""
    also: tuple[str, ...] = ()


_STAY = tuple(f"/insights/{slug}/" for slug in ("metrics", "lifecycle", "money", "losses", "repeat", "one-year", "survival"))
"""Analyses of whether customers stay, beside the bridge."""

NAVIGATION: tuple[Entry, ...] = (
    Entry(_("Today"), "today", also=("/reviews/",)),
    Entry(_("Customers"), "customers", also=("/firms/", "/tags/", "/uncontacted/", "/doubles/", "/notes/", "/erasures/")),
    Entry(_("Tasks"), "tasks"),
    Entry(_("Retention"), "insights-retention", part=_("Understand"), also=_STAY),
    Entry(_("Cohorts"), "insights-cohorts", part=_("Understand"), also=("/insights/initiative/", "/insights/initiatives/")),
    Entry(_("Paths"), "insights-paths", part=_("Understand")),
    Entry(_("RFM"), "insights-rfm", part=_("Understand"), also=("/insights/migration/",)),
    Entry(_("Value and risk"), "insights-value", part=_("Understand")),
    Entry(_("Personas"), "insights-personas", part=_("Understand"), also=("/insights/persona-", "/insights/clusters/")),
    Entry(_("All analyses"), "insights", part=_("Understand")),
    Entry(_("Reports"), "reports", part=_("Keep")),
    Entry(_("Audiences"), "audiences", part=_("Keep")),
    Entry(_("Data in"), "sources", "look", _("Set up"), also=("/imports/", "/hooks/")),
    Entry(_("Refused events"), "refused", "look", _("Set up")),
    Entry(_("People"), "people", "own", _("Set up")),
    Entry(_("Keys"), "keys", "own", _("Set up"), also=("/api/",)),
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
            begins = [one for one in (url, *entry.also) if here == one or (one != "/" and here.startswith(one))]
            parts.setdefault(str(entry.part), []).append(
                {"label": entry.label, "url": url, "near": max(map(len, begins), default=0)}
            )
    nearest = max((one["near"] for entries in parts.values() for one in entries), default=0)
    for entries in parts.values():
        for one in entries:
            one["on"] = bool(nearest) and one["near"] == nearest
    return list(parts.items())


def _url(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
