"""What one customer is like, in ten numbers: the features that clusters and the nearest customer to a centre are found by.

A *visit* is a session of steps, of orders where the data hold nothing else. All are of the time before the as-of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.discounts import discount_values
from holdfast.analyses.personas.rules import PersonaRule
from holdfast.analyses.personas.who import Who
from holdfast.events.schema import ORDER
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import Zone, day_of

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["FEATURES", "LOGGED", "FeatureStep", "feature_step", "features_of"]

FEATURES = (
    *("orders", "order value", "days since last seen", "days known", "visits", "steps a visit"),
    *("irregularity", "breadth", "evening share", "discount share"),
)
"""The columns: counting orders, their mean value, days since the last step, days from the first to the last step, visits, steps
a visit, deviation of the waits between visits over their mean, kinds of category (or event), share of visits begun from 18 to
24 o'clock, share of orders with a discount. Not-a-number where one cannot be said."""

LOGGED = ("orders", "order value", "days since last seen", "days known", "visits", "steps a visit", "breadth")
"""Features that are compared by the logarithm of one more."""

OF_VISITS = ("steps a visit", "breadth")
"""Features that say nothing where the data hold orders alone: orders are one kind of step, and mostly one a visit."""


@dataclass(frozen=True)
class FeatureStep:
    """A step: the features of every customer in scope.

    rule  which events are steps, the gap, the instant · who  who is in · buyers  only those with a counting order
    breadth, discount  the properties that tell what was looked at and what was reduced; None: event names, unknown
    """

    rule: PersonaRule
    who: Who
    buyers: bool
    breadth: str | None
    discount: str | None

    def __call__(self, shard: Shard) -> Tally:
        """Rows "hash" uint64 and "features" float32 [customers in scope, FEATURES], in customer order."""
        inside = self.inside(shard)
        hashes = np.asarray(shard.columns.id_hash[shard.low : shard.high])
        return Tally({}, {"hash": hashes[inside], "features": self.features(shard)[inside]})

    def inside(self, shard: Shard) -> npt.NDArray[np.bool_]:
        """Who of the shard is in scope."""
        code = self.rule.codes(shard)
        return (self.who.segments(shard) >= 0) & (code >= (FIRST_BUYER if self.buyers else 1))

    def features(self, shard: Shard) -> npt.NDArray[np.float32]:
        """The features of all customers of the shard, in scope or not."""
        return features_of(shard, self.rule, self.breadth, self.discount, day_of(self.who.as_of.last))


FIRST_BUYER = 4
"""The code of the first persona that has bought."""


def feature_step(meta: Meta, rule: PersonaRule, who: Who, *, buyers: bool) -> FeatureStep:
    """The step with the properties that the data have."""
    from holdfast.analyses.personas.marks import marks_of

    marks = marks_of(meta, None)
    return FeatureStep(rule, who, buyers, marks.category, marks.discounts[0] if marks.discounts else None)


def features_of(
    shard: Shard, rule: PersonaRule, breadth: str | None, discount: str | None, today: int, *, keep: bool = True
) -> npt.NDArray[np.float32]:
    """The features of a shard's customers [customers, FEATURES]; today: the local day of the as-of.

    keep  whether they are kept with the columns in place of the latest ones: cards and clusters walk more than once
    """
    key = ("features", shard.low, shard.high)
    asked = (rule.kinds, rule.gap, rule.until, rule.mode, breadth, discount, today)
    found = shard.source.kept.get(key)
    if found is None or found[0] != asked:
        found = (asked, _features(shard, rule, breadth, discount, today))
        if keep:
            shard.source.kept[key] = found
    features: npt.NDArray[np.float32] = found[1]
    return features


