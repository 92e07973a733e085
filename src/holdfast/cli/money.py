"""`holdfast money`: net and gross revenue retention, and the quick ratio."""

from __future__ import annotations

from typing import Any

from holdfast.cli.asking import analysis
from holdfast.cli.periods import period_options
from holdfast.cli.views import chosen

__all__ = ["verb"]


_MONEY = ("start", "new", "returned", "expansion", "contraction", "lost", "end")
_FIRST = ("segment", "period", "start", "nrr", "grr", "quick_ratio", *_MONEY[1:], "n")


@analysis("money", "money_retention:MoneyRetention", view=chosen(*_FIRST, money=_MONEY))
@period_options
def verb(**own: Any) -> dict[str, Any]:
    """Does the money stay: start + new + returned + expansion − contraction − lost = end, with NRR, GRR and the quick ratio.

    People: --people period=2011-11 what=contraction (start, new, returned, expansion, contraction, lost, end).
    """
    return own
