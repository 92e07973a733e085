"""A trial from timelines: who was assigned to which arm by an event, what was known before, what followed within some days.

1. The assignment is a customer's first event of the name whose arm is known (and that meets `which`). Who was assigned to two
   arms is left out; who has not been watched for the whole window is left out; both are counted.
2. Features are of rows *before* the assignment: orders and money with the refunds made by then, days since the last order and
   the last event, tenure, events and active days, and the last known value of every other kept property.
3. Outcomes are of the window [assignment, assignment + days × 24 h): whether she ordered, counting orders, net money, or
   whether an event of a name happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.first_days import event_mask
from holdfast.analyses.scope import Condition, Scope
from holdfast.events.schema import MONEY_UNITS
from holdfast.timelines.attributes import property_name, value_at, value_labels
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.settings import RefundMode
    from holdfast.timelines.timelines import AsOf

__all__ = ["MIXED", "NOT_OVER", "NUMBERS", "OUTCOMES", "AssignedStep"]

NUMBERS = ("recency_days", "orders", "money", "tenure_days", "last_event_days", "events", "events_30_days", "active_days")
"""The numbers that are known of a customer at her assignment."""

OUTCOMES = ("ordered", "orders", "money")
"""The outcomes that are no names of events."""

NOBODY, FINE, MIXED, NOT_OVER = range(4)
DAY = 86_400


@dataclass(frozen=True)
class AssignedStep:
    """Lays out the trial of a shard.

    event, arm   name of the event, property of the arm · which  conditions on that event's own properties
    days         of the window · outcomes  of `OUTCOMES` or names of events · properties  that are features
    """

    event: str
    arm: str
    which: tuple[Condition, ...]
    days: int
    outcomes: tuple[str, ...]
    properties: tuple[str, ...]
    as_of: AsOf
    mode: RefundMode
    scope: Scope

    def __call__(self, shard: Shard) -> Tally:
        """Rows ids, arm (a code), the numbers, the properties' codes and the outcomes, and the left ids with their state; sums
        "states" int64 [4]."""
        place, arm, state = self._assigned(shard)
        if not self.scope.trivial:
            inside = self.scope.segments(shard, place) >= 0
            state = np.where(inside, state, NOBODY).astype(np.uint8)
        chosen = state == FINE
        left = (state == MIXED) | (state == NOT_OVER)
        rows: dict[str, Any] = {"ids": shard.ids(chosen), "arm": arm[chosen], "left": shard.ids(left), "state": state[left]}
        rows |= {f"known {name}": values[chosen] for name, values in self._before(shard, place).items()}
        rows |= {f"value {name}": value_at(shard, name, place - 1)[chosen] for name in self.properties}
        rows |= {f"outcome {name}": values[chosen] for name, values in self._after(shard, place).items()}
        return Tally({"states": np.bincount(state, minlength=4).astype(np.int64)}, rows)

    def _assigned(self, shard: Shard) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
        columns, size = shard.columns, shard.high - shard.low
        mask = event_mask(columns.meta, (self.event,))
        values = columns.properties[property_name(columns.meta, self.arm)]
        place, arm, state = np.full(size, -1, np.int64), np.zeros(size, np.uint16), np.zeros(size, np.uint8)
        start = int(columns.offsets[shard.low])
        _assigned(
            shard.low, shard.high, columns.offsets, columns.code, columns.second, mask, values, self._met(shard), start,
            self.as_of.until, self.days * DAY, place, arm, state,
        )  # fmt: skip
        return place, arm, state

    def _met(self, shard: Shard) -> npt.NDArray[np.bool_]:
        """Whether each event of the shard meets the conditions; empty where there are none."""
        columns = shard.columns
        if not self.which:
            return np.zeros(0, np.bool_)
        span = slice(int(columns.offsets[shard.low]), int(columns.offsets[shard.high]))
        met = np.ones(span.stop - span.start, np.bool_)
        for one in self.which:
            held = np.isin(np.array(value_labels(columns.meta, one.name)), one.values)
            codes = columns.properties[property_name(columns.meta, one.name)][span]
            met &= held[codes] != one.negated
        return met

    def _before(self, shard: Shard, place: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        columns, orders = shard.columns, shard.columns.orders
        out = np.full((len(NUMBERS), len(place)), np.nan)
        _known(
            shard.low, shard.high, place, columns.offsets, columns.code, columns.day, columns.second, orders.offsets,
            orders.second, orders.amount, orders.refund, orders.link, self.mode == "order", out,
        )  # fmt: skip
        found = dict(zip(NUMBERS, out, strict=True))
        return found | {"money": found["money"] / MONEY_UNITS}

    def _after(self, shard: Shard, place: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        columns, bought = shard.columns, shard.source.purchases(self.as_of.until, self.mode)
        out: dict[str, npt.NDArray[np.float64]] = {}
        count, money = np.zeros(len(place)), np.zeros(len(place))
        if set(self.outcomes) & set(OUTCOMES):
            _bought_after(
                shard.low, shard.high, place, columns.offsets, columns.second, self.days * DAY, bought.offsets, bought.second,
                bought.amount, bought.adjust_offsets, bought.adjust_second, bought.adjust_amount, count, money,
            )  # fmt: skip
        worked = {"ordered": (count > 0).astype(float), "orders": count, "money": money / MONEY_UNITS}
        for name in self.outcomes:
            if name in worked:
                out[name] = worked[name]
                continue
            out[name] = np.zeros(len(place))
            mask = event_mask(columns.meta, (name,))
            _done_after(
                shard.low, shard.high, place, columns.offsets, columns.code, columns.second, mask, self.days * DAY, out[name]
            )
        return out


@njit(cache=True, nogil=True)
def _assigned(
    low: int, high: int, offsets: Any, code: Any, second: Any, mask: Any, values: Any, met: Any, start: int, until: int,
    window: int, place: Any, arm: Any, state: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own = customer - low
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            if not mask[code[i]] or values[i] == 0 or (len(met) > 0 and not met[i - start]):
                continue
            if place[own] < 0:
                place[own], arm[own] = i - offsets[customer], values[i]
                state[own] = FINE if np.int64(second[i]) + window <= until else NOT_OVER
            elif values[i] != arm[own]:
                state[own] = MIXED


@njit(cache=True, nogil=True)
def _known(
    low: int, high: int, place: Any, offsets: Any, code: Any, day: Any, second: Any, order_offsets: Any, order_second: Any,
    amount: Any, refund: Any, link: Any, tie: bool, out: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own = customer - low
        if place[own] < 0:
            continue
        at = offsets[customer] + place[own]
        now = np.int64(second[at])
        events, lately, days, last, first, seen = 0, 0, 0, np.int64(-1), np.int64(-1), np.int64(-1)
        for i in range(offsets[customer], at):
            if code[i] == 0:
                continue
            when = np.int64(second[i])
            events += 1
            lately += 1 if when >= now - 30 * 86_400 else 0
            if np.int64(day[i]) > seen:
                days += 1
                seen = np.int64(day[i])
            first = when if first < 0 else first
            last = when
        begin, end = order_offsets[customer], order_offsets[customer + 1]
        orders, money, bought = _bought_before(begin, end, order_second, amount, refund, link, tie, now)
        out[0, own] = (now - bought) / 86_400 if bought >= 0 else np.nan
        out[1, own] = orders
        out[2, own] = money
        out[3, own] = (now - first) / 86_400 if first >= 0 else np.nan
        out[4, own] = (now - last) / 86_400 if last >= 0 else np.nan
        out[5, own], out[6, own], out[7, own] = events, lately, days


@njit(cache=True, nogil=True)
def _bought_before(begin: int, end: int, second: Any, amount: Any, refund: Any, link: Any, tie: bool, now: Any) -> Any:
    """Orders that count, net money and the second of the last such order, as known at an instant; refunds made by then."""
    orders, money, bought = 0, np.int64(0), np.int64(-1)
    for i in range(begin, end):
        if np.int64(second[i]) >= now:
            break
        if refund[i] == 1:
            money -= amount[i]
            continue
        money += amount[i]
        back = _taken_back(i, begin, end, second, amount, refund, link, now) if tie else np.int64(-1)
        if back < amount[i] or back < 0:
            orders += 1
            bought = np.int64(second[i])
    return orders, money, bought


@njit(cache=True, nogil=True)
def _taken_back(order: int, begin: int, end: int, second: Any, amount: Any, refund: Any, link: Any, now: Any) -> Any:
    """What refunds before an instant took back of an order; -1 where there are none."""
    back = np.int64(-1)
    for j in range(begin, end):
        if np.int64(second[j]) >= now:
            break
        if refund[j] == 1 and link[j] == order - begin:
            back = max(back, np.int64(0)) + amount[j]
    return back


@njit(cache=True, nogil=True)
def _bought_after(
    low: int, high: int, place: Any, offsets: Any, second: Any, window: int, order_offsets: Any, order_second: Any,
    amount: Any, adjust_offsets: Any, adjust_second: Any, adjust_amount: Any, count: Any, money: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own = customer - low
        if place[own] < 0:
            continue
        start = np.int64(second[offsets[customer] + place[own]])
        for i in range(order_offsets[customer], order_offsets[customer + 1]):
            if start <= np.int64(order_second[i]) < start + window:
                count[own] += 1
                money[own] += amount[i]
        for i in range(adjust_offsets[customer], adjust_offsets[customer + 1]):
            if start <= np.int64(adjust_second[i]) < start + window:
                money[own] += adjust_amount[i]


@njit(cache=True, nogil=True)
def _done_after(
    low: int, high: int, place: Any, offsets: Any, code: Any, second: Any, mask: Any, window: int, done: Any
) -> None:
    for customer in range(low, high):
        own = customer - low
        if place[own] < 0:
            continue
        start = offsets[customer] + place[own]
        for i in range(start + 1, offsets[customer + 1]):
            if np.int64(second[i]) >= np.int64(second[start]) + window:
                break
            if mask[code[i]]:
                done[own] = 1.0
                break
