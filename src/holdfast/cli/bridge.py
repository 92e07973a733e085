"""`holdfast bridge`: start + new + returned − lost = end, period by period."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.periods import period_options

__all__ = ["verb"]


@analysis("bridge", "bridge:Bridge")
@period_options
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option("--measure", type=click.Choice(["customers", "money"]), default=None, help="People (default), or money.")
def verb(**own: Any) -> dict[str, Any]:
    """Where did each period go: start + new + returned − lost = end, with retention and churn.

    People: --people period=2011-11 what=lost (start, new, returned, lost, kept, end).
    """
    return own
