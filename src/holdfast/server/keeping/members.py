"""Who stands behind a number, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from holdfast.errors import UsageError
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.models import Customer
from holdfast.server.insights.asked import people
from holdfast.server.insights.spec import cell_of, spec_of

__all__ = ["MOST_GIVEN", "Named", "behind", "named"]

MOST_GIVEN = 100_000
"""Ids that can be given by hand."""


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
    rows = Customer.objects.filter(person__in=listed, merged_into="").values_list("person", "name", "email")
    known = {person: (name, email) for person, name, email in rows}
    return [Named(one, *known.get(one, ("", "")), customer_url(one)) for one in listed]


def behind(told: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The person ids that a filled form speaks of, and where they come from.

    told  slug and query (the address of the people behind a number), or persons: ids, one a line
    UnknownName for an analysis that does not exist; UsageError where nobody can be told.
    """
    if not told.get("slug"):
        given = [line.strip() for line in told.get("persons", "").splitlines() if line.strip()]
        if not 0 < len(given) <= MOST_GIVEN:
            raise UsageError(f"{len(given):,} ids were given", f"give one to {MOST_GIVEN:,} ids, one a line")
        return given, {}
    query = QueryDict(told["query"])
    spec = spec_of(told["slug"], query)
    reply = people(spec, cell_of(query), 0, None)
    if reply["state"] != "found":
        what = reply.get("what") or "the people behind this number could not be told in time"
        raise UsageError(what, reply.get("mend") or "try again in a minute")
    return reply["ids"], {"slug": told["slug"], "query": told["query"]}
