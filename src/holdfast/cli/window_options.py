"""Options of the questions of staying: what enters, how long the first days are, when and by what staying is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["named", "window_options"]

F = TypeVar("F", bound=Callable[..., Any])


def window_options(function: F) -> F:
    """`--first-days`, `--horizon-days`, `--start`, `--staying`: the same for every question of staying."""
    for option in (
        click.option(
            "--staying",
            multiple=True,
            metavar="EVENT",
            help="What counts as staying: any, orders, or names (default: settings).",
        ),
        click.option("--start", multiple=True, metavar="EVENT", help="What enters: any event (default), orders, or names."),
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
        names = made.get(key) or ()
        made[key] = names[0] if len(names) == 1 else (tuple(names) or None)
    return made
