"""Two ids that are one person: compare, merge, take apart again; who may be the same."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from holdfast.errors import UsageError
from holdfast.server.customers import known
from holdfast.server.customers.care import Note, Task
from holdfast.server.customers.consents import consents
from holdfast.server.customers.figures import figures
from holdfast.server.customers.links import customer_url, key_of, person_of
from holdfast.server.customers.merging import doubles, merge, unmerge
from holdfast.server.customers.resolving import ANONYMOUS
from holdfast.server.customers.search import found
from holdfast.server.customers.tags import tags_of

__all__ = ["doubles_page", "merge_page", "unmerge_one"]

HITS = 12
SHOWN = {
    "name": gettext_lazy("name"),
    "email": gettext_lazy("e-mail"),
    "phone": gettext_lazy("phone"),
    "account": gettext_lazy("account"),
    "city": gettext_lazy("city"),
    "country": gettext_lazy("country"),
}


def merge_page(request: HttpRequest, key: str) -> HttpResponse:
    """Pick the other one, see both side by side, confirm."""
    who = known.who_or_404(key)
    if request.method == "POST":
        return _merged(request, who)
    other = known.who(person_of(request.GET["with"])) if request.GET.get("with") else None
    text = request.GET.get("q", "").strip()[:200]
    if other is not None and other.person == who.person:
        messages.info(request, _("These two are one customer already."))
        return redirect(customer_url(who.person))
    context: dict[str, Any] = {"who": who, "other": other, "text": text}
    if other is not None:
        context |= {"sides": _sides(who, other), "kept": _may_be_kept(who, other)}
    elif text:
        context |= {"hits": [one for one in found(text, HITS) if one.person not in who.ids]}
    return render(request, "customers/merge.html", context)


def unmerge_one(request: HttpRequest, key: str) -> HttpResponse:
    """Take a merge back."""
    who = known.who_or_404(key)
    previous = request.POST.get("previous", "")
    try:
        unmerge(who.person, previous, request.user)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect(customer_url(who.person))
    messages.success(request, _("They are two customers again: each has her own events, notes and tasks back."))
    return redirect(customer_url(who.person))


def doubles_page(request: HttpRequest) -> HttpResponse:
    """Customers that share an e-mail address or a phone number."""
    rows = []
    for one in doubles(100):
        people = one.customers[:6]
        first = people[0]
        pairs = [(other, f"{_merge_url(first.person)}?with={key_of(other.person)}") for other in people[1:]]
        rows.append({"double": one, "first": first, "pairs": pairs, "more": len(one.customers) - len(people)})
    return render(request, "customers/doubles.html", {"rows": rows})


def _merge_url(person: str) -> str:
    from django.urls import reverse

    return reverse("customer-merge", args=[key_of(person)])


def _merged(request: HttpRequest, who: known.Who) -> HttpResponse:
    other = known.who(person_of(request.POST.get("with", "")))
    if other is None:
        raise Http404
    keep, gone = (other, who) if request.POST.get("keep") == "other" else (who, other)
    try:
        merge(gone.person, into=keep.person, by=request.user)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect(customer_url(who.person))
    messages.success(request, _("They are one customer now. It can be taken apart again below “Merged with”."))
    return redirect(customer_url(keep.person))


def _may_be_kept(who: known.Who, other: known.Who) -> list[tuple[str, known.Who]]:
    """The ones whose id may be shown afterwards, with their value in the form: known ones."""
    both = (("one", who), ("other", other))
    return [pair for pair in both if not pair[1].person.startswith(ANONYMOUS)]


def _sides(who: known.Who, other: known.Who) -> list[dict[str, Any]]:
    told = figures([who.person, other.person], 10.0) or {}
    return [
        {
            "who": one,
            "fields": [(label, getattr(one.customer, name, "") if one.customer else "") for name, label in SHOWN.items()],
            "standing": told.get(one.person),
            "tags": tags_of(one.ids),
            "notes": Note.objects.filter(person__in=one.ids, deleted_at=None).count(),
            "tasks": Task.objects.filter(person__in=one.ids).count(),
            "forbidden": [row for row in consents(one.person) if row.state == "no"],
        }
        for one in (who, other)
    ]
