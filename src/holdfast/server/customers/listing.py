"""Customers page by page: newest first, with filters, as quick on the last page as on the first (no OFFSET).

page(Filters(has_email=True), after="")    Page(customers=[…], next="…")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from holdfast.server.customers.models import Customer, KnownAs

__all__ = ["Filters", "Page", "how_many", "page"]

MANY = 10_000


@dataclass(frozen=True)
class Filters:
    """Which customers: None or "" asks for nothing. `known` False: the anonymous ones who left something of themselves.

    tasks  only those with an open task
    """

    has_email: bool | None = None
    account: str = ""
    country: str = ""
    tag: str = ""
    known: bool | None = None
    tasks: bool = False


@dataclass(frozen=True)
class Page:
    """Some customers, and where the next page begins ("" on the last one)."""

    customers: tuple[Customer, ...]
    next: str


def page(filters: Filters, after: str = "", size: int = 50) -> Page:
    """The page that begins behind `after` (a `Page.next`); one that is none begins at the start."""
    rows = _chosen(filters)
    if after.isdecimal():
        rows = rows.filter(id__lt=int(after[:18]))
    got = list(rows.order_by("-id").defer("told", "traits")[: size + 1])
    return Page(tuple(got[:size]), str(got[size - 1].id) if len(got) > size else "")


def how_many(filters: Filters) -> tuple[int, bool]:
    """How many there are, counted up to ten thousand, and whether there are more."""
    count = _chosen(filters).order_by()[: MANY + 1].count()
    return min(count, MANY), count > MANY


def _chosen(filters: Filters) -> QuerySet[Customer]:
    rows = Customer.objects.filter(merged_into="")
    if filters.has_email is not None:
        rows = rows.exclude(email="") if filters.has_email else rows.filter(email="")
    if filters.account:
        rows = rows.filter(account=filters.account)
    if filters.country:
        rows = rows.filter(country=filters.country)
    if filters.known is not None:
        rows = rows.exclude(person__startswith="anon:") if filters.known else rows.filter(person__startswith="anon:")
    rows = _with_tasks(rows) if filters.tasks else rows
    return _tagged(rows, filters.tag) if filters.tag else rows


def _with_tasks(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    from holdfast.server.customers.care import Task

    return _any_id_in(rows, Task.objects.filter(state=Task.State.OPEN).values("person"))


def _tagged(rows: QuerySet[Customer], tag: str) -> QuerySet[Customer]:
    from holdfast.server.customers.care import Tagging

    return _any_id_in(rows, Tagging.objects.filter(tag__name=tag).values("person"))


def _any_id_in(rows: QuerySet[Customer], ids: QuerySet[Any]) -> QuerySet[Customer]:
    """Those of whom one id, her own or one merged with it, is among the ids."""
    return rows.filter(Q(person__in=ids) | Q(person__in=KnownAs.objects.filter(known_as__in=ids).values("person")))
