"""A view with further tables of the answer under the main one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.cli.saying import kinds_in
from holdfast.cli.screen import table
from holdfast.cli.views import points

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said, View

__all__ = ["Further", "followed_by"]


@dataclass(frozen=True)
class Further:
    """One more table.

    name     of the answer's extra table; left out where the answer has none
    heading  the line above it; {column} is that column's value in the first row
    columns  which of its columns; empty: all. A `difference` is one of two shares, written in points with its interval
    where    only rows in which a column has this value
    most     how many rows
    """

    name: str
    heading: str
    columns: tuple[str, ...] = ()
    where: tuple[str, Any] | None = None
    most: int = 10


def followed_by(view: View, *parts: Further) -> View:
    """The view, and under it these tables."""

    def all_of_it(console: Console, said: Said) -> None:
        view(console, said)
        for part in parts:
            if part.name in said.extra:
                _shown(console, part, said.extra[part.name])

    return all_of_it


def _shown(console: Console, part: Further, extra: dict[str, Any]) -> None:
    columns, rows = extra["columns"], extra["rows"]
    if part.where is not None:
        rows = [row for row in rows if row[columns.index(part.where[0])] == part.where[1]]
    places = [columns.index(name) for name in part.columns or columns]
    kept = [[row[place] for place in places] for row in rows[: part.most]]
    names = [columns[place] for place in places]
    if "difference" in names:
        names, kept = _in_points(names, kept)
    console.print()
    console.print(part.heading.format(**dict(zip(columns, rows[0], strict=True))) if rows else "(none)")
    console.print(table(names, kept, kinds_in(names, kept)))


def _in_points(names: list[str], rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    """The columns difference, low and high as one of text."""
    at = names.index("difference")
    told = [[*row[:at], points(*row[at : at + 3]), *row[at + 3 :]] for row in rows]
    return [*names[:at], "difference, points", *names[at + 3 :]], told
