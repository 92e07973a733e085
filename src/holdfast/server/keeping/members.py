"""Who stands behind a number."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from holdfast.errors import UsageError
from holdfast.server.insights.asked import people
from holdfast.server.insights.spec import cell_of, spec_of

__all__ = ["MOST_GIVEN", "behind"]

MOST_GIVEN = 100_000
"""Ids that can be given by hand."""


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
