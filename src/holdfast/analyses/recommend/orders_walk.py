"""The walks of recommending: counting orders with the marks by which their lines are found; events that name a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from holdfast.analyses.scope import Scope, last_events
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["EventItemsStep", "OrdersStep"]


@dataclass(frozen=True)
class OrdersStep:
    """Customers with a counting order, and these orders. An order taken back in full is none, whatever the settings say."""

    scope: Scope
    as_of: AsOf

    def __call__(self, shard: Shard) -> Tally:
        """Rows owner, ids, inside, a customer each; person, order, second, day, an order each."""
        bought, orders = shard.source.purchases(self.as_of.until, "order"), shard.columns.orders
        sizes = np.diff(bought.offsets[shard.low : shard.high + 1])
        span = slice(int(bought.offsets[shard.low]), int(bought.offsets[shard.high]))
        at = np.repeat(np.arange(shard.low, shard.high, dtype=np.int64), sizes)
        some = sizes > 0
        inside = self.scope.by_first_order(shard, self.as_of, "order") >= 0
        hashes = shard.columns.id_hash
        return Tally(
            {},
            {
                "owner": hashes[shard.low : shard.high][some],
                "ids": shard.ids(some),
                "inside": inside[some],
                "person": hashes[at],
                "order": orders.order[orders.offsets[at] + bought.place[span]],
                "second": bought.second[span].astype(np.int64),
                "day": bought.day[span].astype(np.int64),
            },
        )


@dataclass(frozen=True)
class EventItemsStep:
    """Customers with an event before the as-of, and their events that bear a property.

    name  the property that names a product
    """

    scope: Scope
    as_of: AsOf
    name: str

    def __call__(self, shard: Shard) -> Tally:
        """Rows owner, ids, inside, a customer each; person, code, value, second, day, an event each."""
        columns = shard.columns
        span = slice(int(columns.offsets[shard.low]), int(columns.offsets[shard.high]))
        value, second = columns.properties[self.name][span], columns.second[span]
        chosen = (value != 0) & (second < self.as_of.until) & (columns.code[span] != 0)
        at = np.repeat(np.arange(shard.low, shard.high), np.diff(columns.offsets[shard.low : shard.high + 1]))
        last = last_events(shard, self.as_of, np.ones(shard.high - shard.low, np.bool_))
        some = last >= 0
        entry = last if self.scope.moment == "current" else np.where(some, 0, -1)
        hashes = columns.id_hash
        return Tally(
            {},
            {
                "owner": hashes[shard.low : shard.high][some],
                "ids": shard.ids(some),
                "inside": (self.scope.segments(shard, entry) >= 0)[some],
                "person": hashes[at[chosen]],
                "code": columns.code[span][chosen].astype(np.int64),
                "value": value[chosen].astype(np.int64),
                "second": second[chosen].astype(np.int64),
                "day": columns.day[span][chosen].astype(np.int64),
            },
        )
