"""Which events start a cohort and which are returns: a stream to walk, and where in it customers enter (SEMANTICS 5, 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.errors import UnknownName
from holdfast.events.schema import ORDER, REFUND
from holdfast.timelines.columns import Meta
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard

__all__ = ["ANY", "Chosen", "Entries", "EntryMode", "Stream", "checked_events", "entries", "stream"]

ANY = "any"
"""The name that stands for every activity."""

EntryMode = Literal["first ever", "first in window", "each period"]
ENTRY_MODES: tuple[EntryMode, ...] = ("first ever", "first in window", "each period")

START, BACK = 1, 2


@dataclass(frozen=True)
class Chosen:
    """The events of a question.

    start, back  names; empty: counting orders; ("any",): every activity
    """

    start: tuple[str, ...]
    back: tuple[str, ...]

    @property
    def orders(self) -> bool:
        """Whether both are orders, so that only orders need be walked."""
        return self.start in ((), (ORDER,)) and self.back in ((), (ORDER,))


@dataclass(frozen=True)
class Stream:
    """Events of all customers to walk.

    offsets, day, second  whole columns (of orders, or of all events)
    flags   uint8 per event of the shard: 1 starts, 2 is a return; empty: every event is both
    orders  whether it is a stream of orders
    """

    offsets: npt.NDArray[np.int64]
    day: npt.NDArray[np.uint16]
    second: npt.NDArray[np.uint32]
    flags: npt.NDArray[np.uint8]
    orders: bool


@dataclass(frozen=True)
class Entries:
    """Where customers of a shard enter.

    offsets  int64 [customers of the shard + 1]: which entries are whose; empty: one a customer
    place    int64 per entry: which of the customer's stream events, -1 for none
    earlier  int64: customers who had a start event before the window
    """

    offsets: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    earlier: int


_NO_FLAGS = np.zeros(0, np.uint8)
_ONE_EACH = np.zeros(0, np.int64)


def checked_events(meta: Meta, names: tuple[str, ...]) -> None:
    """Raise UnknownName unless each name is an event of the data, or "any"."""
    for name in names:
        if name not in (ANY, ORDER) and name not in meta.events[1:]:
            raise UnknownName("event", name, (*meta.events[1:], ANY))


def stream(shard: Shard, chosen: Chosen, until: int, mode: RefundMode) -> Stream:
    """The events to walk for those start and return events."""
    columns = shard.columns
    if chosen.orders:
        bought = shard.source.purchases(until, mode)
        return Stream(bought.offsets, bought.day, bought.second, _NO_FLAGS, True)
    everything = ANY in chosen.start and ANY in chosen.back and columns.meta.ignored == 0
    flags = _NO_FLAGS if everything else _flags(shard, chosen, until, mode)
    return Stream(columns.offsets, columns.day, columns.second, flags, False)


def _flags(shard: Shard, chosen: Chosen, until: int, mode: RefundMode) -> npt.NDArray[np.uint8]:
    columns = shard.columns
    names = np.array(columns.meta.events)
    bits = np.zeros(65_536, np.uint8)
    of_orders = 0
    for bit, wanted in ((START, chosen.start), (BACK, chosen.back)):
        if ANY in wanted:
            bits[1 : len(names)] |= bit
        else:
            bits[: len(names)][np.isin(names, [name for name in wanted if name != ORDER])] |= bit
            of_orders |= bit if not wanted or ORDER in wanted else 0
    if not of_orders:
        plain: npt.NDArray[np.uint8] = bits[columns.code[columns.offsets[shard.low] : columns.offsets[shard.high]]]
        return plain
    valued = np.zeros(65_536, np.bool_)
    valued[: len(names)] = np.isin(names, [ORDER, REFUND])
    bought = shard.source.purchases(until, mode)
    flags: npt.NDArray[np.uint8] = _flag_orders(
        shard.low, shard.high, columns.offsets, columns.code, bits, valued, of_orders, bought.offsets, bought.place
    )
    return flags


@njit(cache=True, nogil=True)
def _flag_orders(
    low: int, high: int, offsets: Any, code: Any, bits: Any, valued: Any, of_orders: int, bought: Any, place: Any
) -> Any:
    base = offsets[low]
    out = np.zeros(offsets[high] - base, np.uint8)
    for customer in range(low, high):
        seen, following = 0, bought[customer]
        for i in range(offsets[customer], offsets[customer + 1]):
            out[i - base] = bits[code[i]]
            if valued[code[i]]:
                if following < bought[customer + 1] and place[following] == seen:
                    out[i - base] |= of_orders
                    following += 1
                seen += 1
    return out


def entries(
    shard: Shard, events: Stream, entry: EntryMode, until: int, window: tuple[int, int], cohort_of: npt.NDArray[np.int32]
) -> Entries:
    """Where each customer of the shard enters.

    until      rows from this instant on do not count (0: all do)
    window     first and last local day on which one can enter
    cohort_of  day → cohort, for entering each period
    """
    if entry == "first ever" and not len(events.flags) and window == (0, 65_535):
        some = np.diff(events.offsets[shard.low : shard.high + 1]) > 0
        return Entries(_ONE_EACH, some.astype(np.int64) - 1, 0)
    columns = (shard.low, shard.high, events.offsets, events.day, events.second, events.flags, until, *window)
    if entry == "each period":
        to, place = _each_period(*columns, cohort_of)
        return Entries(to, place, 0)
    place, earlier = _first(*columns, entry == "first ever")
    return Entries(_ONE_EACH, place, int(earlier))


@njit(cache=True, nogil=True)
def _first(
    low: int, high: int, offsets: Any, day: Any, second: Any, flags: Any, until: int, first_day: int, last_day: int, ever: bool
) -> Any:
    place = np.full(high - low, -1, np.int64)
    base = offsets[low]
    earlier = 0
    for customer in range(low, high):
        before = False
        for i in range(offsets[customer], offsets[customer + 1]):
            if until > 0 and second[i] >= until:
                break
            if len(flags) > 0 and flags[i - base] & START == 0:
                continue
            if first_day <= day[i] <= last_day:
                place[customer - low] = i - offsets[customer]
                earlier += before
                break
            before = True
            if ever:
                break
    return place, earlier


@njit(cache=True, nogil=True)
def _each_period(
    low: int, high: int, offsets: Any, day: Any, second: Any, flags: Any, until: int, first_day: int, last_day: int,
    cohort_of: Any,
) -> Any:  # fmt: skip
    to = np.zeros(high - low + 1, np.int64)
    base = offsets[low]
    place = np.empty(offsets[high] - base, np.int64)
    seen = np.full(cohort_of.max() + 1, -1, np.int64)
    found = 0
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if until > 0 and second[i] >= until:
                break
            if (len(flags) > 0 and flags[i - base] & START == 0) or day[i] < first_day or day[i] > last_day:
                continue
            cohort = cohort_of[day[i]]
            if cohort >= 0 and seen[cohort] != customer:
                seen[cohort] = customer
                place[found] = i - offsets[customer]
                found += 1
        to[customer - low + 1] = found
    return to, place[:found].copy()
