"""`holdfast costs`: what winning a customer costs, and what keeping one."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.views import chosen

__all__ = ["verb"]

_COSTS = chosen("what", "money", "a_month", "cost", money=("money", "cost"), hidden=("customer_months",))


@analysis("costs", "costs:Costs", view=followed_by(_COSTS, Further("worth", "What stands against it:")))
@click.option(
    "--acquiring", type=click.FloatRange(0), default=None, metavar="MONEY", help="Spent a month on winning customers."
)
@click.option("--keeping", type=click.FloatRange(0), default=None, metavar="MONEY", help="Spent a month on keeping them.")
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option("--show", type=click.Choice(["costs", "worth", "claims"]), default=None, help="The main table (costs).")
def verb(**own: Any) -> dict[str, Any]:
    """What does it cost to win a customer, and what to keep one, with your own numbers?

    Give what you spend a month, or write it under [costs] in holdfast.toml. People: --people what=new period=2011-10.
    """
    return own
