"""Early signs as a trait: each customer's status, for `--by signs` and `--where signs=falling` of any other question.

As of the question's own as-of, with the activity of the settings: a trait of now, not of the customer's entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from holdfast.analyses.early_signs.model import Cuts
from holdfast.analyses.early_signs.question import EarlySigns
from holdfast.analyses.early_signs.walk import STATES, SignsStep
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "SignsTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, *STATES[1:])
"""The values by code; who has no counting event has none."""


@dataclass(frozen=True)
class SignsTrait:
    """The status of each customer, by alarms chosen beforehand over all of them; it travels with a step.

    step  judges a customer · cuts  the p at which alarms are raised
    """

    step: SignsStep
    cuts: Cuts

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard, 0 for those without activity; kept with the columns."""
        return shard.once(
            ("signs", self.step.activity, self.step.habits, self.cuts), lambda: self.step.states(shard, self.cuts)
        )


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> SignsTrait:
    """The trait as of an instant: two walks learn what is normal and choose the alarms, kept for the next question."""
    return SignsTrait(*EarlySigns().prepared(timelines, as_of))
