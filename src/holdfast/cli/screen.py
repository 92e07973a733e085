"""The terminal: two consoles (answers on stdout, everything else on stderr) and tables that fit its width."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.report.values import Kind, cleaned, shown, titled

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

__all__ = ["aside", "line", "out", "table"]

UNKNOWN_WIDTH = 120
"""Columns assumed where nobody looks: a pipe, a file, a test."""


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


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], kinds: Sequence[Kind], currency: str = "", *, limit: int = 60) -> RenderableType:
    """A readable table; of more than `limit` rows the first are shown and the rest is counted."""
    from rich.text import Text

    made = _empty(columns, kinds)
    for row in rows[:limit]:
        made.add_row(*(Text(shown(value, kind, currency)) for value, kind in zip(row, kinds, strict=True)))
    if len(rows) > limit:
        made.caption = f"… {len(rows) - limit:,} more rows: --csv PATH"
        made.caption_justify = "left"
    return made


def _empty(columns: Sequence[str], kinds: Sequence[Kind]) -> Table:
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for name, kind in zip(columns, kinds, strict=True):
        made.add_column(titled(name), justify="left" if kind == "text" else "right", overflow="fold")
    return made
