"""The walk of a cohort grid: along each timeline from the entry on, counting returns by periods passed.

A customer's returns are first gathered per entry (which periods, the earliest, the latest, how many without a gap) and then put
down once: one number an entry, whatever the return rule. Sums from the right or the left of a cohort's row give the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.cohort_clock import CALENDAR, DAYS_APART, Clock, passed
from holdfast.analyses.cohort_streams import BACK, Chosen, Entries, EntryMode, Stream, entries, stream
from holdfast.analyses.scope import last_events
from holdfast.timelines.attributes import order_events
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.scope import Scope
    from holdfast.timelines.purchases import RefundMode
    from holdfast.timelines.timelines import AsOf
    from holdfast.timelines.walk import Shard

__all__ = ["ON", "ON_OR_AFTER", "ON_OR_BEFORE", "EVERY", "Behind", "Frame", "GridPart", "GridStep"]  # noqa: RUF022

ON, ON_OR_AFTER, ON_OR_BEFORE, EVERY = 0, 1, 2, 3

_NOBODY = np.zeros(0, np.uint8)
_ALL_ONE = np.zeros(0, np.int32)
_NOT_KNOWN = np.zeros((0, 0, 0), np.bool_)


@dataclass(frozen=True)
class Frame:
    """What a walk of the grid must know.

    chosen     start and return events · entry, window  who enters, first and last local day of entry
    cohort_of  int32 day → cohort · clock  periods passed since entry · rule  ON, ON_OR_AFTER, ON_OR_BEFORE or EVERY
    shape      segments, cohorts, periods of the grid · days  width of the waiting times
    as_of, until, mode  rows that count (until is 0 where every row does) and how refunds do
    scope      who is in which segment
    valued     whether money is summed
    """

    chosen: Chosen
    entry: EntryMode
    window: tuple[int, int]
    cohort_of: npt.NDArray[np.int32]
    clock: Clock
    rule: Any
    shape: tuple[int, int, int]
    days: int
    as_of: AsOf
    until: int
    mode: RefundMode
    scope: Scope
    valued: bool


@dataclass(frozen=True)
class Behind:
    """A number whose people are wanted: segment, cohort (-1: all), period (-1: none), and whether members or retained."""

    segment: int
    cohort: int
    period: int
    members: bool

    def parts(self) -> tuple[Any, ...]:
        """What the loop takes."""
        return self.segment, self.cohort, self.period, self.members


@dataclass(frozen=True)
class GridPart:
    """What a shard gives.

    sizes    int64 [segments, cohorts]: entries · counts int64 [segments, cohorts, periods]: entries by rule, before summing
    money    int64 [segments, cohorts, periods], ten-thousandths
    first, last  int64 [segments, cohorts]: earliest and latest entry (local day for brackets of days, else UTC second)
    waits    int64 [2, segments, days]: customers by days to the first return, and by days observed without one
    totals   int64 [2, segments, periods]: distinct customers eligible and retained over complete cells (each period)
    earlier  customers cut off on the left
    ids      the people behind a number, where wanted
    """

    sizes: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    money: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    waits: npt.NDArray[np.int64]
    totals: npt.NDArray[np.int64]
    earlier: int
    ids: tuple[pa.Array, ...]

    def __add__(self, other: GridPart) -> GridPart:
        return GridPart(
            sizes=self.sizes + other.sizes,
            counts=self.counts + other.counts,
            money=self.money + other.money,
            first=np.minimum(self.first, other.first),
            last=np.maximum(self.last, other.last),
            waits=self.waits + other.waits,
            totals=self.totals + other.totals,
            earlier=self.earlier + other.earlier,
            ids=(*self.ids, *other.ids),
        )


@dataclass(frozen=True)
class GridStep:
    """One walk over the timelines.

    complete  bool [segments, cohorts, periods], where distinct totals or people of a total are wanted, else empty
    behind    the number whose people are wanted
    """

    frame: Frame
    complete: npt.NDArray[np.bool_] = field(default_factory=lambda: _NOT_KNOWN)
    behind: Behind | None = None

    def __call__(self, shard: Shard) -> GridPart:
        """What a range of customers adds to the grid."""
        frame = self.frame
        events = stream(shard, frame.chosen, frame.as_of.until, frame.mode)
        until = 0 if events.orders else frame.until
        entered = entries(shard, events, frame.entry, until, frame.window, frame.cohort_of)
        segment = _segments(shard, frame, events, entered)
        part = _empty(frame, entered.earlier)
        mark = _NOBODY if self.behind is None else np.zeros(shard.high - shard.low, np.uint8)
        target = (-1, -1, -1, False) if self.behind is None else self.behind.parts()
        where = (shard.low, shard.high, events.offsets, events.day, events.second)
        end = day_of(frame.as_of.last)
        given = (events.flags, until, entered.offsets, entered.place, segment, frame.cohort_of, *frame.clock.parts())
        sums = (part.sizes, part.counts, part.first, part.last, part.waits, part.totals)
        loop: Any = _count
        loop(*where, *given, frame.rule, end, *sums, self.complete, mark, *target)
        if frame.valued:
            _sum_money(shard, frame, where, entered, segment, part.money)
        ids = () if self.behind is None else (shard.ids(mark),)
        return replace(part, ids=ids)


def _empty(frame: Frame, earlier: int) -> GridPart:
    segments, cohorts, periods = frame.shape
    pairs, cells = (segments, cohorts), frame.shape
    return GridPart(
        *(np.zeros(pairs, np.int64), np.zeros(cells, np.int64), np.zeros(cells if frame.valued else (0, 0, 0), np.int64)),
        *(np.full(pairs, 2**62, np.int64), np.full(pairs, -1, np.int64), np.zeros((2, segments, frame.days), np.int64)),
        *(np.zeros((2, segments, periods), np.int64), earlier, ()),
    )


def _segments(shard: Shard, frame: Frame, events: Stream, entered: Entries) -> npt.NDArray[np.int32]:
    """The segment of each entry; empty when everyone is in the only one."""
    if frame.scope.trivial:
        return _ALL_ONE
    if not len(entered.offsets):
        return frame.scope.segments(shard, _places(shard, frame, events, entered.place))
    owned = np.diff(entered.offsets)
    out = np.full(len(entered.place), -1, np.int32)
    for nth in range(int(owned.max(initial=0))):
        has = owned > nth
        slots = entered.offsets[:-1][has] + nth
        place = np.full(len(owned), -1, np.int64)
        place[has] = entered.place[slots]
        out[slots] = frame.scope.segments(shard, _places(shard, frame, events, place))[has]
    return out


def _places(shard: Shard, frame: Frame, events: Stream, place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place in the timeline at which the segment is read."""
    if frame.scope.moment == "current":
        return last_events(shard, frame.as_of, place >= 0)
    if events.orders:
        return order_events(shard, shard.source.purchases(frame.as_of.until, frame.mode), place)
    return place


