"""Which names may stand in the query string of an analysis: its choices, and the cell of a number."""

from __future__ import annotations

from django.http import QueryDict

from holdfast.server.api.names import Names, check
from holdfast.server.insights.catalogue import INSIGHTS, controls, insight
from holdfast.server.insights.spec import CELL, NUMBER

__all__ = ["cell_names", "check_query", "choice_names", "file_names"]

SHOWN = frozenset({"shown.number", "shown.name"})
"""What links to the people behind a number say beside the cell: what the page writes above them."""


def choice_names(slug: str) -> Names:
    """The choices of an analysis. UnknownName when there is none of that name."""
    found = controls(insight(slug).slug)
    often = frozenset(one.name for one in found if one.many)
    return Names(frozenset(one.name for one in found) - often, often)


def cell_names(slug: str) -> Names:
    """The choices of an analysis, and the cell of one of its numbers."""
    return choice_names(slug) | Names(SHOWN, begins=(CELL, NUMBER))


def file_names(slug: str, **_form: str) -> Names:
    """What the address of a table or of people as a file may hold; of an analysis that there is not, anything: it is 404."""
    return cell_names(slug) if slug in {one.slug for one in INSIGHTS} else Names(begins=("",))


def check_query(names: Names, query: str) -> None:
    """ValidationError where the field `query` of a body, written as an address, holds a name that is not known."""
    check(names, QueryDict(query), ("body", "query"))
