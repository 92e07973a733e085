"""The walks of taste: what is touched by whom, judged against the shop; and what each customer's orders say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.scope import Scope, last_events
from holdfast.analyses.statistics import Z95
from holdfast.analyses.taste.loops import (
    BY_VALUE,
    LOG_UNIT,
    discounts,
    favourites,
    touch_counts,
    wait_sums,
    waits,
)
from holdfast.events.schema import ORDER, REFUND
from holdfast.timelines.attributes import events_before
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import Zone

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = [
    "DAYS",
    "HOURS",
    "NOBODY",
    "NO_LINES",
    "Kind",
    "LearnStep",
    "Learned",
    "Lines",
    "Rhythm",
    "entries",
]

HOURS = ("night", "morning", "afternoon", "evening")
"""Parts of the local day: from 0, 6, 12 and 18 o'clock."""

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Lines:
    """Touches that the product lines of orders tell: person (hash of the id, ascending), local day, label; int64 but person."""

    person: npt.NDArray[np.uint64]
    day: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]

    def places(self, shard: Shard) -> npt.NDArray[np.int64]:
        """Where the touches of each customer of the shard begin and end: int64 [2, customers of the shard]."""
        own = shard.columns.id_hash[shard.low : shard.high]
        if not len(self.person):
            return np.zeros((2, len(own)), np.int64)
        begin, end = (np.searchsorted(self.person, own, side=side) for side in ("left", "right"))
        return np.stack([begin, end]).astype(np.int64)


NOBODY = np.zeros(0, np.bool_)
NO_LINES = Lines(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Kind:
    """A kind of taste: what touches are called.

    name      category, brand, channel, hour, day · labels  what they can be called, in order
    mode      BY_VALUE, BY_HOUR, BY_DAY · property  the one that names them; None: none does
    by_value  int64 by value code of the property: the label, -1 for none
    lines     touches that only product lines know
    """

    name: str
    labels: tuple[str, ...]
    mode: int
    property: str | None = None
    by_value: npt.NDArray[np.int64] = field(default_factory=lambda: np.full(1, -1, np.int64), compare=False)
    lines: Lines = field(default=NO_LINES, compare=False)

    def _columns(self, shard: Shard, until: int) -> tuple[Any, ...]:
        columns = shard.columns
        counted = np.ones(max(len(columns.meta.events), 1), np.bool_)
        counted[0] = False
        if self.mode == BY_VALUE and self.property is None:
            counted[:] = False
        values = columns.code[:0] if self.property is None else columns.properties[self.property]
        zone = Zone.named(columns.meta.zone)
        return (
            *(shard.low, shard.high, columns.offsets, columns.day, columns.second, columns.code, counted, until, self.mode),
            *(values, self.by_value, zone.starts, zone.offsets, self.lines.places(shard), self.lines.day, self.lines.label),
        )

    def count(self, shard: Shard, until: int, segment: npt.NDArray[np.int32], segments: int) -> dict[str, Any]:
        """touches, reach int64 [segments + 1, labels] and n [segments + 1]; the last row is everyone."""
        touches, reach = np.zeros((2, segments + 1, len(self.labels)), np.int64)
        n = np.zeros(segments + 1, np.int64)
        touch_counts(*(*self._columns(shard, until), segment, touches, reach, n))
        return {"touches": touches, "reach": reach, "n": n}

    def judge(
        self, shard: Shard, until: int, share: npt.NDArray[np.float64], least: int, wanted: int = -1, asked: Any = NOBODY
    ) -> tuple[Any, ...]:
        """(code, touches of the most touched, touches, touched) per customer; code 0: no touch, 1: no clear favourite.

        wanted  a label whose customers are marked as touched · asked  bool per customer: who is asked about; empty: all
        """
        size = shard.high - shard.low
        found, top, total = np.zeros((3, size), np.int32)
        touched = np.zeros(size, np.uint8)
        favourites(*(*self._columns(shard, until), share, least, Z95, wanted, asked, found, top, total, touched))
        return found, top, total, touched


def entries(shard: Shard, scope: Scope, as_of: AsOf) -> npt.NDArray[np.int32]:
    """The segment of each customer at her first event (or now), -1 for those out of scope or without any."""
    columns = shard.columns
    some = events_before(shard.low, shard.high, columns.offsets, columns.second, as_of.until) > 0
    first = np.where(some, 0, -1).astype(np.int64)
    if scope.trivial:
        return first.astype(np.int32)
    return scope.segments(shard, last_events(shard, as_of, some) if scope.moment == "current" else first)


@dataclass(frozen=True)
class Rhythm:
    """What orders say: their discounts, and how long the customer waits for the next.

    discounts  property → by value code, whether it is a discount; empty: the data know of none
    """

    as_of: AsOf
    mode: RefundMode
    discounts: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict, compare=False)

    def reduced(self, shard: Shard) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(orders with a discount, orders) of each customer of the shard."""
        columns, bought = shard.columns, shard.source.purchases(self.as_of.until, self.mode)
        span = bought.offsets[shard.low : shard.high + 1]
        valued = np.isin(np.array(columns.meta.events), (ORDER, REFUND))
        marks = np.zeros(int(span[-1] - span[0]), np.uint8)
        for name, cheap in self.discounts.items():
            discounts(
                *(shard.low, shard.high, columns.offsets, columns.code, valued, bought.offsets, bought.place),
                *(columns.properties[name], cheap, marks),
            )
        total = np.concatenate([[0], np.cumsum(marks, dtype=np.int64)])
        return total[span[1:] - span[0]] - total[span[:-1] - span[0]], np.diff(span)

    def sums(self, shard: Shard) -> dict[str, Any]:
        """What the shop's orders say: reduced and all orders, the waits by days, and their moments."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        histogram, moments = np.zeros(65_536, np.int64), np.zeros(7, np.int64)
        wait_sums(shard.low, shard.high, bought.offsets, bought.day, histogram, moments)
        k, n = self.reduced(shard)
        return {"reduced": np.array([k.sum(), n.sum()]), "waits": histogram, "moments": moments}

    def waits(self, shard: Shard) -> dict[str, Any]:
        """number of known waits, their median in days, and the day index of the last order (-1: none), per customer."""
        bought, size = shard.source.purchases(self.as_of.until, self.mode), shard.high - shard.low
        number, last = np.zeros((2, size), np.int64)
        median = np.zeros(size)
        waits(shard.low, shard.high, bought.offsets, bought.day, number, median, last)
        return {"number": number, "median": median, "last": last}


