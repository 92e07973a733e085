"""The walks of drivers: what each customer did in her first days, how often, in which stratum, and whether she stayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.drivers.behaviours import Behaviours
from holdfast.analyses.drivers.loops import first_day_counts, first_day_moments, first_day_sums
from holdfast.analyses.first_days import Entered, Window
from holdfast.events.schema import ORDER
from holdfast.timelines.walk import Shard, Tally

__all__ = [
    "FULL",
    "MOST_ACTIVITY",
    "CountStep",
    "LookStep",
    "MomentStep",
    "PairStep",
    "Strata",
    "Wanted",
    "is_order",
    "weigh",
    "weights_of",
]

MOST_ACTIVITY = 40_950
"""Customers whose events in the first days weigh more than this (in tenths of an event) are as active as this."""

MOST_COUNTED = 50
"""An event done more often counts as done so often where it is asked which events the active do more of."""

FULL = 10
"""The weight of an event that counts as activity in full."""


@dataclass(frozen=True)
class Strata:
    """Which stratum a customer stands in: entry period × basket × activity.

    periods   int32 period by day index, all 0 without tenure · labels how many periods
    baskets   ascending money (ten-thousandths) at which the next third begins; () without baskets or cuts
    by_basket whether baskets count: no order in the first days is a stratum of its own
    activity  int32 level by the weight of the events in the first days · levels how many
    """

    periods: npt.NDArray[np.int32]
    labels: int
    baskets: tuple[int, ...]
    by_basket: bool
    activity: npt.NDArray[np.int32]
    levels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many periods, baskets and levels of activity."""
        return self.labels, len(self.baskets) + 2 if self.by_basket else 1, self.levels

    def of(self, entered: Entered, events: npt.NDArray[np.int64], basket: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The stratum of each customer, by the weight of her events and the money of her first order (-1: none)."""
        period = self.periods[np.clip(entered.day, 0, len(self.periods) - 1)]
        held = np.zeros(len(basket), np.int32)
        if self.by_basket:
            held = np.where(basket < 0, 0, 1 + np.searchsorted(np.array(self.baskets, np.int64), basket, side="right"))
        level = self.activity[np.minimum(events, len(self.activity) - 1)]
        stratum: npt.NDArray[np.int32] = ((period * self.shape[1] + held) * self.levels + level).astype(np.int32)
        return stratum


@dataclass(frozen=True)
class MomentStep:
    """How often each event is done in the first days, and how that goes together with all other events."""

    window: Window

    def __call__(self, shard: Shard) -> Tally:
        """Sums "moments" int64 [event codes, 4] (see `first_day_moments`), "n" the customers."""
        columns, entered = shard.columns, self.window.of(shard)
        sums = np.zeros((max(len(columns.meta.events), 1), 4), np.int64)
        first_day_moments(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, entered.place, entered.day, entered.stayed),
            *(self.window.first_days, MOST_COUNTED, sums),
        )
        return Tally({"moments": sums, "n": int((entered.stayed >= 0).sum())}, {})


def weights_of(moments: npt.NDArray[np.int64], n: int) -> tuple[int, ...]:
    """How far each event is a sign of activity, by event code: 0 (not at all) to FULL.

    An event's count c goes together with the count of all other events R as cov(c, R) / (mean c × mean R). An event counts in
    full when that is as much as for the usual event (the mean, weighted by how often each is done), by as much less as it is
    less, and not at all when those who do more of all else do no more of it. With one kind of event alone it counts in full.
    """
    count, square, product = (moments[:, place].astype(np.float64) / max(n, 1) for place in range(3))
    rest = count.sum() - count
    with np.errstate(divide="ignore", invalid="ignore"):
        together = (product - square - count * rest) / (count * rest)
    some = np.isfinite(together) & (together > 0)
    if not some.any():
        return (0, *([FULL] * (len(moments) - 1)))
    usual = float((together * count)[some].sum() / count[some].sum())
    scaled = np.where(some, np.clip(np.where(some, together, 0.0) / usual, 0.0, 1.0), 0.0)
    return tuple(int(value) for value in np.rint(FULL * scaled))


def weigh(
    shard: Shard, window: Window, entered: Entered, weights: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Per customer: the weight of her events in the first days, and the money of the first order in them (-1: none).

    The latest are kept, for the walk that counts after the one that looks.
    """
    key, asked = ("weighed", shard.low, shard.high), (window, weights)
    held = shard.source.kept.get(key)
    if held is None or held[0] != asked:
        held = shard.source.kept[key] = (asked, _weighed(shard, window, entered, weights))
    found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] = held[1]
    return found


