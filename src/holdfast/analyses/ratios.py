"""Ratios of sums with intervals: items per order, price of a piece, a share of money. The customers are what was drawn.

Orders of one customer resemble each other, so the spread is that between customers: y and x are added up per customer first,
and the ratio's variance is that of its linear form (delta method), n / (n − 1) × Σ (y − R x)² / (Σ x)². A difference of two
ratios of the same customers takes their covariance along.

Source: Cochran (1977), Sampling Techniques, 3rd edition, chapter 6 (ratio estimators) and 9A (clusters of unequal size).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import Z95

__all__ = ["Ratio", "difference", "product", "ratio"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ratio:
    """A number with its 95 % interval; all None with nothing to divide by, the interval with fewer than two customers."""

    value: float | None
    low: float | None
    high: float | None


def ratio(y: Floats, x: Floats, least: float = -math.inf, most: float = math.inf) -> Ratio:
    """Σ y / Σ x.

    y, x         float64 [customers]: sums of each customer; a customer whose x is 0 was not drawn
    least, most  what the number cannot leave: its interval is cut there
    """
    drawn = x > 0
    whole = float(x.sum())
    if not whole:
        return Ratio(None, None, None)
    value = float(y.sum()) / whole
    half = _half(_linear(y, x), int(np.count_nonzero(drawn)))
    if half is None:
        return Ratio(value, None, None)
    return Ratio(value, max(value - half, least), min(value + half, most))


def difference(y1: Floats, x1: Floats, y2: Floats, x2: Floats) -> Ratio:
    """Σ y2 / Σ x2 − Σ y1 / Σ x1, the sums of the same customers in the same order."""
    one, two = ratio(y1, x1), ratio(y2, x2)
    if one.value is None or two.value is None:
        return Ratio(None, None, None)
    value = two.value - one.value
    half = _half(_linear(y2, x2) - _linear(y1, x1), int(np.count_nonzero((x1 > 0) | (x2 > 0))))
    if half is None or one.low is None or two.low is None:
        return Ratio(value, None, None)
    return Ratio(value, value - half, value + half)


def product(y1: Floats, x1: Floats, y2: Floats, x2: Floats) -> Ratio:
    """Σ y1 / Σ x1 × Σ y2 / Σ x2, of the same customers in the same order, such as contacts a month times minutes a contact."""
    one, two = ratio(y1, x1), ratio(y2, x2)
    if one.value is None or two.value is None:
        return Ratio(None, None, None)
    value = one.value * two.value
    half = _half(two.value * _linear(y1, x1) + one.value * _linear(y2, x2), int(np.count_nonzero((x1 > 0) | (x2 > 0))))
    if half is None or one.low is None or two.low is None:
        return Ratio(value, None, None)
    return Ratio(value, max(value - half, 0.0), value + half)


def _linear(y: Floats, x: Floats) -> Floats:
    """What each customer moves the ratio by, to the first order."""
    whole = x.sum()
    found: Floats = (y - y.sum() / whole * x) / whole
    return found


def _half(linear: Floats, n: int) -> float | None:
    """Half of the interval's width; None with fewer than two customers."""
    return None if n < 2 else Z95 * math.sqrt(n / (n - 1) * float(np.square(linear).sum()))
