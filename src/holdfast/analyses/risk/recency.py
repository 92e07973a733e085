"""The plain rule that stands beside the models, and in their place where nothing can be learned.

Activity base: of all waits between counting days that lasted as long as hers has, the share that lasted longer than a window
more, by Kaplan-Meier (open ones censored): P(no order within w | silent for s) = S(s + w) / S(s), with an interval.
Contract base: contracts end at one rate λ for all, P = 1 − exp(−λw), λ = ends / days under contract.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.bridge_walks import contract_spells
from holdfast.analyses.gone_after import GapStep, gap_curve
from holdfast.analyses.risk.walk import Base
from holdfast.analyses.scope import Scope
from holdfast.analyses.statistics import Z95, wilson_arrays
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.settings import Contract
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Recency", "recency_rule"]

LEAST_WAITS = 10
"""Ended waits without which the rule says nothing."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recency:
    """The risk by days of silence, with its interval; beyond the last day the last one counts. A value.

    chance, low, high  by day of silence; empty where no wait has ended yet: nobody has a risk
    """

    chance: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def chances(self, silent: Floats) -> tuple[Floats, Floats, Floats]:
        """Risk, low and high of days of silence; not-a-number where the rule says nothing."""
        if not self.chance:
            nothing = np.full(len(silent), np.nan)
            return nothing, nothing, nothing
        known = np.where(np.isfinite(silent), silent, 0.0)
        place = np.clip(known, 0, len(self.chance) - 1).astype(np.int64)
        return np.array(self.chance)[place], np.array(self.low)[place], np.array(self.high)[place]


def recency_rule(timelines: Timelines, as_of: AsOf, base: Base, window: int) -> Recency:
    """The rule as of an instant."""
    zone = timelines.zone
    last = zone.day_at(as_of.until - 1)
    first = min(zone.day_at(timelines.meta.first_second), last)
    if base.contract is not None:
        sums = timelines.walk(_ContractDays(base.contract, as_of.until, first, last)).sums["days"]
        return _at_one_rate(int(sums[0]), int(sums[1]), window)
    from dataclasses import replace

    counting = replace(base.counting, until=as_of.until)
    sums = timelines.walk(GapStep(counting, Scope(), as_of, last, last - first + 2, 1)).sums
    return _of_waits(sums["ended"][0], sums["open"][0], window)


def _of_waits(ended: npt.NDArray[np.int64], still: npt.NDArray[np.int64], window: int) -> Recency:
    """S(s + w) / S(s) for every s; past the last wait that at least ten reached the curve is taken as it is there.

    Intervals are Wilson's, of as many customers as give Greenwood's variance.
    """
    # Orders of one day are one occasion: waits of no day are none.
    ended = ended.copy()
    ended[0] = 0
    if ended.sum() < LEAST_WAITS:
        return Recency((), (), ())
    curve = gap_curve(ended, still)
    end = int(np.flatnonzero(curve.at_risk >= 10)[-1]) if (curve.at_risk >= 10).any() else len(ended) - 1
    waiting = np.maximum(curve.waiting, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = curve.ended / (curve.at_risk * np.maximum(curve.at_risk - curve.ended, 1.0))
    greenwood = np.cumsum(np.where(curve.at_risk > 0, terms, 0.0))
    days = np.arange(end + 1)
    later = np.minimum(days + window, end)
    share = np.clip(waiting[later] / waiting[days], 0.0, 1.0)
    spread = np.sqrt(np.maximum(greenwood[later] - greenwood[days], 0.0))
    # As many customers as would give that variance without censoring (Cutler and Ederer 1958): 0 and 1 have intervals too.
    with np.errstate(divide="ignore", invalid="ignore"):
        alike = np.where((share > 0) & (share < 1), (1 - share) / (share * spread**2), curve.at_risk[days])
    low, high = wilson_arrays(share * alike, alike)
    return Recency(*(tuple(map(float, values)) for values in (share, low, high)))


def _at_one_rate(ends: int, days: int, window: int) -> Recency:
    if ends == 0 or days == 0:
        return Recency((), (), ())
    spread = math.exp(Z95 / math.sqrt(ends))
    found = [1 - math.exp(-rate * window) for rate in (ends / days, ends / days / spread, ends / days * spread)]
    return Recency(*((value,) for value in found))


@dataclass(frozen=True)
class _ContractDays:
    """A step: how many contracts ended, and how many days all of them ran."""

    contract: Contract
    until: int
    first: int
    last: int

    def __call__(self, shard: Shard) -> Tally:
        snapshots = np.arange(self.first, self.last + 2, dtype=np.int64)
        spells, _ = contract_spells(shard, self.contract, self.until, snapshots)
        size = int(spells.offsets[-1])
        out = np.zeros(2, np.int64)
        _ran(spells.begin, spells.end, size, len(snapshots), out)
        return Tally({"days": out}, {})


@njit(cache=True, nogil=True)
def _ran(begin: Any, end: Any, size: int, snapshots: int, out: Any) -> None:
    for i in range(size):
        out[0] += end[i] < snapshots
        out[1] += end[i] - begin[i]