def _weighed(
    shard: Shard, window: Window, entered: Entered, weights: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    columns = shard.columns
    bought = shard.source.purchases(window.as_of.until, window.mode)
    events, basket = (np.full(shard.high - shard.low, fill, np.int64) for fill in (0, -1))
    first_day_sums(
        *(shard.low, shard.high, columns.offsets, columns.code, columns.day, entered.place, entered.day, entered.stayed),
        *(window.first_days, np.array(weights, np.int64), bought.offsets, bought.day, bought.amount, events, basket),
    )
    return events, basket


@dataclass(frozen=True)
class LookStep:
    """A first look, from which the strata are cut.

    weights  of each event code as a sign of activity, in tenths
    """

    window: Window
    weights: tuple[int, ...]

    def __call__(self, shard: Shard) -> Tally:
        """Sums "activity" int64 [MOST_ACTIVITY + 1]: customers by the weight of their events; rows "baskets": first orders."""
        entered = self.window.of(shard)
        events, basket = weigh(shard, self.window, entered, self.weights)
        inside = entered.stayed >= 0
        activity = np.bincount(np.minimum(events[inside], MOST_ACTIVITY), minlength=MOST_ACTIVITY + 1)
        return Tally({"activity": activity}, {"baskets": basket[inside & (basket >= 0)]})


@dataclass(frozen=True)
class Wanted:
    """Customers to name: those who did a behaviour at least `least` times (did) or not; stayed or left (None: both)."""

    behaviour: int
    least: int
    did: bool | None
    stayed: int | None


@dataclass(frozen=True)
class CountStep:
    """Who did what how often, by stratum and whether they stayed.

    weights  as in `LookStep` · wanted  whom to name; None names nobody
    """

    window: Window
    behaviours: Behaviours
    strata: Strata
    most: int
    weights: tuple[int, ...]
    wanted: Wanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums: "done" int32 [behaviours, most, strata, 2]: customers who did each exactly n = 1.. times (the last: or more),
        by stratum and left / stayed; "all" int64 [strata, 2]. Rows: "customer" of those wanted.
        """
        entered = self.window.of(shard)
        stratum = self.strata.of(entered, *weigh(shard, self.window, entered, self.weights))
        size = int(np.prod(self.strata.shape))
        done = np.zeros((len(self.behaviours.names), self.most, size, 2), np.int32)
        counts = np.zeros(0 if self.wanted is None else shard.high - shard.low, np.int64)
        target = -1 if self.wanted is None else self.wanted.behaviour
        _count(shard, self.window, self.behaviours, entered, stratum, done, entered.place * 0 - 1, NOBODY, target, counts)
        inside = entered.stayed >= 0
        cells = stratum[inside].astype(np.int64) * 2 + entered.stayed[inside]
        everyone = np.bincount(cells, minlength=2 * size).reshape(size, 2)
        rows = {} if self.wanted is None else {"customer": shard.ids(_marked(self.wanted, entered, counts))}
        return Tally({"done": done, "all": everyone}, rows)


@dataclass(frozen=True)
class PairStep:
    """Which behaviours the same customers do, over a sample of them.

    sampled  customers whose id has a hash up to this are in it
    """

    window: Window
    behaviours: Behaviours
    sampled: int

    def __call__(self, shard: Shard) -> Tally:
        """Sums "pairs" int64 [behaviours, behaviours]: customers who did both at least once; "sample": how many there are."""
        entered = self.window.of(shard)
        chosen = (entered.stayed >= 0) & (shard.columns.id_hash[shard.low : shard.high] <= np.uint64(self.sampled))
        sample = np.where(chosen, np.cumsum(chosen) - 1, -1)
        some = replace(entered, stayed=np.where(chosen, entered.stayed, np.int8(-1)))
        did = np.zeros((int(chosen.sum()), len(self.behaviours.names)), np.uint8)
        done = np.zeros((len(self.behaviours.names), 1, 1, 2), np.int32)
        stratum = np.zeros(len(chosen), np.int32)
        _count(shard, self.window, self.behaviours, some, stratum, done, sample, did, -1, np.zeros(0, np.int64))
        return Tally({"pairs": _pairs(did), "sample": len(did)}, {})


def _pairs(did: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """How many rows have both columns set, for every two columns; bit by bit, eight rows at once."""
    packed = np.packbits(did, axis=0).T
    return np.array([np.bitwise_count(packed & own).sum(axis=1) for own in packed], np.int64).reshape(len(packed), len(packed))


NOBODY = np.zeros((0, 0), np.uint8)


def _count(
    shard: Shard, window: Window, behaviours: Behaviours, entered: Entered, stratum: Any, done: Any, sample: Any, did: Any,
    target: int, counts: Any,
) -> None:  # fmt: skip
    """Run the loop along each column that the behaviours are read from."""
    columns = shard.columns
    for column, lookup in behaviours.columns(shard):
        first_day_counts(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, entered.place, entered.day, entered.stayed),
            *(window.first_days, column, lookup, stratum, done, sample, did, target, counts),
        )


def _marked(wanted: Wanted, entered: Entered, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    marked = entered.stayed >= 0
    if wanted.did is not None:
        marked = marked & ((counts >= wanted.least) == wanted.did)
    return marked if wanted.stayed is None else marked & (entered.stayed == wanted.stayed)


def is_order(name: str) -> bool:
    """Whether a behaviour is ordering itself, which baskets must not be held equal for."""
    return name == ORDER
