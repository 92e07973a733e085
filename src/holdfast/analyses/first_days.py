"""Who entered, what counts as the first days, and who stayed after them: what the questions of staying have in common.

A customer enters with her first event of a kind. Day 0 is the local date of that event; the *first days* are days 0 to d - 1;
she *stayed* when she has a counting event on the days d to d + h - 1. The two windows do not touch, so that nobody had to stay
in order to do what is compared. Only customers whose days are all over at the as-of are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.scope import Scope
from holdfast.analyses.steps import no_visits
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import order_events
from holdfast.timelines.columns import Meta
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = [
    "ANY",
    "LEFT",
    "NOT_OBSERVED",
    "ORDERS",
    "STAYED",
    "Entered",
    "Window",
    "counting",
    "event_mask",
    "own_activity",
    "staying_told",
    "told_days",
    "window_of",
]

ANY, ORDERS = "any", "orders"
NOT_OBSERVED, LEFT, STAYED = -1, 0, 1
MOST_DAYS = 3_650


@dataclass(frozen=True)
class Entered:
    """The customers of a shard, one value each.

    place   int64: the entry event's place within the timeline; -1 for those who did not enter or are out of scope
    day     int64: local day index of the entry (0 where place is -1)
    stayed  int8: 1 stayed, 0 left, -1 did not enter or is not observed to the end
    """

    place: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    stayed: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Window:
    """The entry, the first days and the time in which staying is looked at; it travels with a step.

    start         names of the events that enter; None: counting orders
    staying       names of the events that count as staying; None: counting orders
    first_days    d, whole days · horizon_days  h, whole days
    as_of, mode   how orders are read · scope  who is asked about, values at the entry
    """

    start: tuple[str, ...] | None
    staying: tuple[str, ...] | None
    first_days: int
    horizon_days: int
    as_of: AsOf
    mode: RefundMode
    scope: Scope

    def of(self, shard: Shard) -> Entered:
        """Who of a shard entered, when, and whether she stayed; the latest window's is kept for the next walk."""
        key = ("first days", shard.low, shard.high)
        held = shard.source.kept.get(key)
        if held is None or held[0] != self:
            held = shard.source.kept[key] = (self, self._found(shard))
        found: Entered = held[1]
        return found

    def _found(self, shard: Shard) -> Entered:
        place, day = self._entries(shard)
        inside = self.scope.at(shard, self.as_of, place) >= 0
        place = np.where(inside, place, -1)
        offsets, days, code, counted = self._staying(shard)
        stayed = np.full(shard.high - shard.low, NOT_OBSERVED, np.int8)
        _stayed(
            *(shard.low, shard.high, offsets, days, code, counted, place, day, self.first_days),
            *(self.first_days + self.horizon_days, self.as_of.day, stayed),
        )
        return Entered(place, day, stayed)

    def _entries(self, shard: Shard) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        columns = shard.columns
        if self.start is not None:
            place, day = (np.full(shard.high - shard.low, fill, np.int64) for fill in (-1, 0))
            mask = event_mask(columns.meta, self.start)
            span = (shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second)
            _entries(*span, mask, self.as_of.until, place, day)
            return place, day
        bought = shard.source.purchases(self.as_of.until, self.mode)
        some = np.diff(bought.offsets[shard.low : shard.high + 1]) > 0
        day = np.zeros(len(some), np.int64)
        day[some] = bought.day[bought.offsets[shard.low : shard.high][some]]
        return order_events(shard, bought, np.where(some, 0, -1).astype(np.int64)), day

    def _staying(self, shard: Shard) -> tuple[Any, Any, Any, Any]:
        """Offsets, days, codes (empty: every row counts) and which codes count."""
        columns = shard.columns
        if self.staying is not None:
            return columns.offsets, columns.day, columns.code, event_mask(columns.meta, self.staying)
        bought = shard.source.purchases(self.as_of.until, self.mode)
        return bought.offsets, bought.day, columns.code[:0], np.zeros(1, np.bool_)

    def rules(self) -> dict[str, Any]:
        """What the definition of an answer says about it."""
        last = self.first_days + self.horizon_days - 1
        said = {
            "entry": f"first {'order' if self.start is None else _listed(self.start)}",
            "first days": self.first_days,
            "stayed": f"{'orders' if self.staying is None else _listed(self.staying)} on days {self.first_days} to {last}",
        }
        return said | ({"refunds": self.mode} if None in (self.start, self.staying) else {})


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"any of {len(names)} kinds of event"


