"""The life cycle as a trait: each customer's state in the last complete month, for `--by lifecycle` of any other question.

Calendar months and the counting events of the settings, as of the question's own as-of: a trait of now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.bridge_walks import Counting, counting_of
from holdfast.analyses.lifecycle.walk import STATES, states_at
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.periods import Periods
from holdfast.timelines.walk import Shard
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "LifeTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *STATES)
"""The values by code; not known is everybody while no month is over."""


@dataclass(frozen=True)
class LifeTrait:
    """The state of each customer in one month; it travels with a step.

    counting  which events count as activity
    first     day index of the first day of the data
    begin     day index of the month's first day; -1: no month is over
    end       day index of the day after it
    """

    counting: Counting
    first: int
    begin: int
    end: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        return shard.once(("lifecycle", self), lambda: self._codes(shard))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        if self.begin < 0:
            return np.zeros(shard.high - shard.low, np.uint8)
        months = Periods.covering("month", min(self.first, self.begin), self.end)
        place = int(np.searchsorted(months.starts, self.begin))
        days = self.counting.days(shard)
        of_day = months.of_day()
        # Later days stand in one period after the last, so that a customer born after it is known as "not yet".
        of_day[of_day < 0] = len(months)
        states: npt.NDArray[np.uint8] = states_at(days.offsets, days.day, of_day, place)
        return states + np.uint8(1)


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> LifeTrait:
    """The trait as of an instant."""
    end = day_of(as_of.last)
    first = min(timelines.zone.day_at(timelines.meta.first_second), end)
    months = Periods.covering("month", first, end)
    over = np.flatnonzero(months.closed(max(as_of.day, 0)))
    counting = counting_of(timelines.settings, timelines.meta, as_of.until)
    begin, until = (int(months.starts[over[-1] + side]) for side in (0, 1)) if len(over) else (-1, -1)
    return LifeTrait(counting, first, begin, until)
