"""How many periods have passed since a customer's entry: the calendar's, or her own (SEMANTICS 2).

- calendar   the difference of the periods that hold the two local days
- brackets   the bracket of days since entry, local days apart or n × 24 h
- elapsed    n × 24 h, exact to the second
- months     whole calendar months on the local clock: the same day of the month (or the last of a shorter one), the same time
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.timelines.zone import DAY, date_of

if TYPE_CHECKING:
    from holdfast.timelines.periods import Periods, Unit
    from holdfast.timelines.zone import Zone

__all__ = ["CALENDAR", "DAYS_APART", "ELAPSED", "MONTHS", "Clock", "calendar_clock", "elapsed_clock", "passed"]

CALENDAR, DAYS_APART, ELAPSED, MONTHS = 0, 1, 2, 3

MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
DAYS_IN = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
"""Days of an elapsed period; month, quarter and year only when months are "30 days"."""

_EMPTY = np.zeros(0, np.int32)
_NO_ZONE = np.zeros(1, np.int64)
_NO_MONTHS = np.zeros((3, 0), np.int32)


@dataclass(frozen=True)
class Clock:
    """How periods since entry are counted, laid out for a loop.

    kind    CALENDAR, DAYS_APART, ELAPSED or MONTHS
    table   int32: day → period (CALENDAR), or whole days since entry → bracket (where there are brackets), else empty
    length  seconds of a period (ELAPSED), months of a period (MONTHS)
    months  int32 [3, days]: month number, day of the month and days in the month of each day (MONTHS)
    starts, shifts  the zone's changes (MONTHS)
    """

    kind: int
    table: npt.NDArray[np.int32] = field(default_factory=lambda: _EMPTY)
    length: int = DAY
    months: npt.NDArray[np.int32] = field(default_factory=lambda: _NO_MONTHS)
    starts: npt.NDArray[np.int64] = field(default_factory=lambda: _NO_ZONE)
    shifts: npt.NDArray[np.int64] = field(default_factory=lambda: _NO_ZONE)

    def parts(self) -> tuple[Any, ...]:
        """What the loops take."""
        return self.kind, self.table, self.length, self.months, self.starts, self.shifts

    def since(self, day: int, second: int, to_day: int, to_second: int) -> int:
        """Periods passed from one instant (local day, UTC second) to another."""
        return int(passed(day, second, to_day, to_second, *self.parts()))


def calendar_clock(periods: Periods, brackets: tuple[int, ...] | None) -> Clock:
    """Periods of the calendar, or brackets of local days since the entry's day."""
    if brackets is None:
        return Clock(CALENDAR, periods.of_day())
    return Clock(DAYS_APART, _bracket_of(brackets))


def elapsed_clock(unit: Unit, brackets: tuple[int, ...] | None, month: str, zone: Zone) -> Clock:
    """A customer's own periods; month is "calendar" or "30 days"."""
    if brackets is not None:
        return Clock(ELAPSED, _bracket_of(brackets))
    if unit in MONTHS_IN and month == "calendar":
        return Clock(MONTHS, length=MONTHS_IN[unit], months=_months(), starts=zone.starts, shifts=zone.offsets)
    return Clock(ELAPSED, length=DAYS_IN[unit] * DAY)


def _bracket_of(brackets: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """For every number of days since entry, its bracket; after the last one, how many brackets there are."""
    found = np.searchsorted(np.array(brackets), np.arange(65_536), side="right")
    return found.astype(np.int32)


@lru_cache(maxsize=1)
def _months() -> npt.NDArray[np.int32]:
    table = np.empty((3, 65_536), np.int32)
    for day in range(65_536):
        date = date_of(day)
        table[0, day], table[1, day] = 12 * date.year + date.month, date.day
    last = np.flatnonzero(np.diff(table[0], append=0))
    lengths = table[1, last]
    lengths[-1] = 30  # the last day index, 2149-06-06, stands in a June
    table[2] = np.repeat(lengths, np.diff(last, prepend=-1))
    return table


@njit(cache=True, nogil=True)
def passed(
    day: Any, second: Any, to_day: Any, to_second: Any,
    kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any,
) -> Any:  # fmt: skip
    """Periods passed from (day, second) to (to_day, to_second); never below 0 (a local day may step back at midnight)."""
    if kind == CALENDAR:
        return max(table[to_day] - table[day], 0)
    if kind == DAYS_APART:
        return table[max(to_day - day, 0)]
    if kind == ELAPSED:
        gone = max(to_second - second, 0) // length
        return table[min(gone, len(table) - 1)] if len(table) > 0 else np.int32(gone)
    of_day = second + shifts[np.searchsorted(starts, second, side="right") - 1] - day * DAY
    to_of_day = to_second + shifts[np.searchsorted(starts, to_second, side="right") - 1] - to_day * DAY
    whole = months[0, to_day] - months[0, day]
    anniversary = min(months[1, day], months[2, to_day])
    if months[1, to_day] < anniversary or (months[1, to_day] == anniversary and to_of_day < of_day):
        whole -= 1
    return np.int32(max(whole, 0) // length)
