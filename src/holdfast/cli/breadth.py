"""`holdfast breadth`: how many features do customers use, and do those who use more stay?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen
from holdfast.cli.window_options import named, window_options

__all__ = ["verb"]


@analysis("breadth", "breadth:Breadth", view=chosen("features", "customers", "share", "stayed", "stay_share"))
@click.option(
    "--features", default=None, metavar="NAME", help="What is a feature: event, or a property (default: feature, else event)."
)
@click.option(
    "--few", type=click.IntRange(1, 9), default=None, metavar="N", help="So many features or fewer are few (default: 2)."
)
@window_options
def verb(**own: Any) -> dict[str, Any]:
    """How many features do customers use in their first days, and do those who use more stay?

    People: --people features=2 what=left; of one feature --people feature="Wishlist" what=show (who uses few, and not it).
    """
    return named(own)
