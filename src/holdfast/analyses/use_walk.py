"""The walk of breadth and adoption: which features each customer used, how many of them, and when first.

A feature is an event, or a value of a property: a platform, a device, a part of the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.drivers.behaviours import EVENT
from holdfast.analyses.drivers.walk import FULL, LookStep, Strata, weigh
from holdfast.analyses.first_days import Entered, Window
from holdfast.analyses.steps import no_visits
from holdfast.analyses.strata import strata_of
from holdfast.errors import UsageError
from holdfast.timelines.attributes import property_name
from holdfast.timelines.columns import Meta
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["MOST_FEATURES", "NEVER", "Features", "Use", "UseStep", "distinct_used", "even_strata", "features_of"]

MOST_FEATURES = 10
"""Customers with more features than this stand with those who use so many."""

MOST_VALUES = 500
NEVER = 1 << 30
"""The period of first use of who never used it."""


@dataclass(frozen=True)
class Features:
    """What counts as a feature: the events that a customer does herself, or the values of a property.

    source  EVENT or the property · names  of the features
    """

    source: str
    names: tuple[str, ...]

    def column(self, shard: Shard) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """The codes to read and, by code, which feature it is (-1: none)."""
        columns = shard.columns
        known = columns.meta.events if self.source == EVENT else columns.meta.properties[self.source]
        at = {name: place for place, name in enumerate(self.names)}
        lookup = np.array([-1, *(at.get(name, -1) for name in known[1:])], np.int64)
        return (columns.code if self.source == EVENT else columns.properties[self.source]), lookup


def features_of(meta: Meta, of: str | None, usual: tuple[str, ...]) -> Features:
    """The features: "event", a property, or None: the first usual property that is kept, else the events.

    Of the events those that happen to a customer (refunds, mails, tickets: `steps.NO_VISITS`) are no features.
    UnknownName for a property that is not kept, UsageError for one with more than MOST_VALUES values.
    """
    if of is None:
        kept = {name.lower(): name for name in meta.properties}
        of = next((kept[name] for name in usual if name in kept), EVENT)
    if of == EVENT:
        elsewhere = no_visits(meta)
        own = tuple(name for name in meta.events[1:] if name not in elsewhere)
        return Features(EVENT, own or meta.events[1:])
    name = property_name(meta, of)
    values = meta.properties[name][1:]
    if len(values) > MOST_VALUES:
        raise UsageError(f"{name} has {len(values):,} values", f"take a property of at most {MOST_VALUES}, or event")
    return Features(name, values)


@dataclass(frozen=True)
class Use:
    """Customers to name.

    feature  place of a feature whose use matters, -1: none
    used     she used it by the end of period `by` (True), she did not (False), she used it alone ("only"), she uses few
             features and not this one ("show"); None: either
    early    so many features in the first days, ever: so many ever; -1: any
    stayed   1 stayed, 0 left; None: either (with early: of those observed to the end)
    """

    feature: int = -1
    used: bool | str | None = None
    by: int = NEVER - 1
    early: int = -1
    ever: int = -1
    stayed: int | None = None


@dataclass(frozen=True)
class UseStep:
    """Who used which features when.

    strata   in which observed customers are held alike · few  so many features or fewer are few
    periods  int32 period by day index, of `count` periods · wanted  whom to name; None names nobody
    """

    window: Window
    features: Features
    strata: Strata
    few: int
    periods: npt.NDArray[np.int32]
    count: int
    wanted: Use | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums, all int64: "early" [features used in the first days, strata, left / stayed] of customers observed to the end;
        "ever" [features used]; "few": how many use few; by feature "used", "only", "narrow" (used by those who use few),
        "first" [feature, period of first use, not before the entry's]; "entered" [periods]. With someone wanted: rows
        "customer" alone.
        """
        columns, entered = shard.columns, self.window.of(shard)
        size, names = shard.high - shard.low, len(self.features.names)
        early, ever, uses = np.zeros(size, np.int32), np.zeros(size, np.int32), np.full(size, NEVER, np.int32)
        by_feature = np.zeros((names, 3), np.int64)
        first = np.zeros((names, self.count), np.int64)
        _use(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, self.window.as_of.until),
            *(*self.features.column(shard), entered.place, entered.day, self.window.first_days, self.periods, self.few),
            *(-1 if self.wanted is None else self.wanted.feature, early, ever, uses, by_feature, first),
        )
        inside = entered.place >= 0
        sums = {
            "early": self._early(shard, entered, early),
            "ever": np.bincount(np.minimum(ever[inside], MOST_FEATURES), minlength=MOST_FEATURES + 1),
            **{name: by_feature[:, place] for place, name in enumerate(("used", "only", "narrow"))},
            "first": first,
            "few": int((ever[inside] <= self.few).sum()),
            "entered": np.bincount(self.periods[entered.day[inside]], minlength=self.count),
        }
        if self.wanted is None:
            return Tally(sums, {})
        return Tally({}, {"customer": shard.ids(_marked(self.wanted, self.few, entered, early, ever, uses))})

    def _early(self, shard: Shard, entered: Entered, early: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        weights = (0, *([FULL] * (len(shard.columns.meta.events) - 1)))
        stratum = self.strata.of(entered, *weigh(shard, self.window, entered, weights))
        seen = entered.stayed >= 0
        size = int(np.prod(self.strata.shape))
        cell = (np.minimum(early, MOST_FEATURES).astype(np.int64) * size + stratum) * 2 + entered.stayed
        return np.bincount(cell[seen], minlength=(MOST_FEATURES + 1) * size * 2).reshape(MOST_FEATURES + 1, size, 2)


def _marked(wanted: Use, few: int, entered: Entered, early: Any, ever: Any, uses: Any) -> npt.NDArray[np.bool_]:
    marked: npt.NDArray[np.bool_] = entered.place >= 0
    if wanted.early >= 0:
        marked = marked & (entered.stayed >= 0) & (np.minimum(early, MOST_FEATURES) == wanted.early)
    if wanted.ever >= 0:
        marked = marked & (np.minimum(ever, MOST_FEATURES) == wanted.ever)
    if wanted.stayed is not None:
        marked = marked & (entered.stayed == wanted.stayed)
    if wanted.used == "only":
        marked &= (uses < NEVER) & (ever == 1)
    elif wanted.used == "show":
        marked &= (uses == NEVER) & (ever <= few)
    elif wanted.used is not None:
        marked &= (uses <= wanted.by) == wanted.used
    return marked


def even_strata(timelines: Timelines, window: Window, adjust: tuple[str, ...]) -> tuple[Strata, dict[str, Any]]:
    """Strata in which every event counts as activity in full, and what a definition says of them."""
    look = timelines.walk(LookStep(window, (0, *([FULL] * (len(timelines.meta.events) - 1)))))
    return strata_of(adjust, timelines, window, look, MOST_FEATURES + 1)


def distinct_used(shard: Shard, features: Features, until: int) -> npt.NDArray[np.int32]:
    """How many features each customer of a shard used before an instant."""
    columns = shard.columns
    size, names = shard.high - shard.low, len(features.names)
    nothing, ever = np.zeros(size, np.int64), np.zeros(size, np.int32)
    span: tuple[Any, ...] = (shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, until)
    whole = (nothing, nothing, 0, np.zeros(1 << 16, np.int32), 0, -1)
    found = (np.zeros(size, np.int32), ever, np.zeros(size, np.int32), np.zeros((names, 3), np.int64))
    told: tuple[Any, ...] = (*span, *features.column(shard), *whole, *found, np.zeros((names, 1), np.int64))
    _use(*told)
    return ever


@njit(cache=True, nogil=True)
def _use(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, column: Any, lookup: Any, place: Any,
    entry: Any, days: int, periods: Any, few: int, target: int, early: Any, ever: Any, uses: Any, by_feature: Any, first: Any,
) -> None:  # fmt: skip
    """Distinct features in the first days and ever, and by feature who used it, alone, among few, and since which period."""
    names = by_feature.shape[0]
    stamp, stamp_early = np.full(names, -1, np.int64), np.full(names, -1, np.int64)
    touched = np.zeros(names, np.int64)
    since = np.zeros(names, np.int64)
    for customer in range(low, high):
        me = customer - low
        if place[me] < 0:
            continue
        size = 0
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            what = lookup[column[i]]
            if what < 0 or code[i] == 0:
                continue
            if stamp[what] != customer:
                stamp[what] = customer
                touched[size] = what
                since[size] = day[i]
                size += 1
            after = np.int64(day[i]) - entry[me]
            if after < days and i >= offsets[customer] + place[me] and stamp_early[what] != customer:
                stamp_early[what] = customer
                early[me] += 1
        ever[me] = size
        for j in range(size):
            what = touched[j]
            period = periods[max(since[j], entry[me])]
            by_feature[what, 0] += 1
            by_feature[what, 1] += size == 1
            by_feature[what, 2] += size <= few
            first[what, period] += 1
            if what == target:
                uses[me] = period
