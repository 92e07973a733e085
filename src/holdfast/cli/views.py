"""Views: which columns of a long table stand on the screen, in which order, and crossed tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.cli.screen import table
from holdfast.report.tidy import bounds_of
from holdfast.report.values import Kind

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said, View

__all__ = ["chosen", "crossed", "points"]


def chosen(*names: str, money: Sequence[str] = (), hidden: Sequence[str] = (), latest: int | None = None) -> View:
    """A view of these columns first and in this order, the others after them as far as the screen is wide.

    money   columns that hold money though their names do not say so
    hidden  columns left to the CSV
    latest  only so many of the last rows; None: all
    """

    def view(console: Console, said: Said) -> None:
        first = [one for name in names if name in said.columns for one in (name, *(bounds_of(name, said.columns) or ()))]
        order = list(dict.fromkeys([*first, *(name for name in said.columns if name not in hidden)]))
        at = [said.columns.index(name) for name in order]
        forms = said.kinds()
        kinds: list[Kind] = ["money" if name in money else forms[place] for name, place in zip(order, at, strict=True)]
        rows = said.rows if latest is None else said.rows[-latest:]
        console.print(table(order, [[row[place] for place in at] for row in rows], kinds, said.currency))

    return view


def points(difference: float | None, low: float | None, high: float | None) -> str:
    """A difference of two shares with its interval, in points: +21.2 (+14.4 to +27.7)."""
    if difference is None or low is None or high is None:
        return "–"
    said = f"{100 * difference:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
    return said.replace("-", "−")


def crossed(down: str, across: str, value: str) -> View:
    """A view with one column's values down, another's across, and a third in the cells; zeros are left empty."""

    def view(console: Console, said: Said) -> None:
        places = [said.columns.index(name) for name in (down, across, value)]
        heads = list(dict.fromkeys(row[places[1]] for row in said.rows))
        lines: dict[Any, dict[Any, Any]] = {}
        for row in said.rows:
            lines.setdefault(row[places[0]], {})[row[places[1]]] = row[places[2]]
        rows = [[name, *("" if not cells.get(head) else cells[head] for head in heads)] for name, cells in lines.items()]
        kinds: list[Kind] = ["text"]
        kinds += ["count"] * len(heads)
        console.print(table([f"{down} ↓ {across} →", *heads], rows, kinds, said.currency))

    return view
