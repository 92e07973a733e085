"""Shares whose trials come several from each customer: the customer is what was drawn, so the interval follows the customers.

A share p = Σx / Σy over customers (x of a customer's y trials) has the linearised variance Σ(x − p y)² / (Σy)²; five whole sums
hold all of it. Its interval is Wilson's at the *effective* number of trials p (1 − p) / variance, at most the real number: with
one trial a customer it is Wilson's own, and where customers are alike within themselves it is wider. Where no variance can be
seen (p is 0 or 1, or one customer alone) every customer counts as one trial.

Source: Cochran (1977), Sampling Techniques, 6.3 and 9.3 (ratio estimator, clusters); Korn and Graubard (1998), Survey
Methodology 24, for an interval at the effective sample size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import normal_p, wilson_arrays

__all__ = ["Shares", "clustered", "difference"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """Many shares with their intervals.

    share, low, high  float64, 0 to 1, not-a-number where there is no trial
    trials            float64: the effective number of independent trials
    """

    share: Floats
    low: Floats
    high: Floats
    trials: Floats


def clustered(x: Any, y: Any, xx: Any, xy: Any, yy: Any, customers: Any) -> Shares:
    """The shares Σx / Σy with intervals that follow the customers.

    x, y        the sums of hits and of trials · xx, xy, yy  the sums over customers of x², x y, y²
    customers   how many customers have a trial
    All whole numbers in arrays of one shape.
    """
    hits, n, who = (np.asarray(value, np.float64) for value in (x, y, customers))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / n
        spread = np.asarray(xx, np.float64) - 2 * share * np.asarray(xy, np.float64) + share**2 * np.asarray(yy, np.float64)
        effective = share * (1 - share) * n**2 / np.maximum(spread, 0.0)
    seen = (hits > 0) & (hits < n) & (who > 1)
    trials = np.where(seen, np.minimum(np.where(np.isnan(effective), n, effective), n), who)
    whole = np.where(hits == n, trials, share * trials)
    low, high = wilson_arrays(np.where(n > 0, whole, 0.0), trials)
    return Shares(share, low, high, trials)


def difference(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> tuple[float, ...]:
    """One share less another of different customers: (difference, low, high, p).

    one, other  (share, low, high, trials) of `Shares`
    The interval is Newcombe's of the two intervals, p that of two proportions with the effective numbers of trials; 1 where
    nothing varies.
    """
    (p1, low1, high1, n1), (p2, low2, high2, n2) = one, other
    pooled = (n1 * p1 + n2 * p2) / (n1 + n2)
    scale = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n1 + 1 / n2))
    p = normal_p((p1 - p2) / scale) if scale > 0 else 1.0
    return p1 - p2, p1 - p2 - hypot(p1 - low1, high2 - p2), p1 - p2 + hypot(high1 - p1, p2 - low2), p
