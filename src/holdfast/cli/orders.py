"""`holdfast orders`: how many, how large, how often; how much from customers who came again."""

from __future__ import annotations

from typing import Any

from holdfast.cli.asking import analysis
from holdfast.cli.periods import period_options

__all__ = ["verb"]


@analysis("orders", "orders:Orders")
@period_options
def verb(**own: Any) -> dict[str, Any]:
    """How many orders of how many customers, how large and how often, and what share of the money comes from later orders.

    People: --people period=2011-11 what=first (customers, first, later).
    """
    return own
