"""The cut points of RFM: four for each measure, found as exact quintiles or given (SEMANTICS 19).

*quantile*: quintiles over the scored customers, with linear interpolation (type 7 of Hyndman and Fan 1996), kept as fractions.
*cuts*: given. *r-package*: quintiles plus one (a day, an order, a unit of the currency), as the R package rfm.

Order statistics come from counting, not sorting: a histogram finds the bucket of each, and only those buckets are looked into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.errors import UsageError
from holdfast.events.schema import MONEY_UNITS

__all__ = ["METHODS", "Cuts", "Method", "find_cuts"]

Method = Literal["quantile", "cuts", "r-package"]
METHODS: tuple[Method, ...] = ("quantile", "cuts", "r-package")
BUCKETS = 1 << 16
_UNITS = (1, 1, MONEY_UNITS)


@dataclass(frozen=True)
class Cuts:
    """Four cut points for each measure, ascending.

    recency in days · frequency in orders · monetary in the currency
    bounds  int [3][4]: a whole value (days, orders, ten-thousandths) is past a cut point when it is greater than its bound
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]
    bounds: tuple[tuple[int, ...], ...]

    @staticmethod
    def given(recency: Sequence[float], frequency: Sequence[float], monetary: Sequence[float]) -> Cuts:
        """Cut points by hand; UsageError unless there are four of each, ascending."""
        bounds = []
        for name, points, unit in zip(
            ("recency", "frequency", "monetary"), (recency, frequency, monetary), _UNITS, strict=True
        ):
            if len(points) != 4 or list(points) != sorted(points):
                raise UsageError(f"the cut points of {name} are {list(points)}", "give four, ascending")
            bounds.append(tuple(floor(Decimal(str(point)) * unit) for point in points))
        return Cuts(tuple(recency), tuple(frequency), tuple(monetary), tuple(bounds))


def find_cuts(method: Method, rows: dict[str, Any]) -> Cuts:
    """The cut points of measured customers by "quantile" or "r-package"; of nobody all are 0.

    rows  what `Measure` gives: recency uint16, frequency int32 (0: not scored), monetary int64
    """
    points, bounds = [], []
    for name, unit in zip(("recency", "frequency", "monetary"), _UNITS, strict=True):
        exact = _quintiles(rows["frequency"], rows[name])
        if method == "r-package":
            exact = [point + unit for point in exact]
            bounds.append(tuple(ceil(point) - 1 for point in exact))
        else:
            bounds.append(tuple(floor(point) for point in exact))
        points.append(tuple(float(point / unit) for point in exact))
    return Cuts(points[0], points[1], points[2], tuple(bounds))


def _quintiles(frequency: npt.NDArray[Any], values: npt.NDArray[Any]) -> list[Fraction]:
    """The exact 20, 40, 60 and 80 % points of the values of those with a frequency; 0 of nobody."""
    n, low, high = _extent(frequency, values)
    if n == 0:
        return [Fraction(0)] * 4
    places = [divmod((n - 1) * fifth, 5) for fifth in (1, 2, 3, 4)]
    ranks = sorted({min(rank + step, n - 1) for rank, _ in places for step in (0, 1)})
    at = dict(zip(ranks, _order_statistics(frequency, values, ranks, low, high), strict=True))
    return [at[rank] + Fraction(rest, 5) * (at[min(rank + 1, n - 1)] - at[rank]) for rank, rest in places]


def _order_statistics(
    frequency: npt.NDArray[Any], values: npt.NDArray[Any], ranks: list[int], low: int, high: int
) -> list[int]:
    """The values of those ranks (0 is the smallest) among values from low to high."""
    shift = max((high - low).bit_length() - BUCKETS.bit_length() + 1, 0)
    counts = np.zeros(BUCKETS, np.int64)
    _count(frequency, values, low, shift, counts)
    upto = np.cumsum(counts)
    buckets = np.searchsorted(upto, ranks, side="right")
    if shift == 0:
        return [low + int(bucket) for bucket in buckets]
    wanted = np.zeros(BUCKETS, np.bool_)
    wanted[buckets] = True
    inside = np.sort(_collect(frequency, values, low, shift, wanted, int(counts[wanted].sum())))
    kept = np.cumsum(np.where(wanted, counts, 0))
    return [int(inside[rank - (upto[bucket] - kept[bucket])]) for rank, bucket in zip(ranks, buckets, strict=True)]


@njit(cache=True, nogil=True)
def _extent(frequency: Any, values: Any) -> Any:
    n, low, high = 0, np.int64(0), np.int64(0)
    for i in range(len(values)):
        if frequency[i] > 0:
            value = np.int64(values[i])
            low = value if n == 0 else min(low, value)
            high = value if n == 0 else max(high, value)
            n += 1
    return n, low, high


@njit(cache=True, nogil=True)
def _count(frequency: Any, values: Any, low: int, shift: int, counts: Any) -> None:
    for i in range(len(values)):
        if frequency[i] > 0:
            counts[(np.int64(values[i]) - low) >> shift] += 1


@njit(cache=True, nogil=True)
def _collect(frequency: Any, values: Any, low: int, shift: int, wanted: Any, size: int) -> Any:
    out = np.empty(size, np.int64)
    at = 0
    for i in range(len(values)):
        if frequency[i] > 0 and wanted[(np.int64(values[i]) - low) >> shift]:
            out[at] = values[i]
            at += 1
    return out
