"""The walks of the next order: everyone's waits, what each customer's silence means, and what came of it after an earlier
day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.models.rhythm import HALF_DAY, SAMPLE, Numbers, Rhythm, Waits
from holdfast.analyses.scope import Scope
from holdfast.settings import RefundMode
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = [
    "BANDS",
    "DECIMALS",
    "DUE",
    "LATE",
    "ONE_ORDER",
    "OVERDUE",
    "RANGES",
    "UNUSUAL",
    "CheckStep",
    "LearnStep",
    "NextStep",
    "Orders",
    "Wanted",
]

BANDS = ("(not known)", "one order day", "later", "due within 30 days", "due within 7 days", "overdue", "unusual silence")
"""How a customer stands to her next order, by code."""

ONE_ORDER, LATER, MONTH, WEEK, OVERDUE, UNUSUAL = range(1, len(BANDS))
DUE = {WEEK: 7, MONTH: 30}
"""Days from the as-of within which the next order is expected."""

DECIMALS = 6
"""Days are told to so many decimals: the last bits depend on how many customers are worked out side by side."""

RANGES = {"50 % range": (0.25, 0.75), "80 % range": (0.1, 0.9)}
LATE = 0.9
"""Overdue: of those who go on ordering, nine in ten would have ordered by now."""


@dataclass(frozen=True)
class Orders:
    """The waits between the order days of each customer before an instant; it travels with a step.

    as_of  the instant · mode  how refunds count
    """

    as_of: AsOf
    mode: RefundMode

    @property
    def end(self) -> int:
        """Day index of the last day."""
        return day_of(self.as_of.last)

    def waits(self, shard: Shard) -> Waits:
        """The waits of each customer of the shard; silent is -1 for who has no counting order."""
        found = shard.once(("order waits", self.as_of.until, self.mode), lambda: self._laid(shard))
        return Waits(*found)

    def _laid(self, shard: Shard) -> Numbers:
        bought = shard.source.purchases(self.as_of.until, self.mode)
        out = np.zeros((4, shard.high - shard.low))
        _lay(shard.low, shard.high, bought.offsets, bought.day, self.end, out)
        return out

    def next_days(self, shard: Shard, until: int) -> Numbers:
        """Days from each customer's last order to her first one after the as-of and before an instant; 0 for none."""
        bought = shard.source.purchases(until, self.mode)
        out = np.zeros(shard.high - shard.low)
        _first_after(shard.low, shard.high, bought.offsets, bought.day, bought.second, self.as_of.until, out)
        return np.where(out > 0, out - (self.end - self.waits(shard).silent), 0.0)

    def money(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The net money of each customer of the shard so far (ten-thousandths)."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        parts = ((bought.amount, bought.offsets), (bought.adjust_amount, bought.adjust_offsets))
        total = np.zeros(shard.high - shard.low, np.int64)
        for amount, offsets in parts:
            own = offsets[shard.low : shard.high + 1]
            sums = np.concatenate([[0], np.cumsum(amount[own[0] : own[-1]], dtype=np.int64)])
            total += sums[own[1:] - own[0]] - sums[own[:-1] - own[0]]
        return total


@njit(cache=True, nogil=True)
def _lay(low: int, high: int, offsets: Any, day: Any, end: int, out: Any) -> None:
    """Waits, their sum, the sum of their logarithms, and the silent days of each customer; -1 where there is no order."""
    for customer in range(low, high):
        own, start, stop = customer - low, offsets[customer], offsets[customer + 1]
        out[3, own] = -1
        if start == stop:
            continue
        at = np.int64(day[start])
        for i in range(start + 1, stop):
            gap = np.int64(day[i]) - at
            if gap > 0:
                out[0, own] += 1
                out[1, own] += gap
                out[2, own] += np.log(gap)
                at = np.int64(day[i])
        out[3, own] = max(end - at, 0)


@njit(cache=True, nogil=True)
def _first_after(low: int, high: int, offsets: Any, day: Any, second: Any, since: int, out: Any) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= since:
                out[customer - low] = day[i]
                break


@dataclass(frozen=True)
class LearnStep:
    """A step that lays out the waits of the customers from whom what is usual is learned: those with the lowest hashes."""

    orders: Orders

    def __call__(self, shard: Shard) -> Tally:
        """Rows person, n, total, logs, silent of at most SAMPLE customers of the shard."""
        waits, person = self.orders.waits(shard), shard.columns.id_hash[shard.low : shard.high]
        some = np.flatnonzero(waits.silent >= 0)
        some = some[np.argsort(person[some], kind="stable")[:SAMPLE]]
        return Tally({}, {"person": person[some], **{name: getattr(waits, name)[some] for name in FIELDS}})


FIELDS = ("n", "total", "logs", "silent")


@dataclass(frozen=True)
class Wanted:
    """The people to name: of these bands, of one segment or of all (-1)."""

    bands: tuple[int, ...]
    only: int = -1


@dataclass(frozen=True)
class NextStep:
    """A step that tells how each customer stands to her next order.

    rhythm   what is usual · unusual  of those who go on ordering, the share still silent when silence is unusual
    chosen   hashes of the ids whose rows are asked for, ascending; None: how many stand how, and everyone's money
    """

    orders: Orders
    rhythm: Rhythm | None
    unusual: float
    scope: Scope
    segments: int
    chosen: npt.NDArray[np.uint64] | None = None
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums "customers" and "money" int64 [segments, bands], with rows person, band, money of repeaters; or what is
        asked."""
        segment = self.scope.by_first_order(shard, self.orders.as_of, self.orders.mode)
        person = shard.columns.id_hash[shard.low : shard.high]
        if self.chosen is not None:
            return Tally({}, self._rows(shard, segment, np.isin(person, self.chosen) & (segment >= 0)))
        band = self.bands(shard)
        if self.wanted is not None:
            marks = np.isin(band, self.wanted.bands) & (segment >= 0)
            marks = marks if self.wanted.only < 0 else marks & (segment == self.wanted.only)
            return Tally({}, {"ids": shard.ids(marks)})
        worth = self.orders.money(shard)
        customers, money = np.zeros((2, self.segments, len(BANDS)), np.int64)
        inside = (segment >= 0) & (band > 0)
        np.add.at(customers, (segment[inside], band[inside]), 1)
        np.add.at(money, (segment[inside], band[inside]), worth[inside])
        told = inside & (band > ONE_ORDER)
        rows = {"person": person[told], "band": band[told], "money": worth[told]}
        return Tally({"customers": customers, "money": money}, rows)

    def bands(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """The code of each customer of the shard."""
        waits = self.orders.waits(shard)
        out = np.where((waits.silent < 0) | (waits.n > 0), 0, ONE_ORDER).astype(np.uint8)
        told = self.told(shard)
        if self.rhythm is not None and len(told):
            some = part_of(waits, told)
            out[told] = band_of(self.rhythm, some, self.unusual, self.rhythm.regularity(some))
        return out

    def told(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The places of the customers of the shard who have a rhythm: a wait, in a shop where something was learned."""
        if self.rhythm is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.orders.waits(shard).n > 0)

    def _rows(self, shard: Shard, segment: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
        waits, places = self.orders.waits(shard), np.flatnonzero(mask)
        rows = {name: getattr(waits, name)[places] for name in FIELDS}
        return {"ids": shard.ids(mask), "segment": segment[places], "money": self.orders.money(shard)[places], **rows}


def part_of(waits: Waits, places: npt.NDArray[Any]) -> Waits:
    """The waits of some customers."""
    return Waits(waits.n[places], waits.total[places], waits.logs[places], waits.silent[places])


def band_of(rhythm: Rhythm, waits: Waits, unusual: float, k: Numbers) -> npt.NDArray[np.uint8]:
    """How customers with a wait stand to their next order. k  of `Rhythm.regularity`"""
    left = rhythm.still_waiting(waits, waits.silent + HALF_DAY, k)
    out = np.full(len(waits), LATER, np.uint8)
    open_ = np.flatnonzero(left >= 1 - LATE)
    ahead = rhythm.quantile_now(part_of(waits, open_), 0.5, k[open_]) - waits.silent[open_]
    for code, days in sorted(DUE.items(), key=lambda item: -item[1]):
        out[open_[ahead <= days]] = code
    out[left < 1 - LATE] = OVERDUE
    out[left < unusual] = UNUSUAL
    return out


@dataclass(frozen=True)
class CheckStep:
    """A step that looks back: what was told as of an earlier day, and what came of it by the as-of.

    until   the as-of of the question, day and instant
    wanted  the line of the check whose people to name, and whether all of it or only its part
    """

    orders: Orders
    rhythm: Rhythm
    unusual: float
    until: int
    last: int
    wanted: tuple[str, bool] | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums a line: int64 [n, k, and those of n who are expected to be of k, in millionths]; or ids of the wanted."""
        waits = self.orders.waits(shard)
        told = np.flatnonzero(waits.n > 0)
        came = self.orders.next_days(shard, self.until)[told]
        lines = self._lines(part_of(waits, told), came)
        if self.wanted is None:
            return Tally({name: np.array([one.sum() for one in line]) for name, line in lines.items()}, {})
        marks = np.zeros(len(waits), np.bool_)
        marks[told] = lines[self.wanted[0]][1 if self.wanted[1] else 0]
        return Tally({}, {"ids": shard.ids(marks)})

    def _lines(self, waits: Waits, came: Numbers) -> dict[str, tuple[npt.NDArray[Any], ...]]:
        """Who counts in each line, who of them is its part, and her chance to be (in millionths, so that sums have no order).

        Whose range is over counts only if she came by the as-of: of those the ranges hold more than their share of all.
        """
        k = self.rhythm.regularity(waits)
        horizon = waits.silent + self.last - self.orders.end
        lines, back = {}, np.flatnonzero(came > 0)
        some, own = part_of(waits, back), came[back]
        for name, shares in RANGES.items():
            low, high = (self.rhythm.quantile_now(some, share, k[back]) for share in shares)
            (seen, inside), chance = np.zeros((2, len(waits)), np.bool_), np.zeros(len(waits))
            seen[back] = high <= horizon[back]
            inside[back] = seen[back] & (own >= low) & (own <= high)
            begin, start, stop, end = (
                self.rhythm.still_waiting(some, days + HALF_DAY, k[back])
                for days in (some.silent, low - 1, high, horizon[back])
            )
            chance[back] = (start - stop) / np.maximum(begin - end, 1e-12)
            lines[name] = (seen, inside, _millionths(chance, seen))
        band = band_of(self.rhythm, waits, self.unusual, k)
        groups = {"unusual silence": band == UNUSUAL, "overdue": band == OVERDUE, "not overdue": band < OVERDUE}
        away = self.rhythm.stays_away(waits, horizon, k)
        return lines | {name: (some, some & (came == 0), _millionths(away, some)) for name, some in groups.items()}


def _millionths(chance: Numbers, some: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return np.where(some, np.rint(chance * 1e6), 0.0).astype(np.int64)
