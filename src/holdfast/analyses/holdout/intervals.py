"""Which counts a forecast takes for likely: a customer's 90 % interval.

The shortest run of counts that has at least the chance, of equally short ones the likeliest. Counts are lumpy: one who orders
once or never may have 87 % at 0 and 96 % at 0 to 1, so that intervals of at least 90 % have 92 to 95 % on average by their own
model. How many customers they really hold is what the holdout says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["CHANCE", "likely_counts"]

CHANCE = 0.9
ROUNDING = 1e-9


def likely_counts(
    chances: npt.NDArray[np.float64], chance: float = CHANCE
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The interval of each row, both ends in it, and the probability that it has.

    chances  float64 [rows, counts]: P(k), k = 0, 1 … ; the last column stands for itself and all above
    """
    low, high = np.zeros(len(chances), np.int64), np.zeros(len(chances), np.int64)
    held = np.zeros(len(chances), np.float64)
    _search(np.ascontiguousarray(chances), chance - ROUNDING, low, high, held)
    return low, high, held


@njit(cache=True, nogil=True)
def _search(chances: Any, chance: float, low: Any, high: Any, held: Any) -> None:
    counts = chances.shape[1]
    for row in range(len(chances)):
        found, a, total = counts, 0, 0.0
        for b in range(counts):
            total += chances[row, b]
            while a < b and total - chances[row, a] >= chance:
                total -= chances[row, a]
                a += 1
            if total >= chance and (b - a < found or (b - a == found and total > held[row])):
                found, low[row], high[row], held[row] = b - a, a, b, total
        if found == counts:
            low[row], high[row], held[row] = 0, counts - 1, total
