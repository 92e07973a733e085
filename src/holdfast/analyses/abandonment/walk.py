"""The walk of abandonment: each customer's carts and checkouts, how each ended, and how far it had come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.funnel.loops import NEVER
from holdfast.analyses.funnel.walk import closed_sessions, some_steps
from holdfast.analyses.scope import Scope
from holdfast.analyses.steps import Nodes, Steps, steps_of
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.analyses.windows import Window
    from holdfast.timelines.timelines import AsOf

__all__ = [
    "ABANDONED",
    "ADDS",
    "ANY_END",
    "BOUGHT",
    "IN_PROGRESS",
    "ORDERS",
    "REMOVES",
    "AbandonmentStep",
    "Prices",
    "Roles",
    "Target",
]

ADDS, REMOVES, ORDERS = 1, 2, 3
ABANDONED, BOUGHT, IN_PROGRESS, ANY_END = 0, 1, 2, 3
UNKNOWN = -(1 << 62)
EVERY = -1

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Roles:
    """What each node does: `role` int8 (0 nothing, ADDS, REMOVES, ORDERS), `stage` int32 (0 none, else the checkout step)."""

    role: npt.NDArray[np.int8]
    stage: npt.NDArray[np.int32]
    stages: int


@dataclass(frozen=True)
class Prices:
    """What a thing put into the cart is worth: a property with its values in ten-thousandths, and one with how many.

    price, quantity  properties, None where the data have none · amounts, counts int64 by value code, UNKNOWN for no number
    """

    price: str | None
    amounts: npt.NDArray[np.int64]
    quantity: str | None
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Target:
    """Whom to name: by kind (0 cart, 1 checkout) and end; of a segment, period and stage (EVERY: any)."""

    kind: int
    outcome: int
    segment: int = EVERY
    period: int = EVERY
    stage: int = EVERY


@dataclass(frozen=True)
class AbandonmentStep:
    """A step over carts and checkouts; see `holdfast.analyses.abandonment.question` for what they are.

    periods  int32 by local day, and how many · target whom to name; None names nobody
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    roles: Roles
    prices: Prices
    window: Window
    gap_minutes: float | None
    segments: int
    periods: tuple[npt.NDArray[np.int32], int]
    target: Target | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums by segment, kind, period (the last: all) and end: `count`, `customers` int64 [s, 2, p + 1, 4].

        `money`, `valued` int64 the same; `left` and `left_by` (customers) [s, 2, stages + 1, 3]; `spread` [s, 2, p + 1, 4] and
        `left_spread` [s, 2, stages + 1, 4] as `_spread` sums them; `n` customers, `loose` orders without a cart. Rows
        `customer`.
        """
        n = shard.high - shard.low
        found, loose = self._attempts(shard)
        segment = self._segments(shard, found)
        shape = (self.segments, 2, self.periods[1] + 1, 4)
        sums: dict[str, Any] = {name: np.zeros(shape, np.int64) for name in ("count", "customers", "money", "valued")}
        for name in ("left", "left_by"):
            sums[name] = np.zeros((self.segments, 2, self.roles.stages + 1, 3), np.int64)
        for name, places in (("spread", self.periods[1]), ("left_spread", self.roles.stages)):
            sums[name] = np.zeros((self.segments, 2, places + 1, 4), np.int64)
        _spread(found, segment, shard.columns.day, *self.periods, self.roles.stages, sums["spread"], sums["left_spread"])
        marks = np.zeros(n, np.uint8)
        wanted = Target(EVERY, EVERY) if self.target is None else self.target
        _tally(
            *(found, segment, shard.columns.day, self.periods[0], self.periods[1]),
            *(sums["count"], sums["customers"], sums["money"], sums["valued"], sums["left"], sums["left_by"]),
            *(np.array([wanted.kind, wanted.outcome, wanted.segment, wanted.period, wanted.stage]), marks),
        )
        sums |= {"n": np.int64(len(np.unique(found[segment[found[:, 1]] >= 0, 1]))), "loose": np.int64(loose)}
        return Tally(sums, {} if self.target is None else {"customer": shard.ids(marks)})

    def _attempts(self, shard: Shard) -> tuple[npt.NDArray[np.int64], int]:
        """A row a cart and checkout: kind, customer, first event, end, stage, money, whether it is known."""
        steps, rooms, open_room = self._laid(shard)
        columns, prices = shard.columns, self.prices
        price, quantity = (_column(columns.properties, name) for name in (prices.price, prices.quantity))
        found = np.empty((2 * len(steps.node), 7), np.int64)
        window = NEVER if self.window.seconds is None else self.window.seconds
        places = (steps.offsets, steps.node, steps.event, rooms, open_room, columns.second, columns.micro)
        role, stage = self.roles.role, self.roles.stage
        only_orders = np.where(role == ORDERS, role, 0).astype(np.int8)
        worth = (price, prices.amounts, quantity, prices.counts, window, self.as_of.until, found)
        kept, loose = _attempts(0, *places, (role == ADDS).astype(np.uint8), role, stage, *worth, 0)
        kept, _ = _attempts(1, *places, (stage > 0).astype(np.uint8), only_orders, stage, *worth, kept)
        return found[:kept], loose

    def _laid(self, shard: Shard) -> tuple[Steps, Array, Array]:
        """The steps that matter; the session of each and the customer's open one (empty where sessions do not matter)."""
        if not self.window.session:
            some = np.flatnonzero((self.roles.role > 0) | (self.roles.stage > 0))
            none = np.zeros(0, np.int32)
            return some_steps(shard, self.nodes, some.tolist(), self.as_of.until), none, none.astype(np.int64)
        steps = steps_of(shard, self.nodes, self.as_of.until, self.gap_minutes)
        rooms = np.cumsum(steps.fresh, dtype=np.int32)
        last = np.where(closed_sessions(shard, steps, self.as_of.until, self.gap_minutes), -1, 0)
        last[last == 0] = rooms[steps.offsets[1:][last == 0] - 1]
        return steps, rooms, last.astype(np.int64)

    def _segments(self, shard: Shard, found: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The segment of each customer by her first cart or checkout; -1 for those without, or out of scope."""
        far = np.iinfo(np.int64).max
        entry = np.full(shard.high - shard.low, far, np.int64)
        np.minimum.at(entry, found[:, 1], found[:, 2])
        entry = np.where(entry < far, entry - shard.columns.offsets[shard.low : shard.high], -1)
        if self.scope.trivial:
            return np.where(entry >= 0, 0, -1).astype(np.int32)
        return self.scope.at(shard, self.as_of, entry)


def _column(properties: dict[str, Any], name: str | None) -> Array:
    if name is not None:
        column: Array = properties[name]
        return column
    nothing = np.zeros(0, np.uint16)
    nothing.setflags(write=False)
    return nothing


@njit(cache=True, nogil=True)
def _late(last: Any, i: Any, event: Any, second: Any, micro: Any, window: int, room: Any) -> Any:
    """Whether step i comes too late, or in another session, to belong to what was last alive at step `last`."""
    passed = np.int64(second[event[i]]) - np.int64(second[event[last]])
    if passed > window or (passed == window and len(micro) > 0 and micro[event[i]] > micro[event[last]]):
        return True
    return len(room) > 0 and room[i] != room[last]


@njit(cache=True, nogil=True)
def _worth(i: int, price: Any, amounts: Any, quantity: Any, counts: Any) -> Any:
    """The money of one thing put into a cart, UNKNOWN where there is no number."""
    if len(price) == 0 or amounts[price[i]] == UNKNOWN:
        return np.int64(UNKNOWN)
    many = counts[quantity[i]] if len(quantity) > 0 else UNKNOWN
    return amounts[price[i]] * (np.int64(1) if many == UNKNOWN else many)


@njit(cache=True, nogil=True)
def _attempts(
    kind: int, offsets: Any, node: Any, event: Any, room: Any, open_room: Any, second: Any, micro: Any, opens: Any, role: Any,
    stage: Any, price: Any, amounts: Any, quantity: Any, counts: Any, window: int, until: int, found: Any, kept: Any,
) -> Any:  # fmt: skip
    """Add the carts (kind 0) or checkouts (kind 1) to `found`; how many are in it, and how many orders ended none.

    opens  uint8 by node: whether it opens one · role, stage by node: whether it keeps it alive, and how far it brings it
    """
    loose = 0
    for customer in range(len(offsets) - 1):
        start, last, far, worth, known = np.int64(-1), np.int64(-1), np.int64(0), np.int64(0), np.int64(0)
        for i in range(offsets[customer], offsets[customer + 1]):
            what = node[i]
            if start >= 0 and (role[what] > 0 or stage[what] > 0) and _late(last, i, event, second, micro, window, room):
                kept = _put(found, kept, kind, customer, start, ABANDONED, far, worth, known)
                start = np.int64(-1)
            if role[what] == ORDERS:
                loose = loose + 1 if start < 0 else loose
                if start >= 0:
                    kept = _put(found, kept, kind, customer, start, BOUGHT, far, worth, known)
                start = np.int64(-1)
                continue
            if start < 0 and opens[what]:
                start, far, worth, known = event[i], np.int64(0), np.int64(0), np.int64(0)
            if start >= 0 and (role[what] > 0 or stage[what] > 0):
                last, far = np.int64(i), max(far, np.int64(stage[what]))
                money = _worth(event[i], price, amounts, quantity, counts) if role[what] > 0 else np.int64(UNKNOWN)
                if money != UNKNOWN:
                    worth, known = worth + (money if role[what] == ADDS else -money), np.int64(1)
        if start >= 0:
            alive = until - np.int64(second[event[last]]) <= window and (len(room) == 0 or room[last] == open_room[customer])
            kept = _put(found, kept, kind, customer, start, IN_PROGRESS if alive else ABANDONED, far, worth, known)
    return kept, loose


@njit(cache=True, nogil=True)
def _put(found: Any, kept: Any, kind: int, customer: int, start: Any, ended: int, far: Any, worth: Any, known: Any) -> Any:
    """Write down what became of a cart or checkout; how many are written."""
    found[kept, 0], found[kept, 1], found[kept, 2], found[kept, 3] = kind, customer, start, ended
    found[kept, 4], found[kept, 5], found[kept, 6] = far, worth, known
    return kept + 1


@njit(cache=True, nogil=True)
def _tally(
    found: Any, segment: Any, day: Any, period: Any, periods: int, count: Any, customers: Any, money: Any, valued: Any,
    left: Any, left_by: Any, target: Any, marks: Any,
) -> None:  # fmt: skip
    """Add carts and checkouts up by segment, kind, period and end.

    target  int64 kind, end, segment, period, stage of those to mark; -1: any
    """
    seen, seen_left = np.full(customers.shape, -1, np.int64), np.full(left.shape, -1, np.int64)
    for row in range(len(found)):
        kind, customer, outcome, at = found[row, 0], found[row, 1], found[row, 3], found[row, 4]
        s, p = segment[customer], period[day[found[row, 2]]]
        if s < 0:
            continue
        for cell in range(4):
            place, ends = (periods if cell & 1 else np.int64(p)), (ANY_END if cell & 2 else outcome)
            if place >= 0:
                count[s, kind, place, ends] += 1
                money[s, kind, place, ends] += found[row, 5]
                valued[s, kind, place, ends] += found[row, 6]
                if seen[s, kind, place, ends] != customer:
                    seen[s, kind, place, ends] = customer
                    customers[s, kind, place, ends] += 1
        left[s, kind, at, outcome] += 1
        if seen_left[s, kind, at, outcome] != customer:
            seen_left[s, kind, at, outcome] = customer
            left_by[s, kind, at, outcome] += 1
        hit = target[0] == kind and (target[1] == ANY_END or target[1] == outcome)
        hit = hit and (target[2] < 0 or target[2] == s) and (target[3] < 0 or target[3] == p)
        if hit and (target[4] < 0 or target[4] == at):
            marks[customer] = 1


@njit(cache=True, nogil=True)
def _spread(found: Any, segment: Any, day: Any, period: Any, periods: int, stages: int, whole: Any, way: Any) -> None:
    """Add the sums over customers that intervals need (`clustered`): x², x y, y², and customers with y.

    Into whole, by period (the last: all): x of a customer's y ended ones are abandoned; into way, by stage: of y that came so
    far x were left there. The rows of one kind of one customer follow each other.
    """
    x, y, touched = np.zeros(periods + 1, np.int64), np.zeros(periods + 1, np.int64), np.zeros(periods + 1, np.int64)
    left, came = np.zeros(stages + 1, np.int64), np.zeros(stages + 1, np.int64)
    size = 0
    for row in range(len(found)):
        kind, customer, outcome, at = found[row, 0], found[row, 1], found[row, 3], found[row, 4]
        s, lost = segment[customer], outcome == ABANDONED
        if s >= 0 and outcome != IN_PROGRESS:
            for place in (np.int64(period[day[found[row, 2]]]), np.int64(periods)):
                if place >= 0:
                    if y[place] == 0:
                        touched[size] = place
                        size += 1
                    y[place] += 1
                    x[place] += lost
            came[: at + 1 if lost else stages + 1] += 1
            left[at] += lost
        if size > 0 and (row + 1 == len(found) or found[row + 1, 0] != kind or found[row + 1, 1] != customer):
            for j in range(size):
                _squared(whole[s, kind, touched[j]], x[touched[j]], y[touched[j]])
            x[touched[:size]] = 0
            y[touched[:size]] = 0
            for stage in range(stages + 1):
                _squared(way[s, kind, stage], left[stage], came[stage])
            left[:] = 0
            came[:] = 0
            size = 0


@njit(cache=True, nogil=True)
def _squared(into: Any, x: Any, y: Any) -> None:
    into[0] += x * x
    into[1] += x * y
    into[2] += y * y
    into[3] += y > 0
