"""The clusters of a business: fitted once per as-of, named by what sets each apart, and carried to every customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.clusters.features import FEATURES, LOGGED, FeatureStep, features_of
from holdfast.analyses.clusters.fit import LEAST_STABILITY, Fitted, Scaling, Tried, assigned, fit_clusters
from holdfast.timelines.walk import Shard
from holdfast.timelines.zone import Zone

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["ClusterModel", "Contrast", "cluster_model", "compared"]

PHRASES = {
    "orders": ("order seldom", "order often"),
    "order value": ("small baskets", "large baskets"),
    "days since last seen": ("seen lately", "long not seen"),
    "days known": ("known for short", "known for long"),
    "visits": ("come seldom", "come often"),
    "steps a visit": ("short visits", "long visits"),
    "irregularity": ("come regularly", "come irregularly"),
    "breadth": ("look at few things", "look at many things"),
    "evening share": ("come by day", "come in the evening"),
    "discount share": ("buy at full price", "buy at a discount"),
}
"""What a low and a high value of a feature is called."""


@dataclass(frozen=True)
class Contrast:
    """How one feature of a cluster differs from all: its mean less that of all, over the deviation of all (compared values)."""

    cluster: int
    feature: str
    difference: float


@dataclass(frozen=True)
class ClusterModel:
    """Clusters that may be shown, or why there are none; a value that travels with a step.

    step       the features · scaling, centres  of the fit; centres empty when there are none, ordered by size
    names      what sets each apart · contrasts  every feature of every cluster
    tried      every k and what spoke for it · reason  why there are none, else empty · fitted_on  rows of the fit
    """

    step: FeatureStep
    scaling: Scaling
    centres: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    contrasts: tuple[Contrast, ...]
    tried: tuple[Tried, ...]
    reason: str
    fitted_on: int

    def codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """The cluster of each customer of the shard, from 1; 0 for those out of scope."""
        return self.placed(self.step.features(shard), self.step.inside(shard))

    def codes_at(self, shard: Shard, instants: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
        """The clusters as of several instants (UTC seconds, exclusive), by the centres of now: 0 for who was not there yet."""
        zone = Zone.named(shard.columns.meta.zone)
        for until in instants:
            today = zone.day_at(until - 1)
            step = replace(self.step, rule=self.step.rule.at(until))
            features = features_of(shard, step.rule, step.breadth, step.discount, today, keep=False)
            yield self.placed(features, step.inside(shard))

    def placed(self, features: Any, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """The same from features at hand."""
        out = np.zeros(len(inside), np.uint8)
        if self.centres and inside.any():
            rows = self.scaling.apply(compared(features[inside]))
            out[inside] = assigned(rows, np.array(self.centres)) + 1
        return out


def compared(features: Any) -> npt.NDArray[np.float64]:
    """Features as they are compared: counts, money and days by their logarithm."""
    rows = np.asarray(features, np.float64).copy()
    for name in LOGGED:
        place = FEATURES.index(name)
        rows[:, place] = np.log1p(rows[:, place])
    return rows


def cluster_model(timelines: Timelines, step: FeatureStep, least: float = LEAST_STABILITY) -> ClusterModel:
    """The clusters of those customers; fitted once and kept with the timelines.

    Customers are taken in the order of the hash of their id, so neither shards nor engines change what is fitted.
    """
    key = ("clusters", step, least)
    kept = timelines.source.kept
    if key not in kept:
        rows = timelines.walk(step).rows
        features = rows["features"][np.argsort(rows["hash"], kind="stable")]
        kept[key] = _model(step, compared(features), least)
    found: ClusterModel = kept[key]
    return found


def _model(step: FeatureStep, rows: npt.NDArray[np.float64], least: float) -> ClusterModel:
    fitted = fit_clusters(rows, least=least)
    if fitted.centres is None:
        return ClusterModel(step, fitted.scaling, (), (), (), fitted.tried, fitted.reason, len(rows))
    member = fitted.assign(rows)
    order = np.argsort(-np.bincount(member, minlength=len(fitted.centres)), kind="stable")
    centres = fitted.centres[order]
    contrasts = _contrasts(fitted, rows, np.argsort(order)[member], len(centres))
    return ClusterModel(
        *(step, fitted.scaling, tuple(tuple(map(float, centre)) for centre in centres), _names(contrasts, len(centres))),
        *(contrasts, fitted.tried, "", len(rows)),
    )


def _contrasts(fitted: Fitted, rows: Any, member: Any, k: int) -> tuple[Contrast, ...]:
    """The standardised difference of each kept feature in each cluster, the largest first."""
    values = fitted.scaling.apply(rows)
    middle, spread = values.mean(axis=0), values.std(axis=0)
    found = []
    for cluster in range(k):
        apart = (values[member == cluster].mean(axis=0) - middle) / np.where(spread > 0, spread, 1.0)
        by_size = sorted(zip(fitted.scaling.kept, apart.tolist(), strict=True), key=lambda each: (-abs(each[1]), each[0]))
        found += [Contrast(cluster, FEATURES[place], difference) for place, difference in by_size]
    return tuple(found)


def _names(contrasts: tuple[Contrast, ...], k: int) -> tuple[str, ...]:
    """Each cluster by its two largest differences; a third one, and more, where two clusters would be called the same."""
    for words in range(2, len(FEATURES) + 1):
        names = tuple(_called([one for one in contrasts if one.cluster == cluster][:words]) for cluster in range(k))
        if len(set(names)) == k:
            return names
    return tuple(f"{name} ({place + 1})" for place, name in enumerate(names))


def _called(contrasts: list[Contrast]) -> str:
    return ", ".join(PHRASES[one.feature][one.difference > 0] for one in contrasts)