def _sum_money(shard: Shard, frame: Frame, where: Any, entered: Entries, segment: Any, money: Any) -> None:
    bought = shard.source.purchases(frame.as_of.until, frame.mode)
    kinds = (
        (bought.offsets, bought.day, bought.second, bought.amount),
        (bought.adjust_offsets, bought.adjust_day, bought.adjust_second, bought.adjust_amount),
    )
    for kind in kinds:
        loop: Any = _sum
        loop(*where, entered.offsets, entered.place, segment, frame.cohort_of, *frame.clock.parts(), *kind, money)


@njit(cache=True, nogil=True)
def _count(
    low: int, high: int, offsets: Any, day: Any, second: Any, flags: Any, until: int, whose: Any, place: Any, segment: Any,
    cohort_of: Any, kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any, rule: Any,
    end_day: int, sizes: Any, counts: Any, first: Any, last: Any, waits: Any, totals: Any, complete: Any,
    mark: Any, of_segment: int, of_cohort: int, of_period: int, members: bool,
) -> None:  # fmt: skip
    width = counts.shape[2]
    base = offsets[low]
    seen = np.full(width + 1, -1, np.int64)
    each = 1 if rule == ON else 0
    once = np.full(totals.shape, -1, np.int64)
    for customer in range(low, high):
        start, stop = offsets[customer], offsets[customer + 1]
        while until > 0 and stop > start and second[stop - 1] >= until:
            stop -= 1
        own = customer - low
        begin, end = (own, own + 1) if len(whose) == 0 else (whose[own], whose[own + 1])
        for entry in range(begin, end):
            s = segment[entry] if len(segment) > 0 else 0
            at = start + place[entry]
            if place[entry] < 0 or s < 0 or at >= stop:
                continue
            c = cohort_of[day[at]]
            sizes[s, c] += 1
            row = counts[s, c]
            if kind == CALENDAR:
                most, least, wait = _by_calendar(at, stop, day, flags, base, table, row, each, seen, entry)
            else:
                moment = np.int64(day[at]) if kind == DAYS_APART else np.int64(second[at])
                first[s, c] = min(first[s, c], moment)
                last[s, c] = max(last[s, c], moment)
                most, least, wait = _by_clock(
                    at, stop, day, second, flags, base, kind, table, length, months, starts, shifts, row, each, seen, entry
                )
            prefix = _put_down(rule, row, seen, entry, most, least)
            if entry == begin:
                since = wait if wait >= 0 else max(end_day - np.int64(day[at]), 0)
                waits[0 if wait >= 0 else 1, s, since] += 1
            if len(mark) > 0:
                if s == of_segment and (c == of_cohort or (of_cohort < 0 and (of_period < 0 or complete[s, c, of_period]))):
                    mark[own] |= members or _kept(rule, of_period, seen, entry, most, least, prefix)
            elif len(complete) > 0:
                _total(rule, complete[s, c], totals[:, s], once[:, s], customer, seen, entry, most, least, prefix)


