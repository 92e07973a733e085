"""Clusters of rows by k-means, with what speaks for and against them (Lloyd 1982; scikit-learn).

1. Columns are centred at their median and scaled by their interquartile range (their deviation where that is 0), and cut off at
   three of them; a column that does not vary is left out, an unknown value is the median.
2. For k = 2 to 8 the silhouette (Rousseeuw 1987) of the sample is taken; k are tried from the best on, and of those within 0.02
   of the best the smallest first. Under 0.25 there is no substantial structure (Kaufman and Rousseeuw 1990).
3. More than a cloud: the silhouette is above that of each of nine samples of one cloud, in which every column has the same
   values and every pair the same rank correlation, and nothing else (the manner of SigClust, Liu and others 2008, with a normal
   copula in place of the normal cloud, since counts and shares are skewed).
4. Stable: k-means on resamples of four fifths puts the same customers together; the adjusted Rand index (Hubert and Arabie
   1985) against the whole sample's clusters, over 20 resamples, is at least 0.7 on average.
The first k that passes all is taken; when none does, there are no clusters to show. All seeds are fixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.definitions import counted
from holdfast.analyses.statistics import Z95
from holdfast.analyses.threads import one_thread

__all__ = ["LEAST_STABILITY", "RESAMPLES", "Fitted", "Scaling", "Tried", "assigned", "fit_clusters"]

SAMPLE, SCORED, NULLS, RESAMPLES = 10_000, 1_500, 9, 20
LEAST_STABILITY = 0.7
LEAST_SILHOUETTE, ALIKE = 0.25, 0.02
ENOUGH = 100
"""Fewer rows than this are not clustered."""

MOST = 8
FURTHEST = 3.0
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """How columns are made comparable: which are kept, their centre and spread."""

    kept: tuple[int, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]

    def apply(self, rows: Any) -> Floats:
        """The rows [n, kept columns], in spreads from the centre, cut off at three."""
        values: Floats = (np.asarray(rows, np.float64)[:, list(self.kept)] - np.array(self.centre)) / np.array(self.spread)
        return np.asarray(np.clip(np.nan_to_num(values, nan=0.0), -FURTHEST, FURTHEST), np.float64)


@dataclass(frozen=True)
class Tried:
    """One number of clusters: its silhouette, the best of one cloud, and the mean stability with its 95 % interval.

    cloud, stability, low, high are None where they were not looked at.
    """

    k: int
    silhouette: float
    cloud: float | None = None
    stability: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Fitted:
    """What was found.

    scaling  of the columns · centres  float64 [k, kept columns] in spreads, None when no clusters may be shown
    tried    every k, in the order of k · reason  why there are none, else empty
    """

    scaling: Scaling
    centres: Floats | None
    tried: tuple[Tried, ...]
    reason: str = ""

    def assign(self, rows: Any) -> npt.NDArray[np.int64]:
        """The nearest centre of each row."""
        assert self.centres is not None
        return assigned(self.scaling.apply(rows), self.centres)


def fit_clusters(rows: Any, seed: int = 20_240_101, least: float = LEAST_STABILITY) -> Fitted:
    """Clusters of rows [n, columns], or the reason why none may be shown.

    least  the least mean adjusted Rand index that counts as stable
    """
    values = np.asarray(rows, np.float64)
    scaling = _scaling(values)
    if len(values) < ENOUGH or len(scaling.kept) < 2:
        varying = counted(len(scaling.kept), "feature that varies", "features that vary")
        few = counted(len(values), "customer") if len(values) < ENOUGH else varying
        return Fitted(scaling, None, (), f"only {few}: too few to look for clusters")
    step = max(1, -(-len(values) // SAMPLE))
    with one_thread("clusters"):
        return _chosen(scaling.apply(values[::step]), scaling, seed, least)


def _chosen(sample: Floats, scaling: Scaling, seed: int, least: float) -> Fitted:
    """The best k that is stable and more than a cloud, if any."""
    random = np.random.default_rng(seed)
    fits = {k: _fit(sample, k, seed) for k in range(2, MOST + 1)}
    scored = random.permutation(len(sample))[:SCORED]
    tried = {k: Tried(k, _silhouette(sample[scored], labels[scored])) for k, (_, labels) in fits.items()}
    clouds = _clouds(sample, random, min(len(sample), SCORED))
    for k in _order(tried):
        if tried[k].silhouette <= LEAST_SILHOUETTE:
            continue
        best = max(_silhouette(cloud, _fit(cloud, k, seed, 1)[1]) for cloud in clouds)
        tried[k] = replace(tried[k], cloud=best)
        if tried[k].silhouette <= best:
            continue
        tried[k] = _steadied(sample, fits[k][1], tried[k], seed)
        if (tried[k].stability or 0.0) >= least:
            return Fitted(scaling, fits[k][0], tuple(tried.values()))
    return Fitted(scaling, None, tuple(tried.values()), _refusal(tuple(tried.values()), least))


def _order(tried: dict[int, Tried]) -> list[int]:
    """The best silhouette first; of those that hardly differ from it the smallest k first."""
    best = max(each.silhouette for each in tried.values())
    return sorted(tried, key=lambda k: (0.0, k) if tried[k].silhouette >= best - ALIKE else (-tried[k].silhouette + 2, k))


def _refusal(tried: tuple[Tried, ...], least: float) -> str:
    clear = [each for each in tried if each.stability is not None]
    if not clear:
        best = max(each.silhouette for each in tried)
        why = f"under the {LEAST_SILHOUETTE:g} of any structure" if best <= LEAST_SILHOUETTE else "no better than one cloud's"
        return f"customers form one cloud: the best silhouette is {best:.2f}, {why}"
    steadiest = max(clear, key=lambda each: each.stability or 0.0)
    return (
        f"no clusters hold when the customers are drawn anew: the steadiest, {steadiest.k}, agree by {steadiest.stability:.2f} "
        f"(adjusted Rand index), {least:g} is asked for"
    )


def _scaling(values: Floats) -> Scaling:
    kept, centres, spreads = [], [], []
    for place in range(values.shape[1]):
        known = values[:, place][~np.isnan(values[:, place])]
        if len(known) == 0 or known.min() == known.max():
            continue
        low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
        kept.append(place)
        centres.append(float(middle))
        spreads.append(float(high - low) or float(known.std()))
    return Scaling(tuple(kept), tuple(centres), tuple(spreads))


def _fit(sample: Floats, k: int, seed: int, starts: int = 5) -> tuple[Floats, npt.NDArray[np.int64]]:
    from sklearn.cluster import KMeans

    found = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(sample)
    return np.asarray(found.cluster_centers_, np.float64), np.asarray(found.labels_, np.int64)


def _silhouette(sample: Floats, labels: npt.NDArray[np.int64]) -> float:
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(sample, labels)) if len(set(labels.tolist())) > 1 else 0.0


def _clouds(sample: Floats, random: np.random.Generator, size: int) -> list[Floats]:
    """Samples of one cloud whose columns have the values, and the rank correlations, of the rows."""
    from scipy.special import ndtr, ndtri

    n = len(sample)
    ranks = sample.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    correlation = np.corrcoef(ndtri((ranks + 0.5) / n), rowvar=False)
    ordered = np.sort(sample, axis=0)
    found = []
    for _ in range(NULLS):
        drawn = random.multivariate_normal(np.zeros(sample.shape[1]), correlation, size, method="eigh")
        places = np.minimum((ndtr(drawn) * n).astype(np.int64), n - 1)
        found.append(np.take_along_axis(ordered, places, axis=0))
    return found


def _steadied(sample: Floats, labels: npt.NDArray[np.int64], tried: Tried, seed: int) -> Tried:
    """The same k with its stability over resamples of four fifths (of at most 4,000 rows)."""
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed + tried.k)
    size = min(4 * len(sample) // 5, 4_000)
    agreed = []
    for place in range(RESAMPLES):
        drawn = random.permutation(len(sample))[:size]
        centres, _ = _fit(sample[drawn], tried.k, seed + place)
        agreed.append(float(adjusted_rand_score(labels, assigned(sample, centres))))
    mean, half = float(np.mean(agreed)), Z95 * float(np.std(agreed, ddof=1)) / math.sqrt(RESAMPLES)
    return replace(tried, stability=mean, low=max(mean - half, -1.0), high=min(mean + half, 1.0))


def assigned(values: Floats, centres: Floats) -> npt.NDArray[np.int64]:
    """The nearest centre of each row; both in spreads from the middle."""
    away = (values * values).sum(axis=1)[:, None] - 2 * values @ centres.T + (centres * centres).sum(axis=1)
    return np.asarray(away.argmin(axis=1), np.int64)
