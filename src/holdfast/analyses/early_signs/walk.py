"""The walks of early signs: what is learned of all customers, then each customer's own habit against now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.activity import Activity
from holdfast.analyses.complaints import last_complaints
from holdfast.analyses.early_signs.loops import FALLING, NOTHING, RISING, STEADY, habit_moments, habits_now
from holdfast.analyses.early_signs.model import Cuts, Habits
from holdfast.analyses.scope import Scope
from holdfast.timelines.walk import Shard, Tally

__all__ = ["SILENT_DAYS", "VALUE_DAYS", "WHATS", "HabitStep", "Quiet", "SignsStep", "Wanted"]

VALUE_DAYS = 365
"""The money at stake is that of so many local days up to the as-of."""

SILENT_DAYS = 90
"""A complaint within so many days is one that somebody can answer still."""

WHATS = ("silent", "complained")
COUNTED = 6
"""States that are counted: the codes of `early_loops`."""


@dataclass(frozen=True)
class HabitStep:
    """A step that learns the prior: the sums of `early_loops.habit_moments`."""

    activity: Activity
    end: int
    gone: int

    def __call__(self, shard: Shard) -> Tally:
        """Sums "moments" int64 [8]."""
        sums = np.zeros(8, np.int64)
        columns = self.activity.columns(shard)
        habit_moments(shard.low, shard.high, *columns, self.activity.as_of.until, self.end, self.gone, sums)
        return Tally({"moments": sums}, {})


@dataclass(frozen=True)
class Quiet:
    """Who has complained, and whose money is at stake: events of complaint, and the first day on which one still counts."""

    names: tuple[str, ...]
    since: int

    def complained(self, shard: Shard, until: int) -> npt.NDArray[np.bool_]:
        """Whether each customer of the shard has complained since."""
        return np.asarray(last_complaints(shard, self.names, self.since, until) >= 0)


@njit(cache=True, nogil=True)
def _money_since(low: int, high: int, offsets: Any, day: Any, amount: Any, since: int, out: Any) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            if np.int64(day[i]) + 1 < since:
                break
            if day[i] >= since:
                out[customer - low] += amount[i]


@dataclass(frozen=True)
class Wanted:
    """The people to name: a state (-1: any known), with or without a complaint (None: either), of one segment (-1: all)."""

    state: int
    what: str | None
    only: int
    cuts: Cuts


@dataclass(frozen=True)
class SignsStep:
    """A step that judges each customer.

    segments  how many · quiet  the complaints
    wanted    the people to name; None: the answer's sums and rows
    """

    activity: Activity
    habits: Habits
    scope: Scope
    segments: int
    quiet: Quiet
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums "states" int64 [segments, 6] (all with a p stand as steady) and "tested" (of everyone, in scope or not).

        Rows of everyone whose p of falling is at most the level: ids, segment, silent, window, span, before, now, spread, down,
        value, complained; and `up`, `up_segment` of everyone whose p of rising is.
        """
        found = self.judged(shard)
        segment = self.activity.segments(shard, self.scope)
        if self.wanted is not None:
            return Tally({}, {"ids": shard.ids(self._named(shard, found, segment))})
        states = np.zeros((self.segments, COUNTED), np.int64)
        inside = (segment >= 0) & (found["state"] != NOTHING)
        np.add.at(states, (segment[inside], found["state"][inside]), 1)
        tested = found["state"] == STEADY
        low, high = tested & (found["down"] <= self.habits.level), tested & (found["up"] <= self.habits.level)
        rows = {name: found[name][low] for name in ("silent", "window", "span", "before", "now", "spread", "down")}
        rows |= {"ids": shard.ids(low), "segment": segment[low], "value": self.value(shard)[low]}
        rows |= {"complained": self.quiet.complained(shard, self.activity.as_of.until)[low]}
        rows |= {"up": found["up"][high], "up_segment": segment[high]}
        return Tally({"states": states, "tested": np.int64(tested.sum())}, rows)

    def judged(self, shard: Shard) -> dict[str, Any]:
        """state, silent, window, span, before, now, spread, down, up per customer of the shard."""
        size, habits = shard.high - shard.low, self.habits
        found: dict[str, Any] = {"state": np.zeros(size, np.uint8)}
        found |= {name: np.zeros(size, np.int32) for name in ("silent", "window", "span", "before", "now")}
        found |= {name: np.zeros(size, np.float64) for name in ("spread", "down", "up")}
        habits_now(
            *(shard.low, shard.high, *self.activity.columns(shard), self.activity.as_of.until, habits.end, habits.gone),
            *(habits.fixed, habits.intervals, habits.r, habits.alpha, habits.phi, habits.level, *found.values()),
        )
        return found

    def states(self, shard: Shard, cuts: Cuts, found: dict[str, Any] | None = None) -> npt.NDArray[np.uint8]:
        """The final state of each customer of the shard: falling and rising told from steady."""
        found = found or self.judged(shard)
        state: npt.NDArray[np.uint8] = found["state"].copy()
        state[(found["state"] == STEADY) & (found["up"] <= cuts.rising)] = RISING
        state[(found["state"] == STEADY) & (found["down"] <= cuts.falling)] = FALLING
        return state

    def value(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The net money of each customer in the days before the as-of (ten-thousandths)."""
        bought = shard.source.purchases(self.activity.as_of.until, self.activity.mode)
        out = np.zeros(shard.high - shard.low, np.int64)
        since = self.habits.end - VALUE_DAYS + 1
        _money_since(shard.low, shard.high, bought.offsets, bought.day, bought.amount, since, out)
        _money_since(shard.low, shard.high, bought.adjust_offsets, bought.adjust_day, bought.adjust_amount, since, out)
        return out

    def _named(self, shard: Shard, found: dict[str, Any], segment: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        assert self.wanted is not None
        state = self.states(shard, self.wanted.cuts, found)
        marks: npt.NDArray[np.bool_] = (state == self.wanted.state if self.wanted.state >= 0 else state > 0) & (segment >= 0)
        if self.wanted.what is not None:
            said = self.quiet.complained(shard, self.activity.as_of.until)
            marks &= said == (self.wanted.what == "complained")
        return marks & (segment == self.wanted.only) if self.wanted.only >= 0 else marks


STATES = ("not known", "too little known", "steady", "falling", "rising", "gone")
"""The names of the states by code: NOTHING, UNKNOWN, STEADY, FALLING, RISING, GONE."""