@njit(cache=True, nogil=True)
def _by_calendar(
    at: Any, stop: Any, day: Any, flags: Any, base: Any, table: Any, row: Any, each: Any, seen: Any, entry: Any
) -> Any:
    """The returns after an entry: stamps `seen`; gives the latest and the earliest period, and days to the first return.

    each  1: adds 1 to the row for every period with a return; 0: leaves it. There is no branch in the loop that the processor
          cannot foresee, which is most of its speed.
    """
    width = len(row)
    entered = table[day[at]]
    least: Any = width
    most: Any = -1
    wait = -1
    for i in range(at + 1, stop):
        if len(flags) > 0 and flags[i - base] & BACK == 0:
            continue
        k = max(table[day[i]] - entered, 0)
        most = max(most, k)
        least = min(least, k)
        if wait < 0:
            wait = max(np.int64(day[i]) - np.int64(day[at]), 0)
        if k < width:
            row[k] += each & (seen[k] != entry)
            seen[k] = entry
    return min(most, width - 1), least, wait


@njit(cache=True, nogil=True)
def _by_clock(
    at: Any, stop: Any, day: Any, second: Any, flags: Any, base: Any,
    kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any, row: Any, each: Any, seen: Any, entry: Any,
) -> Any:  # fmt: skip
    """As `_by_calendar`, by any other clock."""
    width = len(row)
    from_day, from_second = np.int64(day[at]), np.int64(second[at])
    least: Any = width
    most: Any = -1
    wait = -1
    for i in range(at + 1, stop):
        if len(flags) > 0 and flags[i - base] & BACK == 0:
            continue
        if wait < 0:
            wait = max(np.int64(day[i]) - from_day, 0)
        k = passed(from_day, from_second, np.int64(day[i]), np.int64(second[i]), kind, table, length, months, starts, shifts)
        most = max(most, k)
        least = min(least, k)
        if k < width:
            row[k] += each & (seen[k] != entry)
            seen[k] = entry
    return min(most, width - 1), least, wait


@njit(cache=True, nogil=True)
def _put_down(rule: Any, row: Any, seen: Any, entry: Any, most: Any, least: Any) -> Any:
    """Count an entry where its row begins or ends; gives how many periods from 1 on have a return without a gap."""
    width = len(row)
    prefix = 0
    if rule == ON_OR_AFTER and most >= 0:
        row[most] += 1
    elif rule == ON_OR_BEFORE and least < width:
        row[least] += 1
    elif rule == EVERY:
        while prefix + 1 < width and seen[prefix + 1] == entry:
            prefix += 1
        row[prefix] += 1
    return prefix


@njit(cache=True, nogil=True)
def _total(
    rule: Any, complete: Any, totals: Any, once: Any, customer: Any, seen: Any, entry: Any, most: Any, least: Any, prefix: Any
) -> None:
    """Count a customer once per period: among the eligible, and among the retained."""
    for k in range(len(complete)):
        if complete[k]:
            totals[0, k] += once[0, k] != customer
            once[0, k] = customer
            if _kept(rule, k, seen, entry, most, least, prefix):
                totals[1, k] += once[1, k] != customer
                once[1, k] = customer


@njit(cache=True, nogil=True)
def _kept(rule: Any, k: Any, seen: Any, entry: Any, most: Any, least: Any, prefix: Any) -> Any:
    """Whether an entry counts as retained at period k."""
    if rule == ON:
        return seen[k] == entry
    if rule == ON_OR_AFTER:
        return most >= k
    return least <= k if rule == ON_OR_BEFORE else prefix >= k


@njit(cache=True, nogil=True)
def _sum(
    low: int, high: int, offsets: Any, day: Any, second: Any, whose: Any, place: Any, segment: Any, cohort_of: Any,
    kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any,
    to: Any, to_day: Any, to_second: Any, amount: Any, money: Any,
) -> None:  # fmt: skip
    width = money.shape[2]
    for customer in range(low, high):
        own = customer - low
        begin, end = (own, own + 1) if len(whose) == 0 else (whose[own], whose[own + 1])
        for entry in range(begin, end):
            s = segment[entry] if len(segment) > 0 else 0
            if place[entry] < 0 or s < 0:
                continue
            at = offsets[customer] + place[entry]
            c = cohort_of[day[at]]
            if c < 0:
                continue
            for i in range(to[customer], to[customer + 1]):
                if to_second[i] < second[at]:
                    continue
                k = passed(
                    np.int64(day[at]), np.int64(second[at]), np.int64(to_day[i]), np.int64(to_second[i]),
                    kind, table, length, months, starts, shifts,
                )  # fmt: skip
                if k < width:
                    money[s, c, k] += amount[i]
