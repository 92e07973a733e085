"""`holdfast funnel`: of those who began, how many went on, step by step?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.step_options import gap_option, naming, naming_options, versus_option
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "step", "name", "reached", "share_of_previous", "dropped", "median_seconds", "share_of_first")
_HIDDEN = ("in_progress", "previous", "entered", "timed", "p90_seconds")

_FURTHER = (
    Further(
        "by_period",
        "The trend, by period of entry",
        ("segment", "period", "state", "entered", "converted", "share", "low", "high"),
        most=31,
    ),
    Further(
        "difference",
        "Side by side, a = {segment_a}, b = {segment_b}: shares of those who began",
        ("step", "name", "share_a", "share_b", "difference", "low", "high", "p_adjusted"),
    ),
)


@analysis("funnel", "funnel:Funnel", view=followed_by(chosen(*_SHOWN, hidden=_HIDDEN), *_FURTHER))
@click.argument("steps", nargs=-1, metavar="[STEP]...")
@click.option(
    "--order",
    type=click.Choice(["ordered", "strict", "any"]),
    default=None,
    help="Others may lie between (ordered), the very next steps (strict), or in any order.",
)
@click.option(
    "--window", default=None, metavar="SPAN", help="From first step to last: '7 days' (default), 24h, 30m, session, none."
)
@click.option("--broken-by", multiple=True, metavar="EVENT", help="An event that ends a chain when it comes between.")
@click.option("--key", default=None, metavar="PROPERTY", help="All steps share its value, such as product_id.")
@click.option(
    "--period",
    type=click.Choice(["day", "week", "month", "quarter", "year"]),
    default=None,
    help="Also the trend, by period of entry.",
)
@versus_option
@gap_option
@naming_options
def verb(steps: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Of those who began, how many went on, step by step, within a window?

    A step is an event, a pattern, or several: 'Product Added|Cart Viewed'. Without steps: the usual way to an order.

    holdfast funnel 'Product Viewed' 'Product Added' 'Order Completed' --window '1 day'

    People: --people step=2 what=dropped (reached, 'in progress'), or what=converted, 'not converted'.
    """
    own["naming"] = naming(own)
    return {**own, "steps": steps}
