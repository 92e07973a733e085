"""In which periods of the calendar each customer ordered: the rows of BG/BB, from one walk.

For charities, magazines, fairs, insurers: whoever buys at most once a year (quarter, month, week). The first period with a
counting order makes somebody a customer; each complete period after it is an *opportunity* that she takes or lets pass. A
period that is not over at the as-of is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.answer import checked_choice
from holdfast.analyses.scope import Scope
from holdfast.settings import RefundMode
from holdfast.timelines.periods import UNITS, Periods, Unit
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["UNIT_DAYS", "Opportunities", "OpportunitiesStep", "opportunities"]

Ints = npt.NDArray[np.int64]

UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
"""Days of an opportunity."""


@dataclass(frozen=True)
class Opportunities:
    """A row per customer who first ordered in a complete period, in the order of the timelines.

    ids      their ids (Arrow text) · segment int32, by the first counting order
    first    int64: the place of the first period with an order, among the periods
    x        periods with an order after the first · t_x  the last of them, counted from the first (0: none)
    n        complete periods after the first
    periods  all complete periods from the first order on · late  customers who first ordered in the period that is not over
    """

    ids: Any
    segment: npt.NDArray[np.int32]
    first: Ints
    x: Ints
    t_x: Ints
    n: Ints
    periods: Periods
    late: int

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class OpportunitiesStep:
    """Lays out the periods of a shard.

    of_day  int32 by day index: the place of the period, -1 outside · last  the place of the last complete one
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    of_day: npt.NDArray[np.int32]
    last: int

    def __call__(self, shard: Shard) -> Tally:
        """Rows ids, segment, first, x, t_x of everyone in scope with an order in a complete period; sum "late" of the
        others."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        first, x, t_x = np.zeros((3, len(segment)), np.int64)
        _lay(shard.low, shard.high, segment, bought.offsets, bought.day, self.of_day, self.last, first, x, t_x)
        late = (segment >= 0) & (first > self.last)
        some = (segment >= 0) & ~late
        rows = {"ids": shard.ids(some), "segment": segment[some], "first": first[some], "x": x[some], "t_x": t_x[some]}
        return Tally({"late": np.int64(late.sum())}, rows)


@njit(cache=True, nogil=True)
def _lay(
    low: int, high: int, segment: Any, offsets: Any, day: Any, of_day: Any, last: int, first: Any, x: Any, t_x: Any
) -> None:
    for customer in range(low, high):
        own = customer - low
        if segment[own] < 0:
            continue
        began = at = np.int64(of_day[day[offsets[customer]]])
        first[own] = began
        for i in range(offsets[customer] + 1, offsets[customer + 1]):
            period = np.int64(of_day[day[i]])
            if at < period <= last:
                x[own] += 1
                at = period
        t_x[own] = at - began


def opportunities(timelines: Timelines, as_of: AsOf, every: Unit = "year", scope: Scope | None = None) -> Opportunities:
    """The opportunities of everyone in scope with a counting order before the as-of; refunds as the settings say.

    every  day, week, month, quarter, year · scope  ready (`Scope.ready`); None: everyone
    """
    checked_choice("every", every, UNITS)
    mode, end = timelines.settings.refunds, timelines.zone.day_at(as_of.until - 1)
    begin = min(timelines.zone.day_at(timelines.meta.first_second), end)
    periods = Periods.covering(every, begin, end, timelines.settings.week_start)
    last = int(np.count_nonzero(periods.closed(end + 1))) - 1
    tally = timelines.walk(OpportunitiesStep(Scope() if scope is None else scope, as_of, mode, periods.of_day(), last))
    rows = tally.rows
    complete = Periods(every, periods.starts[: last + 2])
    return Opportunities(**rows, n=last - rows["first"], periods=complete, late=int(tally.sums["late"]))
