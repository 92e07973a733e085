"""`holdfast losses`: how customers were lost, and why, period by period."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.periods import period_options

__all__ = ["verb"]


@analysis("losses", "losses:Losses")
@period_options
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option("--reason", default=None, metavar="NAME", help="The property that says why (default: reason).")
def verb(**own: Any) -> dict[str, Any]:
    """Of the customers lost in each period: lapsed, unsubscribed or by the end of a contract, and the reason they gave.

    People: --people period=2011-11 kind=lapse reason=competitor.
    """
    return own
