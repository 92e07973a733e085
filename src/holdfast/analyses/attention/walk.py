"""Who needs attention: each customer stands in the first group that fits her, or in none; one walk lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.complaints import last_complaints
from holdfast.analyses.scope import Scope, ToldTrait, Trait
from holdfast.analyses.taste.walk import entries
from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["GROUPS", "AttentionStep", "Group"]


@dataclass(frozen=True)
class Group:
    """A group of people to look after.

    name  as tables and cells say it · title  in words · do  what to do with them
    """

    name: str
    title: str
    do: str


GROUPS = (
    Group("unhappy", "Unhappy lately, and no order since", "call them, put it right"),
    Group("quiet", "Past their own rhythm", "win them back"),
    Group("falling", "Coming less often than they used to", "ask what changed"),
    Group("single", "One order, and the usual time for a second is over", "lead to the second order"),
    Group("best", "Champions", "thank them"),
)
"""The groups, in the order in which they are tried."""

UNHAPPY, QUIET, FALLING, SINGLE, BEST = range(len(GROUPS))


@dataclass(frozen=True)
class AttentionStep:
    """Lays out the groups of a shard.

    complaints  events of complaint · since  the first local day on which one still counts
    traits  worked-out attributes by name: status, unusual_on, signs, rfm, value, value_at_risk, as far as they can be told
    second  days after a first order by which half of those who come back have; None: not known
    end     local day on which watching ends
    named   whose rows are laid out: of those in a group, or the ids of all customers of now
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    complaints: tuple[str, ...]
    since: int
    traits: tuple[tuple[str, Trait], ...]
    second: float | None
    end: int
    named: Literal["groups", "customers"] = "groups"

    def __call__(self, shard: Shard) -> Tally:
        """Sum "customers" in scope who are customers now; rows ids, group, value, at_risk of everyone in a group."""
        here = (entries(shard, self.scope, self.as_of) >= 0) & self._is(shard, "status", "customer")
        if self.named == "customers":
            return Tally({}, {"ids": shard.ids(here)})
        group = self._group(shard, here)
        chosen = group >= 0
        rows = {"ids": shard.ids(chosen), "group": group[chosen]}
        rows |= {name: self._told(shard, name)[chosen] for name in ("value", "value_at_risk")}
        return Tally({"customers": np.array([np.count_nonzero(here)])}, rows)

    def _group(self, shard: Shard, here: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
        """The place of each customer's group, -1 for none."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        starts = bought.offsets[shard.low : shard.high]
        orders = bought.offsets[shard.low + 1 : shard.high + 1] - starts
        last, ordered = np.full((2, len(orders)), -1, np.int64)
        last[orders > 0] = bought.day[(starts + orders - 1)[orders > 0]]
        ordered[orders > 0] = bought.second[(starts + orders - 1)[orders > 0]]
        fits = {
            UNHAPPY: last_complaints(shard, self.complaints, self.since, self.as_of.until) > ordered,
            QUIET: self._is(shard, "unusual_on", "unusual silence"),
            FALLING: self._is(shard, "signs", "falling"),
            SINGLE: (orders == 1) & (self.end - last >= (np.inf if self.second is None else self.second)),
            BEST: self._is(shard, "rfm", "Champions"),
        }
        group = np.full(len(orders), -1, np.int8)
        for place in sorted(fits, reverse=True):
            group[here & fits[place]] = place
        return group

    def _is(self, shard: Shard, name: str, label: str) -> npt.NDArray[np.bool_]:
        trait = dict(self.traits).get(name)
        if trait is None:
            return np.zeros(shard.high - shard.low, np.bool_)
        return np.asarray(trait.codes(shard) == trait.labels.index(label))

    def _told(self, shard: Shard, name: str) -> npt.NDArray[np.float64]:
        trait: Any = dict(self.traits).get(name)
        if not isinstance(trait, ToldTrait):
            return np.zeros(shard.high - shard.low)
        told: npt.NDArray[np.float64] = trait.told(shard).fill_null(0.0).to_numpy(zero_copy_only=False)
        return told
