"""`holdfast bridge`: start + new + returned − lost = end, period by period."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis

__all__ = ["verb"]


@analysis("bridge", "bridge:Bridge")
@click.option("--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="Length of a period (month).")
@click.option("--first", default=None, metavar="PERIOD", help="First period: 2011-03, or a date.")
@click.option("--last", default=None, metavar="PERIOD", help="Last period.")
@click.option("--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone.")
@click.option("--measure", type=click.Choice(["customers", "money"]), default=None, help="People (default), or money.")
def verb(**own: Any) -> dict[str, Any]:
    """Where did each period go: start + new + returned − lost = end, with retention and churn.

    People behind a number: --people period=2011-11 what=lost (start, new, returned, lost, kept, end).
    """
    return own
