"""Risk as traits: `risk`, each customer's probability of leaving with its band, and `reason`, what goes together with it.

As of the question's own as-of, as `Risk()` says with its defaults. Whoever is no customer any more, or yet, has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.risk.question import Risk
from holdfast.analyses.risk.reasons import NOTHING
from holdfast.analyses.risk.score import BANDS, ScoreStep, band_of
from holdfast.analyses.risk.traces import KINDS
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["REASON_LABELS", "RISK_LABELS", "ReasonTrait", "RiskTrait", "labels", "trait"]

RISK_LABELS = (NOT_KNOWN, *BANDS)
REASON_LABELS = (NOT_KNOWN, NOTHING, *KINDS)
"""The values by code; the reason's is the kind that adds most to the risk."""


@dataclass(frozen=True)
class RiskTrait:
    """The risk of each customer in the base, and its band; it travels with a step."""

    step: ScoreStep

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return RISK_LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The band per customer of a shard, 0 where there is no risk; kept with the columns."""
        return shard.once(("risk band", *_key(self.step)), lambda: self._codes(shard))

    def told(self, shard: Shard) -> pa.Array:
        """The probability per customer, null where there is none."""
        risk = self._risk(shard)
        return pa.array(risk, mask=~np.isfinite(risk))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        return (band_of(self._risk(shard), self.step.cuts) + 1).astype(np.uint8)

    def _risk(self, shard: Shard) -> npt.NDArray[np.float64]:
        return shard.once(("risk", *_key(self.step)), lambda: self._scored(shard))

    def _scored(self, shard: Shard) -> npt.NDArray[np.float64]:
        inside = self.step.step.inside(shard)
        out = np.full(len(inside), np.nan)
        out[inside] = self.step.learned.chances(self.step.step.rows(shard, inside))[0]
        return out


@dataclass(frozen=True)
class ReasonTrait:
    """What goes together with each customer's risk: in words, and by its main kind; it travels with a step."""

    step: ScoreStep

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return REASON_LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The main kind per customer of a shard, 0 for those out of the base; kept with the columns."""
        return shard.once(("risk reason", *_key(self.step)), lambda: self._codes(shard))

    def told(self, shard: Shard) -> pa.Array:
        """The reasons per customer in words, null for those out of the base."""
        inside = self.step.step.inside(shard)
        words = np.full(len(inside), None, object)
        words[inside] = self.step.told(self.step.step.rows(shard, inside))
        return pa.array(words.tolist(), pa.string())

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        inside = self.step.step.inside(shard)
        out = np.zeros(len(inside), np.uint8)
        out[inside] = self.step.kinds(self.step.step.rows(shard, inside)) + 2
        return out


def _key(step: ScoreStep) -> tuple[Any, ...]:
    return (*step.learned.key, step.cuts)


def labels(name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return RISK_LABELS if name == "risk" else REASON_LABELS


def trait(name: str, timelines: Timelines, as_of: AsOf) -> RiskTrait | ReasonTrait:
    """The trait as of an instant; what was learned is kept for the next question."""
    step = Risk().prepared(timelines, as_of)
    return RiskTrait(step) if name == "risk" else ReasonTrait(step)
