"""The walk of contracts: each customer's first contract, the one that runs now, and what she paid in it.

Contracts are the bridge's spells: from a start event to an end event, one that begins again on the day on which it ended goes
on, and one that begins and ends on the same day is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.bridge_walks import contract_spells
from holdfast.analyses.scope import Scope
from holdfast.settings import Contract, RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["ContractsStep"]


@dataclass(frozen=True)
class ContractsStep:
    """Lays out the contracts of a shard.

    first_day, last_day  local days between which the data lie, both inside
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    contract: Contract
    first_day: int
    last_day: int

    def __call__(self, shard: Shard) -> Tally:
        """Rows of everyone in scope who had a contract: ids, segment int32, begin int32 and end int32 (local days of the first
        contract, end -1 while it runs), now int32 (when the running one began, -1 without one), paid int64 (net money since
        then, ten-thousandths)."""
        return Tally({}, self.laid(shard)[1])

    def laid(self, shard: Shard) -> tuple[npt.NDArray[np.int64], dict[str, Any]]:
        """The places in the shard of everyone in scope who had a contract, and the rows of `__call__`."""
        snapshots = np.arange(self.first_day, self.last_day + 2)
        spells, entry = contract_spells(shard, self.contract, self.as_of.until, snapshots)
        first, stop = spells.offsets[:-1], spells.offsets[1:]
        segment = self._segments(shard, stop > first, entry)
        some = segment >= 0
        first, last = first[some], stop[some] - 1
        # A spell's places are those of the mornings after the day itself.
        begin = self.first_day + spells.begin[first] - 1
        end = np.where(spells.end[first] < len(snapshots), self.first_day + spells.end[first] - 1, -1)
        now = np.where(spells.end[last] < len(snapshots), -1, self.first_day + spells.begin[last] - 1)
        rows: dict[str, Any] = {"ids": shard.ids(some), "segment": segment[some]}
        rows |= {name: days.astype(np.int32) for name, days in (("begin", begin), ("end", end), ("now", now))}
        places = np.flatnonzero(some)
        return places, rows | {"paid": self._paid(shard, places, rows["now"])}

    def _segments(self, shard: Shard, some: npt.NDArray[np.bool_], entry: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        if self.scope.trivial:
            return np.where(some, 0, -1).astype(np.int32)
        return np.where(some, self.scope.at(shard, self.as_of, entry), -1).astype(np.int32)

    def _paid(self, shard: Shard, places: npt.NDArray[np.int64], now: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        bought = shard.source.purchases(self.as_of.until, self.mode)
        out = np.zeros(len(places), np.int64)
        where = places + shard.low
        _paid_since(where, now, bought.offsets, bought.day, bought.amount, out)
        _paid_since(where, now, bought.adjust_offsets, bought.adjust_day, bought.adjust_amount, out)
        return out


@njit(cache=True, nogil=True)
def _paid_since(customers: Any, since: Any, offsets: Any, day: Any, amount: Any, out: Any) -> None:
    for row in range(len(customers)):
        if since[row] < 0:
            continue
        for i in range(offsets[customers[row]], offsets[customers[row] + 1]):
            if np.int64(day[i]) >= since[row]:
                out[row] += amount[i]
