"""RFM as a trait: which segment each customer stands in, for `--by rfm` and `--where rfm=Champions` of any other question.

Quintiles over all customers, all history, as of the question's own as-of: a trait of now, not of the customer's entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.rfm.cuts import Cuts, find_cuts
from holdfast.analyses.rfm.scores import NOT_SCORED, Measure, score
from holdfast.analyses.rfm.segments import SEGMENTS, code_segments
from holdfast.analyses.scope import Scope
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "RfmTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *SEGMENTS)
"""The values by code; who has no counting order has none."""


@dataclass(frozen=True)
class RfmTrait:
    """The segment of each customer, by cuts found beforehand over all of them; it travels with a step.

    measure  how recency, frequency and money are taken · cuts  their cut points
    """

    measure: Measure
    cuts: Cuts

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard, 0 for those without a counting order; kept with the columns."""
        return shard.once(("rfm", self.measure, self.cuts), lambda: self._codes(shard))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        _, codes, _ = score(self.measure(shard).rows, self.cuts, 1, keep=True)
        table = np.zeros(256, np.uint8)
        table[: len(code_segments())] = code_segments() + 1
        table[NOT_SCORED] = 0
        return table[codes]


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> RfmTrait:
    """The trait as of an instant: one walk finds the cut points, kept for the next question."""
    settings = timelines.settings
    measure = Measure.over(as_of, settings.refunds, Scope())
    kept = timelines.source.kept
    key = ("rfm cuts", measure)
    if key not in kept:
        kept[key] = find_cuts("quantile", timelines.walk(measure).rows)
    return RfmTrait(measure, kept[key])
