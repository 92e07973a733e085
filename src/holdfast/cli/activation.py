"""`holdfast activation`: how soon do customers reach what they came for?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen
from holdfast.cli.window_options import named, window_options

__all__ = ["verb"]


@analysis("activation", "activation:Activation", view=chosen("cohort", "days", "n", "activated", "share"))
@click.option(
    "--value", multiple=True, metavar="EVENT", help="What they come for: orders (default), events, category=shoes, or best."
)
@click.option("--times", type=click.IntRange(1), default=None, metavar="N", help="The N-th of them is the value (default: 1).")
@click.option(
    "--within", multiple=True, type=click.IntRange(1), metavar="DAYS", help="Count by so many days (default: 1 7 30)."
)
@click.option("--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="Entry cohorts.")
@window_options
def verb(value: tuple[str, ...], within: tuple[int, ...], **own: Any) -> dict[str, Any]:
    """How soon do customers reach what they came for, and do those who reach it early stay?

    People: --people cohort=2011-01 days=7 what="not activated"; or what=early ("not early", "early and left", …).
    """
    return {**named(own), "value": value[0] if len(value) == 1 else (value or None), "within": within or None}
