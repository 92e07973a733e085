"""`holdfast next`: when each customer is expected again, and whose silence is unusual."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("customer", "segment", "value", "band", "next_order", "unusual_on", "last_order", "usual_days", "days_silent")
_LATER = ("half_from", "half_to", "regularity", "order_days")


@analysis("next", "next_order:NextOrder", view=chosen(*_SHOWN, money=("value",), hidden=_LATER))
@click.option(
    "--unusual",
    type=click.FloatRange(0, 0.1, min_open=True),
    default=None,
    metavar="SHARE",
    help="Unusual silence: of those like her who go on, this share would still be silent (0.05).",
)
@click.option(
    "--show",
    type=click.Choice(["all", "unusual", "overdue", "week", "month"]),
    default=None,
    help="Whom to list: all with a rhythm (default), in unusual silence, overdue, due within a week or a month.",
)
@click.option("--limit", type=click.IntRange(0), default=None, metavar="N", help="How many rows (50; --csv: all).")
def verb(**own: Any) -> dict[str, Any]:
    """When is each customer expected again (with the range of four in five), and from which day is her silence unusual?

    Those with most money first; half_from and half_to, the range of one in two, stand in --csv.

    People: --people band="unusual silence" (overdue, "due within 7 days", "due within 30 days", later, "one order day").
    """
    return own
