"""A cohort grid in the terminal: a triangle, shaded where the terminal has colours, plain where it has not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.report.values import cleaned, money, short_money

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from holdfast.cli.saying import Said

__all__ = ["Grid", "grids_of", "show_grid"]

ALL = "all"
"""The row that pools the complete cells of all cohorts."""

OPEN = "~"
"""Marks a cell whose period is still open."""


@dataclass(frozen=True)
class Cell:
    """One number of a grid: its value, whether its period is still open; a value of None is not observable."""

    value: float | None
    open: bool


@dataclass(frozen=True)
class Grid:
    """A triangle: cohorts down, periods across.

    title    segment, or empty
    cohorts  label and size of each row
    periods  label of each column
    cells    (row, column) → cell
    form     "share" (percent) or "money"
    """

    title: str
    cohorts: tuple[tuple[str, int | None], ...]
    periods: tuple[str, ...]
    cells: dict[tuple[int, int], Cell]
    form: str


def grids_of(columns: Sequence[str], rows: Sequence[Sequence[Any]], value: str) -> list[Grid]:
    """The grids in a long table with the columns cohort, period, size, state and the value to show; one per segment."""
    at = {name: place for place, name in enumerate(columns)}
    segments = list(dict.fromkeys(row[at["segment"]] for row in rows)) if "segment" in at else [""]
    made = []
    for segment in segments:
        chosen = [row for row in rows if not segment or row[at["segment"]] == segment]
        made.append(_grid(at, chosen, value, str(segment) if len(segments) > 1 else ""))
    return made


def _grid(at: dict[str, int], rows: Sequence[Sequence[Any]], value: str, title: str) -> Grid:
    rows = sorted(rows, key=lambda row: row[at["cohort"]] == ALL)
    sizes = {str(row[at["cohort"]]): None if row[at["cohort"]] == ALL else row[at["size"]] for row in rows}
    periods = list(dict.fromkeys(str(row[at["period"]]) for row in rows))
    if all(period.lstrip("-").isdigit() for period in periods):
        periods.sort(key=int)
    cohorts = list(sizes.items())
    down = {cohort: place for place, (cohort, _) in enumerate(cohorts)}
    across = {period: place for place, period in enumerate(periods)}
    cells = {
        (down[str(row[at["cohort"]])], across[str(row[at["period"]])]): Cell(
            row[at[value]], "progress" in str(row[at["state"]])
        )
        for row in rows
    }
    return Grid(title, tuple(cohorts), tuple(periods), cells, "share" if value in ("rate", "share") else "money")


def show_grid(console: Console, said: Said, value: str = "rate") -> None:
    """Print the grids of an answer; columns that do not fit the width are left out and counted."""
    from rich.text import Text

    shade = _shade if console.color_system in ("256", "truecolor", "windows") else _unshaded
    for grid in grids_of(said.columns, said.rows, value):
        if grid.title:
            console.print(Text(cleaned(grid.title), style="bold"))
        for line in lines(grid, console.width, said.currency, shade):
            console.print(line, no_wrap=True, crop=True, overflow="crop")
        console.print()
    console.print(
        Text(f"{'% of the cohort' if value == 'rate' else 'money'} · {OPEN} period still open · more: --csv", style="dim")
    )


def lines(grid: Grid, width: int, currency: str, shade: Shade) -> list[Text]:
    """The triangle as lines of at most `width` columns."""
    from rich.text import Text

    first = max([6, *(len(name) for name, _ in grid.cohorts)])
    cell = max(
        [5, *(1 + len(_written(one, grid.form, currency)) for one in grid.cells.values()), *(1 + len(p) for p in grid.periods)]
    )
    fits = max(1, (width - first - 9) // cell)
    head = f"{'':<{first}} {'people':>7} " + "".join(f"{period:>{cell - 1}} " for period in grid.periods[:fits])
    out = [Text(head.rstrip(), style="dim")]
    own = [one.value for (row, _), one in grid.cells.items() if one.value is not None and grid.cohorts[row][0] != ALL]
    top = max(own, default=1.0) or 1.0
    for row, (name, size) in enumerate(grid.cohorts):
        line = Text(f"{cleaned(name):<{first}} {'–' if size is None else f'{size:,}':>7} ")
        for column in range(min(fits, len(grid.periods))):
            found = grid.cells.get((row, column), Cell(None, False))
            line.append(
                f"{_written(found, grid.form, currency):>{cell - 1}} ",
                style="" if name == ALL else shade(found, top, grid.form),
            )
        line.rstrip()
        out.append(line)
    if fits < len(grid.periods):
        out.append(Text(f"… {len(grid.periods) - fits} more periods do not fit this width", style="dim"))
    return out


def _written(cell: Cell, form: str, currency: str) -> str:
    if cell.value is None:
        return ""
    text = (
        f"{100 * cell.value:.0f}"
        if form == "share"
        else short_money(cell.value, currency)
        if abs(cell.value) >= 1000
        else money(cell.value, currency)
    )
    return text + (OPEN if cell.open else "")


Shade = Callable[[Cell, float, str], str]
"""The style of a cell, by its value, the largest value and the form of the grid."""


def _unshaded(_cell: Cell, _top: float, _form: str) -> str:
    """No shade: sixteen colours are too few for one that can be read."""
    return ""


def _shade(cell: Cell, top: float, form: str) -> str:
    """A background from paper to green; the first period's 100 % does not flatten the rest."""
    if cell.value is None:
        return ""
    share = min(max(cell.value / (min(top, 0.6) if form == "share" else top), 0.0), 1.0)
    paper, green = (232, 240, 235), (11, 110, 79)
    red, high, blue = (round(a + (b - a) * share) for a, b in zip(paper, green, strict=True))
    ink = "rgb(255,255,255)" if share > 0.55 else "rgb(31,42,38)"
    return f"{ink} on rgb({red},{high},{blue})" + (" italic" if cell.open else "")
