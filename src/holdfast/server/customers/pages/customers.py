"""Who are our customers? Search as one types, the list with its filters, the list as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from holdfast.server.csv_files import guarded, lines
from holdfast.server.customers import tags
from holdfast.server.customers.care import Task
from holdfast.server.customers.figures import figures
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.listing import Filters, how_many, page
from holdfast.server.customers.models import Account, Customer
from holdfast.server.customers.pages.back import from_htmx
from holdfast.server.customers.search import found
from holdfast.server.customers.standing import Standing
from holdfast.server.people.audit import record

__all__ = ["csv_lines", "csv_safe", "customers", "customers_csv", "filters_of", "hits"]

HITS = 12
AT_ONCE = 50
QUICK_SECONDS = 0.25
"""So long a page waits for the figures of its rows; then it comes without them and fetches them afterwards."""

PATIENT_SECONDS = 10.0

ASKED = ("q", "tag", "account", "country", "known", "tasks")
"""What the list may be asked for; the permalink of its filters holds these and nothing else."""

FIELDS = ("id", "name", "email", "phone", "account", "city", "country", "first_seen")
PHONE = re.compile(r"\+?[\d ()./-]+")


def customers(request: HttpRequest) -> HttpResponse:
    """Search and list. A search without scripts shows its hits here; with one hit it opens the customer."""
    text = request.GET.get("q", "").strip()[:200]
    patience = PATIENT_SECONDS if from_htmx(request) else QUICK_SECONDS
    if text:
        near = found(text, AT_ONCE)
        if len(near) == 1 and request.GET.get("open") and not from_htmx(request):
            return redirect(customer_url(near[0].person))
        return render(request, "customers/customers.html", {**_searched(text, near, patience), **_choices(request)})
    filters, after = filters_of(request), request.GET.get("after", "")
    got = page(filters, after, AT_ONCE)
    count, more = how_many(filters)
    rows = _rows([(one.person, one) for one in got.customers], patience)
    context = {
        "rows": rows,
        "waiting": _waiting(rows, patience),
        "next": _link(request, after=got.next) if got.next else "",
        "first": _link(request) if after else "",
        "count": count,
        "counted_all": not more,
        "filtered": filters != Filters(),
        "none_at_all": not got.customers and filters == Filters() and not after,
        **_choices(request),
    }
    return render(request, "customers/customers.html", context)


def hits(request: HttpRequest) -> HttpResponse:
    """What a search finds, as one types: a list of links, customers and accounts."""
    text = request.GET.get("q", "").strip()[:200]
    rows = _rows([(one.person, one) for one in found(text, HITS)], 0.12) if text else []
    return render(request, "customers/parts/hits.html", {"text": text, "rows": rows, "accounts": _accounts(text), "most": HITS})


def customers_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The chosen customers as CSV, written as they are read."""
    filters = filters_of(request)
    record(request.user, "customers.export", "", rows=how_many(filters)[0], filters=sorted(set(request.GET) & set(ASKED)))
    response = StreamingHttpResponse(csv_lines(filters), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="customers.csv"'
    return response


def filters_of(request: HttpRequest) -> Filters:
    """The filters that a URL names."""
    asked = {name: request.GET.get(name, "").strip() for name in ASKED}
    tag = tags.tag_named(asked["tag"]) if asked["tag"] else None
    return Filters(
        account=asked["account"],
        country=asked["country"],
        tag=tag.name if tag else asked["tag"],
        known={"yes": True, "no": False}.get(asked["known"]),
        tasks=asked["tasks"] == "open",
    )


def csv_safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; phone numbers and plain numbers stay as they are."""
    text = "" if value is None else str(value)
    return text if PHONE.fullmatch(text) else guarded(text)


def csv_lines(filters: Filters) -> Iterator[str]:
    """The chosen customers as lines of CSV, read as they are written."""
    yield from lines([[*FIELDS, "orders", "revenue", "first_order", "last_order", "last_seen", "segment"]])
    after = ""
    while True:
        got = page(filters, after, 1_000)
        told = figures([one.person for one in got.customers], 60) or {}
        yield from lines(map(csv_safe, _cells(one, told.get(one.person))) for one in got.customers)
        after = got.next
        if not after:
            return


def _cells(one: Customer, told: Standing | None) -> list[Any]:
    cells = [one.person, *(getattr(one, name) for name in FIELDS[1:-1]), one.first_seen.isoformat()]
    if told is None:
        return [*cells, "", "", "", "", "", ""]
    ordered = told.ordered or ("", "")
    return [*cells, told.orders, f"{told.revenue:.2f}", *ordered, told.seen[1] if told.seen else "", told.segment]


def _waiting(rows: list[dict[str, Any]], patience: float) -> bool:
    """Whether the figures were not there in time, and are worth asking for once more."""
    return bool(rows) and patience == QUICK_SECONDS and all(row["standing"] is None for row in rows)


def _rows(people: Sequence[tuple[str, Any]], within_seconds: float = QUICK_SECONDS) -> list[dict[str, Any]]:
    told = figures([person for person, _ in people], within_seconds)
    firms = {one.account for _, one in people if one.account}
    named = dict(Account.objects.filter(account__in=firms).exclude(name="").values_list("account", "name")) if firms else {}
    return [
        {
            "person": person,
            "one": one,
            "standing": (told or {}).get(person),
            "account_name": named.get(one.account, one.account),
        }
        for person, one in people
    ]


def _searched(text: str, rows: Sequence[Any], patience: float) -> dict[str, Any]:
    told = _rows([(one.person, one) for one in rows], patience)
    return {
        "text": text,
        "rows": told,
        "waiting": _waiting(told, patience),
        "accounts": _accounts(text),
        "count": len(rows),
        "counted_all": len(rows) < AT_ONCE,
    }


def _accounts(text: str) -> list[Account]:
    if len(text) < 2:
        return []
    return list(Account.objects.filter(Q(name__icontains=text) | Q(account__istartswith=text)).order_by("name", "account")[:5])


def _choices(request: HttpRequest) -> dict[str, Any]:
    """What the filters offer, and what is chosen."""
    return {
        "asked": {name: request.GET.get(name, "") for name in ASKED},
        "countries": cache.get_or_set("customers.countries", _countries, 300),
        "all_tags": list(tags.counted()[:200]),
        "open_tasks": Task.objects.filter(state=Task.State.OPEN).exclude(person="").exists(),
        "permalink": _link(request),
        "query": urlencode({name: request.GET[name] for name in ASKED if request.GET.get(name, "").strip()}),
    }


def _countries() -> list[str]:
    """The sixty countries with the most customers. Counting a million takes a while: kept for five minutes."""
    shown = Customer.objects.filter(merged_into="").exclude(country="").order_by()
    counted = shown.values("country").annotate(n=Count("id")).order_by("-n", "country")[:60]
    return [row["country"] for row in counted]


def _link(request: HttpRequest, **more: str) -> str:
    kept = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    return "?" + urlencode({**kept, **more}) if kept or more else "?"
