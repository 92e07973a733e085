"""Periods of the calendar: half-open intervals of local dates, laid out as a table from day to period (SEMANTICS 1, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError
from holdfast.timelines.zone import date_of, day_of

__all__ = ["UNITS", "Periods", "Unit"]

Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Periods:
    """Consecutive periods that cover a span of days.

    unit    day, week, month, quarter, year
    starts  int64 day index of each period's first day, and one more: where the last one ends
    """

    unit: Unit
    starts: npt.NDArray[np.int64]

    @staticmethod
    def covering(unit: Unit, first_day: int, last_day: int, week_start: int = 1) -> Periods:
        """The periods from the one that holds `first_day` to the one that holds `last_day` (day indexes, inclusive)."""
        if unit not in UNITS:
            raise UsageError(f"there is no period {unit!r}", f"choose one of {', '.join(UNITS)}")
        starts = [day_of(_begin(unit, date_of(first_day), week_start))]
        while starts[-1] <= last_day:
            starts.append(day_of(_following(unit, date_of(starts[-1]))))
        return Periods(unit, np.array(starts, np.int64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of_day(self) -> npt.NDArray[np.int32]:
        """For every day index up to 65,535, the period that holds it; -1 outside."""
        table = np.full(65_536, -1, np.int32)
        for place in range(len(self)):
            table[max(self.starts[place], 0) : self.starts[place + 1]] = place
        return table

    def label(self, place: int) -> str:
        """How a period is written: 2011-03-07, 2011-W10 (a week starting on Monday), 2011-03, 2011-Q1, 2011."""
        return _label(self.unit, date_of(int(self.starts[place])))

    def labels(self) -> list[str]:
        """The labels of all periods."""
        return [self.label(place) for place in range(len(self))]

    def closed(self, day: int) -> npt.NDArray[np.bool_]:
        """Which periods are over when `day` is the first open day."""
        ended: npt.NDArray[np.bool_] = self.starts[1:] <= day
        return ended

    def find(self, text: str) -> int:
        """The place of the period of that label; UsageError with the span when there is none."""
        labels: Sequence[str] = self.labels()
        if text not in labels:
            raise UsageError(
                f"no {self.unit} is called {text!r}", f"they run from {labels[0]} to {labels[-1]}" if labels else ""
            )
        return labels.index(text)


def _begin(unit: Unit, day: date, week_start: int) -> date:
    if unit == "week":
        return day - timedelta(days=(day.isoweekday() - week_start) % 7)
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _following(unit: Unit, start: date) -> date:
    if unit in ("day", "week"):
        return start + timedelta(days=1 if unit == "day" else 7)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    month = start.month - 1 + months
    return date(start.year + month // 12, month % 12 + 1, 1)


def _label(unit: Unit, start: date) -> str:
    if unit == "week":
        if start.isoweekday() != 1:
            return f"week of {start.isoformat()}"
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    if unit == "month":
        return f"{start:%Y-%m}"
    if unit == "quarter":
        return f"{start.year}-Q{(start.month - 1) // 3 + 1}"
    return f"{start.year}" if unit == "year" else start.isoformat()
