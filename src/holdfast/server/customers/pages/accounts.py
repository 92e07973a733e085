"""Accounts: the firms that customers belong to. Who is there, what they brought, who was in contact last."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.server.customers import known
from holdfast.server.customers.care import Task
from holdfast.server.customers.contact import last_contact
from holdfast.server.customers.figures import figures
from holdfast.server.customers.links import person_of
from holdfast.server.customers.models import Account, Customer, KnownAs
from holdfast.server.customers.notes import notes_of
from holdfast.server.customers.standing import account_told
from holdfast.server.customers.tasks import tasks_of
from holdfast.server.place import settings

__all__ = ["account", "account_or_404", "accounts", "ids_there", "listed", "people_there"]

AT_ONCE = 50
PEOPLE = 500
"""People of an account that its page lists."""

COUNTED = 20_000
"""People of an account whose figures are added up."""


def account_or_404(key: str) -> tuple[str, Account | None]:
    """The account of a URL, its id and (where `group` calls told of it) what is known of it."""
    account = person_of(key)
    told = Account.objects.filter(account=account).first()
    if told is None and not Customer.objects.filter(account=account, merged_into="").exists():
        raise Http404
    return account, told


def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts that have people, by name, in pages; or those whose name or id holds a text."""
    text, after = request.GET.get("q", "").strip()[:200], request.GET.get("after", "")[:254]
    rows, more = listed(text, after, AT_ONCE)
    context = {"rows": rows, "next": rows[-1]["account"] if more else "", "text": text, "after": after}
    return render(request, "customers/accounts.html", context)


def listed(text: str, after: str, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Accounts that have people (account, name, people), by id behind `after`, of which name or id holds a text; any more?"""
    rows = (
        Customer.objects.filter(merged_into="")
        .exclude(account="")
        .order_by("account")
        .values("account")
        .annotate(n=Count("id"))
    )
    if text:
        named = Account.objects.filter(name__icontains=text).values("account")
        rows = rows.filter(account__icontains=text) | rows.filter(account__in=named)
    got = list((rows.filter(account__gt=after) if after else rows)[: most + 1])
    shown = got[:most]
    names = dict(Account.objects.filter(account__in=[row["account"] for row in shown]).values_list("account", "name"))
    told = [
        {"account": row["account"], "name": names.get(row["account"]) or row["account"], "people": row["n"]} for row in shown
    ]
    return told, len(got) > most


def people_there(name: str) -> list[str]:
    """The person ids of whoever belongs to an account, by name, COUNTED at most."""
    rows = Customer.objects.filter(account=name, merged_into="").order_by("name", "id")
    return list(rows.values_list("person", flat=True)[:COUNTED])


def ids_there(people: list[str]) -> list[str]:
    """All ids of the first PEOPLE of these, merged ones too: a note is kept under the id it was written for."""
    shown = people[:PEOPLE]
    return [*shown, *KnownAs.objects.filter(person__in=shown).values_list("known_as", flat=True)[:COUNTED]]


def account(request: HttpRequest, key: str) -> HttpResponse:
    """One account: how does it stand, and who is there?"""
    name, told = account_or_404(key)
    there = people_there(name)
    rows = {one.person: one for one in Customer.objects.filter(person__in=there[:PEOPLE]).defer("told", "traits")}
    people = [rows[one] for one in there[:PEOPLE] if one in rows]
    count = Customer.objects.filter(account=name, merged_into="").count()
    found = figures(there, 10.0)
    ids = ids_there(there)
    tasks = [one for one in tasks_of(ids) if one.state == Task.State.OPEN]
    notes = notes_of(ids)[:20]
    names = known.names_of({*(one.person for one in tasks), *(one.person for one in notes)})
    context: dict[str, Any] = {
        "account": name,
        "told": told,
        "shown_name": str(told) if told else name,
        "people": _best_first(people, found or {}),
        "count": count,
        "cut": count > len(people),
        "counted": len(there) if count > len(there) else 0,
        "away": found is None,
        "sentence": account_told(count, list((found or {}).values()), settings().currency),
        "contact": last_contact(ids),
        "tasks": [(one, names.get(one.person, "")) for one in tasks],
        "notes": [(one, names.get(one.person, "")) for one in notes],
        "today": known.today(),
        "revenue": sum(one.revenue for one in (found or {}).values()),
        "orders": sum(one.orders for one in (found or {}).values()),
        "last_seen": max((one.seen[1] for one in (found or {}).values() if one.seen), default=None),
        "last_order": max((one.ordered[1] for one in (found or {}).values() if one.ordered), default=None),
    }
    return render(request, "customers/account.html", context)


def _best_first(people: list[Customer], found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [{"one": one, "person": one.person, "standing": found.get(one.person)} for one in people]
    return sorted(rows, key=lambda row: -(row["standing"].revenue if row["standing"] else 0.0))
