"""Which models speak for this shop, and why: the one place that asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.definitions import counted
from holdfast.analyses.occasions import occasions
from holdfast.analyses.value.paying import Paying, paying
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying
    from holdfast.settings import RefundMode
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Choice", "NetStep", "choice", "net_share"]


@dataclass(frozen=True)
class Choice:
    """The models that speak for a shop.

    buying    None: the data are too few for any, `why` says so · spending  None: no money
    why       why these, in words
    spending_why  the same of the values
    error     of the total on the holdout that chose the model, as a share of what came; None: there was none
    """

    buying: Buying | None
    spending: Paying | None
    why: str
    spending_why: str = ""
    error: float | None = None


def choice(timelines: Timelines, as_of: AsOf) -> Choice:
    """The models as of an instant, learned from everyone; kept with the timelines."""
    key = ("value choice", as_of.until)
    kept = timelines.source.kept
    if key not in kept:
        kept[key] = _chosen(timelines, as_of)
    found: Choice = kept[key]
    return found


def _chosen(timelines: Timelines, as_of: AsOf) -> Choice:
    rows = occasions(timelines, as_of)
    if not len(rows):
        return Choice(None, None, "nobody has ordered yet")
    again = int(np.count_nonzero(rows.x))
    if again < timelines.settings.small_group:
        return Choice(None, None, f"{again:,} of {counted(len(rows), 'customer')} came back, too few to learn from")
    from holdfast.analyses.holdout import chosen

    found = chosen(timelines, as_of)
    spending = paying(found.spending, rows) if rows.money.any() else None
    error = None if found.judged is None or not found.judged.actual else found.judged.error
    return Choice(found.model, spending, found.why, found.spending_why if spending is not None else "", error)


@dataclass(frozen=True)
class NetStep:
    """A step that adds up the money of counting orders and of what belongs to none (refunds without their order)."""

    as_of: AsOf
    mode: RefundMode

    def __call__(self, shard: Shard) -> Tally:
        """Sums "orders", "adjustments", ten-thousandths."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        orders = bought.amount[bought.offsets[shard.low] : bought.offsets[shard.high]]
        rest = bought.adjust_amount[bought.adjust_offsets[shard.low] : bought.adjust_offsets[shard.high]]
        return Tally({"orders": np.int64(orders.sum()), "adjustments": np.int64(rest.sum())}, {})


def net_share(timelines: Timelines, as_of: AsOf) -> float:
    """The share of the orders' money that is left after refunds that belong to no order, 0 to 1."""
    sums: dict[str, Any] = timelines.walk(NetStep(as_of, timelines.settings.refunds)).sums
    orders, rest = int(sums["orders"]), int(sums["adjustments"])
    return min(max((orders + rest) / orders, 0.0), 1.0) if orders > 0 else 1.0
