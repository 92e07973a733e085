"""Exact medians and other quantiles of values that are never laid down: rounds of counting, each within a narrower range.

The first round counts every value of a cell in broad bins; the bin that holds the wanted rank becomes the next round's range,
until a bin is one whole number. Counts add over shards, on one machine or many, and memory stays small however many values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Ranges", "place_value", "quantiles"]

MOST_BINS = 1 << 19
"""Bins of one round in all; more would leave the processor's cache."""

Ints = npt.NDArray[np.int64]
Wholes = npt.NDArray[np.uint64]
U = np.uint64


@dataclass(frozen=True)
class Ranges:
    """What one round counts; it travels with a step.

    cell_of  int32 by a caller's own number: the cell, -1 for what nobody asks about
    first    uint64 [cells + 1]: the ranges of each cell
    start    uint64 [ranges]: where each begins; all are `1 << bits` wide, in bins of `1 << shift`
    """

    cell_of: npt.NDArray[np.int32]
    first: Wholes
    start: Wholes
    bits: int
    shift: int

    def counts(self) -> Ints:
        """Room for the counts: int64 [ranges, bins], zero."""
        return np.zeros((len(self.start), 1 << (self.bits - self.shift)), np.int64)

    def asked(self) -> tuple[Any, ...]:
        """What `place_value` wants to know, as it wants it."""
        return self.first, self.start, U(self.bits), U(self.shift)


@njit(cache=True, nogil=True)
def place_value(cell: Any, value: Any, first: Any, start: Any, bits: Any, shift: Any, counts: Any) -> None:
    """Count one whole value of a cell, for the loops; all without sign, so that a value below a range is far above it."""
    for r in range(first[cell], first[cell + U(1)]):
        above = value - start[r]
        if (above >> bits) == U(0):
            counts[r, above >> shift] += 1


def quantiles(sizes: Any, shares: tuple[float, ...], largest: int, count: Callable[[Ranges], Ints]) -> npt.NDArray[np.float64]:
    """The quantiles of each cell's whole values, 0 or more, by linear interpolation: float64 [shares, caller's numbers].

    sizes    int64 by the caller's number: how many values there are, exactly
    largest  no value is larger
    count    counts all values in the ranges: one walk
    """
    some = np.flatnonzero(sizes)
    out = np.full((len(shares), len(sizes)), np.nan)
    if not len(some):
        return out
    cell_of = np.full(len(sizes), -1, np.int32)
    cell_of[some] = np.arange(len(some))
    exact = np.array([share * (sizes[some] - 1) for share in shares])
    below = np.floor(exact).astype(np.int64)
    above = np.minimum(below + 1, sizes[some] - 1)
    cell = np.tile(np.arange(len(some)), 2 * len(shares))
    found = _narrowed(cell, np.concatenate([below.ravel(), above.ravel()]), cell_of, len(some), largest, count)
    low, high = found.reshape(2, len(shares), len(some))
    out[:, some] = low + (high - low) * (exact - below)
    return out


def _narrowed(cell: Ints, rank: Ints, cell_of: Any, cells: int, largest: int, count: Callable[[Ranges], Ints]) -> Ints:
    """The value at each (cell, rank)."""
    start, left, bits = np.zeros(len(cell), np.int64), rank.copy(), max(int(largest).bit_length(), 1)
    while bits:
        ranges, place = np.unique(np.stack([cell, start]), axis=1, return_inverse=True)
        place = place.reshape(-1)
        shift = bits - _step(bits, ranges.shape[1])
        first = np.searchsorted(ranges[0], np.arange(cells + 1))
        upto = count(Ranges(cell_of, first.astype(np.uint64), ranges[1].astype(np.uint64), bits, shift)).cumsum(axis=1)[place]
        bin_ = (upto <= left[:, None]).sum(axis=1)
        left -= np.where(bin_ > 0, upto[np.arange(len(left)), np.maximum(bin_ - 1, 0)], 0)
        start, bits = start + (bin_ << shift), shift
    return start


def _step(bits: int, ranges: int) -> int:
    """How many bits a round decides: as few rounds as the bins allow, of about the same size."""
    most = max((MOST_BINS // ranges).bit_length() - 1, 4)
    rounds = -(-bits // most)
    return -(-bits // rounds)