@dataclass(frozen=True)
class LearnStep:
    """A step that learns what the shop as a whole is like: of each kind by segment, and of the orders."""

    kinds: tuple[Kind, ...]
    rhythm: Rhythm
    scope: Scope
    segments: int

    def __call__(self, shard: Shard) -> Tally:
        """Sums touches, reach and n of each kind (named by it), and those of `Rhythm.sums`."""
        segment = entries(shard, self.scope, self.rhythm.as_of)
        sums = self.rhythm.sums(shard)
        for kind in self.kinds:
            found = kind.count(shard, self.rhythm.as_of.until, segment, self.segments)
            sums |= {f"{kind.name} {name}": value for name, value in found.items()}
        return Tally(sums, {})


@dataclass(frozen=True)
class Learned:
    """What the shop as a whole is like.

    shares   kind → float64 per label, of all touches
    within, between, centre  of log waits, as in `taste_loops.waits` · typical  the median of all waits, None without one
    reduced, orders          orders with a discount, of how many
    """

    shares: dict[str, npt.NDArray[np.float64]]
    within: float
    between: float
    centre: float
    typical: float | None
    reduced: int
    orders: int

    @staticmethod
    def of(sums: dict[str, Any], kinds: tuple[Kind, ...]) -> Learned:
        """From the sums of `LearnStep`: variances within and between customers by the moments of a one-way layout."""
        shares = {}
        for kind in kinds:
            touches = sums[f"{kind.name} touches"][-1]
            shares[kind.name] = touches / max(int(touches.sum()), 1)
        k, n, total, weighted, squares, sizes, means = (float(value) for value in sums["moments"])
        within = (squares - weighted) / (n - k) / LOG_UNIT**2 if n > k else 1.0
        between, lonely = 0.0, n - sizes / n if n else 0.0
        if lonely > 0:
            between = max((weighted - total * total / n) / LOG_UNIT**2 - (k - 1) * within, 0.0) / lonely
        centre = means / k / LOG_UNIT if k else math.log(30)
        reduced, orders = (int(value) for value in sums["reduced"])
        return Learned(shares, max(within, 1e-4), between, centre, _median(sums["waits"]), reduced, orders)


def _median(histogram: npt.NDArray[np.int64]) -> float | None:
    n = int(histogram.sum())
    if not n:
        return None
    reached = histogram.cumsum()
    low, high = (int(np.searchsorted(reached, place, side="right")) for place in ((n - 1) // 2, n // 2))
    return (low + high) / 2
