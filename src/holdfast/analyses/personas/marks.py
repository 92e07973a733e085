"""Marks of repeat buyers: discount seeker and impulse (MISSION 3.57).

discount seeker  two or more of her orders, and half of them or more, carry a discount: a property of the order such as coupon,
                 discount or promo that is known and not empty, 0, false, no or none. Taste's trait `discount` has another
                 measure: there a seeker's share lies surely above the shop's
impulse          three orders or more at irregular intervals (standard deviation at least as large as the mean), and besides
                 either half of the orders whose session is known came within ten minutes of its first step, or half of the
                 orders whose category is known are of another category than the order before
Who is both is a discount seeker: it stands in the data as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.discounts import discount_properties, discount_values
from holdfast.analyses.personas.rules import PersonaRule
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["MARKS", "Marks", "marks_of"]

MARKS = ("none", "discount seeker", "impulse")
"""The marks by code."""

QUICK_SECONDS = 600


@dataclass(frozen=True)
class Marks:
    """How repeat buyers are marked; it travels with a step.

    discounts  properties that tell of a discount · category  the property that tells what was bought; None: unknown
    """

    discounts: tuple[str, ...]
    category: str | None

    def codes(self, shard: Shard, rule: PersonaRule, repeat: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """The mark of each customer of the shard (a place in MARKS), 0 for all who are not repeat buyers."""
        columns = shard.columns
        bought = shard.source.purchases(rule.until, rule.mode)
        span = slice(int(bought.offsets[shard.low]), int(bought.offsets[shard.high]))
        events = np.full(span.stop - span.start, -1, np.int64)
        kinds = np.array(rule.kinds, np.uint8)
        quick = np.zeros(len(events), np.int8)
        _order_events(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.second, kinds, rule.gap, QUICK_SECONDS),
            *(repeat, bought.offsets, bought.place, events, quick),
        )
        cut = np.zeros(len(events), np.bool_)
        for name in self.discounts:
            cut |= discount_values(columns.meta, name)[columns.properties[name][events]] & (events >= 0)
        category = np.zeros(0 if self.category is None else len(events), np.uint16)
        if self.category is not None:
            category = np.where(events >= 0, columns.properties[self.category][events], 0).astype(np.uint16)
        out = np.zeros(shard.high - shard.low, np.uint8)
        _mark(shard.low, shard.high, bought.offsets, bought.second[span], repeat, cut, quick, category, out)
        return out


def marks_of(meta: Meta, category: str | None) -> Marks:
    """The marks that the data allow.

    category  the property that tells what was bought; None: "category" where it is kept
    """
    from holdfast.timelines.attributes import property_name

    found = [name for name in meta.properties if name.lower() == "category"]
    chosen = property_name(meta, category) if category is not None else found[0] if found else None
    return Marks(discount_properties(meta), chosen)


@njit(cache=True, nogil=True)
def _order_events(
    low: int, high: int, offsets: Any, code: Any, second: Any, kinds: Any, gap: int, quick_seconds: int,
    repeat: Any, bought: Any, place: Any, events: Any, quick: Any,
) -> None:  # fmt: skip
    """Where each counting order stands among the events; whether it came quickly: 1 yes, -1 no, 0 no step before it."""
    base = bought[low]
    for customer in range(low, high):
        if not repeat[customer - low]:
            continue
        nth = bought[customer]
        stop = bought[customer + 1]
        seen = -1
        before = np.int64(-1)
        began = np.int64(-1)
        for i in range(offsets[customer], offsets[customer + 1]):
            if nth == stop:
                break
            now = np.int64(second[i])
            if kinds[code[i]] == 4:
                seen += 1
                if place[nth] == seen:
                    events[nth - base] = i
                    if before >= 0 and now - before < gap:
                        quick[nth - base] = 1 if now - began <= quick_seconds else -1
                    nth += 1
                before = np.int64(-1)
            elif kinds[code[i]] >= 2:
                if before < 0 or now - before >= gap:
                    began = now
                before = now


@njit(cache=True, nogil=True)
def _mark(low: int, high: int, bought: Any, second: Any, repeat: Any, cut: Any, quick: Any, category: Any, out: Any) -> None:
    base = bought[low]
    for customer in range(low, high):
        if not repeat[customer - low]:
            continue
        start, stop = bought[customer] - base, bought[customer + 1] - base
        orders = stop - start
        cuts = known = fast = pairs = switched = 0
        total = square = 0.0
        for i in range(start, stop):
            cuts += cut[i]
            known += quick[i] != 0
            fast += quick[i] == 1
            if i > start:
                wait = np.float64(np.int64(second[i]) - np.int64(second[i - 1]))
                total += wait
                square += wait * wait
                if len(category) > 0 and category[i] != 0 and category[i - 1] != 0:
                    pairs += 1
                    switched += category[i] != category[i - 1]
        if cuts >= 2 and 2 * cuts >= orders:
            out[customer - low] = 1
        elif orders >= 3 and total > 0:
            mean = total / (orders - 1)
            variance = max((square - (orders - 1) * mean * mean) / (orders - 2), 0.0)
            hasty = (known > 0 and 2 * fast >= known) or (pairs > 0 and 2 * switched >= pairs)
            if variance >= mean * mean and hasty:
                out[customer - low] = 2
