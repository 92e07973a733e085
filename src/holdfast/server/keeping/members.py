"""Who stands behind a number, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from holdfast.server.customers.links import customer_url
from holdfast.server.customers.models import Customer

__all__ = ["Named", "behind", "named"]


@dataclass(frozen=True)
class Named:
    """Somebody as lists show her; name and e-mail are empty where they are not known."""

    person: str
    name: str
    email: str
    url: str


def named(persons: Iterable[str]) -> list[Named]:
    """These people in the order given, with their names."""
    listed = list(persons)
    known = {one.person: one for one in Customer.objects.filter(person__in=listed).only("person", "name", "email")}
    return [
        Named(
            person,
            known[person].name if person in known else "",
            known[person].email if person in known else "",
            customer_url(person),
        )
        for person in listed
    ]


def behind(told: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The person ids that a filled form speaks of, and where they come from.

    told  slug and query (the address of a page of people behind a number), or persons: ids, one a line
    """
    if told.get("slug"):
        from holdfast.server.insights.people import people_behind

        query = parse_qsl(told["query"], keep_blank_values=True)
        return people_behind(told["slug"], query), {"slug": told["slug"], "query": told["query"]}
    return [line.strip() for line in told.get("persons", "").splitlines() if line.strip()], {}
