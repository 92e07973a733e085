"""The walk of survival: from when to when each customer was one, as the bridge counts it.

On an activity base a life runs from the first counting event to the first day on which the bridge does not count her any more:
`gone_after` silent days and one. On a contract base from the day of the first start event to the day of its end event. Who has
not left by the as-of's last day is cut off there: nobody knows more of her than that she stayed so long. Her last order says
nothing of the kind: a life cut off at it would be the shorter, the less often she orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.bridge_walks import Counting, activity_spells, contract_spells
from holdfast.analyses.scope import Scope
from holdfast.analyses.survival.lives import chosen_rows
from holdfast.settings import Contract
from holdfast.timelines.periods import Periods
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["Ends", "LivesStep", "Wanted"]

Ends = Literal["first", "last"]
"""Whose end a life has that is broken by a silence: "first": the first loss; "last": the one she has not come back from."""


@dataclass(frozen=True)
class Wanted:
    """The people to name.

    what, at  one of `lives.WHATS`, and by which day of life; None: by the end
    only      segment code, -1: all
    beside    place of a property, and its codes; None: whatever they are
    """

    what: str
    at: float | None = None
    only: int = -1
    beside: tuple[int, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class LivesStep:
    """Lays out the lives of a shard.

    counting, gone_after   an activity base; contract: a contract base
    first_day, last_day    local days between which the data lie, both inside
    beside  properties at entry, and periods of joining, whose codes are laid out too
    wanted  the people to name; None: the rows
    """

    scope: Scope
    as_of: AsOf
    counting: Counting
    first_day: int
    last_day: int
    gone_after: int
    ends: Ends = "first"
    contract: Contract | None = None
    beside: tuple[Scope | Periods, ...] = ()
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Rows of everyone in scope: days int32, left bool, segment int32, beside_0, beside_1 … int32 (codes), value int64
        (her first counting order, ten-thousandths; 0 where there is none); or ids of those wanted."""
        rows = self._lives(shard)
        some = rows["segment"] >= 0
        if self.wanted is not None:
            return Tally({}, {"ids": shard.ids(some & self._wanted(rows))})
        return Tally({}, {name: values[some] for name, values in rows.items()})

    def _wanted(self, rows: dict[str, Any]) -> npt.NDArray[np.bool_]:
        assert self.wanted is not None
        mask = chosen_rows(self.wanted.what, rows["days"], rows["left"], self.wanted.at)
        if self.wanted.only >= 0:
            mask &= rows["segment"] == self.wanted.only
        if self.wanted.beside is not None:
            place, codes = self.wanted.beside
            mask &= np.isin(rows[f"beside_{place}"], codes)
        return mask

    def _lives(self, shard: Shard) -> dict[str, Any]:
        snapshots = np.arange(self.first_day, self.last_day + 2)
        bare = self.scope.trivial and not self.beside
        if self.contract is not None:
            spells, entry = contract_spells(shard, self.contract, self.as_of.until, snapshots)
        else:
            days = self.counting.days(shard, entries=not bare)
            spells, entry = activity_spells(days, snapshots, self.gone_after), days.entry
        some = np.diff(spells.offsets) > 0
        begin, over = np.full(len(some), self.last_day, np.int32), np.full(len(some), len(snapshots), np.int32)
        begin[some] = self.first_day + spells.begin[spells.offsets[:-1][some]] - 1
        over[some] = spells.end[spells.offsets[:-1][some] if self.ends == "first" else spells.offsets[1:][some] - 1]
        # The bridge misses a customer from the morning after her contract ended, and from the first morning after too long a
        # silence: the one is the day after, the other the day itself.
        ended = self.first_day + over - (1 if self.contract is not None else 0)
        left = some & (over < len(snapshots)) & (ended <= self.last_day)
        return {
            "days": np.where(left, ended - begin, self.last_day - begin).astype(np.int32),
            "left": left,
            "segment": self._segments(shard, some, entry),
            "value": self._first_values(shard),
        } | {f"beside_{place}": self._codes(one, shard, begin, entry) for place, one in enumerate(self.beside)}

    def _segments(self, shard: Shard, some: npt.NDArray[np.bool_], entry: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        inside = np.where(some, 0, -1).astype(np.int32)
        return inside if self.scope.trivial else np.where(some, self.scope.at(shard, self.as_of, entry), -1).astype(np.int32)

    def _codes(
        self, one: Scope | Periods, shard: Shard, begin: npt.NDArray[np.int32], entry: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        return one.of_day()[begin] if isinstance(one, Periods) else one.at(shard, self.as_of, entry)

    def _first_values(self, shard: Shard) -> npt.NDArray[np.int64]:
        bought = shard.source.purchases(self.as_of.until, self.counting.mode)
        first, last = bought.offsets[shard.low : shard.high], bought.offsets[shard.low + 1 : shard.high + 1]
        out = np.zeros(len(first), np.int64)
        out[last > first] = bought.amount[first[last > first]]
        return out
