"""Renewals on the calendar: the same day of the month (or the last of a shorter one), one month or one year on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Every", "Rhythm"]

Every = Literal["month", "year"]
Days = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rhythm:
    """How often contracts come up for renewal: every month or every year, from the day on which each began."""

    every: Every

    @property
    def months(self) -> int:
        """Months of a period."""
        return 1 if self.every == "month" else 12

    def passed(self, begin: Any, day: Any) -> Days:
        """Renewal days from the day after `begin` up to and including `day` (day indexes, equal shapes)."""
        month, of_month = _split(np.asarray(begin))
        now, now_of = _split(np.asarray(day))
        gone = now - month - (now_of < np.minimum(of_month, _length(now)))
        return np.asarray(np.maximum(gone, 0) // self.months, np.int64)

    def renewal(self, begin: Any, number: Any) -> Days:
        """The day of the n-th renewal of contracts begun then; 0 gives the beginning."""
        month, of_month = _split(np.asarray(begin))
        at = month + np.asarray(number, np.int64) * self.months
        return np.asarray(_first(at) + np.minimum(of_month, _length(at)) - 1, np.int64)

    def part(self, begin: Any, day: Any, number: Any) -> npt.NDArray[np.float64]:
        """How much of the period after the n-th renewal is behind at the end of a day: 0 to 1, 1 on the next renewal day."""
        start, stop = self.renewal(begin, number), self.renewal(begin, np.asarray(number) + 1)
        return np.asarray(np.clip((np.asarray(day) - start) / np.maximum(stop - start, 1), 0.0, 1.0))

    def earlier(self, day: int, periods: int) -> int:
        """The day so many periods before."""
        return int(self.renewal(np.array([day]), np.array([-periods]))[0])


def _split(day: Any) -> tuple[Days, Days]:
    """Months since 1970 and the day of the month, from 1."""
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return month, np.asarray(day - _first(month) + 1, np.int64)


def _first(month: Any) -> Days:
    return np.asarray(np.asarray(month, np.int64).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


def _length(month: Any) -> Days:
    return _first(month + 1) - _first(month)
