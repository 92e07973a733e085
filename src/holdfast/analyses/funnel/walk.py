"""The walk of a funnel: each customer's best chain, counted by segment, depth and period of entry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.funnel.loops import NEVER, by_key, picked, runs_by_period, seconds_between, sequences, slides, still_open
from holdfast.analyses.scope import Scope
from holdfast.analyses.steps import NO_STEP, Nodes, Steps, gap_seconds, steps_of
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.analyses.windows import Window
    from holdfast.timelines.timelines import AsOf

__all__ = ["ORDERS", "Chain", "FunnelStep", "Wanted", "closed_sessions", "some_steps"]

ORDERS = ("ordered", "strict", "any")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Chain:
    """What a chain is, as the loops read it.

    steps     the nodes of each step of the funnel · broken_by nodes that break a chain
    order     "ordered", "strict" or "any" · window how long it may take
    gap_minutes  after so many minutes without a step a session ends (read when the window is a session)
    key       property whose value all steps share; None: none
    """

    steps: tuple[tuple[int, ...], ...]
    broken_by: tuple[int, ...]
    order: str
    window: Window
    gap_minutes: float | None
    key: str | None

    @property
    def window_seconds(self) -> int:
        """The window for the loops."""
        return NEVER if self.window.seconds is None else self.window.seconds

    def tables(self, nodes: int) -> tuple[Array, Array, Array, Array]:
        """By node int64 bits of the steps it is, int32 group of alike steps (-1 none), uint8 breaks; by group how many."""
        matches, group, breaking = np.zeros(nodes, np.int64), np.full(nodes, NO_STEP, np.int32), np.zeros(nodes, np.uint8)
        alike = list(dict.fromkeys(self.steps))
        for place, step in enumerate(self.steps):
            matches[list(step)] |= 1 << place
            group[list(step)] = alike.index(step)
        breaking[list(self.broken_by)] = 1
        return matches, group, breaking, np.array([self.steps.count(step) for step in alike], np.int32)

    def reach(self, matches: Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """By node: how many steps before the first and up to the last that it can change; where neighbours matter, all."""
        size = len(self.steps)
        bits = (matches[:, None] >> np.arange(size)) & 1 if size else np.zeros((len(matches), 1), np.int64)
        if self.order == "strict":
            bits = np.ones_like(bits)
        some = bits.any(axis=1)
        top = np.where(some, bits.shape[1] - bits[:, ::-1].argmax(axis=1), 0)
        return np.where(some, bits.argmax(axis=1), 0).astype(np.int32), top.astype(np.int32)

    def lay(self, shard: Shard, nodes: Nodes, until: int) -> Steps:
        """The shard's steps, all of them where neighbours or sessions matter."""
        if self.order == "strict" or self.window.session:
            return steps_of(shard, nodes, until, self.gap_minutes)
        return some_steps(shard, nodes, {node for step in (*self.steps, self.broken_by) for node in step}, until)


def some_steps(shard: Shard, nodes: Nodes, wanted: Collection[int], until: int) -> Steps:
    """The shard's steps of some nodes, without sessions (`fresh` is empty, or of the whole timeline)."""
    named = np.zeros(len(nodes) + 1, np.bool_)
    named[list(wanted)] = True
    both = (nodes.by_code, nodes.by_value)
    codes, values = (np.where(named[places], places, NO_STEP).astype(np.int32) for places in both)
    if nodes.property is not None:
        # An event whose own name is not wanted still counts by its value.
        return steps_of(shard, replace(nodes, by_value=values), until, None)
    columns = shard.columns
    room = int(columns.offsets[shard.high] - columns.offsets[shard.low]) + 1
    to, node, event = np.zeros(shard.high - shard.low + 1, np.int64), np.empty(room, np.int32), np.empty(room, np.int64)
    place = (shard.low, shard.high, columns.offsets, columns.code, columns.second)
    kept = picked(*place, codes, until, to, node, event)
    return Steps(to, node[:kept], event[:kept], np.zeros(0, np.uint8))


@dataclass(frozen=True)
class Wanted:
    """Whom to name: depth from `least` to `most`; `alive` only those who could still go on; of a segment and a period of entry.

    segment, period  -1: all
    """

    least: int
    most: int
    alive: bool = False
    segment: int = -1
    period: int = -1


@dataclass(frozen=True)
class _Lines:
    """Where the loops look: steps by line.

    offsets, node, event, room  as `sequences` reads them · open_room by line · owner int32 by line, empty: the line itself
    """

    offsets: Array
    node: Array
    event: Array
    room: Array
    open_room: Array
    owner: Array


@dataclass(frozen=True)
class _Runs:
    """What the loops found, by run; see `sequences`. `of` is the customer."""

    of: Array
    begun_in: Array
    depth: Array
    begin: Array
    end: Array
    alive: Array


