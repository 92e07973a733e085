"""Who is a customer at which instant: the walks behind the bridge (DESIGN 6, SEMANTICS 12, 13, 15).

A *snapshot* is the instant at which a local day begins. A *spell* is a run of snapshots at which someone is a customer, from
`begin` to before `end` (places of snapshots). Two bases make spells in their own way; one loop then counts who is there, new,
returned and lost, and marks the people of a chosen number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.errors import UnknownName
from holdfast.events.schema import ORDER, REFUND
from holdfast.settings import Contract, RefundMode
from holdfast.timelines.attributes import order_events
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.timelines.columns import Meta

__all__ = ["NUMBERS", "Counting", "Days", "Spells", "activity_spells", "contract_spells", "counting_of", "tally_spells"]

DAYS = 65_536
NUMBERS = ("start", "new", "returned", "lost", "end", "kept")
"""What a bridge counts, in the order of the codes that `tally_spells` marks by."""

_NOT, _COUNTS, _ORDER, _REFUND, _REFUND_COUNTS = range(5)


@dataclass(frozen=True)
class Days:
    """The days with a counting event of each customer of a shard, in time order.

    offsets  int64 [customers of the shard + 1] into day · day uint16 local day
    entry    int64 [customers of the shard]: place of the first counting event in the timeline, -1 for none; or empty
    """

    offsets: npt.NDArray[np.int64]
    day: npt.NDArray[np.uint16]
    entry: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counting:
    """Which events count as activity.

    until  UTC second, exclusive · mode  how refunds count
    names  events; empty: counting orders alone
    """

    until: int
    mode: RefundMode
    names: tuple[str, ...] = ()

    def days(self, shard: Shard, entries: bool = False) -> Days:
        """The counting days of a shard; with `entries` also where each customer's first counting event stands."""
        bought = shard.source.purchases(self.until, self.mode)
        if not self.names:
            offsets = bought.offsets[shard.low : shard.high + 1]
            first = np.where(np.diff(offsets) > 0, 0, -1).astype(np.int64) if entries else np.zeros(0, np.int64)
            return Days(offsets, bought.day, order_events(shard, bought, first) if entries else first)
        columns = shard.columns
        room = int(columns.offsets[shard.high] - columns.offsets[shard.low])
        size = shard.high - shard.low
        made = Days(np.zeros(size + 1, np.int64), np.empty(room, np.uint16), np.full(size, -1, np.int64))
        _event_days(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, self.until),
            *(self._kinds(columns.meta), bought.offsets, bought.place, made.offsets, made.day, made.entry),
        )
        return made

    def _kinds(self, meta: Meta) -> npt.NDArray[np.uint8]:
        kinds = np.zeros(DAYS, np.uint8)
        for code, name in enumerate(meta.events):
            if name == REFUND:
                kinds[code] = _REFUND_COUNTS if name in self.names else _REFUND
            elif name in self.names:
                kinds[code] = _ORDER if name == ORDER else _COUNTS
            elif name == ORDER:
                kinds[code] = _REFUND
        kinds[0] = _NOT
        return kinds

    def words(self) -> str:
        """What counts, in words."""
        return ", ".join(self.names) if self.names else "orders"


def counting_of(settings: Settings, meta: Meta, until: int) -> Counting:
    """The counting events as the settings say; UnknownName when none of the named events ever happened."""
    names = () if settings.active == (ORDER,) else settings.active
    if names and not set(names) & set(meta.events):
        raise UnknownName("event", names[0], meta.events[1:])
    return Counting(until, settings.refunds, names)


@dataclass(frozen=True)
class Spells:
    """When each customer of a shard was one.

    offsets     int64 [customers of the shard + 1] into begin and end
    begin, end  int32 places of snapshots, end exclusive; the number of snapshots when it lasts beyond the last
    first       int32 [customers of the shard]: the first snapshot after her first-ever counting event
    """

    offsets: npt.NDArray[np.int64]
    begin: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]

    @staticmethod
    def room(customers: int, most: int) -> Spells:
        """Empty spells with room for that many."""
        begin, end = np.empty(most, np.int32), np.empty(most, np.int32)
        return Spells(np.zeros(customers + 1, np.int64), begin, end, np.full(customers, -1, np.int32))


def activity_spells(days: Days, snapshots: npt.NDArray[np.int64], gone_after: int) -> Spells:
    """Spells of an activity base: a counting event on day x covers the snapshots of days x + 1 to x + gone_after.

    snapshots  int64 day indexes, ascending
    """
    after, gone = _first_after(tuple(snapshots), 0), _first_after(tuple(snapshots), gone_after)
    spells = Spells.room(len(days.offsets) - 1, int(days.offsets[-1] - days.offsets[0]))
    _activity(days.offsets, days.day, after, gone, spells.offsets, spells.begin, spells.end, spells.first)
    return spells


