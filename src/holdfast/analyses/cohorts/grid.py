"""From the walk's sums to a grid: rules summed along the rows, three states of a cell, pooled totals (SEMANTICS 6-8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.cohorts.clock import CALENDAR, DAYS_APART
from holdfast.analyses.cohorts.loops import EVERY, ON, ON_OR_AFTER
from holdfast.analyses.cohorts.walks import Behind, Frame, GridPart, GridStep
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["COMPLETE", "HIDDEN", "IN_PROGRESS", "STATES", "Grid", "behind", "walk_grid"]

COMPLETE, IN_PROGRESS, HIDDEN = 0, 1, 2
STATES = ("complete", "in progress", "not observable")


@dataclass(frozen=True)
class Grid:
    """A cohort grid as numbers.

    sizes     int64 [segments, cohorts]: who entered
    retained  int64 [segments, cohorts, periods] · money int64, ten-thousandths, of the same shape (or empty)
    states    int8 [segments, cohorts, periods]: 0 complete, 1 in progress, 2 not observable
    eligible, kept   int64 [segments, periods]: pooled over complete cells, an entry each (the curve)
    people, stayed   int64 [segments, periods]: the same with each customer once (the total)
    income    int64 [segments, periods]: money pooled over complete cells
    members   int64 [segments]: customers who entered at all, each once, in the segment of her first entry
    waits     int64 [2, segments, days]: customers by days to the first return, and by days observed without one
    earlier   customers whose history began before the window
    """

    sizes: npt.NDArray[np.int64]
    retained: npt.NDArray[np.int64]
    money: npt.NDArray[np.int64]
    states: npt.NDArray[np.int8]
    eligible: npt.NDArray[np.int64]
    kept: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    stayed: npt.NDArray[np.int64]
    income: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]
    waits: npt.NDArray[np.int64]
    earlier: int

    @property
    def periods(self) -> int:
        """How many periods after entry are shown: up to the last that has begun for anyone."""
        begun = np.flatnonzero(((self.states != HIDDEN) & (self.sizes > 0)[:, :, None]).any(axis=(0, 1)))
        return int(begun[-1]) + 1 if len(begun) else 0


def walk_grid(timelines: Timelines, frame: Frame) -> Grid:
    """Walk, and lay the grid out."""
    part: GridPart = timelines.walk(GridStep(frame))
    states = _states(timelines, frame, part)
    retained = _by_rule(part.counts, frame.rule)
    complete = (states == COMPLETE) & (part.sizes > 0)[:, :, None]
    eligible = (complete * part.sizes[:, :, None]).sum(axis=1)
    kept = np.where(complete, retained, 0).sum(axis=1)
    people, stayed = eligible, kept
    if frame.entry == "each period":
        people, stayed = timelines.walk(GridStep(frame, np.ascontiguousarray(complete))).totals
    income = np.where(complete, part.money, 0).sum(axis=1) if frame.valued else part.money
    members = part.waits.sum(axis=(0, 2))
    return Grid(
        part.sizes, retained, part.money, states, eligible, kept, people, stayed, income, members, part.waits, part.earlier
    )


def _by_rule(counts: npt.NDArray[np.int64], rule: int) -> npt.NDArray[np.int64]:
    """An entry was counted once, where its row of the rule ends or begins; sums along the row give the cells."""
    if rule == ON:
        return counts
    if rule in (ON_OR_AFTER, EVERY):
        return np.flip(np.flip(counts, axis=2).cumsum(axis=2), axis=2)
    return counts.cumsum(axis=2)


def _states(timelines: Timelines, frame: Frame, part: GridPart) -> npt.NDArray[np.int8]:
    """Complete when the last member's window has closed, in progress when the first one's has begun."""
    closed, begun = _reach(timelines, frame, part)
    periods = np.arange(frame.shape[2])
    found = np.where(periods < closed[:, :, None], COMPLETE, np.where(periods <= begun[:, :, None], IN_PROGRESS, HIDDEN))
    return found.astype(np.int8)


def _reach(timelines: Timelines, frame: Frame, part: GridPart) -> tuple[Any, Any]:
    """Per segment and cohort: how many periods are over for all members, and the last one that has begun for any."""
    last_day, until = day_of(frame.as_of.last), frame.as_of.until
    shape = frame.shape[:2]
    if frame.clock.kind == CALENDAR:
        cohorts = np.arange(shape[1])
        open_one, last_one = frame.clock.table[frame.as_of.day], frame.clock.table[last_day]
        return np.broadcast_to(open_one - cohorts, shape), np.broadcast_to(last_one - cohorts, shape)
    closed, begun = np.zeros(shape, np.int64), np.full(shape, -1, np.int64)
    for s, c in zip(*np.nonzero(part.sizes), strict=True):
        closed[s, c] = frame.clock.since(*_instant(timelines, frame, part.last[s, c]), frame.as_of.day, until)
        begun[s, c] = frame.clock.since(*_instant(timelines, frame, part.first[s, c]), last_day, until - 1)
    return closed, begun


def _instant(timelines: Timelines, frame: Frame, moment: Any) -> tuple[int, int]:
    if frame.clock.kind == DAYS_APART:
        return int(moment), 0
    return timelines.zone.day_at(int(moment)), int(moment)


def behind(timelines: Timelines, frame: Frame, grid: Grid, wanted: Behind) -> tuple[str, ...]:
    """The ids behind a number, sorted."""
    complete = np.ascontiguousarray((grid.states == COMPLETE) & (grid.sizes > 0)[:, :, None])
    part: GridPart = timelines.walk(GridStep(replace(frame, valued=False), complete, wanted))
    return tuple(sorted(name for ids in part.ids for name in ids.to_pylist()))
