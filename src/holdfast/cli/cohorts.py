"""`holdfast cohorts`: of those who came together, who is still buying?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.grid import show_grid
from holdfast.cli.saying import Said
from holdfast.cli.views import chosen
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["triangle", "verb"]

_COMPARED = chosen("test", "segment", "against", "period", "difference", "p", "p_adjusted", "rate", "rate_against", "n")
"""The comparison of segments: how far apart, and whether by more than chance."""


def triangle(console: Console, said: Said) -> None:
    """The grid as a triangle: shares, or money where money was asked for."""
    counted = said.question.get("measure", "customers") == "customers"
    show_grid(console, said, "rate" if counted else "value")
    compared = said.extra.get("comparison")
    if compared and compared["rows"]:
        console.print()
        _COMPARED(console, Said({}, "", tuple(compared["columns"]), compared["rows"]))


@analysis("cohorts", "cohorts:Cohorts", view=triangle)
@click.option(
    "--period",
    type=click.Choice(["day", "week", "month", "quarter", "year"]),
    default=None,
    help="Length of periods and cohorts (month).",
)
@click.option("--brackets", default=None, metavar="DAYS,…", help="Brackets of days since entry instead: 1,7,30.")
@click.option("--entry", type=click.Choice(["first ever", "first in window", "each period"]), default=None, help="Who enters.")
@click.option(
    "--returns",
    type=click.Choice(["on", "on or after", "on or before", "every"]),
    default=None,
    help="What counts as a return.",
)
@click.option(
    "--clock",
    type=click.Choice(["calendar", "elapsed"]),
    default=None,
    help="Calendar periods, or n × 24 h from each one's start.",
)
@click.option("--start", multiple=True, metavar="EVENT", help="Event that starts (default: orders; any: every activity).")
@click.option("--back", multiple=True, metavar="EVENT", help="Event that is a return (default: the same).")
@click.option(
    "--measure", type=click.Choice(["customers", "revenue", "cumulative revenue"]), default=None, help="What stands in a cell."
)
@click.option("--window", default=None, metavar="DATE:DATE", help="First and last date of entry.")
@click.option("--periods", type=click.IntRange(1), default=None, metavar="N", help="How many periods to show at most.")
@click.option("--month", type=click.Choice(["calendar", "30 days"]), default=None, help="What an elapsed month is.")
def verb(brackets: str | None, window: str | None, start: tuple[str, ...], back: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Of those who first came in the same month: how many are back after one, two, three …?

    People: --people cohort=2011-01 period=3 (count=size for all members; segment=… with --by).
    """
    return {**own, "brackets": _days(brackets), "window": _span(window), "start": start or None, "back": back or None}


def _days(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} are no brackets", "write them as 1,7,30") from error


def _span(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, sign, last = text.partition(":")
    if not sign:
        raise UsageError(f"{text!r} is no window", "write it as 2011-01-01:2011-06-30")
    return first.strip(), last.strip()
