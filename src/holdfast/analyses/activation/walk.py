"""The walk of activation: how long from a customer's entry to her n-th activating event, and whether she stayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.first_days import Window, event_mask
from holdfast.timelines.walk import Shard, Tally

__all__ = ["NEVER", "ReachStep", "Value", "Who"]

NEVER = -1


@dataclass(frozen=True)
class Value:
    """What a customer came for: some events, or events with a value of a property, or counting orders; the n-th of them.

    events    names of events; None: counting orders
    property  with `code`: events whose property has that value code, whatever their name · times  how many make it
    """

    events: tuple[str, ...] | None
    property: str | None = None
    code: int = 0
    times: int = 1


@dataclass(frozen=True)
class Who:
    """Customers to name, by entry cohort and when they reached the value.

    cohort   -1: all · within  seconds observed in full; None: whoever entered
    reached  within those seconds or not (None: either)
    """

    cohort: int = -1
    within: int | None = None
    reached: bool | None = None


@dataclass(frozen=True)
class ReachStep:
    """Who reached the value when.

    cohort  int32 cohort by day index of the entry · wanted  whom to name: a `Who`, or
            `early`: (reached in the first days or not, stayed or not, None: either); None names nobody
    """

    window: Window
    value: Value
    cohort: npt.NDArray[np.int32]
    wanted: Who | None = None
    early: tuple[bool | None, int | None] | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Rows, one a customer who entered: "seconds" int64 to the value (-1: not by the as-of), "seen" int64 seconds observed,
        "cohort" int32, "days" int64 local days to it (-1), "stayed" int8. With someone wanted: rows "customer" alone.
        """
        entered = self.window.of(shard)
        seconds, seen, days = self._reached(shard, entered.place, entered.day)
        inside = entered.place >= 0
        cohort = self.cohort[np.clip(entered.day, 0, len(self.cohort) - 1)]
        each = {"seconds": seconds, "seen": seen, "days": days, "cohort": cohort, "stayed": entered.stayed}
        rows: dict[str, Any] = {name: values[inside] for name, values in each.items()}
        if self.wanted is None and self.early is None:
            return Tally({}, rows)
        marked = inside & self._wanted(seconds, seen, cohort) & self._early(days, entered.stayed)
        return Tally({}, {"customer": shard.ids(marked)})

    def _wanted(self, seconds: Any, seen: Any, cohort: Any) -> npt.NDArray[np.bool_]:
        marked: npt.NDArray[np.bool_] = np.ones(len(seconds), np.bool_)
        if self.wanted is None:
            return marked
        if self.wanted.cohort >= 0:
            marked &= cohort == self.wanted.cohort
        within = self.wanted.within
        if within is not None:
            marked &= seen >= within
        if self.wanted.reached is not None:
            reached = (seconds != NEVER) & (True if within is None else seconds <= within)
            marked &= reached == self.wanted.reached
        return marked

    def _early(self, days: Any, stayed: Any) -> npt.NDArray[np.bool_]:
        if self.early is None:
            return np.ones(len(days), np.bool_)
        marked: npt.NDArray[np.bool_] = stayed >= 0
        soon, kept = self.early
        if soon is not None:
            marked &= ((days >= 0) & (days < self.window.first_days)) == soon
        if kept is not None:
            marked &= stayed == kept
        return marked

    def _reached(self, shard: Shard, place: Any, day: Any) -> tuple[Any, Any, Any]:
        columns, until = shard.columns, self.window.as_of.until
        seconds, seen, days = (np.full(shard.high - shard.low, NEVER, np.int64) for _ in range(3))
        span: tuple[Any, ...] = (shard.low, shard.high, columns.offsets, columns.second, place, day, until)
        if self.value.events is None:
            bought = shard.source.purchases(until, self.window.mode)
            rows: tuple[Any, ...] = (bought.offsets, bought.day, bought.second, columns.code[:0], np.zeros(1, np.bool_))
            ignored, begin = columns.code[:0], place * 0
        elif self.value.property is not None:
            codes = columns.properties[self.value.property]
            mask = np.zeros(max(len(columns.meta.properties[self.value.property]), 1), np.bool_)
            mask[self.value.code] = True
            rows, ignored, begin = (columns.offsets, columns.day, columns.second, codes, mask), columns.code, place
        else:
            rows = (columns.offsets, columns.day, columns.second, columns.code, event_mask(columns.meta, self.value.events))
            ignored, begin = columns.code[:0], place
        told: tuple[Any, ...] = (*span, *rows, begin, ignored, self.value.times, seconds, seen, days)
        _reach(*told)
        return seconds, seen, days


@njit(cache=True, nogil=True)
def _reach(
    low: int, high: int, own: Any, own_second: Any, place: Any, entry: Any, until: int, offsets: Any, day: Any, second: Any,
    code: Any, counted: Any, begin: Any, ignored: Any, times: int, seconds: Any, seen: Any, days: Any,
) -> None:  # fmt: skip
    """Seconds and local days from the entry to the n-th counting row at or after it; `own` are all events, `offsets` the rows.

    begin  at which of the customer's rows to begin · ignored  event codes, where rows of code 0 must be left out; or empty
    """
    for customer in range(low, high):
        me = customer - low
        if place[me] < 0:
            continue
        start = np.int64(own_second[own[customer] + place[me]])
        seen[me] = until - start
        count = 0
        for i in range(offsets[customer] + begin[me], offsets[customer + 1]):
            when = np.int64(second[i])
            if when >= until:
                break
            if when < start or (len(code) > 0 and not counted[code[i]]) or (len(ignored) > 0 and ignored[i] == 0):
                continue
            count += 1
            if count == times:
                seconds[me] = when - start
                days[me] = max(np.int64(day[i]) - entry[me], 0)
                break
