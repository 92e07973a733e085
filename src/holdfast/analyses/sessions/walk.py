"""The walks of sessions: a customer's steps cut where she was silent; each session has a first page, a last one and a length.

One loop counts sessions by a cell (the landing page, or a band of lengths), one counts where sessions end among those that saw
a page, one counts lengths and times within ranges for exact medians. A customer's own counts are gathered first, so that the
sums over customers that an interval needs (`clustered`) come with the counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.narrowing import Ranges, place_value
from holdfast.analyses.scope import Scope
from holdfast.analyses.step_scope import step_groups
from holdfast.analyses.steps import Nodes
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["ExitStep", "LengthStep", "SessionStep", "Wanted", "Ways"]

SUMS = (
    *("sessions", "hits", "customers", "customers_hit", "customers_missed", "steps"),
    *("hits_squared", "hits_crossed", "squared", "all_crossed"),
)
"""Of each cell: sessions, those that hit (bounced, or ended here); customers with a session, with a hit, with another; steps;
sums over customers of hits², hits times sessions, sessions², sessions times all sessions."""
U = np.uint64
NONE = U((1 << 64) - 1)
ANY, HIT, MISS = 0, 1, 2
"""Which sessions of a cell: all, those that hit, the others."""


@dataclass(frozen=True)
class Ways:
    """Which sessions: what every walk of this file needs.

    groups  how many segments · gap  seconds
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    groups: int
    gap: int

    def read(self, shard: Shard) -> tuple[Any, ...]:
        """What a loop reads: range, columns, lookups, as-of, gap, segments."""
        columns, nodes = shard.columns, self.nodes
        return (
            *(shard.low, shard.high, columns.offsets, columns.code, columns.second, nodes.values(shard)),
            *(nodes.by_code.astype(np.uint64), nodes.by_value.astype(np.uint64), self.as_of.until, self.gap),
            step_groups(self.scope, shard, self.as_of, nodes),
        )


