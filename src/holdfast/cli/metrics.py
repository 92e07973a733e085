"""`holdfast metrics`: do our customers stay?"""

from __future__ import annotations

from typing import Any

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]


@analysis(
    "metrics",
    "metrics:Metrics",
    view=chosen("segment", "label", "value", "low", "high", "n", "unit", "period", "metric", hidden=("definition",)),
)
def verb(**own: Any) -> dict[str, Any]:
    """Do our customers stay? Retention, churn, repeat orders, order value, frequency, life time value, in one table.

    People: --people metric=lost (see the column metric).
    """
    return own
