"""The walk of transitions: each customer's steps two by two, counted in a small square of cells, one row a step left.

A cell is `from << shift | to`. The last row and column are the start of a path and its end, the last but one are the steps that
are folded into "(other)". Counts of a customer are gathered first, so that customers and the sums over customers that an
interval needs (`clustered`) come with the counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.scope import Scope
from holdfast.analyses.step_scope import step_groups
from holdfast.analyses.steps import NO_STEP, Nodes
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["FlowStep", "Frequencies", "Square"]

U = np.uint64
NONE = U((1 << 64) - 1)
"""No step, where whole numbers have no sign: -1."""
FLOWS = ("transitions", "customers", "squares", "crossed", "sessions")
"""Of each cell: how often, by how many; sums over customers of the count's square and of the count times all from that step; in
how many sessions."""
OUTS = ("squares", "customers")
"""Of each step: the sum over customers of the square of all that went from it, and how many customers took it."""


@dataclass(frozen=True)
class Square:
    """Which place each step has.

    fold    int32 by node: its place, `kept` for those folded into "(other)"
    kept    how many steps have a place of their own; then come "(other)" and the start and end
    """

    fold: npt.NDArray[np.int32]
    kept: int

    @property
    def ends(self) -> int:
        """The place of the start (as a row) and the end (as a column)."""
        return self.kept + 1

    @property
    def shift(self) -> int:
        """How many bits a column takes."""
        return self.ends.bit_length()

    @property
    def cells(self) -> int:
        """How many cells."""
        return (self.ends + 1) << self.shift


@dataclass(frozen=True)
class FlowStep:
    """A step that counts transitions.

    gap        seconds that end a session; None: a customer's path is one
    collapsed  whether a step repeated at once, within a session, counts once
    cut        whether rows after the as-of exist and must be left out
    sessions   whether sessions are counted too
    target     uint8 by cell: customers with one of these cells are named, of segment `only` (-1: all); empty: nobody
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    square: Square
    groups: int
    gap: int | None
    collapsed: bool
    cut: bool
    sessions: bool = False
    target: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """Sums "flow" uint64 [groups, FLOWS, cells], "out" uint64 [groups, OUTS, steps], "n" [groups]; rows `customer`."""
        square, columns = self.square, shard.columns
        group = step_groups(self.scope, shard, self.as_of, self.nodes)
        flow = np.zeros((self.groups, len(FLOWS), square.cells), np.uint64)
        out = np.zeros((self.groups, len(OUTS), square.ends + 1), np.uint64)
        n = np.zeros(self.groups, np.int64)
        mark = np.zeros(shard.high - shard.low if len(self.target) else 0, np.uint8)
        shared: tuple[Any, ...] = (group, U(square.shift), U(square.ends), flow, out, n, self.target, mark)
        if self.gap is None and not (self.collapsed or self.cut or self.sessions) and self.nodes.property is None:
            _plain(shard.low, shard.high, columns.offsets, columns.code, self._places(), *shared)
        else:
            _whole(
                *(shard.low, shard.high, columns.offsets, columns.code, *self.named(shard), self.collapsed),
                *(np.zeros(square.cells if self.sessions else 0, np.int64), *shared),
            )
        if not len(mark):
            return Tally({"flow": flow, "out": out, "n": n}, {})
        chosen = mark > 0 if self.only < 0 or not len(group) else (mark > 0) & (group == self.only)
        return Tally({"flow": flow, "out": out, "n": n}, {"customer": shard.ids(chosen)})

    def named(self, shard: Shard) -> tuple[Any, ...]:
        """What a loop needs to know a step: seconds, values, lookups, folding, as-of, gap."""
        gap = 1 << 40 if self.gap is None else self.gap
        until = self.as_of.until if self.cut else 1 << 40
        tables = (self.nodes.by_code, self.nodes.by_value, self.square.fold)
        looked = (self.nodes.values(shard), *(table.astype(np.uint64) for table in tables))
        return shard.columns.second, *looked, until, gap

    def _places(self) -> npt.NDArray[np.uint64]:
        """The place by event code."""
        by_code = self.nodes.by_code
        place = np.full(len(by_code), NONE, np.uint64)
        place[by_code != NO_STEP] = self.square.fold[by_code[by_code != NO_STEP]]
        return place


@dataclass(frozen=True)
class Frequencies:
    """A step that counts how often each node is a step at all: sum "steps" int64 [nodes]."""

    nodes: Nodes
    until: int

    def __call__(self, shard: Shard) -> Tally:
        """Count one shard."""
        columns = shard.columns
        span = slice(columns.offsets[shard.low], columns.offsets[shard.high])
        steps = np.zeros(len(self.nodes), np.int64)
        values = self.nodes.values(shard)
        events: tuple[Any, ...] = (columns.code[span], columns.second[span], values[span] if len(values) else values)
        counted: tuple[Any, ...] = (*events, self.nodes.by_code, self.nodes.by_value, self.until, steps)
        _frequencies(*counted)
        return Tally({"steps": steps}, {})


