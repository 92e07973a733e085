"""Lives: how long each customer was watched, whether she left then, her segment, and what is known of her beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import LogRank, Survival, kaplan_meier, log_rank

__all__ = ["WHATS", "Levels", "Lives", "Number", "chosen_rows", "pooled"]

WHATS = ("customers", "left", "here", "at risk", "left then")
"""What can be counted: all; who left (by a time); who had not (by then); who was still watched and there just before it;
who left at that very time."""


@dataclass(frozen=True)
class Levels:
    """A property with values: codes int [customers], and the value of each code."""

    name: str
    codes: npt.NDArray[Any]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """A property that is a number: values float64 [customers], nan where it is not known.

    step  what one more of it is, in words, such as "each doubling"
    """

    name: str
    values: npt.NDArray[np.float64]
    step: str


@dataclass(frozen=True)
class Lives:
    """Customers, a row each.

    time     float64: how long watched · left  bool: whether she left then; else watching was cut off
    segment  int: code · labels  the segments by code
    beside   what else is known of each, for Cox's model
    """

    time: npt.NDArray[np.float64]
    left: npt.NDArray[np.bool_]
    segment: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    beside: tuple[Levels | Number, ...] = ()

    def __len__(self) -> int:
        return len(self.time)

    def shown(self) -> list[int]:
        """The codes of segments with somebody in them, the largest first."""
        sizes = np.bincount(self.segment, minlength=len(self.labels))
        return sorted(np.flatnonzero(sizes).tolist(), key=lambda code: (-int(sizes[code]), self.labels[code]))

    def curves(self) -> dict[int, Survival]:
        """The Kaplan-Meier curve of each segment shown, by code."""
        times, counts = self._counts
        found = {}
        for code in self.shown():
            hits, cuts = np.flatnonzero(counts[code, 1]), np.flatnonzero(counts[code, 0])
            weight = np.concatenate([counts[code, 1, hits], counts[code, 0, cuts]])
            over = np.repeat([1, 0], [len(hits), len(cuts)])
            found[code] = kaplan_meier(times[np.concatenate([hits, cuts])], over, weight)
        return found

    def log_rank(self) -> LogRank | None:
        """The test that all segments share one curve; None for one segment, or where nobody left."""
        if not self.left.any():
            return None
        times, counts = self._counts
        group, over, place = np.nonzero(counts)
        return log_rank(times[place], over, group, counts[group, over, place])

    @cached_property
    def _counts(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The distinct times, and how many were watched until each: [segments, cut off | left, times]."""
        times, place = _distinct(self.time)
        flat = (self.segment * 2 + self.left) * len(times) + place
        counts = np.bincount(flat, minlength=len(self.labels) * 2 * len(times))
        return times, counts.reshape(len(self.labels), 2, len(times)).astype(np.int64)


MOST_DAYS = 1_000_000


def _distinct(time: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The distinct times, ascending, and the place of each among them; whole days are counted rather than sorted."""
    days = time.astype(np.int64)
    if len(time) and days.min() >= 0 and days.max() < MOST_DAYS and (days == time).all():
        some = np.bincount(days) > 0
        return np.flatnonzero(some).astype(np.float64), (np.cumsum(some) - 1)[days]
    times, place = np.unique(time, return_inverse=True)
    return times, place


def chosen_rows(what: str, time: Any, left: Any, at: float | None) -> npt.NDArray[np.bool_]:
    """Which rows one of WHATS means, by a time; None: by the end of watching."""
    when = np.asarray(time, np.float64)
    over = np.asarray(left).astype(np.bool_)
    limit = np.inf if at is None else at
    gone = over & (when <= limit)
    chosen: dict[str, npt.NDArray[np.bool_]] = {
        "customers": np.ones(len(when), np.bool_),
        "left": gone,
        "here": ~over if at is None else (when > limit) | ((when == limit) & ~over),
        "at risk": np.zeros(len(when), np.bool_) if at is None else when >= limit,
        "left then": over & (when == limit),
    }
    return chosen[what]


def pooled(levels: Levels, left: npt.NDArray[np.bool_], most: int, least: int, least_left: int) -> tuple[Levels, Sequence[str]]:
    """The property with its small values as one, "(other)"; and the values that are in it.

    A value stands by itself where it has at least so many customers and so many who left; of these the largest so many.
    """
    sizes = np.bincount(levels.codes, minlength=len(levels.labels))
    gone = np.bincount(levels.codes[left], minlength=len(levels.labels))
    good = [code for code in np.argsort(-sizes, kind="stable") if sizes[code] >= least and gone[code] >= least_left][:most]
    rest = [code for code in np.flatnonzero(sizes) if code not in good]
    place = np.full(len(levels.labels), len(good), np.int64)
    place[good] = np.arange(len(good))
    labels = [levels.labels[code] for code in good] + (["(other)"] if rest else [])
    return Levels(levels.name, place[levels.codes], tuple(labels)), [levels.labels[code] for code in rest]