def _features(
    shard: Shard, rule: PersonaRule, breadth: str | None, discount: str | None, today: int
) -> npt.NDArray[np.float32]:
    columns = shard.columns
    zone = Zone.named(columns.meta.zone)
    bought = shard.source.purchases(rule.until, rule.mode)
    kinds = np.array(rule.kinds, np.uint8)
    values = columns.code if breadth is None else columns.properties[breadth]
    size = len(columns.meta.events) if breadth is None else len(columns.meta.properties[breadth])
    told = np.zeros(1, np.bool_) if discount is None else discount_values(columns.meta, discount)
    cuts = np.zeros(0, np.uint16) if discount is None else columns.properties[discount]
    out = np.full((shard.high - shard.low, len(FEATURES)), np.nan, np.float32)
    _measure(
        shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, kinds, rule.gap, rule.until,
        today, zone.starts, zone.offsets, values, size, _order_code(columns.meta), cuts, told, bought.offsets,
        bought.amount, out,
    )  # fmt: skip
    if rule.orders_only:
        out[:, [FEATURES.index(name) for name in OF_VISITS]] = np.nan
    return out


def _order_code(meta: Meta) -> int:
    """The code of orders; -1 where there are none."""
    return meta.events.index(ORDER) if ORDER in meta.events else -1


@njit(cache=True, nogil=True)
def _measure(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, kinds: Any, gap: int, until: int, today: int,
    starts: Any, shifts: Any, values: Any, size: int, order: int, cuts: Any, told: Any, bought: Any, amount: Any, out: Any,
) -> None:  # fmt: skip
    seen = np.full(size, -1, np.int64)
    for customer in range(low, high):
        own = out[customer - low]
        first, stop = offsets[customer], offsets[customer + 1]
        while stop > first and second[stop - 1] >= until:
            stop -= 1
        _spent(own, bought[customer], bought[customer + 1], amount)
        _visited(own, first, stop, code, day, second, kinds, gap, today, starts, shifts)
        _ranged(own, customer, first, stop, code, kinds, values, seen, order, cuts, told)


@njit(cache=True, nogil=True)
def _spent(own: Any, first: int, stop: int, amount: Any) -> None:
    own[0] = stop - first
    money = np.int64(0)
    for i in range(first, stop):
        money += amount[i]
    if stop > first:
        own[1] = money / (stop - first) / 10_000 if money > 0 else 0.0


@njit(cache=True, nogil=True)
def _visited(
    own: Any,
    first: int,
    stop: int,
    code: Any,
    day: Any,
    second: Any,
    kinds: Any,
    gap: int,
    today: int,
    starts: Any,
    shifts: Any,
) -> None:
    steps = visits = evening = 0
    total = square = 0.0
    before = begun = np.int64(-1)
    opened = closed = np.int64(-1)
    for i in range(first, stop):
        if kinds[code[i]] < 2:
            continue
        now = np.int64(second[i])
        steps += 1
        closed = np.int64(day[i])
        if opened < 0:
            opened = closed
        if before < 0 or now - before >= gap:
            visits += 1
            evening += (now + shifts[np.searchsorted(starts, now, side="right") - 1]) % 86_400 >= 64_800
            if begun >= 0:
                total += now - begun
                square += np.float64(now - begun) ** 2
            begun = now
        before = now
    if steps > 0:
        own[2], own[3] = max(today - closed, 0), max(closed - opened, 0)
        own[4], own[5], own[8] = visits, steps / visits, evening / visits
    if visits >= 3 and total > 0:
        mean = total / (visits - 1)
        own[6] = np.sqrt(max(square / (visits - 1) - mean * mean, 0.0)) / mean


@njit(cache=True, nogil=True)
def _ranged(
    own: Any, customer: int, first: int, stop: int, code: Any, kinds: Any, values: Any, seen: Any, order: int, cuts: Any,
    told: Any,
) -> None:  # fmt: skip
    breadth = placed = reduced = 0
    for i in range(first, stop):
        if kinds[code[i]] >= 2 and values[i] != 0 and seen[values[i]] != customer:
            seen[values[i]] = customer
            breadth += 1
        if code[i] == order and len(cuts) > 0:
            placed += 1
            reduced += told[cuts[i]]
    own[7] = breadth
    if placed > 0:
        own[9] = reduced / placed
