"""Operations: lists of customers: accounts, who may be the same, who heard nothing from us, erasures, all as CSV."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import StringConstraints

from holdfast.server.analyst.client import AnalystAway
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Key, Line
from holdfast.server.api.files import CSV, file, gives
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, by_place
from holdfast.server.customers.api import Chosen, ErasureOut, Short, chosen, short
from holdfast.server.customers.contact import last_contact
from holdfast.server.customers.figures import best, figures
from holdfast.server.customers.links import key_of, person_of
from holdfast.server.customers.listing import how_many
from holdfast.server.customers.merging import doubles
from holdfast.server.customers.models import Customer, Erasure
from holdfast.server.customers.pages.accounts import account_or_404, ids_there, listed, people_there
from holdfast.server.customers.pages.customers import csv_lines
from holdfast.server.customers.pages.tags import BEST, ORDERS, Sort, not_contacted
from holdfast.server.customers.standing import account_told
from holdfast.server.people.audit import record
from holdfast.server.place import settings

__all__ = ["router"]

router = Router(tags=["customers"])

PATIENT_SECONDS = 20.0
MOST_DOUBLES = 1_000


class DoubleOut(Schema):
    """Customers that share an e-mail address or a phone number."""

    by: Literal["email", "phone"]
    shared: str
    customers: list[Short]


class Uncontacted(Schema):
    """Somebody of the most valuable, and when we were last in contact with her (null: never)."""

    id: str
    key: str
    name: str
    revenue: float
    orders: int
    silent_days: int | None
    contact: datetime | None


class AccountOut(Schema):
    """A firm, and how many of its people are known."""

    account: str
    key: str
    name: str
    people: int


class AccountWhole(AccountOut):
    """A firm: how it stands, in words and figures."""

    words: str
    traits: dict[str, Any]
    revenue: float
    orders: int
    last_order: date | None
    contact: datetime | None


@router.get("/customers.csv", needs="steer", response=ERRORS, summary="Customers as CSV", openapi_extra=gives(CSV))
def customers_file(request: HttpRequest, filters: Query[Chosen]) -> Any:
    """Those of the list, with their figures."""
    wanted = chosen(filters)
    record(actor(request), "customers.export", rows=how_many(wanted)[0], filters=sorted(filters.dict(exclude_defaults=True)))
    return file(csv_lines(wanted), CSV, "customers.csv")


@router.get("/doubles", needs="look", response={200: Page[DoubleOut]} | ERRORS, summary="Who may be the same?")
def all_doubles(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Customers that share an address. Nobody is merged because of that: `POST /customers/{key}/merge` does it."""
    page = by_place(doubles(MOST_DOUBLES), limit, cursor)
    rows = [{"by": one.by, "shared": one.shared, "customers": [short(who) for who in one.customers]} for one in page["items"]]
    return {**page, "items": rows}


@router.get("/uncontacted", needs="look", response={200: Page[Uncontacted]} | ERRORS, summary="Who has heard nothing from us?")
def all_uncontacted(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    days: Annotated[int, Query(90, ge=0, le=3650, description="For so many days.")] = 90,
    sort: Annotated[
        Sort, Query("money", description="First the most valuable, the longest without contact, or the longest silent.")
    ] = "money",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Of the 500 who brought the most money."""
    found = best(BEST, PATIENT_SECONDS)
    if found is None:
        raise AnalystAway("customers.best")
    page = by_place(sorted(not_contacted(found, days), key=ORDERS[sort]), limit, cursor)
    same = ("revenue", "orders", "silent_days")
    rows = [
        {"id": row["person"], "key": key_of(row["person"]), "name": row["name"], "contact": row["contact"]}
        | {name: getattr(row["standing"], name) for name in same}
        for row in page["items"]
    ]
    return {**page, "items": rows}


@router.get("/accounts", needs="look", response={200: Page[AccountOut]} | ERRORS, summary="Which firms do customers belong to?")
def all_accounts(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    q: Annotated[Line, Query("", description="Name or id holds this.")] = "",
    limit: Limit = 50,
    cursor: Annotated[
        str,
        StringConstraints(max_length=700, pattern=r"^[A-Za-z0-9_-]*$"),
        Query("", description="Where to go on: `next` of the page before; empty: from the beginning."),
    ] = "",
) -> dict[str, Any]:
    """By id."""
    rows, more = listed(q, person_of(cursor) if cursor else "", limit)
    return {
        "items": [{**row, "key": key_of(row["account"])} for row in rows],
        "next": key_of(rows[-1]["account"]) if more else None,
    }


@router.get("/accounts/{key}", needs="look", response={200: AccountWhole} | ERRORS, summary="How does a firm stand?")
def one_account(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """In words, and what its people brought; who they are: `GET /customers?account=…`."""
    name, told = account_or_404(key)
    count, people = Customer.objects.filter(account=name, merged_into="").count(), people_there(name)
    found = figures(people, PATIENT_SECONDS)
    if found is None:
        raise AnalystAway("customers.figures")
    contact, standings = last_contact(ids_there(people)), list(found.values())
    return {
        "account": name,
        "key": key_of(name),
        "name": str(told) if told else name,
        "people": count,
        "words": account_told(count, standings, settings().currency),
        "traits": told.traits if told else {},
        "revenue": sum(one.revenue for one in standings),
        "orders": sum(one.orders for one in standings),
        "last_order": max((one.ordered[1] for one in standings if one.ordered), default=None),
        "contact": contact.at if contact else None,
    }


@router.get("/erasures", needs="steer", response={200: Page[ErasureOut]} | ERRORS, summary="Who was erased?")
def all_erasures(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Without anything about her; newest first."""
    return by_key(Erasure.objects.all(), limit, cursor)
