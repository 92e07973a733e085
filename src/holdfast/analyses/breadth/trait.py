"""Breadth as a trait: how many different features each customer has used, for `--by breadth` and `--where breadth=1` anywhere.

Features are the values of `feature` where it is kept, else the events; all up to the question's own as-of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.breadth.question import USUAL_FEATURES
from holdfast.analyses.use_walk import Features, distinct_used, features_of
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "BreadthTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, "0", "1", "2", "3-5", "6+")
"""The values by code; every customer has one."""

_CODES = np.array([1, 2, 3, 4, 4, 4, 5], np.uint8)


@dataclass(frozen=True)
class BreadthTrait:
    """The breadth of each customer; it travels with a step.

    features  what counts as one · until  UTC second, exclusive
    """

    features: Features
    until: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard."""
        return _CODES[np.minimum(distinct_used(shard, self.features, self.until), 6)]


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> BreadthTrait:
    """The trait as of an instant."""
    return BreadthTrait(features_of(timelines.meta, None, USUAL_FEATURES), as_of.until)
