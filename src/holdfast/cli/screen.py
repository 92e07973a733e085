"""The terminal: two consoles (answers on stdout, everything else on stderr) and tables that fit its width."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.report.tidy import Tidy, tidied
from holdfast.report.values import Kind, cleaned

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

__all__ = ["aside", "line", "out", "table"]

UNKNOWN_WIDTH = 120
"""Columns assumed where nobody looks: a pipe, a file, a test."""


GAP, FOLDED = 3, 24
"""Columns of the screen between two columns of a table, and the width to which a long text may be folded."""


def out() -> Console:
    """The console for answers: stdout; plain where colours are not wanted (NO_COLOR) or not possible."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNKNOWN_WIDTH
    return console


def aside() -> Console:
    """The console for everything that is no answer: stderr."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNKNOWN_WIDTH
    return console


def line(text: str) -> None:
    """One remark on stderr."""
    aside().print(cleaned(text))


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], kinds: Sequence[Kind], currency: str = "", *, limit: int = 60
) -> RenderableType:
    """A readable table: tidied, as wide as the screen, of more than `limit` rows the first, of periods the last; what is left
    out is said."""
    from rich.console import Group
    from rich.text import Text

    latest = _periods(columns, rows)
    tidy = tidied(columns, rows[-limit:] if latest else rows[:limit], kinds, currency)
    fits = _fitting(tidy, out().width)
    made = _empty(tidy, fits)
    for row in tidy.rows:
        made.add_row(*(Text(value) for value in row[:fits]))
    remarks = list(tidy.remarks)
    if len(rows) > limit:
        remarks.append(f"… {len(rows) - limit:,} {'earlier' if latest else 'more'} rows: --csv PATH")
    if fits < len(tidy.headings):
        remarks.append(f"… too narrow for {', '.join(tidy.headings[fits:])}: --csv PATH")
    return Group(made, *(Text(cleaned(remark), style="dim") for remark in remarks))


def _periods(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether the rows are the periods of one history, of which the latest matter most."""
    split = "segment" in columns and len({row[columns.index("segment")] for row in rows}) > 1
    return "period" in columns and "state" in columns and "cohort" not in columns and not split


def _fitting(tidy: Tidy, width: int) -> int:
    """How many columns fit, two at least."""
    used = 0
    for place, wide in enumerate(_widths(tidy)):
        used += wide + (GAP if place else 0)
        if used > width and place >= 2:
            return place
    return len(tidy.headings)


def _widths(tidy: Tidy) -> list[int]:
    """The least width of each column: its longest value; a long text may be folded."""
    widths = []
    for place, (heading, kind) in enumerate(zip(tidy.headings, tidy.kinds, strict=True)):
        longest = max([len(heading), *(len(row[place]) for row in tidy.rows)])
        widths.append(min(longest, FOLDED) if kind == "text" else longest)
    return widths


def _empty(tidy: Tidy, fits: int) -> Table:
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for heading, kind, wide in list(zip(tidy.headings, tidy.kinds, _widths(tidy), strict=True))[:fits]:
        if kind == "text":
            made.add_column(heading, min_width=wide, overflow="fold")
        else:
            made.add_column(heading, justify="right", no_wrap=True)
    return made
