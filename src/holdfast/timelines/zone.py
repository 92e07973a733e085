"""Local days of a time zone: the seam between UTC instants and the calendar.

A day index is a difference of local dates (1970-01-01 is day 0), never seconds / 86,400: across a daylight-saving night the
next day is day 1 (SEMANTICS 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from holdfast.errors import SettingsError

__all__ = ["DAY", "EPOCH", "LAST_SECOND", "Zone", "date_of", "day_of"]

DAY = 86_400
EPOCH = date(1970, 1, 1)
LAST_SECOND = 2**32 - 2 * DAY
"""The latest instant a timeline can hold, in the year 2106."""


def day_of(value: date) -> int:
    """The day index of a date."""
    return (value - EPOCH).days


def date_of(day: int) -> date:
    """The date of a day index."""
    return EPOCH + timedelta(days=int(day))


@dataclass(frozen=True)
class Zone:
    """An IANA time zone with its changes of offset laid out for arithmetic.

    name     IANA name
    starts   int64 seconds UTC at which each offset begins, ascending; the first covers everything before
    offsets  int64 seconds east of UTC from that instant on
    """

    name: str
    starts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]

    @staticmethod
    def named(name: str) -> Zone:
        """The zone of that IANA name; SettingsError when there is none."""
        return _zone(name)

    def offset_at(self, second: int) -> int:
        """Seconds east of UTC at an instant."""
        return int(self.offsets[np.searchsorted(self.starts, second, side="right") - 1])

    def day_at(self, second: int) -> int:
        """The local day index of an instant."""
        return (second + self.offset_at(second)) // DAY

    def days(self, seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
        """The local day index of each instant."""
        if len(self.starts) == 1:
            return np.asarray((seconds + self.offsets[0]) // DAY, np.uint16)
        place = np.searchsorted(self.starts, seconds, side="right") - 1
        days: npt.NDArray[np.uint16] = ((seconds + self.offsets[place]) // DAY).astype(np.uint16)
        return days

    def midnight(self, day: int) -> int:
        """The first instant (UTC seconds) whose local date is that day or later.

        A day that begins twice or not at all (the clock is put back or forward at midnight) begins at the first instant
        that bears its date.
        """
        low = day * DAY - 16 * 3600
        high = day * DAY + 16 * 3600
        while low < high:
            middle = (low + high) // 2
            if self.day_at(middle) >= day:
                high = middle
            else:
                low = middle + 1
        return low


@lru_cache(maxsize=64)
def _zone(name: str) -> Zone:
    try:
        info = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"there is no time zone {name!r}", "use an IANA name such as Europe/London") from error
    starts, offsets = [-(2**62)], [_offset(info, 0)]
    second = 0
    while second < 2**32:
        following = second + 7 * DAY
        if _offset(info, following) != offsets[-1] or _offset(info, second) != offsets[-1]:
            for change in _changes(info, second, following):
                starts.append(change)
                offsets.append(_offset(info, change))
        second = following
    return Zone(name, np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64))


def _offset(info: ZoneInfo, second: int) -> int:
    delta = datetime.fromtimestamp(second, UTC).astimezone(info).utcoffset()
    assert delta is not None
    return int(delta.total_seconds())


def _changes(info: ZoneInfo, low: int, high: int) -> list[int]:
    """The instants in (low, high] at which the offset changes, found day by day and then by halving."""
    found = []
    for begin in range(low, high, DAY):
        left, right = begin, min(begin + DAY, high)
        if _offset(info, left) == _offset(info, right):
            continue
        while right - left > 1:
            middle = (left + right) // 2
            if _offset(info, middle) == _offset(info, left):
                left = middle
            else:
                right = middle
        found.append(right)
    return found
