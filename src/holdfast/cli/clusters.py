"""`holdfast clusters`: kinds of customer that the data show by themselves, if they hold."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.step_options import gap_option
from holdfast.cli.views import chosen

__all__ = ["verb"]


@analysis(
    "clusters",
    "clusters:Clusters",
    view=chosen("cluster", "name", "customers", "share", "revenue_share", "orders", "order_value"),
)
@click.option("--among", type=click.Choice(["buyers", "everyone"]), default=None, help="Who is grouped (default: buyers).")
@click.option("--least", type=float, default=None, metavar="0..1", help="Least stability to be shown (default: 0.7).")
@click.option("--about", default=None, metavar="NAME=VALUE", help="Only who ever touched it, such as category=Books.")
@gap_option
def verb(**own: Any) -> dict[str, Any]:
    """Which kinds of customer do the data show by themselves? Shown only when they hold when customers are drawn anew.

    People: --people "cluster=cluster 1".
    """
    return own
