"""Standing as a trait: who is a customer at the as-of, who is gone, who never was one; for `--by status` of any question.

The rule is the base of the settings, the same as the bridge's: an activity base counts a customer until `gone_after` days
without a counting event, a contract base from a start event to an end event. The standing is that of the instant at which the
day after the as-of begins, as in the bridge's last `end`: a trait of now, not of the customer's entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.bridge_walks import Counting, activity_spells, contract_spells, counting_of
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.errors import UnknownName
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.settings import Contract
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LABELS", "StatusTrait", "labels", "trait"]

LABELS = (NOT_KNOWN, "customer", "gone", "never a customer")
"""The values by code."""

_CUSTOMER, _GONE, _NEVER = 1, 2, 3


@dataclass(frozen=True)
class StatusTrait:
    """The standing of each customer at the instant at which a day begins; it travels with a step.

    counting    which events count as activity, and until when
    snapshot    day index of the day that begins
    gone_after  days of silence after which a customer is gone (activity base)
    contract    a contract base; None: an activity base
    """

    counting: Counting
    snapshot: int
    gone_after: int = 0
    contract: Contract | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return LABELS

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        return shard.once(("status", self), lambda: self._codes(shard))

    def _codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        snapshots = np.array([self.snapshot], np.int64)
        if self.contract is not None:
            spells, _ = contract_spells(shard, self.contract, self.counting.until, snapshots)
        else:
            spells = activity_spells(self.counting.days(shard), snapshots, self.gone_after)
        here = np.diff(spells.offsets) > 0
        return np.where(here, _CUSTOMER, np.where(spells.first < 0, _NEVER, _GONE)).astype(np.uint8)


def labels(_name: str, _meta: Meta) -> tuple[str, ...]:
    """The values by code."""
    return LABELS


def trait(_name: str, timelines: Timelines, as_of: AsOf) -> StatusTrait:
    """The trait as of an instant; UnknownName when no event of the base ever happened."""
    settings = timelines.settings
    snapshot = day_of(as_of.last) + 1
    if settings.base == "contract":
        if not set(settings.contract.start) & set(timelines.meta.events):
            raise UnknownName("event", settings.contract.start[0], timelines.meta.events[1:])
        return StatusTrait(Counting(as_of.until, settings.refunds), snapshot, contract=settings.contract)
    counting = counting_of(settings, timelines.meta, as_of.until)
    return StatusTrait(counting, snapshot, resolve_gone_after(timelines, as_of).days)