@njit(cache=True, nogil=True)
def _frequencies(code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, steps: Any) -> None:
    for i in range(len(code)):
        if second[i] >= until:
            continue
        what = by_code[code[i]]
        if what >= 0 and len(values) > 0 and values[i] != 0:
            what = by_value[values[i]]
        if what >= 0:
            steps[what] += 1


@njit(cache=True, nogil=True, inline="always")
def _gather(own: Any, touched: Any, size: Any, cell: Any) -> Any:
    """Count one transition of the customer; a cell met for the first time is noted. No branch: it would be guessed wrong."""
    before = own[cell]
    own[cell] = before + np.uint32(1)
    touched[size] = cell
    return size + U(before == 0)


@njit(cache=True, nogil=True)
def _settle(own: Any, touched: Any, size: Any, left: Any, shift: Any, flow: Any, out: Any) -> None:
    """Add what one customer did, and make room for the next."""
    one = U(1)
    for j in range(size):
        left[U(touched[j]) >> shift] += U(own[touched[j]])
    for j in range(size):
        cell = touched[j]
        count = U(own[cell])
        own[cell] = 0
        flow[0, cell] += count
        flow[1, cell] += one
        flow[2, cell] += count * count
        flow[3, cell] += count * left[U(cell) >> shift]
    for row in range(len(left)):
        all_ = left[row]
        out[0, row] += all_ * all_
        out[1, row] += U(all_ > 0)
        left[row] = 0


@njit(cache=True, nogil=True)
def _named(touched: Any, size: Any, target: Any) -> bool:
    found = False
    for j in range(size):
        found |= target[touched[j]] != 0
    return found


@njit(cache=True, nogil=True)
def _plain(
    low: int, high: int, offsets: Any, code: Any, place: Any, group: Any, shift: Any, ends: Any, flow: Any, out: Any, n: Any,
    target: Any, mark: Any,
) -> None:  # fmt: skip
    """Steps named by event, of all time, without sessions. Whole numbers without sign all through: no index to check."""
    own = np.zeros(flow.shape[2], np.uint32)
    touched = np.zeros(flow.shape[2] + 1, np.uint32)
    left = np.zeros(out.shape[2], np.uint64)
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        last, size = ends, U(0)
        for i in range(U(offsets[customer]), U(offsets[customer + 1])):
            what = place[code[i]]
            if what == NONE:
                continue
            size = _gather(own, touched, size, (last << shift) | what)
            last = what
        if last == ends:
            continue
        size = _gather(own, touched, size, (last << shift) | ends)
        n[where] += 1
        if len(mark) > 0:
            mark[customer - low] = _named(touched, size, target)
        _settle(own, touched, size, left, shift, flow[where], out[where])


@njit(cache=True, nogil=True)
def _whole(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, fold: Any, until: int,
    gap: int, collapse: bool, stamp: Any, group: Any, shift: Any, ends: Any, flow: Any, out: Any, n: Any, target: Any,
    mark: Any,
) -> None:  # fmt: skip
    """The same with sessions, an as-of, steps named by a property, and loops collapsed.

    stamp  by cell, the last session that had it; empty where sessions are not counted
    """
    own = np.zeros(flow.shape[2], np.uint32)
    touched = np.zeros(flow.shape[2] + 1, np.uint32)
    left = np.zeros(out.shape[2], np.uint64)
    session = 0
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        last, size, node, before = ends, U(0), NONE, np.int64(-1)
        mine = flow[where]
        session += 1
        for i in range(U(offsets[customer]), U(offsets[customer + 1])):
            now = np.int64(second[i])
            if now >= until:
                break
            what = by_code[code[i]]
            if what != NONE and len(values) > 0 and values[i] != 0:
                what = by_value[values[i]]
            if what == NONE:
                continue
            if before >= 0 and now - before >= gap:
                size = _gather(own, touched, size, (last << shift) | ends)
                _stamped(stamp, (last << shift) | ends, session, mine)
                last, node = ends, NONE
                session += 1
            before = now
            if collapse and what == node:
                continue
            node = what
            cell = (last << shift) | fold[what]
            size = _gather(own, touched, size, cell)
            _stamped(stamp, cell, session, mine)
            last = fold[what]
        if last == ends:
            continue
        size = _gather(own, touched, size, (last << shift) | ends)
        _stamped(stamp, (last << shift) | ends, session, mine)
        n[where] += 1
        if len(mark) > 0:
            mark[customer - low] = _named(touched, size, target)
        _settle(own, touched, size, left, shift, flow[where], out[where])


@njit(cache=True, nogil=True, inline="always")
def _stamped(stamp: Any, cell: Any, session: int, flow: Any) -> None:
    if len(stamp) > 0 and stamp[cell] != session:
        stamp[cell] = session
        flow[4, cell] += U(1)
