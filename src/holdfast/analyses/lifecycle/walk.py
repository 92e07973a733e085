"""The walk of the life cycle: each customer's active periods, and what lies between them (SEMANTICS 15).

The state of a customer in a period follows from the periods in which she was active alone: new in the first, kept where the one
before was active too, returned where it was not, lost in the first quiet one, dormant in those after it. The walk goes from one
active period to the next; states that last (dormant to dormant) are never walked but follow from the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.bridge_walks import Counting, Days
from holdfast.analyses.scope import Scope, last_events
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["CELLS", "MONEY", "STATES", "TRANSITIONS", "LifeStep", "StatesAt", "counting_days", "states_at"]

STATES = ("not yet", "new", "kept", "returned", "lost", "dormant")
"""The states by code; who is not yet anything has no active period so far."""

NOT_YET, NEW, KEPT, RETURNED, LOST, DORMANT = range(6)

TRANSITIONS = (
    *((NOT_YET, NEW), (NEW, KEPT), (KEPT, KEPT), (RETURNED, KEPT), (NEW, LOST), (KEPT, LOST), (RETURNED, LOST)),
    *((LOST, RETURNED), (DORMANT, RETURNED), (LOST, DORMANT), (DORMANT, DORMANT)),
)
"""Every way from a period's state to the next one's; the walk counts the first nine, by their place."""

CELLS = 9

FROM = np.array([start for start, _ in TRANSITIONS])
"""By place in TRANSITIONS: the state that is left."""

MONEY = ("start", "new", "returned", "expansion", "contraction", "lost", "end", "kept_before", "kept_now")
"""What is summed in money, in the order of the kernel's rows."""


def counting_days(shard: Shard, counting: Counting, scope: Scope, as_of: AsOf) -> tuple[Days, npt.NDArray[np.int32]]:
    """The counting days of a shard, and each customer's segment: -1 for those out of scope."""
    days = counting.days(shard, entries=not scope.trivial)
    if scope.trivial:
        return days, np.zeros(shard.high - shard.low, np.int32)
    entry = last_events(shard, as_of, days.entry >= 0) if scope.moment == "current" else days.entry
    return days, scope.segments(shard, entry)


