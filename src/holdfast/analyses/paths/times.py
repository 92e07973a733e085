"""The median and the 90th percentile of many groups of durations at once, exact (linear between ranks, as in SQL)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["median_and_p90"]

LEVELS = (0.5, 0.9)
WORTH_A_THREAD = 50_000
"""From so many durations on a cell is settled beside the others."""


def median_and_p90(which: Any, took: Any, cells: int) -> npt.NDArray[np.float64]:
    """float64 [2, cells]: the median and the 90th percentile of each cell's durations, not-a-number where it has none.

    which  int32: the cell of each duration · took  uint32 seconds
    """
    ends, grouped = _grouped(which, took, cells)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    out = np.full((2, cells), np.nan)
    some = np.flatnonzero(ends > starts)

    def settle(cell: int) -> None:
        out[:, cell] = _levels(grouped[starts[cell] : ends[cell]])

    large = ends[some] - starts[some] >= WORTH_A_THREAD
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(settle, cell) for cell in some[large].tolist()]
        for cell in some[~large].tolist():
            settle(cell)
        for one in waiting:
            one.result()
    return out


def _levels(values: Any) -> list[float]:
    """The levels of a run of durations, which is reordered."""
    places = [level * (len(values) - 1) for level in LEVELS]
    ranks = sorted({rank for place in places for rank in (int(place), min(int(place) + 1, len(values) - 1))})
    values.partition(ranks)
    found = []
    for place in places:
        below, above = float(values[int(place)]), float(values[min(int(place) + 1, len(values) - 1)])
        found.append(below + (above - below) * (place - int(place)))
    return found


@njit(cache=True, nogil=True)
def _grouped(which: Any, took: Any, cells: int) -> Any:
    """Where each cell's durations end, and all durations, cell after cell."""
    ends = np.zeros(cells, np.int64)
    for one in which:
        ends[one] += 1
    at = np.zeros(cells, np.int64)
    for cell in range(1, cells):
        at[cell] = at[cell - 1] + ends[cell - 1]
    grouped = np.empty(len(took), np.uint32)
    for i in range(len(took)):
        grouped[at[which[i]]] = took[i]
        at[which[i]] += 1
    return at, grouped