def told_days(days: int) -> str:
    """The first days in words: first day, first 7 days."""
    return "first day" if days == 1 else f"first {days:,} days"


def event_mask(meta: Meta, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which event codes have one of these names; code 0, which is no activity, never has."""
    mask = np.zeros(max(len(meta.events), 1), np.bool_)
    mask[1:] = np.isin(np.array(meta.events[1:]), names)
    return mask


def counting(meta: Meta, events: str | Sequence[str]) -> tuple[str, ...] | None:
    """The events that are meant by "any", "orders" (None: counting orders) or names; UnknownName lists what there is."""
    if events == ORDERS:
        return None
    if events == ANY:
        return meta.events[1:]
    names = (events,) if isinstance(events, str) else tuple(events)
    for name in names:
        if name not in meta.events[1:]:
            raise UnknownName("event", name, (*meta.events[1:], ANY, ORDERS))
    return names


def own_activity(meta: Meta, settings: Settings) -> tuple[str, ...] | None:
    """The events by which a customer shows that she is still here; None: counting orders.

    Those that the settings name (`active`). Where they name none: every event that is the customer's own doing (nothing that
    happens to her, as in `steps.NO_VISITS`, no complaint, no leave-taking), where there are such besides orders; else orders;
    else any event.
    """
    known = meta.events[1:]
    named = tuple(name for name in settings.active if name in known)
    if named:
        return None if named == (ORDER,) else named
    said, elsewhere = (*settings.complaints, *settings.unsubscribe), no_visits(meta)
    own = tuple(name for name in known if name not in elsewhere and not any(fnmatchcase(name, pattern) for pattern in said))
    if set(own) - {ORDER}:
        return own
    return None if ORDER in known or not known else known


def staying_told(window: Window, timelines: Timelines) -> tuple[str, ...]:
    """Notes on what staying is, where it was not said: any activity; or orders of those who may never have ordered."""
    settings = timelines.settings
    chosen = window.staying is not None and window.staying == own_activity(timelines.meta, settings) and not settings.active
    if chosen and ORDER in timelines.meta.events:
        return ("staying is any activity of the customer's own, a visit as well as an order: “staying” orders asks for orders",)
    if chosen:
        return ("the data hold no orders: any event counts as staying",)
    if window.staying is None and window.start is not None and window.start != (ORDER,):
        return ("those who never ordered count as left, too: “start” orders compares buyers with buyers",)
    return ()


def window_of(
    timelines: Timelines, as_of: AsOf, *, start: str | tuple[str, ...] | None, staying: str | tuple[str, ...] | None,
    first_days: int, horizon_days: int, scope: Scope,
) -> Window:  # fmt: skip
    """The window of a question; staying None means `own_activity`, start None the first order where orders are staying."""
    for name, value in (("first_days", first_days), ("horizon_days", horizon_days)):
        if not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
            raise UsageError(f"{name} cannot be {value!r}", f"give a whole number of days, 1 to {MOST_DAYS:,}")
    meta, settings = timelines.meta, timelines.settings
    stays = own_activity(meta, settings) if staying is None else counting(meta, staying)
    if start is None:
        start = ORDERS if stays in (None, (ORDER,)) else ANY
    return Window(
        *(counting(meta, start), stays, first_days, horizon_days, as_of, settings.refunds),
        scope.ready(timelines, as_of),
    )


@njit(cache=True, nogil=True)
def _entries(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, mask: Any, until: int, place: Any, first: Any
) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            if mask[code[i]]:
                place[customer - low], first[customer - low] = i - offsets[customer], day[i]
                break


@njit(cache=True, nogil=True)
def _stayed(
    low: int, high: int, offsets: Any, day: Any, code: Any, counted: Any, place: Any, first: Any, begin: int, end: int,
    over: int, stayed: Any,
) -> None:  # fmt: skip
    """Days begin to end - 1 after the entry; only those that are all before the open day `over`."""
    for customer in range(low, high):
        entry = first[customer - low]
        if place[customer - low] < 0 or entry + end > over:
            continue
        stayed[customer - low] = 0
        for i in range(offsets[customer], offsets[customer + 1]):
            after = np.int64(day[i]) - entry
            if after >= end + 1:
                break
            if begin <= after < end and (len(code) == 0 or counted[code[i]]):
                stayed[customer - low] = 1
                break
