"""Options of the questions that are asked period by period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["period_options"]

F = TypeVar("F", bound=Callable[..., Any])


def period_options(function: F) -> F:
    """`--period`, `--first`, `--last`."""
    for option in (
        click.option("--last", default=None, metavar="PERIOD", help="Last period: its label, or a date in it."),
        click.option(
            "--first", default=None, metavar="PERIOD", help="First period: its label, such as 2011-03, or a date in it."
        ),
        click.option(
            "--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="Length of a period."
        ),
    ):
        function = option(function)
    return function
