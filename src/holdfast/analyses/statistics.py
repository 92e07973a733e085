"""Intervals and tests that every analysis shares: rates, differences, survival. Pure functions over numpy, no walks.

Sources: Wilson (1927); Newcombe (1998), Statistics in Medicine 17, method 10; Benjamini and Hochberg (1995); Kaplan and Meier
(1958); Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, for the log-log interval; Brookmeyer and
Crowley (1982) for the quantile's interval; Peto and Peto (1972), Mantel (1966) for the log-rank test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = [
    "Z95",
    "LogRank",
    "Survival",
    "benjamini_hochberg",
    "chi_square_p",
    "count_interval",
    "count_ratio",
    "kaplan_meier",
    "log_rank",
    "newcombe",
    "normal_p",
    "two_proportion_z",
    "wilson",
    "wilson_arrays",
]

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals are 95 % unless another z is given."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def wilson(k: int, n: int, z: float = Z95) -> tuple[float | None, float | None]:
    """Wilson's interval of the share k / n: (low, high) within 0..1; (None, None) when n is 0.

    UsageError when k is not between 0 and n.
    """
    if not 0 <= k <= n:
        raise UsageError(f"{k} of {n} is no share", "the part must lie between 0 and the whole")
    if n == 0:
        return None, None
    share, square = k / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return (0.0 if k == 0 else max(middle - half, 0.0)), (1.0 if k == n else min(middle + half, 1.0))


def wilson_arrays(k: npt.ArrayLike, n: npt.ArrayLike, z: float = Z95) -> tuple[Floats, Floats]:
    """Wilson's intervals of many shares at once: (low, high); not-a-number where n is 0."""
    part, whole = np.asarray(k, np.float64), np.asarray(n, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, square = part / whole, z * z
        middle = (share + square / (2 * whole)) / (1 + square / whole)
        half = z * np.sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
        low = np.where(part == 0, 0.0, np.maximum(middle - half, 0.0))
        high = np.where(part == whole, 1.0, np.minimum(middle + half, 1.0))
    return np.where(whole > 0, low, np.nan), np.where(whole > 0, high, np.nan)


def count_interval(n: int, z: float = Z95) -> tuple[float, float]:
    """The interval of the mean of a Poisson count, by Byar's approximation (Breslow and Day 1987, vol. 2, 2.13)."""
    low = n * (1 - 1 / (9 * n) - z / (3 * math.sqrt(n))) ** 3 if n else 0.0
    more = n + 1
    return low, more * (1 - 1 / (9 * more) + z / (3 * math.sqrt(more))) ** 3


def count_ratio(a: int, b: int, z: float = Z95) -> tuple[float | None, float | None, float | None]:
    """The ratio a / b of two counts of independent happenings with its interval: (ratio, low, high); None where b is 0.

    Given their sum, a is binomial with share a / (a + b) (Przyborowski and Wilenski 1940): the limits are the odds of that
    share's Wilson interval. high is None where the odds have no upper limit.
    """
    if b == 0:
        return None, None, None
    low, high = wilson(a, a + b, z)
    odds = [None if share is None or share >= 1 else share / (1 - share) for share in (low, high)]
    return a / b, odds[0], odds[1]


def newcombe(k1: int, n1: int, k2: int, n2: int, z: float = Z95) -> tuple[float, float, float] | None:
    """The difference k1 / n1 − k2 / n2 of two independent shares with Newcombe's interval: (difference, low, high).

    None when either n is 0.
    """
    if n1 == 0 or n2 == 0:
        return None
    (low1, low2), (high1, high2) = wilson_arrays([k1, k2], [n1, n2], z)
    p1, p2 = k1 / n1, k2 / n2
    below = math.hypot(p1 - low1, high2 - p2)
    above = math.hypot(high1 - p1, p2 - low2)
    return p1 - p2, p1 - p2 - below, p1 - p2 + above


def two_proportion_z(k1: int, n1: int, k2: int, n2: int) -> tuple[float, float] | None:
    """The z-test that two shares are equal, with the pooled variance: (z, two-sided p).

    None when either n is 0 or nothing varies (all or none on both sides).
    """
    if n1 == 0 or n2 == 0 or k1 + k2 in (0, n1 + n2):
        return None
    pooled = (k1 + k2) / (n1 + n2)
    z = (k1 / n1 - k2 / n2) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return z, normal_p(z)


def normal_p(z: float) -> float:
    """The two-sided p of a standard normal value."""
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square_p(value: float, degrees: int) -> float:
    """The probability that a chi-square value with whole degrees of freedom is at least `value` (closed form).

    Even degrees: a Poisson sum; odd degrees: erfc and a finite sum (Abramowitz and Stegun 26.4.4, 26.4.5).
    """
    if degrees < 1:
        raise UsageError(f"{degrees} degrees of freedom", "a test needs at least one")
    if value <= 0:
        return 1.0
    half = value / 2
    if degrees % 2 == 0:
        terms = (math.exp(j * math.log(half) - half - math.lgamma(j + 1)) for j in range(degrees // 2))
        return min(1.0, sum(terms))
    terms = (math.exp((j - 0.5) * math.log(half) - half - math.lgamma(j + 0.5)) for j in range(1, (degrees + 1) // 2))
    return min(1.0, math.erfc(math.sqrt(half)) + sum(terms))


def benjamini_hochberg(p: Sequence[float | None]) -> list[float | None]:
    """The p-values adjusted so that the share of false findings stays under the chosen level; None stays None, uncounted."""
    known = sorted((value, place) for place, value in enumerate(p) if value is not None)
    out: list[float | None] = [None] * len(p)
    least = 1.0
    for rank in range(len(known), 0, -1):
        value, place = known[rank - 1]
        least = min(least, value * len(known) / rank)
        out[place] = least
    return out


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve, a point at each time at which something happened.

    time      float64, ascending, in the unit that came in
    at_risk   int64: how many were still under observation just before
    events    int64: to how many it happened then
    survival  float64: share to whom it had not happened up to and including then
    low, high float64: its log-log interval (not-a-number where it is not defined)
    n         how many in all
    """

    time: Floats
    at_risk: Ints
    events: Ints
    survival: Floats
    low: Floats
    high: Floats
    n: int

    def at(self, time: float) -> tuple[float, float | None, float | None]:
        """(survival, low, high) at a time: those of the last point at or before it; (1, None, None) before the first."""
        place = int(np.searchsorted(self.time, time, side="right")) - 1
        if place < 0:
            return 1.0, None, None
        return float(self.survival[place]), _number(self.low[place]), _number(self.high[place])

    def quantile(self, share: float = 0.5) -> tuple[float | None, float | None, float | None]:
        """The first time by which it had happened to at least `share` of all, with its interval: (time, low, high).

        0.5 gives the median. A value that the curve does not reach is None. The interval is Brookmeyer and Crowley's: the times
        at which the curve's limits reach the same height.
        """
        level = 1 - share
        return _first(self.time, self.survival, level), _first(self.time, self.low, level), _first(self.time, self.high, level)


def _number(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def _first(time: Floats, height: Floats, level: float) -> float | None:
    under = np.flatnonzero(height <= level + 1e-12)
    return float(time[under[0]]) if len(under) else None


def kaplan_meier(time: npt.ArrayLike, happened: npt.ArrayLike, weight: npt.ArrayLike | None = None, z: float = Z95) -> Survival:
    """The Kaplan-Meier curve with log-log intervals (Greenwood's variance).

    time      how long each was observed: until it happened, or until observation ended (any one unit)
    happened  1 where it happened at `time`, 0 where the observation was cut off (censored); ties: events come first
    weight    how many customers each row stands for (whole numbers); None: 1 each
    """
    times, at_risk, events, n = _risk_table(time, happened, weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival: Floats = np.cumprod(1 - events / at_risk, dtype=np.float64)
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        spread = z * np.sqrt(variance) / np.log(survival)
        low, high = survival ** np.exp(-spread), survival ** np.exp(spread)
    unknown = ~((survival > 0) & (survival < 1))
    return Survival(times, at_risk, events, survival, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high), n)


def _risk_table(time: npt.ArrayLike, happened: npt.ArrayLike, weight: npt.ArrayLike | None) -> tuple[Floats, Ints, Ints, int]:
    when = np.asarray(time, np.float64)
    each = np.ones(len(when), np.int64) if weight is None else np.asarray(weight, np.int64)
    hit = np.asarray(happened).astype(np.bool_)
    distinct, place = np.unique(when, return_inverse=True)
    leaving = np.bincount(place, each, len(distinct)).astype(np.int64)
    events = np.bincount(place, each * hit, len(distinct)).astype(np.int64)
    at_risk = leaving[::-1].cumsum()[::-1]
    some = events > 0
    return distinct[some], at_risk[some], events[some], int(each.sum())


@dataclass(frozen=True)
class LogRank:
    """The log-rank test that several groups share one survival curve.

    chi_square, degrees, p   the statistic, its degrees of freedom and the p-value
    observed, expected       events of each group, and those expected were the curves one
    """

    chi_square: float
    degrees: int
    p: float
    observed: tuple[float, ...]
    expected: tuple[float, ...]


def log_rank(
    time: npt.ArrayLike, happened: npt.ArrayLike, group: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> LogRank | None:
    """The log-rank test over groups.

    time, happened, weight  as in `kaplan_meier`; group: a label per row
    None when there are fewer than two groups or nothing happened.
    """
    labels, member = np.unique(np.asarray(group), return_inverse=True)
    at_risk, events = _grouped(time, happened, member, len(labels), weight)
    total, deaths = at_risk.sum(axis=0), events.sum(axis=0)
    if len(labels) < 2 or not deaths.sum():
        return None
    expected = at_risk * (deaths / total)
    share = at_risk / total
    spread = np.where(total > 1, deaths * (total - deaths) / np.maximum(total - 1, 1), 0.0)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    difference = (events - expected).sum(axis=1)
    degrees = len(labels) - 1
    chi = float(difference[:-1] @ np.linalg.pinv(covariance[:-1, :-1]) @ difference[:-1])
    return LogRank(
        *(chi, degrees, chi_square_p(chi, degrees)),
        observed=tuple(float(value) for value in events.sum(axis=1)),
        expected=tuple(float(value) for value in expected.sum(axis=1)),
    )


def _grouped(time: Any, happened: Any, member: Ints, groups: int, weight: Any) -> tuple[Floats, Floats]:
    """At risk and events, a row a group, a column an event time of anyone."""
    when = np.asarray(time, np.float64)
    each = np.ones(len(when), np.float64) if weight is None else np.asarray(weight, np.float64)
    distinct, place = np.unique(when, return_inverse=True)
    flat = member * len(distinct) + place
    leaving = np.bincount(flat, each, groups * len(distinct)).reshape(groups, -1)
    events = np.bincount(flat, each * np.asarray(happened).astype(np.bool_), groups * len(distinct)).reshape(groups, -1)
    at_risk: Floats = leaving[:, ::-1].cumsum(axis=1, dtype=np.float64)[:, ::-1]
    some = events.sum(axis=0) > 0
    return at_risk[:, some], events[:, some].astype(np.float64)
