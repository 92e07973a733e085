"""Clusters as a trait: `--by cluster` and `--where "cluster=cluster 1"` of any other question, as long as clusters hold.

The clusters are those of `Clusters()` with its defaults, as of the question's own as-of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from holdfast.analyses.clusters.model import ClusterModel
from holdfast.analyses.clusters.question import CLUSTERS, Clusters
from holdfast.errors import UsageError
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "ClusterTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *CLUSTERS)
"""The values by code; who was not placed has none."""


@dataclass(frozen=True)
class ClusterTrait:
    """The cluster of each customer; it travels with a step."""

    model: ClusterModel

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    @property
    def names(self) -> tuple[str, ...]:
        """What sets each cluster apart, from the first."""
        return self.model.names

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        return shard.once(("cluster codes", self.model), lambda: self.model.codes(shard))

    def codes_at(self, shard: Shard, instants: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
        """The value codes as of several instants, by the centres of now."""
        yield from self.model.codes_at(shard, instants)


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> ClusterTrait:
    """The trait as of an instant; UsageError, with the reason, when no clusters hold."""
    model = Clusters(as_of=as_of).model(timelines)  # type: ignore[arg-type]  # an AsOf is an as-of already
    if not model.centres:
        raise UsageError(f"there are no clusters: {model.reason}", "split by persona or rfm instead")
    return ClusterTrait(model)
