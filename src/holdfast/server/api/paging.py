"""Lists come in pages: `limit` and `cursor` go in, `items` and `next` (the cursor of the page after, or null) come back."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from django.utils.translation import gettext as _
from ninja import Query, Schema
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError

__all__ = ["Cursor", "Limit", "Page", "by_key", "by_place", "key_of_cursor", "place_of_cursor", "whole"]

T = TypeVar("T")

FURTHEST = 10**9

Limit = Annotated[int, Query(50, ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str,
    StringConstraints(max_length=400),
    Query("", description="Where to go on: `next` of the page before; empty: from the beginning."),
]


class Page(Schema, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(None, description="`cursor` of the page after; null: this is the last.")


def key_of_cursor(cursor: str) -> int:
    """The key that a cursor stands for, 0 for the beginning. UsageError when it is none."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise UsageError(_("this cursor was not given out"), _("use `next` of the page before, unchanged"))
    return int(cursor)


def by_key(found: Any, limit: int, cursor: str) -> dict[str, Any]:
    """A page of a query set, newest (greatest id) first."""
    before = key_of_cursor(cursor)
    found = found.order_by("-id")
    if before:
        found = found.filter(id__lt=before)
    some = list(found[: limit + 1])
    return {"items": some[:limit], "next": str(some[limit - 1].pk) if len(some) > limit else None}


def place_of_cursor(cursor: str) -> int:
    """The place in a list that a cursor stands for. UsageError when it is none."""
    place = key_of_cursor(cursor)
    if place > FURTHEST:
        raise UsageError(_("this cursor was not given out"), _("use `next` of the page before, unchanged"))
    return place


def by_place(found: Any, limit: int, cursor: str) -> dict[str, Any]:
    """A page of something in an order of its own that can be cut (a list, a query set); the cursor is a place in it."""
    place = place_of_cursor(cursor)
    some = list(found[place : place + limit + 1])
    return {"items": some[:limit], "next": str(place + limit) if len(some) > limit else None}


def whole(found: Any) -> dict[str, Any]:
    """All of a list that is short by nature, as its only page."""
    return {"items": list(found), "next": None}
