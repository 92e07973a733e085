"""The walk of stickiness: each customer's distinct active days, as differences of daily counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from holdfast.analyses.activity import Activity, own_days
from holdfast.analyses.scope import Scope
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["DaysStep", "Watch"]

SPANS = np.array([1, 7, 30], np.int64)
LONGEST = 32
"""Days of the longest watched period, and one."""


@dataclass(frozen=True)
class Watch:
    """A run of local days, and on how many of them a wanted customer was active.

    low, high  first and last local day index · least, most  number of active days, both included
    """

    low: int
    high: int
    least: int = 1
    most: int = 1 << 30


@dataclass(frozen=True)
class DaysStep:
    """A step over the distinct active days of each customer.

    names      counting events, None for counting orders · groups  how many segments
    begin, end first and last local day index counted · watched  periods whose numbers of active days are tallied
    cut        whether rows after the as-of exist and must be left out
    target     the days and number of days of the customers to name, of segment `only` (-1: all); None names nobody
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    names: tuple[str, ...] | None
    groups: int
    begin: int
    end: int
    watched: tuple[Watch, ...]
    cut: bool
    target: Watch | None = None
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """Sums "active" int64 [groups, 3, days + 1] (differences), "days" int64 [groups, watched, 32], "n"; rows `customer`."""
        activity = Activity(self.as_of, self.mode, self.names, self.cut)
        offsets, day, code, counted, second = activity.columns(shard)
        group = np.zeros(0, np.int32) if self.scope.trivial else activity.segments(shard, self.scope)
        watched = [(watch.low, watch.high) for watch in (*self.watched, *([self.target] if self.target else []))]
        active = np.zeros((self.groups, len(SPANS), self.end - self.begin + 2), np.int64)
        days = np.zeros((self.groups, len(watched), LONGEST), np.int64)
        found = np.zeros(0 if self.target is None else shard.high - shard.low, np.int32)
        n = _walk(
            *(shard.low, shard.high, offsets, day, code, counted, second, self.as_of.until, group, self.begin, self.end),
            *(SPANS, np.array(watched, np.int64).reshape(-1, 2), active, days, found),
        )
        rows: dict[str, Any] = {}
        if self.target is not None:
            marks = (found >= self.target.least) & (found <= self.target.most)
            if self.only >= 0 and len(group):
                marks &= group == self.only
            rows["customer"] = shard.ids(marks)
        return Tally({"active": active, "days": days[:, : len(self.watched)], "n": n}, rows)


@njit(cache=True, nogil=True)
def _spread(own: Any, size: int, span: int, begin: int, end: int, active: Any) -> None:
    """Add one customer to each date that has an own day among the `span` that end with it, as differences."""
    first = own[0]
    for j in range(size):
        if j == size - 1 or own[j + 1] > own[j] + span:
            last = min(own[j] + span - 1, end)
            if max(first, begin) <= last:
                active[max(first, begin) - begin] += 1
                active[last + 1 - begin] -= 1
            if j < size - 1:
                first = own[j + 1]


@njit(cache=True, nogil=True)
def _walk(
    low: int, high: int, offsets: Any, day: Any, code: Any, counted: Any, second: Any, until: int, group: Any,
    begin: int, end: int, spans: Any, watched: Any, active: Any, days: Any, found: Any,
) -> int:  # fmt: skip
    own = np.zeros(65_536, np.int64)
    n = 0
    for customer in range(low, high):
        place = 0 if len(group) == 0 else group[customer - low]
        if place < 0:
            continue
        size = own_days(offsets[customer], offsets[customer + 1], day, code, counted, second, until, own)
        if size == 0:
            continue
        n += 1
        for k in range(len(spans)):
            _spread(own, size, spans[k], begin, end, active[place, k])
        for k in range(len(watched)):
            count = 0
            j = size - 1
            while j >= 0 and own[j] >= watched[k, 0]:
                count += own[j] <= watched[k, 1]
                j -= 1
            days[place, k, min(count, days.shape[2] - 1)] += 1
            if k == len(watched) - 1 and len(found) > 0:
                found[customer - low] = count
    return n
