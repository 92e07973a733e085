"""Each customer's source, and what she bought since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from holdfast.analyses.scope import Scope, last_events
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import events_before
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["BoughtStep"]

_FIELDS = (
    *(
        ("source", np.int32),
        ("told", np.int32),
        ("first", np.int32),
        ("second", np.int32),
        ("last", np.int32),
        ("orders", np.int32),
    ),
    ("early", np.int64),
)


@dataclass(frozen=True)
class BoughtStep:
    """Lays out who came from where and what she bought.

    name   the property of the source: its first value known before the as-of counts
    days   of the first order's money: that of so many days from the first order on
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    name: str
    days: int

    def __call__(self, shard: Shard) -> Tally:
        """Rows, a customer in scope with an event each: ids, source int32 code, told int32 local day of its event, first,
        second and last int32 local day of orders (-1: none), orders int32 of the first days, early int64 their money in
        ten-thousandths."""
        columns = shard.columns
        bought = shard.source.purchases(self.as_of.until, self.mode)
        count = events_before(shard.low, shard.high, columns.offsets, columns.second, self.as_of.until)
        inside = count > 0
        if not self.scope.trivial:
            entry = np.where(inside, 0, -1).astype(np.int64)
            if self.scope.moment == "current":
                entry = last_events(shard, self.as_of, inside)
            inside = self.scope.segments(shard, entry) >= 0
        found = {
            name: np.full(len(inside), -1 if name in ("told", "first", "second", "last") else 0, kind) for name, kind in _FIELDS
        }
        _first_known(
            shard.low,
            shard.high,
            columns.offsets,
            columns.properties[self.name],
            columns.day,
            count,
            found["source"],
            found["told"],
        )
        _lay(
            shard.low, shard.high, bought.offsets, bought.day, bought.amount, self.days, found["first"], found["second"],
            found["last"], found["orders"], found["early"],
        )  # fmt: skip
        return Tally({}, {"ids": shard.ids(inside)} | {name: value[inside] for name, value in found.items()})


@njit(cache=True, nogil=True)
def _first_known(low: int, high: int, offsets: Any, values: Any, day: Any, count: Any, source: Any, told: Any) -> None:
    for customer in range(low, high):
        start = offsets[customer]
        for i in range(start, start + count[customer - low]):
            if values[i] != 0:
                source[customer - low] = values[i]
                told[customer - low] = np.int64(day[i])
                break


@njit(cache=True, nogil=True)
def _lay(
    low: int, high: int, offsets: Any, day: Any, amount: Any, days: int,
    first: Any, second: Any, last: Any, orders: Any, early: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own, start, stop = customer - low, offsets[customer], offsets[customer + 1]
        if start == stop:
            continue
        begin = np.int64(day[start])
        first[own], last[own] = begin, np.int64(day[stop - 1])
        if stop - start > 1:
            second[own] = np.int64(day[start + 1])
        for i in range(start, stop):
            if np.int64(day[i]) - begin < days:
                early[own] += amount[i]
                orders[own] += 1
