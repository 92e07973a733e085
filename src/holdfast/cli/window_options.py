"""Options of the questions of staying: what enters, how long the first days are, when and by what staying is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from holdfast.cli.saying import kinds_in
from holdfast.cli.screen import table

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said, View

__all__ = ["compared", "named", "window_options"]

UNTESTED = "not testable"
SHORT = {"stay more": "more", "stay less": "less", "no difference shown": None}
"""Findings as the screen has room for them."""

F = TypeVar("F", bound=Callable[..., Any])


def window_options(function: F) -> F:
    """`--first-days`, `--horizon-days`, `--start`, `--staying`: the same for every question of staying."""
    for option in (
        click.option(
            "--staying",
            multiple=True,
            metavar="EVENT",
            help="What counts as staying: any, orders, or names (default: own activity, as the settings say).",
        ),
        click.option(
            "--start",
            multiple=True,
            metavar="EVENT",
            help="What enters: any event, orders, or names (default: any; orders where staying is orders).",
        ),
        click.option(
            "--horizon-days",
            type=click.IntRange(1),
            default=None,
            metavar="DAYS",
            help="Staying is seen so long (default: 60).",
        ),
        click.option(
            "--first-days",
            type=click.IntRange(1),
            default=None,
            metavar="DAYS",
            help="How long the first days are (default: 7).",
        ),
    ):
        function = option(function)
    return function


def named(own: dict[str, Any]) -> dict[str, Any]:
    """The options with repeated names as a question takes them: a word such as "orders" by itself, names as a tuple."""
    made = dict(own)
    for key in ("start", "staying"):
        names: tuple[str, ...] = tuple(made.get(key) or ())
        made[key] = names[0] if len(names) == 1 else (names or None)
    return made


def compared(first: dict[str, str], *, limit: int = 25) -> View:
    """A view of rows that are compared in staying: the first columns, both shares without intervals, and the difference alike.

    first  columns of the table and their headings · limit  so many rows; those that could not be tested are only counted
    """
    shares = {"did_share": "stay_share", "early_share": "stay_share", "others_share": "others_share"}
    alike = {
        "adjusted_share": "alike_share",
        "adjusted_share_low": "alike_share_low",
        "adjusted_share_high": "alike_share_high",
    }
    wanted = first | {"finding": "finding"} | shares | alike

    def view(console: Console, said: Said) -> None:
        kept = {name: head for name, head in wanted.items() if name in said.columns}
        at = [said.columns.index(name) for name in kept]
        tested = said.columns.index("finding")
        chosen = [row for row in said.rows if row[tested] != UNTESTED or "value" in first]
        rows = [[SHORT.get(row[place], row[place]) for place in at] for row in chosen]
        columns = list(kept.values())
        console.print(table(columns, rows, kinds_in(columns, rows), said.currency, limit=limit))
        left = len(said.rows) - len(rows)
        if left:
            console.print(f"… {left:,} not testable, each with its reason: --csv PATH", style="dim")

    return view
