"""What each customer bought and when, in a row: the sufficient rows of every model of buying, from one walk.

An *occasion* is a local day with a counting order (orders of one day are one occasion: papers and packages count so, and
CDNOW's published figures come out only so). x counts the occasions after the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.models.histories import Histories
from holdfast.analyses.scope import Scope
from holdfast.events.schema import MONEY_UNITS
from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Occasions", "OccasionsStep", "occasions"]

WEEK = 7.0

_FIELDS = (
    *(("segment", np.int32), ("first", np.uint16), ("last", np.uint16), ("x", np.int32), ("orders", np.int32)),
    *(("money", np.int64), ("repeat_money", np.int64), ("gap_squares", np.float64)),
    *(("later_x", np.int32), ("later_money", np.int64)),
)


@dataclass(frozen=True)
class Occasions:
    """A row per customer with a counting order before the as-of, in the order of the timelines.

    ids           their ids (Arrow text) · segment int32, by the first counting order
    first, last   uint16 local day of the first and last occasion
    x             int32: occasions after the first · orders int32: all counting orders
    money         int64, ten-thousandths: all counting orders, net · repeat_money: of the occasions after the first
    gap_squares   float64: sum of the squared days between neighbouring occasions
    later_x, later_money   occasions and money from the as-of to `until`; 0 where no later end was asked for
    day           local day index of the as-of's last day: watching ends there
    until         local day index of the later end's last day; `day` where none was asked for
    """

    ids: Any
    segment: npt.NDArray[np.int32]
    first: npt.NDArray[np.uint16]
    last: npt.NDArray[np.uint16]
    x: npt.NDArray[np.int32]
    orders: npt.NDArray[np.int32]
    money: npt.NDArray[np.int64]
    repeat_money: npt.NDArray[np.int64]
    gap_squares: npt.NDArray[np.float64]
    later_x: npt.NDArray[np.int32]
    later_money: npt.NDArray[np.int64]
    day: int
    until: int

    def __len__(self) -> int:
        return len(self.x)

    def histories(self, unit_days: float = WEEK) -> Histories:
        """The rows as models want them, whole days by the days of a unit."""
        first, last = self.first.astype(np.float64), self.last.astype(np.float64)
        return Histories.of(self.x, (last - first) / unit_days, (self.day - first) / unit_days, unit_days=unit_days)

    @property
    def mean_value(self) -> npt.NDArray[np.float64]:
        """Mean money of an occasion after the first, in the currency; 0 where there is none. [customers]"""
        return np.asarray(self.repeat_money / MONEY_UNITS / np.maximum(self.x, 1))


@dataclass(frozen=True)
class OccasionsStep:
    """Lays out the occasions of a shard.

    until  the later end; None: none is asked for
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    until: AsOf | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Rows: ids and the fields of `Occasions`."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        later = bought if self.until is None else shard.source.purchases(self.until.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        found = {name: np.zeros(len(segment), kind) for name, kind in _FIELDS}
        found["segment"] = segment
        _lay(
            shard.low, shard.high, segment, bought.offsets, bought.day, bought.amount, found["first"], found["last"],
            found["x"], found["orders"], found["money"], found["repeat_money"], found["gap_squares"],
        )  # fmt: skip
        if self.until is not None:
            _lay_later(
                shard.low, shard.high, segment, later.offsets, later.day, later.second, later.amount, self.as_of.until,
                found["later_x"], found["later_money"],
            )  # fmt: skip
        some = segment >= 0
        return Tally({}, {"ids": shard.ids(some)} | {name: value[some] for name, value in found.items()})


@njit(cache=True, nogil=True)
def _lay(
    low: int, high: int, segment: Any, offsets: Any, day: Any, amount: Any,
    first: Any, last: Any, x: Any, orders: Any, money: Any, repeat_money: Any, gap_squares: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own, start, stop = customer - low, offsets[customer], offsets[customer + 1]
        if segment[own] < 0:
            continue
        at = day[start]
        first[own] = at
        for i in range(start, stop):
            if day[i] > at:
                gap = np.float64(day[i]) - np.float64(at)
                gap_squares[own] += gap * gap
                x[own] += 1
                at = day[i]
            orders[own] += 1
            money[own] += amount[i]
            if x[own] > 0:
                repeat_money[own] += amount[i]
        last[own] = at


@njit(cache=True, nogil=True)
def _lay_later(
    low: int, high: int, segment: Any, offsets: Any, day: Any, second: Any, amount: Any, since: int, x: Any, money: Any
) -> None:
    for customer in range(low, high):
        own = customer - low
        if segment[own] < 0:
            continue
        at = np.int64(-1)
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] < since:
                continue
            money[own] += amount[i]
            if np.int64(day[i]) > at:
                x[own] += 1
                at = np.int64(day[i])


def occasions(timelines: Timelines, as_of: AsOf, scope: Scope | None = None, until: AsOf | None = None) -> Occasions:
    """The occasions of everyone in scope with a counting order before the as-of; refunds as the settings say.

    scope  ready (`Scope.ready`); None: everyone
    until  also count what came after the as-of and before this instant, as it was known then
    """
    whole, mode = Scope() if scope is None else scope, timelines.settings.refunds
    key = ("occasions", as_of.until, None if until is None else until.until, mode)
    kept = timelines.source.kept
    if whole.trivial and key in kept:
        found: Occasions = kept[key]
        return found
    rows = timelines.walk(OccasionsStep(whole, as_of, mode, until)).rows
    end = timelines.zone.day_at(as_of.until - 1)
    found = Occasions(**rows, day=end, until=end if until is None else timelines.zone.day_at(until.until - 1))
    if whole.trivial:
        kept[key] = found
    return found