@dataclass(frozen=True)
class FunnelStep:
    """A step that finds each customer's best chain.

    segments  how many · periods int32 by local day and how many, for the trend; None: no trend
    wanted    whom to name; None names nobody
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    chain: Chain
    segments: int = 1
    periods: tuple[npt.NDArray[np.int32], int] | None = None
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums `depth` int64 [segments, size + 1, 2], `periods` int64 [segments, periods, size + 1, 2] (last: could go on).

        Rows of those who took a second step: `segment` int32, `depth` uint8, `waits` uint32 [rows, size - 1]; and `customer`.
        """
        size, lines = len(self.chain.steps), self._lines(shard)
        runs = self._runs(shard, lines, np.zeros(0, np.int32))
        far, waits = self._timed(shard, lines, runs)
        segment = self._segments(shard, lines, runs)
        entered = segment[runs.of] >= 0
        cell = (segment[runs.of[entered]].astype(np.int64) * (size + 1) + runs.depth[entered]) * 2 + runs.alive[entered]
        sums = {"depth": np.bincount(cell, minlength=self.segments * (size + 1) * 2).reshape(self.segments, size + 1, 2)}
        own = entered[far]
        of = runs.of[far[own]]
        rows: dict[str, Any] = {"segment": segment[of], "depth": runs.depth[far[own]], "waits": waits[own]}
        if self.periods is not None:
            runs = self._runs(shard, lines, self.periods[0])
            sums["periods"] = self._by_period(runs, segment)
        if self.wanted is not None:
            rows["customer"] = shard.ids(self._marked(self.wanted, segment, runs))
        return Tally(sums, rows)

    def _lines(self, shard: Shard) -> _Lines:
        chain = self.chain
        steps = chain.lay(shard, self.nodes, self.as_of.until)
        none = np.zeros(0, np.int64)
        room = np.cumsum(steps.fresh, dtype=np.int32) if chain.window.session else np.zeros(0, np.int32)
        until, gap = self.as_of.until, chain.gap_minutes
        closed = closed_sessions(shard, steps, until, gap) if chain.window.session else np.zeros(0, np.bool_)
        if chain.key is None:
            ends = steps.offsets[1:] - 1
            open_room = np.where(closed, -1, room[ends]) if len(room) else none
            return _Lines(steps.offsets, steps.node, steps.event, room, open_room.astype(np.int64), none)
        many = len(steps.node)
        to = np.empty(many, np.int32), np.empty(many, np.int64), np.empty(many, np.int32)
        lines, owner = np.zeros(many + 1, np.int64), np.empty(many, np.int32)
        last_room = np.zeros(len(steps.offsets) - 1, np.int64)
        breaking = chain.tables(len(self.nodes))[2]
        keys = shard.columns.properties[chain.key]
        made = by_key(steps.offsets, steps.node, steps.event, room, keys, breaking, *to, lines, owner, last_room)
        if len(closed):
            last_room[closed] = -1
        kept = int(lines[made])
        node, event, rooms = (array[:kept] for array in to)
        return _Lines(lines[: made + 1], node, event, rooms, last_room[owner[:made]], owner[:made])

    def _runs(self, shard: Shard, lines: _Lines, period: npt.NDArray[np.int32]) -> _Runs:
        """The best chain of each customer (without `period`), or of each customer and period of start."""
        chain, columns = self.chain, shard.columns
        matches, group, breaking, need = chain.tables(len(self.nodes))
        size, window = len(chain.steps), chain.window_seconds
        line, low, high, wanted = self._ranges(shard, lines, period, (matches & 1 if chain.order != "any" else group >= 0))
        depth, begin, end, live = (np.empty(len(line), kind) for kind in (np.uint8, np.int64, np.int64, np.int64))
        places = (low, high, wanted, lines.node, lines.event, lines.room, columns.second, columns.micro, columns.day)
        if chain.order == "any":
            slides(*places, group, need, breaking, size, window, period, depth, begin, end, live)
        else:
            strict = chain.order == "strict"
            sequences(
                *places, matches, *self.chain.reach(matches), breaking, size, window, strict, period, depth, begin, end, live
            )
        alive = self._alive(shard, lines, line, high, live)
        runs = _Runs(line, wanted, depth, begin, end, alive)
        return runs if chain.key is None else _best_of(runs, lines, size)

    def _alive(self, shard: Shard, lines: _Lines, line: Array, high: Array, live: Array) -> npt.NDArray[np.uint8]:
        """Which runs can still go on at the as-of: their window is open, and so is the room at the end of their line."""
        alive = np.zeros(len(line), np.uint8)
        still_open(live, lines.event, shard.columns.second, self.as_of.until, self.chain.window_seconds, alive)
        if len(lines.open_room):
            some = np.flatnonzero(alive)
            alive[some] = lines.room[high[some] - 1] == lines.open_room[line[some]]
        return alive

    def _ranges(self, shard: Shard, lines: _Lines, period: npt.NDArray[np.int32], starts: Array) -> tuple[Array, ...]:
        """By run: line, low, high and period: the whole of each line, or a part for each period in which it may start."""
        many = len(lines.offsets) - 1
        if not len(period):
            return np.arange(many, dtype=np.int32), lines.offsets[:-1], lines.offsets[1:], np.full(many, -1, np.int32)
        room = len(lines.node)
        out = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int32)
        made = runs_by_period(
            *(lines.offsets, lines.node, lines.event, shard.columns.second, shard.columns.micro, shard.columns.day),
            *(starts.astype(np.uint8), self.chain.window_seconds, period, *out),
        )
        return tuple(array[:made] for array in out)

    def _timed(self, shard: Shard, lines: _Lines, runs: _Runs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """The runs with a second step, and the seconds from step to step; completes `begin` of runs in any order."""
        matches, group, _, need = self.chain.tables(len(self.nodes))
        some = self.chain.order == "any"
        far = np.flatnonzero(runs.depth > 1)
        if some:
            single = runs.depth == 1
            runs.begin[single] = runs.end[single]
        waits = np.zeros((len(far), max(len(self.chain.steps) - 1, 1)), np.uint32)
        seconds_between(
            *(far, some, lines.node, lines.event, shard.columns.second, matches, group, need),
            *(runs.depth, runs.begin, runs.end, waits),
        )
        return far, waits

    def _segments(self, shard: Shard, lines: _Lines, runs: _Runs) -> npt.NDArray[np.int32]:
        """The segment of each customer by the first event of her chain; -1 for those who never began or are out of scope."""
        n, begun = shard.high - shard.low, runs.depth > 0
        if self.scope.trivial:
            out = np.full(n, -1, np.int32)
            out[runs.of[begun]] = 0
            return out
        entry = np.full(n, -1, np.int64)
        entry[runs.of[begun]] = lines.event[runs.begin[begun]]
        entry[entry >= 0] -= shard.columns.offsets[shard.low : shard.high][entry >= 0]
        return self.scope.at(shard, self.as_of, entry)

    def _by_period(self, runs: _Runs, segment: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        many, size = self.periods[1] if self.periods else 0, len(self.chain.steps)
        own = segment[runs.of] >= 0
        cell = segment[runs.of[own]].astype(np.int64) * many + runs.begun_in[own]
        cell = (cell * (size + 1) + runs.depth[own]) * 2 + runs.alive[own]
        shape = (self.segments, many, size + 1, 2)
        return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)

    def _marked(self, wanted: Wanted, segment: npt.NDArray[np.int32], runs: _Runs) -> npt.NDArray[np.bool_]:
        """The wanted customers, from the runs of the trend when a period is wanted."""
        hit = (runs.depth >= wanted.least) & (runs.depth <= wanted.most)
        if wanted.alive:
            hit &= runs.alive > 0
        if wanted.period >= 0:
            hit &= runs.begun_in == wanted.period
        marks = np.zeros(len(segment), np.bool_)
        marks[runs.of[hit]] = True
        return marks & (segment >= 0 if wanted.segment < 0 else segment == wanted.segment)


def closed_sessions(shard: Shard, steps: Steps, until: int, gap_minutes: float | None) -> npt.NDArray[np.bool_]:
    """Whose last session is over at an instant; who has no step has none."""
    some = np.diff(steps.offsets) > 0
    closed = ~some
    last = steps.event[steps.offsets[1:][some] - 1]
    closed[some] = until - shard.columns.second[last].astype(np.int64) >= gap_seconds(gap_minutes)
    return closed


def _best_of(runs: _Runs, lines: _Lines, size: int) -> _Runs:
    """Of the runs of one customer's lines (and one period) the deepest, and of those the one that is first there.

    It is alive when a run of any of the lines is, unless it is through.
    """
    owner = lines.owner[runs.of]
    last = np.where(runs.depth > 0, lines.event[np.maximum(runs.end, 0)] if len(lines.event) else 0, 0)
    order = np.lexsort((last, -runs.depth.astype(np.int64), runs.begun_in, owner))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(owner[order]) != 0) | (np.diff(runs.begun_in[order]) != 0)
    best, starts = order[fresh], np.flatnonzero(fresh)
    alive = np.maximum.reduceat(runs.alive[order], starts) if len(starts) else runs.alive[:0]
    alive[runs.depth[best] == size] = 0
    return _Runs(owner[best], runs.begun_in[best], runs.depth[best], runs.begin[best], runs.end[best], alive)
