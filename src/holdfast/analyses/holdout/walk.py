"""The walk of the tracking curve: on which day customers known at the split ordered again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["RepeatsStep"]

DAYS = 65_536


@dataclass(frozen=True)
class RepeatsStep:
    """A step that counts occasions after the first by day, of customers who ordered before the split.

    split  what came before it as it was known then · until  what came after it as it was known at this instant
    """

    split: AsOf
    until: AsOf
    mode: RefundMode

    def __call__(self, shard: Shard) -> Tally:
        """Sums "repeats" int64 [65536], by local day."""
        bought = shard.source.purchases(self.split.until, self.mode)
        later = shard.source.purchases(self.until.until, self.mode)
        repeats = np.zeros(DAYS, np.int64)
        _count_repeats(
            *(shard.low, shard.high, bought.offsets, bought.day, later.offsets, later.day, later.second, self.split.until),
            repeats,
        )
        return Tally({"repeats": repeats}, {})


@njit(cache=True, nogil=True)
def _count_repeats(
    low: int, high: int, offsets: Any, day: Any, to: Any, later_day: Any, later_second: Any, since: int, repeats: Any
) -> None:
    for customer in range(low, high):
        if offsets[customer] == offsets[customer + 1]:
            continue
        at = np.int64(day[offsets[customer]])
        for i in range(offsets[customer], offsets[customer + 1]):
            if np.int64(day[i]) > at:
                at = np.int64(day[i])
                repeats[at] += 1
        at = np.int64(-1)
        for i in range(to[customer], to[customer + 1]):
            if later_second[i] >= since and np.int64(later_day[i]) > at:
                at = np.int64(later_day[i])
                repeats[at] += 1