@dataclass(frozen=True)
class Wanted:
    """Whose names are wanted: customers with a session of these cells.

    cells  uint8 by cell · what  ANY, HIT or MISS · only  the segment, -1 for all
    """

    cells: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    what: int = ANY
    only: int = -1

    def marks(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """Room for a mark a customer, none when nobody is wanted."""
        return np.zeros(shard.high - shard.low if len(self.cells) else 0, np.uint8)

    def rows(self, shard: Shard, mark: npt.NDArray[np.uint8], group: npt.NDArray[np.int32]) -> dict[str, Any]:
        """The ids of those marked."""
        if not len(mark):
            return {}
        return {"customer": shard.ids(mark if self.only < 0 or not len(group) else mark & (group == self.only))}


@dataclass(frozen=True)
class SessionStep:
    """A step that counts sessions by cell; a hit is a bounce, a session of one step.

    cell_of_node, cell_of_steps  int64: a session's cell is its landing page's and its length's (the last for longer) added
    period  int32 by local day, -1 outside; cells of the p-th period stand `cells` further on each
    cells   how many cells, and one more in which every session counts
    """

    ways: Ways
    cell_of_node: npt.NDArray[np.int64]
    cell_of_steps: npt.NDArray[np.int64]
    period: npt.NDArray[np.int32]
    periods: int
    cells: int
    wanted: Wanted = field(default_factory=Wanted)

    def __call__(self, shard: Shard) -> Tally:
        """Sums "cells" int64 [groups, periods * (cells + 1), SUMS], "n" int64 [groups]; rows `longest` (steps, seconds)."""
        read, groups = self.ways.read(shard), self.ways.groups
        sums = np.zeros((groups, self.periods * (self.cells + 1), len(SUMS)), np.int64)
        n, longest, mark = np.zeros(groups, np.int64), np.zeros((1, 2), np.int64), self.wanted.marks(shard)
        asked = (self.wanted.cells, self.wanted.what, mark)
        cells = (shard.columns.day, self.cell_of_node, self.cell_of_steps, self.period, self.cells)
        loop: tuple[Any, ...] = (*read, *cells, sums, n, longest[0], *asked)
        _sessions(*loop)
        return Tally({"cells": sums, "n": n}, {"longest": longest, **self.wanted.rows(shard, mark, read[-1])})


@dataclass(frozen=True)
class ExitStep:
    """A step that counts, for each page, the sessions that saw it; a hit is a session that ended with it."""

    ways: Ways
    wanted: Wanted = field(default_factory=Wanted)

    def __call__(self, shard: Shard) -> Tally:
        """Sums "cells" int64 [groups, nodes, SUMS] (no steps)."""
        read = self.ways.read(shard)
        sums, mark = np.zeros((self.ways.groups, len(self.ways.nodes), len(SUMS)), np.int64), self.wanted.marks(shard)
        _exits(*(*read, sums, self.wanted.cells, self.wanted.what, mark))
        return Tally({"cells": sums}, self.wanted.rows(shard, mark, read[-1]))


@dataclass(frozen=True)
class LengthStep:
    """A step that counts within ranges, by group and landing page: steps of all sessions, or seconds of those not bounced."""

    ways: Ways
    seconds: bool
    ranges: Ranges

    def __call__(self, shard: Shard) -> Tally:
        """Sum "counts" int64 [ranges, bins]."""
        ranges, counts = self.ranges, self.ranges.counts()
        within = (ranges.cell_of.astype(np.uint64), *ranges.asked(), counts)
        loop: tuple[Any, ...] = (*self.ways.read(shard), len(self.ways.nodes), self.seconds, *within)
        _lengths(*loop)
        return Tally({"counts": counts}, {})


@njit(cache=True, nogil=True)
def _what(i: Any, code: Any, values: Any, by_code: Any, by_value: Any) -> Any:
    """The node of an event, NONE when it is no step."""
    what = by_code[code[i]]
    if what != NONE and len(values) > 0 and values[i] != 0:
        what = by_value[values[i]]
    return what


@njit(cache=True, nogil=True)
def _session(i: Any, stop: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, gap: int) -> Any:
    """The next session from an event on: (first step, last step, steps, where to go on); no steps at the end."""
    first, last, steps = i, i, 0
    while i < stop:
        if second[i] >= until:
            return first, last, steps, stop
        if _what(i, code, values, by_code, by_value) != NONE:
            if steps > 0 and np.int64(second[i]) - np.int64(second[last]) >= gap:
                return first, last, steps, i
            if steps == 0:
                first = i
            last = i
            steps += 1
        i += U(1)
    return first, last, steps, stop


@njit(cache=True, nogil=True)
def _settle(own: Any, touched: Any, size: int, width: int, mine: Any) -> None:
    """Add one customer's sessions and hits per cell, and make room for the next; all sessions stand in every width-th cell."""
    for j in range(size):
        cell = touched[j]
        sessions, hits = own[cell, 0], own[cell, 1]
        mine[cell, 0] += sessions
        mine[cell, 1] += hits
        mine[cell, 2] += 1
        mine[cell, 3] += hits > 0
        mine[cell, 4] += sessions > hits
        mine[cell, 6] += hits * hits
        mine[cell, 7] += hits * sessions
        mine[cell, 8] += sessions * sessions
        mine[cell, 9] += sessions * own[(cell // width) * width + width - 1, 0]
    for j in range(size):
        own[touched[j], 0] = own[touched[j], 1] = 0


@njit(cache=True, nogil=True)
def _count(own: Any, touched: Any, size: int, cell: Any, hit: Any) -> int:
    if own[cell, 0] == 0:
        touched[size] = cell
        size += 1
    own[cell, 0] += 1
    own[cell, 1] += hit
    return size


@njit(cache=True, nogil=True)
def _sessions(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, gap: int,
    group: Any, day: Any, cell_of_node: Any, cell_of_steps: Any, period: Any, cells: int, sums: Any, n: Any, longest: Any,
    target: Any, asked: int, mark: Any,
) -> None:  # fmt: skip
    own = np.zeros((sums.shape[1], 2), np.int64)
    touched = np.zeros(sums.shape[1], np.int64)
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        i, stop, size = U(offsets[customer]), U(offsets[customer + 1]), 0
        mine = sums[where]
        first, last, steps, i = _session(i, stop, code, second, values, by_code, by_value, until, gap)
        n[where] += steps > 0
        while steps > 0:
            hit = steps == 1
            base = period[day[first]] * (cells + 1)
            page = _what(first, code, values, by_code, by_value)
            cell = base + cell_of_node[page] + cell_of_steps[min(steps, len(cell_of_steps) - 1)]
            if base >= 0:
                size = _count(own, touched, size, cell, hit)
                size = _count(own, touched, size, base + cells, hit)
                mine[cell, 5] += steps
                mine[base + cells, 5] += steps
                if len(mark) > 0 and (asked == 0 or hit == (asked == 1)):
                    mark[customer - low] |= target[cell] | target[base + cells]
            longest[0] = max(longest[0], steps)
            longest[1] = max(longest[1], np.int64(second[last]) - np.int64(second[first]))
            first, last, steps, i = _session(i, stop, code, second, values, by_code, by_value, until, gap)
        _settle(own, touched, size, cells + 1, mine)


@njit(cache=True, nogil=True)
def _exits(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, gap: int,
    group: Any, sums: Any, target: Any, asked: int, mark: Any,
) -> None:  # fmt: skip
    own = np.zeros((sums.shape[1], 2), np.int64)
    touched = np.zeros(sums.shape[1], np.int64)
    seen = np.zeros(sums.shape[1], np.int64)
    session = 0
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        i, stop, size = U(offsets[customer]), U(offsets[customer + 1]), 0
        mine = sums[where]
        while True:
            first, last, steps, i = _session(i, stop, code, second, values, by_code, by_value, until, gap)
            if steps == 0:
                break
            session += 1
            end = _what(last, code, values, by_code, by_value)
            for j in range(first, last + U(1)):
                page = _what(j, code, values, by_code, by_value)
                if page != NONE and seen[page] != session:
                    seen[page] = session
                    size = _count(own, touched, size, page, page == end)
                    if len(mark) > 0 and (asked == 0 or (page == end) == (asked == 1)):
                        mark[customer - low] |= target[page]
        _settle(own, touched, size, 1, mine)


@njit(cache=True, nogil=True)
def _lengths(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, gap: int,
    group: Any, pages: int, seconds: bool, cell_of: Any, start_of: Any, start: Any, bits: Any, shift: Any, counts: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        i, stop = U(offsets[customer]), U(offsets[customer + 1])
        while True:
            first, last, steps, i = _session(i, stop, code, second, values, by_code, by_value, until, gap)
            if steps == 0:
                break
            cell = cell_of[U(where * pages) + _what(first, code, values, by_code, by_value)]
            if seconds and steps > 1:
                place_value(cell, U(second[last]) - U(second[first]), start_of, start, bits, shift, counts)
            elif not seconds:
                place_value(cell, U(steps), start_of, start, bits, shift, counts)
