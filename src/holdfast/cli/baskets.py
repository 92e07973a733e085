"""`holdfast baskets`: what is in first and in later orders, and how much of it is premium."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import asked, order_lines
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.views import chosen

__all__ = ["verb"]

VIEW = chosen(
    *("kind", "orders", "items", "unit_price", "premium_share"),
    money=("unit_price",),
    hidden=("customers", "with_lines", "revenue", "products"),
)


@click.command("baskets", cls=Verb)
@click.option(
    "--top", type=click.FloatRange(0, 1, min_open=True), default=None, metavar="SHARE", help="The dearest products (0.25)."
)
@click.option("--without", multiple=True, metavar="PRODUCT", help="A product id that is no product, such as POST; repeatable.")
@analysis_options
def verb(workspace: str, top: float | None, without: tuple[str, ...], **options: Any) -> None:
    """Items per order, price of a piece and premium share: customers' first orders beside their later ones.

    People: --people kind=later (first, later, all).
    """
    own = {"lines": order_lines, "top": top, "without": without or None}
    asked("baskets:Baskets", workspace, own, view=VIEW, **options)