def contract_spells(
    shard: Shard, contract: Contract, until: int, snapshots: npt.NDArray[np.int64]
) -> tuple[Spells, npt.NDArray[np.int64]]:
    """Spells of a contract base, from a start event to an end event, and where each first start event stands (or -1)."""
    columns = shard.columns
    kinds = np.zeros(DAYS, np.uint8)
    for code, name in enumerate(columns.meta.events):
        kinds[code] = 1 if name in contract.start else 2 if name in contract.end else 0
    kinds[0] = 0
    after = _first_after(tuple(snapshots), 0)
    spells = Spells.room(shard.high - shard.low, int(columns.offsets[shard.high] - columns.offsets[shard.low]))
    entry = np.full(shard.high - shard.low, -1, np.int64)
    _contracts(
        *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, until),
        *(kinds, after, len(snapshots)),
        *(spells.offsets, spells.begin, spells.end, spells.first, entry),
    )
    return spells, entry


@lru_cache(maxsize=16)
def _first_after(snapshots: tuple[int, ...], days: int) -> npt.NDArray[np.int32]:
    """For every day index, the place of the first snapshot that comes more than that many days after it."""
    return np.searchsorted(np.array(snapshots), np.arange(DAYS) + days, side="right").astype(np.int32)


@njit(cache=True, nogil=True)
def _event_days(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, kinds: Any, bought: Any, place: Any,
    to: Any, to_day: Any, entry: Any,
) -> None:  # fmt: skip
    kept = 0
    for customer in range(low, high):
        order, last_order, seen, begin = bought[customer], bought[customer + 1], -1, kept
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            kind = kinds[code[i]]
            if kind == 0:
                continue
            counts = kind == 1 or kind == 4
            if kind >= 2:
                seen += 1
                if order < last_order and place[order] == seen:
                    order += 1
                    counts = counts or kind == 2
            if counts:
                if entry[customer - low] < 0:
                    entry[customer - low] = i - offsets[customer]
                if kept == begin or to_day[kept - 1] != day[i]:
                    to_day[kept] = day[i]
                    kept += 1
        to[customer - low + 1] = kept


@njit(cache=True, nogil=True)
def _activity(offsets: Any, day: Any, after: Any, gone: Any, to: Any, begin: Any, end: Any, first: Any) -> None:
    kept = 0
    for customer in range(len(offsets) - 1):
        low = high = -1
        latest = np.int64(-1)
        for i in range(offsets[customer], offsets[customer + 1]):
            # Where the clock is put back at midnight the date steps back by one: the later instant keeps the later date.
            latest = max(latest, np.int64(day[i]))
            enter, leave = after[latest], gone[latest]
            if first[customer] < 0:
                first[customer] = enter
            if enter >= leave:
                continue
            if enter <= high:
                high = max(high, leave)
                continue
            if high > low:
                begin[kept], end[kept] = low, high
                kept += 1
            low, high = enter, leave
        if high > low:
            begin[kept], end[kept] = low, high
            kept += 1
        to[customer + 1] = kept


@njit(cache=True, nogil=True)
def _contracts(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, kinds: Any, after: Any, snapshots: int,
    to: Any, begin: Any, end: Any, first: Any, entry: Any,
) -> None:  # fmt: skip
    kept = 0
    for customer in range(low, high):
        start = kept
        since = -1
        for i in range(offsets[customer], offsets[customer + 1] + 1):
            over = i == offsets[customer + 1] or second[i] >= until
            kind = 2 if over else kinds[code[i]]
            if kind == 1 and since < 0:
                since = after[day[i]]
                if entry[customer - low] < 0:
                    entry[customer - low] = i - offsets[customer]
                    first[customer - low] = since
            elif kind == 2 and since >= 0:
                leave = snapshots if over else after[day[i]]
                if leave > since:
                    if kept > start and end[kept - 1] >= since:
                        end[kept - 1] = leave
                    else:
                        begin[kept], end[kept] = since, leave
                        kept += 1
                since = -1
            if over:
                break
        to[customer - low + 1] = kept


@njit(cache=True, nogil=True)
def tally_spells(
    offsets: Any, begin: Any, end: Any, first: Any, segment: Any, size: Any, new: Any, returned: Any, lost: Any,
    number: int, at: int, only: int, mark: Any,
) -> None:  # fmt: skip
    """Count the spells of a shard, and mark the people of one number.

    segment              int32 per customer, -1 out of scope
    size                 int64 [segments, snapshots], filled with differences: its running sum is the base at each snapshot
    new, returned, lost  int64 [segments, periods]; period p runs from snapshot p to p + 1
    number, at, only     place in NUMBERS, period, segment (-1: all) of the people to mark
    mark                 uint8 per customer, or empty when nobody is asked for
    """
    snapshots = size.shape[1]
    for customer in range(len(segment)):
        own = segment[customer]
        if own < 0:
            continue
        asked = len(mark) > 0 and (only < 0 or only == own)
        for i in range(offsets[customer], offsets[customer + 1]):
            enter, leave = begin[i], end[i]
            size[own, enter] += 1
            fresh = first[customer] == enter
            if enter > 0:
                if fresh:
                    new[own, enter - 1] += 1
                else:
                    returned[own, enter - 1] += 1
            if leave < snapshots:
                size[own, leave] -= 1
                lost[own, leave - 1] += 1
            if asked:
                here, there = enter <= at < leave, enter <= at + 1 < leave
                if (
                    (number == 0 and here)
                    or (number == 1 and there and not here and fresh)
                    or (number == 2 and there and not here and not fresh)
                    or (number == 3 and here and not there)
                    or (number == 4 and there)
                    or (number == 5 and here and there)
                ):
                    mark[customer] = 1