@dataclass(frozen=True)
class LifeStep:
    """Counts of one shard.

    Sums: "moves" int64 [segments, periods, CELLS] of TRANSITIONS; "money" int64 [segments, periods, MONEY] in ten-thousandths;
    "n". Over the periods `low` to `high` (inclusive): "customers" int64 [segments, TRANSITIONS], who made each at least once;
    what their intervals need (`clustered`), "squares" int64 [segments, 2, TRANSITIONS], the sums over customers of x² and x y
    for x times a way and y times any way from its state, and "crowd" int64 [segments, 2, STATES], of y² and of customers.

    of_day  int32 per day index: its period, -1 outside
    wanted  place in TRANSITIONS of the people to name, over `low` to `high`, of segment `only` (-1: all); -1 names nobody
    """

    counting: Counting
    scope: Scope
    as_of: AsOf
    of_day: npt.NDArray[np.int32]
    periods: int
    segments: int
    low: int
    high: int
    wanted: int = -1
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The counts of a shard."""
        days, segment = counting_days(shard, self.counting, self.scope, self.as_of)
        bought = shard.source.purchases(self.as_of.until, self.counting.mode)
        moves = np.zeros((self.segments, self.periods, CELLS), np.int64)
        customers = np.zeros((self.segments, len(TRANSITIONS)), np.int64)
        squares = np.zeros((self.segments, 2, len(TRANSITIONS)), np.int64)
        crowd = np.zeros((self.segments, 2, len(STATES)), np.int64)
        sums = np.zeros((self.segments, self.periods, len(MONEY)), np.int64)
        made = np.zeros(0 if self.wanted < 0 else len(segment), np.uint16)
        n = _walk_life(
            *(shard.low, shard.high, days.offsets, days.day, self.of_day, segment, self.low, self.high),
            *(bought.offsets, bought.day, bought.amount, bought.adjust_offsets, bought.adjust_day, bought.adjust_amount),
            *(moves, customers, squares, crowd, sums, made),
        )
        rows: dict[str, Any] = {}
        if self.wanted >= 0:
            found = (made >> self.wanted) & 1 > 0
            rows["ids"] = shard.ids(found & ((segment == self.only) if self.only >= 0 else segment >= 0))
        found_sums = {"moves": moves, "customers": customers, "squares": squares, "crowd": crowd, "money": sums, "n": n}
        return Tally(found_sums, rows)


@dataclass(frozen=True)
class StatesAt:
    """The people in a state in one period, or on one way into it.

    of_day, period  period per day index, and which is looked at
    now, before     codes of the wanted states in the period and in the one before; empty: any
    only            the segment's code; -1: all
    """

    counting: Counting
    scope: Scope
    as_of: AsOf
    of_day: npt.NDArray[np.int32]
    period: int
    now: tuple[int, ...]
    before: tuple[int, ...] = ()
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """Rows "ids": the wanted customers of a shard."""
        days, segment = counting_days(shard, self.counting, self.scope, self.as_of)
        found = (segment >= 0) if self.only < 0 else segment == self.only
        for period, wanted in ((self.period, self.now), (self.period - 1, self.before)):
            if wanted:
                found &= np.isin(states_at(days.offsets, days.day, self.of_day, period), wanted)
        return Tally({}, {"ids": shard.ids(found)})


@njit(cache=True, nogil=True)
def states_at(offsets: Any, day: Any, of_day: Any, period: int) -> Any:
    """The state of each customer in one period: uint8 codes of STATES. See `Days` for offsets and day."""
    out = np.zeros(len(offsets) - 1, np.uint8)
    for customer in range(len(offsets) - 1):
        now = before = False
        first = -1
        latest = np.int64(0)
        for i in range(offsets[customer], offsets[customer + 1]):
            latest = max(latest, np.int64(day[i]))
            place = of_day[latest]
            if first < 0:
                first = place
            now |= place == period
            before |= place == period - 1
        out[customer] = _state(now, before, first, period)
    return out


@njit(cache=True, nogil=True)
def _state(now: bool, before: bool, first: int, period: int) -> int:
    if first < 0 or first > period:
        return 0
    if first == period:
        return 1
    if now:
        return 2 if before else 3
    return 4 if before else 5


@njit(cache=True, nogil=True)
def _walk_life(
    low: int, high: int, offsets: Any, day: Any, of_day: Any, segment: Any, least: int, most: int,
    orders: Any, order_day: Any, amount: Any, adjusts: Any, adjust_day: Any, adjustment: Any,
    moves: Any, customers: Any, squares: Any, crowd: Any, sums: Any, made: Any,
) -> int:  # fmt: skip
    periods = moves.shape[1]
    times = np.zeros(len(FROM), np.int64)
    stamp = np.full(periods + 2, -1, np.int64)
    booked = np.full(periods + 2, -1, np.int64)
    value = np.zeros(periods + 1, np.int64)
    n = 0
    for customer in range(low, high):
        own = segment[customer - low]
        if own < 0:
            continue
        start, stop = offsets[customer - low], offsets[customer - low + 1]
        first = _ways(customer, start, stop, day, of_day, least, most, periods, stamp, moves[own], times)
        n += first >= 0
        bits = _made(own, times, customers, squares, crowd)
        if len(made) > 0:
            made[customer - low] = bits
        bought, adjusted = (orders[customer], orders[customer + 1]), (adjusts[customer], adjusts[customer + 1])
        _put(value, bought, order_day, amount, of_day)
        _put(value, adjusted, adjust_day, adjustment, of_day)
        _book_rows(customer, bought, order_day, of_day, periods, first, stamp, booked, value, sums[own])
        _book_rows(customer, adjusted, adjust_day, of_day, periods, first, stamp, booked, value, sums[own])
        _clear(value, bought, order_day, of_day)
        _clear(value, adjusted, adjust_day, of_day)
    return n


@njit(cache=True, nogil=True)
def _put(value: Any, rows: Any, day: Any, amount: Any, of_day: Any) -> None:
    """Add one customer's money to its periods."""
    for i in range(rows[0], rows[1]):
        value[of_day[day[i]]] += amount[i]


@njit(cache=True, nogil=True)
def _clear(value: Any, rows: Any, day: Any, of_day: Any) -> None:
    for i in range(rows[0], rows[1]):
        value[of_day[day[i]]] = 0


