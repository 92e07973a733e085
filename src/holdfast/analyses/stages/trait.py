"""The stage as a trait: where each customer stands on the way to loyalty, for `--by stage` of any other question.

The stage of her latest staged event by the stage map of the settings, as of the question's own as-of: a trait of now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.stages.loops import last_stage
from holdfast.analyses.stages.question import laid_for
from holdfast.analyses.stages.walk import Laid
from holdfast.settings import STAGES
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "StageTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *STAGES)
"""The values by code; who did nothing that has a stage has none."""


@dataclass(frozen=True)
class StageTrait:
    """The stage of each customer; it travels with a step.

    laid  how stages are laid to events
    """

    laid: Laid

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        laid = self.laid
        key = ("stage", laid.until, laid.mode, laid.stages.stage.tobytes(), laid.stages.kind.tobytes())
        return shard.once(key, lambda: self._codes(shard))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        return np.asarray(last_stage(shard.low, shard.high, shard.columns.offsets, self.laid(shard)), np.uint8)


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> StageTrait:
    """The trait as of an instant."""
    return StageTrait(laid_for(timelines, as_of))
