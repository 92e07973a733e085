"""Recency, frequency, money of every customer and their scores 1 to 5 (SEMANTICS 19, 21).

1. Recency is the as-of's local date minus the local date of the last counting order, in days. Frequency is the number of
   counting orders. Money is the sum of their net amounts and of the adjustments (refunds of no known order). All within the
   window: the last `window_days` local dates up to the as-of's, or all history.
2. Who has no counting order within the window is not scored.
3. Four cut points a measure. *quantile*: quintiles over the scored customers, with linear interpolation (type 7 of Hyndman and
   Fan 1996). *cuts*: given. *r-package*: quintiles plus one (a day, an order, a unit of the currency), as the R package rfm.
4. The rank is 1 + the number of cut points strictly below the value (r-package: at or below), so equal values have equal
   scores. F and M are the rank; R is 6 − the rank of recency: 5 is the most recent.

A value is a whole number (days, orders, ten-thousandths of the currency), so "above a cut point" is "above its floor": all
comparisons are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.rfm.cuts import Cuts
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.scope import Scope
    from holdfast.timelines.timelines import AsOf

__all__ = ["NOT_SCORED", "Measure", "score"]

NOT_SCORED = 255
"""The code of a customer without a score."""


@dataclass(frozen=True)
class Measure:
    """A step: recency, frequency and money of each customer of a shard, as rows.

    as_of   the instant up to which orders count
    mode    how refunds count
    first   local day index of the window's first day, 0 for all history
    scope   who is in, in which segment
    last    local day index of the as-of's date
    """

    as_of: AsOf
    mode: RefundMode
    scope: Scope
    first: int
    last: int

    @staticmethod
    def over(as_of: AsOf, mode: RefundMode, scope: Scope, window_days: int | None = None) -> Measure:
        """The step over the last `window_days` local dates up to the as-of's, or over all history."""
        last = day_of(as_of.last)
        return Measure(as_of, mode, scope, 0 if window_days is None else max(last - window_days + 1, 0), last)

    def __call__(self, shard: Shard) -> Tally:
        """Rows `recency` (uint16 days), `frequency` (int32, 0: not scored), `monetary` (int64), `group` (int32 or empty)."""
        everyone = self.scope.trivial
        group = np.empty(0, np.int32) if everyone else self.scope.by_first_order(shard, self.as_of, self.mode)
        bought = shard.source.purchases(self.as_of.until, self.mode)
        recency, frequency, monetary = _measure(
            *(shard.low, shard.high, bought.offsets, bought.day, bought.amount),
            *(bought.adjust_offsets, bought.adjust_day, bought.adjust_amount, group, self.first, self.last),
        )
        return Tally({}, {"recency": recency, "frequency": frequency, "monetary": monetary, "group": group})


@njit(cache=True, nogil=True)
def _measure(
    low: Any, high: Any, offsets: Any, day: Any, amount: Any,
    adjusts: Any, adjust_day: Any, adjust: Any, group: Any, first: Any, last: Any,
) -> Any:  # fmt: skip
    recency = np.zeros(high - low, np.uint16)
    frequency = np.zeros(high - low, np.int32)
    monetary = np.zeros(high - low, np.int64)
    for customer in range(low, high):
        at = customer - low
        if len(group) > 0 and group[at] < 0:
            continue
        start, stop = offsets[customer], offsets[customer + 1]
        count, money, newest = stop - start, np.int64(0), np.int64(0)
        if first == 0 and count > 0:
            newest = np.int64(day[stop - 1])
            for i in range(start, stop):
                money += amount[i]
        elif first > 0:
            count = 0
            for i in range(start, stop):
                if day[i] >= first:
                    count += 1
                    money += amount[i]
                    newest = np.int64(day[i])
        if count > 0:
            for i in range(adjusts[customer], adjusts[customer + 1]):
                if adjust_day[i] >= first:
                    money += adjust[i]
            recency[at], frequency[at], monetary[at] = max(last - newest, 0), count, money
    return recency, frequency, monetary


def score(
    rows: dict[str, Any],
    cuts: Cuts,
    groups: int,
    wanted: npt.NDArray[np.uint8] | None = None,
    *,
    keep: bool = False,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Score measured customers and tally them in one pass.

    rows    what `Measure` gives · groups: how many segments of the scope
    wanted  uint8 [groups · 125]: which (group, code) to mark, or None for none
    keep    whether to hand back each customer's code
    Gives the tally int64 [groups, 125, 4] of customers, money, recency, frequency; codes uint8 [customers] (`NOT_SCORED`
    for those without) or empty; marks uint8 [customers] or empty.
    """
    size = len(rows["frequency"])
    tally = np.zeros((groups * 125, 4), np.int64)
    codes = np.full(size if keep else 0, NOT_SCORED, np.uint8)
    marks = np.zeros(size if wanted is not None else 0, np.uint8)
    target = np.zeros(0, np.uint8) if wanted is None else wanted
    bounds = np.array(cuts.bounds, np.int64)
    _score(rows["recency"], rows["frequency"], rows["monetary"], rows["group"], bounds, target, tally, codes, marks)
    return tally.reshape(groups, 125, 4), codes, marks


@njit(cache=True, nogil=True)
def _score(
    recency: Any, frequency: Any, monetary: Any, group: Any, bounds: Any, wanted: Any, tally: Any, codes: Any, marks: Any
) -> None:
    for i in range(len(frequency)):
        if frequency[i] == 0:
            continue
        r, f, m = 4, 0, 0
        for k in range(4):
            r -= recency[i] > bounds[0, k]
            f += frequency[i] > bounds[1, k]
            m += monetary[i] > bounds[2, k]
        code = r * 25 + f * 5 + m
        cell = code if len(group) == 0 else group[i] * 125 + code
        tally[cell, 0] += 1
        tally[cell, 1] += monetary[i]
        tally[cell, 2] += recency[i]
        tally[cell, 3] += frequency[i]
        if len(codes) > 0:
            codes[i] = code
        if len(wanted) > 0:
            marks[i] = wanted[cell]