@njit(cache=True, nogil=True)
def _book_rows(
    customer: int, rows: Any, day: Any, of_day: Any, periods: int, first: int, stamp: Any, booked: Any, value: Any, sums: Any
) -> None:  # fmt: skip
    """Book each period with money of one customer, and the one after it, once."""
    for i in range(rows[0], rows[1]):
        at = of_day[day[i]]
        for place in range(at, min(at + 2, periods)):
            if booked[place] == customer:
                continue
            booked[place] = customer
            a = value[place - 1] if place > 0 else 0
            if a != 0 or value[place] != 0:
                state = _state(stamp[place] == customer, place > 0 and stamp[place - 1] == customer, first, place)
                _book(sums[place], state, a, value[place])


@njit(cache=True, nogil=True)
def _book(row: Any, state: int, a: int, b: int) -> None:
    """Book a customer's money of the period before (a) and of this one (b) under her state; what is left over by its sign.

    Left over is only what a refund without an order moves in a period without activity, so that every row adds up.
    """
    row[0] += a
    row[6] += b
    rest = b - a
    if state == 1 or state == 3:
        row[1 if state == 1 else 2] += b
        rest = -a
    elif state == 4:
        row[5] += a
        rest = b
    elif state == 2:
        row[7] += a
        row[8] += b
    row[3 if rest > 0 else 4] += abs(rest)


@njit(cache=True, nogil=True)
def _ways(
    customer: int, start: int, stop: int, day: Any, of_day: Any, least: int, most: int, periods: int, stamp: Any, moves: Any,
    times: Any,
) -> int:  # fmt: skip
    """Count one customer's ways from period to period, and in `times` those of the pooled periods; her first active period."""
    first = last = -1
    kind = 0
    latest = np.int64(0)
    for i in range(start, stop):
        # Where the clock is put back at midnight the date steps back by one: the later instant keeps the later date.
        latest = max(latest, np.int64(day[i]))
        place = of_day[latest]
        if place == last or place < 0:
            continue
        stamp[place] = customer
        if last < 0:
            first = place
            way = 0
        elif place == last + 1:
            way = 1 + kind
            kind = 1
        else:
            _silence(last, place, kind, least, most, moves, times)
            way = 7 if place == last + 2 else 8
            kind = 2
        moves[place, way] += 1
        if least <= place <= most:
            times[way] += 1
        last = place
    if last >= 0:
        _silence(last, periods, kind, least, most, moves, times)
    return first


@njit(cache=True, nogil=True)
def _silence(last: int, until: int, kind: int, least: int, most: int, moves: Any, times: Any) -> None:
    """Lost in the period after `last`, dormant from the next one to before `until`: counted."""
    if last + 1 < until:
        moves[last + 1, 4 + kind] += 1
        if least <= last + 1 <= most:
            times[4 + kind] += 1
    if last + 2 < until and least <= last + 2 <= most:
        times[9] += 1
    times[10] += max(min(until - 1, most) - max(last + 3, least) + 1, 0)


@njit(inline="always", nogil=True)
def _made(own: int, times: Any, customers: Any, squares: Any, crowd: Any) -> int:
    """Add one customer's ways to the sums over customers, and empty `times`; the ways she made, as bits.

    Two ways of TRANSITIONS leave each state: new, kept and returned by the places 1 to 3 and 4 to 6, lost and dormant by 7
    and 8 and by 9 and 10. Laid into the loop that calls it: a call with arrays costs more than the counting.
    """
    bits = 0
    if times[0] > 0:
        bits = _gone(own, 0, times, times[0], customers, squares)
        crowd[own, 0, 0] += 1
        crowd[own, 1, 0] += 1
    for state in range(1, crowd.shape[2]):
        one, other = (state, state + 3) if state < LOST else (state + 3, state + 5)
        left = times[one] + times[other]
        if left > 0:
            crowd[own, 0, state] += left * left
            crowd[own, 1, state] += 1
            bits |= _gone(own, one, times, left, customers, squares)
            bits |= _gone(own, other, times, left, customers, squares)
    return bits


@njit(inline="always", nogil=True)
def _gone(own: int, way: int, times: Any, left: int, customers: Any, squares: Any) -> int:
    """Add how often a customer went one way of the `left` times that she left its state; its bit."""
    x = times[way]
    if x == 0:
        return 0
    customers[own, way] += 1
    squares[own, 0, way] += x * x
    squares[own, 1, way] += x * left
    times[way] = 0
    return 1 << way
