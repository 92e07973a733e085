"""What customers acquired lately brought, beside what the model says of a new one.

The models learn from everyone in the data. Where these begin amid a shop's life, the first customers seen are old ones, and a
new customer is taken for better than she is. So those who first ordered after the first quarter of the data are asked: what
each brought in her first months, as many as they can be followed for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from holdfast.analyses.clv import MONTH_DAYS
from holdfast.analyses.scope import Scope
from holdfast.analyses.value.doubt import bounds
from holdfast.analyses.value.horizon import Horizon
from holdfast.events.schema import MONEY_UNITS
from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.value.tables import Told
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["FirstMonthsStep", "Lately", "lately"]

MONTHS = (12, 6, 3, 1)
"""For how many months they may be followed: as long as there are enough of them."""

SETTLED = 0.25
"""The share of the data's time after which who orders for the first time is taken for new."""

APART = 0.05
"""The model is said to be apart where it is by this share, and outside the interval."""


@dataclass(frozen=True)
class Lately:
    """What customers acquired from one day to another brought in their first months, on average.

    n       how many · first, last  days of their first orders · months  how long each was followed
    value   what one brought, first order included, with low and high (95 %)
    model   what the model says of a new customer for as long, not discounted
    """

    n: int
    first: date
    last: date
    months: int
    value: float
    low: float
    high: float
    model: float

    @property
    def apart(self) -> bool:
        """Whether the model says something else."""
        return not self.low <= self.model <= self.high and abs(self.model / self.value - 1) >= APART


@dataclass(frozen=True)
class FirstMonthsStep:
    """Adds up what customers brought in their first days: sums n, money and its squares, in the currency.

    since, until  local days of the first order, both included · days  how long each is followed
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    since: int
    until: int
    days: int

    def __call__(self, shard: Shard) -> Tally:
        """The sums of a shard."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        found = np.zeros(3)
        _add(
            shard.low, shard.high, segment, bought.offsets, bought.day, bought.amount, self.since, self.until, self.days, found
        )
        return Tally({"found": found}, {})


@njit(cache=True, nogil=True)
def _add(
    low: int, high: int, segment: Any, offsets: Any, day: Any, amount: Any, since: int, until: int, days: int, found: Any
) -> None:
    for customer in range(low, high):
        start, stop = offsets[customer], offsets[customer + 1]
        if segment[customer - low] < 0 or start == stop:
            continue
        first = np.int64(day[start])
        if first < since or first > until:
            continue
        money = np.float64(0)
        for i in range(start, stop):
            if np.int64(day[i]) < first + days:
                money += amount[i]
        money /= MONEY_UNITS
        found[0] += 1
        found[1] += money
        found[2] += money * money


def lately(timelines: Timelines, as_of: AsOf, scope: Scope, told: Told) -> Lately | None:
    """What those in scope who were acquired lately brought; None where there are too few, or there is no money."""
    from holdfast.analyses.occasions import occasions
    from holdfast.analyses.value.beside import first_values, later_value

    if not told.paid or not len(told.found):
        return None
    everyone, small = occasions(timelines, as_of), timelines.settings.small_group
    begin = int(everyone.first.min())
    since = begin + round(SETTLED * (everyone.day - begin))
    for months in (each for each in MONTHS if each <= told.valuer.horizon.months):
        days = round(months * MONTH_DAYS)
        until = everyone.day - days + 1
        if until < since:
            continue
        step = FirstMonthsStep(scope, as_of, timelines.settings.refunds, since, until, days)
        n, money, squares = timelines.walk(step).sums["found"] * (1, told.valuer.share, told.valuer.share**2)
        if n >= small:
            mean = money / n
            low, high = bounds(np.array([mean]), np.array([(squares / n - mean * mean) / (n - 1)]))
            free = replace(told.valuer, horizon=Horizon(months, 0.0))
            model = float(first_values(told).mean()) + later_value(months, free)
            return Lately(int(n), date_of(since), date_of(until), months, mean, float(low[0]), float(high[0]), model)
    return None
