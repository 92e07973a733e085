"""Comparing two groups within strata, and shares that rise with a score. Pure functions over numpy, no walks.

A stratum holds people alike in what is not asked about: the same month, as active, with a basket as large. The difference is
taken within each and pooled, so that what differs between strata explains none of it.

Sources: Mantel and Haenszel (1959) and Cochran (1954) for the test; Greenland and Robins (1985), Biometrics 41, for the pooled
difference; Sato, Greenland and Robins (1989), Biometrics 45, for its variance, which holds for few large strata and for many
sparse ones alike; Rothman, Greenland and Lash (2008), Modern Epidemiology, 3rd edition, chapter 15; Armitage (1955), Biometrics
11, for the trend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import Z95, normal_p

__all__ = ["Stratified", "Trend", "mantel_haenszel", "trend_of_shares"]


@dataclass(frozen=True)
class Stratified:
    """The difference of two shares, pooled over strata.

    difference, low, high  first share minus second, with its interval; None when no stratum holds people of both groups
    chi_square, p          the Cochran-Mantel-Haenszel test (one degree of freedom); None when nothing varies within strata
    compared               how many people of both groups stand in strata that hold both; the others tell nothing
    fewest                 of these, how many there are of the smaller group
    """

    difference: float | None
    low: float | None
    high: float | None
    chi_square: float | None
    p: float | None
    compared: int
    fewest: int


def mantel_haenszel(
    k1: npt.ArrayLike, n1: npt.ArrayLike, k0: npt.ArrayLike, n0: npt.ArrayLike, z: float = Z95, continuity: float = 0.0
) -> Stratified:
    """The shares k1 / n1 and k0 / n0 compared within strata.

    k1, n1, k0, n0  one value a stratum: hits and people of the first and of the second group
    z               of the interval · continuity  taken off the test's difference, 0.5 for the corrected test
    """
    a, first, b, second = (np.asarray(part, np.float64) for part in (k1, n1, k0, n0))
    both = (first > 0) & (second > 0)
    a, first, b, second = a[both], first[both], b[both], second[both]
    n = first + second
    if not len(n):
        return Stratified(None, None, None, None, None, 0, 0)
    weight = first * second / n
    difference = float(((a * second - b * first) / n).sum() / weight.sum())
    part = (first**2 * b - second**2 * a + first * second * (second - first) / 2) / n**2
    rest = (a * (second - b) + b * (first - a)) / (2 * n)
    spread = z * math.sqrt(max(0.0, float(difference * part.sum() + rest.sum()))) / float(weight.sum())
    low, high = max(difference - spread, -1.0), min(difference + spread, 1.0)
    chi, p = _tested(a, first, b, second, continuity)
    return Stratified(difference, low, high, chi, p, int(n.sum()), int(min(first.sum(), second.sum())))


def _tested(
    a: npt.NDArray[np.float64], first: npt.NDArray[np.float64], b: npt.NDArray[np.float64], second: npt.NDArray[np.float64],
    continuity: float,
) -> tuple[float | None, float | None]:  # fmt: skip
    n, hits = first + second, a + b
    variance = float((first * second * hits * (n - hits) / (n**2 * np.maximum(n - 1, 1))).sum())
    if variance <= 0:
        return None, None
    off = max(abs(float((a - first * hits / n).sum())) - continuity, 0.0)
    return off**2 / variance, normal_p(off / math.sqrt(variance))


@dataclass(frozen=True)
class Trend:
    """The Cochran-Armitage test that a share rises (or falls) with a score.

    slope  change of the share per one of the score (weighted least squares) · z, p  the test, two-sided
    """

    slope: float
    z: float
    p: float


def trend_of_shares(k: npt.ArrayLike, n: npt.ArrayLike, score: npt.ArrayLike) -> Trend | None:
    """The trend of the shares k / n over a score.

    k, n, score  one value a group: hits, people, and the number that the groups are ordered by
    None when fewer than two scores hold people, or nothing varies.
    """
    hits, people, scores = (np.asarray(part, np.float64) for part in (k, n, score))
    total = float(people.sum())
    if total == 0:
        return None
    share = float(hits.sum()) / total
    away = scores - float((people * scores).sum()) / total
    width = float((people * away**2).sum())
    if width <= 0 or share in (0.0, 1.0):
        return None
    lean = float((away * hits).sum())
    z = lean / math.sqrt(share * (1 - share) * width)
    return Trend(lean / width, z, normal_p(z))
