"""`holdfast again`: who buys again, where one buys at most once a period."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]


@analysis("again", "again:Again", view=chosen("x", "t_x", "n", "customers", "alive", "any", "expected"))
@click.option(
    "--every", type=click.Choice(["week", "month", "quarter", "year"]), default=None, help="The period of the calendar (year)."
)
@click.option("--ahead", type=click.IntRange(1, 120), default=None, metavar="N", help="How many periods to look ahead (5).")
def verb(**own: Any) -> dict[str, Any]:
    """Who gives or buys again, where one does so at most once a year, a month, an issue? By how often and how lately.

    People: --people x=4 t_x=5 (also n=, segment=).
    """
    return own
