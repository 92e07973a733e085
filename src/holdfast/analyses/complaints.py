"""Who has complained lately: the last event of complaint of each customer (settings.complaints)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["last_complaints", "matching"]


def matching(meta: Meta, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The events of the data that one of the names or patterns means."""
    return tuple(name for name in meta.events[1:] if any(fnmatchcase(name, pattern) for pattern in patterns))


def last_complaints(shard: Shard, names: tuple[str, ...], since: int, until: int) -> npt.NDArray[np.int64]:
    """The UTC second of each customer's last such event, -1 for none.

    names  events of complaint · since  the first local day index on which one counts · until  UTC second, exclusive
    """
    columns = shard.columns
    chosen = np.zeros(max(len(columns.meta.events), 1), np.bool_)
    chosen[1:] = np.isin(np.array(columns.meta.events[1:]), names)
    out = np.full(shard.high - shard.low, -1, np.int64)
    if chosen.any():
        events = (columns.offsets, columns.code, columns.day, columns.second)
        _last_said(shard.low, shard.high, *events, chosen, until, since, out)
    return out


@njit(cache=True, nogil=True)
def _last_said(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, chosen: Any, until: int, since: int, out: Any
) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            # One day of grace: a clock put back at midnight gives two events the days the other way round.
            if np.int64(day[i]) + 1 < since:
                break
            if second[i] < until and day[i] >= since and chosen[code[i]]:
                out[customer - low] = second[i]
                break
