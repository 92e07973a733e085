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

from holdfast.analyses.cohorts.clock import CALENDAR, Clock
from holdfast.analyses.cohorts.loops import ON, count_plainly, count_returns, sum_money
from holdfast.analyses.cohorts.streams import Chosen, Entries, EntryMode, Stream, entries, stream
from holdfast.analyses.scope import last_events
from holdfast.timelines.attributes import order_events
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.scope import Scope
    from holdfast.timelines.purchases import RefundMode
    from holdfast.timelines.timelines import AsOf
    from holdfast.timelines.walk import Shard

__all__ = ["Behind", "Frame", "GridPart", "GridStep"]

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
    waits    int64 [2, segments, days]: customers by days from the first entry in scope to its first return, and
             by days observed without one
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
        if self._plain(events, entered, until):
            plain: Any = count_plainly
            plain(*where[:4], entered.place, segment, frame.clock.table, end, part.sizes, part.counts, part.waits)
        else:
            loop: Any = count_returns
            loop(*where, *given, frame.rule, end, *sums, self.complete, mark, *target)
        if frame.valued:
            _sum_money(shard, frame, where, entered, segment, part.money)
        ids = () if self.behind is None else (shard.ids(mark),)
        return replace(part, ids=ids)

    def _plain(self, events: Stream, entered: Entries, until: int) -> bool:
        """Whether the short loop will do: all events count, one entry each, calendar periods, "on", nobody asked for."""
        whole = not len(events.flags) and not len(entered.offsets) and not until
        counted = not len(self.complete) and self.behind is None
        return whole and counted and self.frame.clock.kind == CALENDAR and self.frame.rule == ON


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
        loop: Any = sum_money
        loop(*where, entered.offsets, entered.place, segment, frame.cohort_of, *frame.clock.parts(), *kind, money)
