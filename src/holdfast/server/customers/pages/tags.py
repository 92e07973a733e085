"""All tags: how many have each, renaming, deleting; and who of the valuable nobody has been in contact with for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, get_args

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.server.customers import known, tags
from holdfast.server.customers.care import Tag
from holdfast.server.customers.contact import last_contacts
from holdfast.server.customers.figures import best
from holdfast.server.customers.models import KnownAs

__all__ = ["BEST", "ORDERS", "Sort", "change_tag", "drop_tag", "not_contacted", "tags_page", "uncontacted"]

Sort = Literal["money", "contact", "silence"]
BEST = 500
DAYS = 90


def tags_page(request: HttpRequest) -> HttpResponse:
    """The list of tags."""
    return render(request, "customers/tags.html", {"tags": tags.counted()})


def change_tag(request: HttpRequest, number: int) -> HttpResponse:
    """Another name for a tag."""
    try:
        tags.rename(get_object_or_404(Tag, pk=number), request.POST.get("name", ""), request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("tags")


def drop_tag(request: HttpRequest, number: int) -> HttpResponse:
    """A tag is deleted; everyone loses it."""
    tag = get_object_or_404(Tag, pk=number)
    tags.drop(tag, request.user)
    messages.success(request, _("The tag “%(name)s” is deleted.") % {"name": tag.name})
    return redirect("tags")


def uncontacted(request: HttpRequest) -> HttpResponse:
    """Of those who brought the most money: who has heard nothing from us for N days?"""
    said = request.GET.get("days", "")
    days = min(int(said), 3_650) if said.isdecimal() and len(said) < 6 else DAYS
    sort: Sort = next((one for one in get_args(Sort) if one == request.GET.get("sort")), "money")
    found = best(BEST)
    rows = not_contacted(found or {}, days)
    rows.sort(key=ORDERS[sort])
    context = {
        "rows": rows[:100],
        "count": len(rows),
        "days": days,
        "sort": sort,
        "away": found is None,
        "best": len(found or {}),
    }
    return render(request, "customers/uncontacted.html", context)


def not_contacted(found: dict[str, Any], days: int) -> list[dict[str, Any]]:
    """A row for each person, under the id she is shown under: the timelines learn of a merge a moment later than the pages."""
    since = timezone.now() - timedelta(days=days)
    shown_as = dict(KnownAs.objects.filter(known_as__in=list(found)).values_list("known_as", "person"))
    told: dict[str, Any] = {}
    for person, standing in found.items():
        told.setdefault(shown_as.get(person, person), standing)
    shown_as |= dict(KnownAs.objects.filter(person__in=list(told)).values_list("known_as", "person"))
    contacts: dict[str, Any] = {}
    for person, at in last_contacts([*told, *shown_as]).items():
        whole = shown_as.get(person, person)
        contacts[whole] = max(at, contacts.get(whole, at))
    names = known.names_of(told)
    rows = [
        {"person": person, "name": names[person], "standing": standing, "contact": contacts.get(person)}
        for person, standing in told.items()
    ]
    return [row for row in rows if row["contact"] is None or row["contact"] < since]


def _by_money(row: dict[str, Any]) -> Any:
    return -row["standing"].revenue


def _by_contact(row: dict[str, Any]) -> Any:
    return (row["contact"] is not None, row["contact"].timestamp() if row["contact"] else 0.0, -row["standing"].revenue)


def _by_silence(row: dict[str, Any]) -> Any:
    return (-(row["standing"].silent_days or 0), -row["standing"].revenue)


ORDERS: dict[Sort, Any] = {"money": _by_money, "contact": _by_contact, "silence": _by_silence}
"""How the rows of `not_contacted` can be sorted: the most valuable, the longest without contact, the longest silent first."""
