"""The errand "customers.timeline": what a person did, out of the mapped timelines and the tail behind them. In the analyst."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.schema import MONEY_UNITS, ORDER, REFUND
from holdfast.server.customers.tail import tail_of
from holdfast.server.customers.timeline import TOLD, Happened, Shown, Wanted
from holdfast.timelines.merge import places_of
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk
    from holdfast.timelines.timelines import Timelines

__all__ = ["errand"]

Longs = npt.NDArray[np.int64]
SILENT = ("identify", "group", "alias")
NO_MONEY = -(2**63)
PLACE = re.compile(r"-?[0-9]{1,17}\.[0-9]{1,9}")
"""Where a page begins: an instant, and how many of its rows were shown before."""


def errand(desk: Desk, ids: list[str], wanted: Wanted, before: str, size: int) -> Shown:
    """A page of the timeline of these person ids; see `timeline.timeline`."""
    timelines = desk.timelines()
    tail = tail_of(desk, timelines.meta.last_sequence)
    stored = _stored(timelines, ids)
    fresh = _fresh(tail.of(ids))
    both = [np.concatenate(pair) for pair in zip(stored, fresh, strict=True)]
    new = np.arange(len(both[0])) >= len(stored[0])
    # newest first; of one instant the later arrival first
    order = np.lexsort((np.arange(len(new)), both[0]))[::-1]
    times, names, amounts = (column[order] for column in both)
    chosen = np.flatnonzero(_matching(times, names, wanted, timelines))
    start = _start(times[chosen], before)
    shown = chosen[start : start + size]
    rows = tuple(
        Happened(
            int(times[i]), str(names[i]), None if amounts[i] == NO_MONEY else int(amounts[i]) / MONEY_UNITS, bool(new[order[i]])
        )
        for i in shown
    )
    counted, counts = np.unique(names, return_counts=True) if len(names) else (names, np.zeros(0, np.int64))
    return Shown(
        rows=rows,
        next=_next(times[chosen], start + size),
        names={str(name): int(count) for name, count in zip(counted, counts, strict=True)},
        total=len(chosen),
    )


def _stored(timelines: Timelines, ids: list[str]) -> tuple[Longs, npt.NDArray[Any], Longs]:
    """Time in microseconds, name and money of all stored events of these ids, in order of arrival within an instant."""
    columns = timelines.source.columns
    events = np.array(columns.meta.events or (TOLD,), object)
    valued = [place for place, name in enumerate(columns.meta.events) if name in (ORDER, REFUND)]
    parts: list[tuple[Longs, npt.NDArray[Any], Longs]] = [(np.empty(0, np.int64), np.empty(0, object), np.empty(0, np.int64))]
    for place in places_of(columns, pa.array(ids, pa.string())) if columns.customers else ():
        span = slice(int(columns.offsets[place]), int(columns.offsets[place + 1]))
        code = np.asarray(columns.code[span])
        times = columns.second[span].astype(np.int64) * 1_000_000
        if len(columns.micro):
            times = times + columns.micro[span]
        money = np.full(len(code), NO_MONEY, np.int64)
        theirs = slice(int(columns.orders.offsets[place]), int(columns.orders.offsets[place + 1]))
        amount = np.where(columns.orders.refund[theirs] > 0, -columns.orders.amount[theirs], columns.orders.amount[theirs])
        money[np.isin(code, valued)] = amount
        parts.append((times, events[code], money))
    times, names, money = zip(*parts, strict=True)
    return np.concatenate(times), np.concatenate(names), np.concatenate(money)


def _fresh(rows: pa.Table) -> tuple[Longs, npt.NDArray[Any], Longs]:
    """The same of events of the tail."""
    ordered = rows.sort_by("sequence")
    names = pc.if_else(pc.is_in(ordered["type"], pa.array(SILENT)), TOLD, ordered["event"])
    money = [
        NO_MONEY if event not in (ORDER, REFUND) else int((revenue or 0) * MONEY_UNITS) * (-1 if event == REFUND else 1)
        for event, revenue in zip(names.to_pylist(), ordered["revenue"].to_pylist(), strict=True)
    ]
    times = pc.cast(ordered["time"], pa.int64()).to_numpy()
    return times, np.array(names.to_pylist(), object), np.array(money, np.int64)


def _matching(times: Longs, names: npt.NDArray[Any], wanted: Wanted, timelines: Timelines) -> npt.NDArray[np.bool_]:
    kept = np.ones(len(times), np.bool_)
    if wanted.events:
        kept &= np.isin(names, np.array(wanted.events, object))
    if wanted.since is not None:
        kept &= times >= _midnight(timelines, wanted.since, 0)
    if wanted.until is not None:
        kept &= times < _midnight(timelines, wanted.until, 1)
    return kept


def _midnight(timelines: Timelines, day: date, later: int) -> int:
    return timelines.zone.midnight(min(max(day_of(day) + later, 0), 49_000)) * 1_000_000


def _start(times: Longs, before: str) -> int:
    """Where a page begins: behind so many rows of that instant; a token that is none is the newest page."""
    if not PLACE.fullmatch(before):
        return 0
    instant, _, skipped = before.partition(".")
    # newest first: what is later than the instant is over, and of the instant as many rows as were shown
    return min(int(np.count_nonzero(times > int(instant))) + int(skipped), len(times))


def _next(times: Longs, stop: int) -> str:
    if stop >= len(times):
        return ""
    instant = int(times[stop - 1])
    return f"{instant}.{stop - int(np.count_nonzero(times > instant))}"
