"""The loops of the stages: laying a stage to every event, following the stays, counting what lies near orders."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["HAPPENED", "NO_STAGE", "ORDER", "bin_of", "bin_values", "count_stays", "count_touches", "last_stage", "lay"]

NO_STAGE, ORDER, HAPPENED = 7, 8, 16
"""Of a laid event: no stage; the bit of an order; the bit of an event that happened (an order taken back in full did not)."""


@njit(cache=True, nogil=True)
def lay(
    low: int, high: int, offsets: Any, code: Any, second: Any, until: int, stage: Any, kind: Any, bought: Any, place: Any,
    out: Any,
) -> None:  # fmt: skip
    """Lay stages to the events of a shard, into `out`; see `Laid` for what comes out and `StageMap` for stage and kind."""
    base = offsets[low]
    for customer in range(low, high):
        order, last_order, seen = bought[customer], bought[customer + 1], -1
        orders = 0
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            what = code[i]
            if what == 0:
                continue
            own = kind[what]
            bought_now = own == 1  # an order by its name; from 2 on, a row of orders and refunds, of which 2 may be an order
            if own >= 2:
                seen += 1
                if order < last_order and place[order] == seen:
                    order += 1
                    bought_now = own == 2
                if own == 2 and not bought_now:
                    continue
            if bought_now:
                orders += 1
                out[i - base] = (3 if orders == 1 else 5) | ORDER | HAPPENED
                continue
            at = stage[what]
            out[i - base] = HAPPENED | (at if at >= 0 and (at < 3 or orders > 0) else NO_STAGE)


@lru_cache(maxsize=8)
def bin_values(precision: int) -> npt.NDArray[np.float64]:
    """The middle of each bin of seconds.

    Whole seconds below 2 ** precision have a bin each; above, a bin holds all that agree in their first `precision` bits.
    """
    top = 33 - precision
    half = 1 << (precision - 1)
    bins = np.arange((top << (precision - 1)) + (1 << precision), dtype=np.int64)
    exponent = np.maximum((bins >> (precision - 1)) - 1, 0)
    mantissa = np.where(exponent > 0, half + (bins & (half - 1)), bins)
    width = np.int64(1) << exponent
    values = np.asarray(mantissa * width + (width - 1) / 2, np.float64)
    values.setflags(write=False)
    return values


@njit(cache=True, nogil=True)
def bin_of(seconds: Any, precision: int) -> Any:
    """The bin of a whole number of seconds; see `bin_values`."""
    # The bits above the precision, counted without a branch, which would be guessed wrong.
    above = np.int64(seconds) >> precision
    exponent = np.int64(0)
    for step in (16, 8, 4, 2, 1):
        more = np.int64(above >> step > 0) * step
        above >>= more
        exponent += more
    exponent += above
    return (exponent << (precision - 1)) + (np.int64(seconds) >> exponent)


@njit(cache=True, nogil=True)
def count_stays(
    low: int, high: int, offsets: Any, second: Any, day: Any, laid: Any, group: Any, until: int, last_day: int, gone_after: int,
    precision: int, n: Any, reached: Any, current: Any, fell: Any, moves: Any, movers: Any, stays: Any, where: Any,
) -> None:  # fmt: skip
    """Follow each customer from stage to stage; the fields of `StageStep` say what each array holds."""
    base, nowhere = offsets[low], reached.shape[1] - 1
    for customer in range(low, high):
        own = 0 if len(group) == 0 else group[customer - low]
        if own < 0:
            continue
        stage: Any = np.int64(nowhere)
        been: Any = 0
        since, latest = np.int64(0), np.int64(-1)
        seen, moved = False, np.uint64(0)
        for i in range(offsets[customer], offsets[customer + 1]):
            what = laid[i - base]
            seen |= (what & HAPPENED) > 0
            at = np.int64(what & 7)
            if at == NO_STAGE:
                continue
            latest = np.int64(day[i])
            if at == stage:
                continue
            now = np.int64(second[i])
            moves[own, stage, at] += 1
            way = np.uint64(1) << np.uint64(stage * (nowhere + 1) + at)
            if moved & way == 0:
                moved |= way
                movers[own, stage, at] += 1
            if stage < nowhere:
                stays[own, stage, at, bin_of(now - since, precision)] += 1
            if (been >> at) & 1 == 0:
                been |= 1 << at
                reached[own, at] += 1
            stage, since = at, now
        if not seen:
            continue
        n[own] += 1
        gone = latest >= 0 and last_day - latest >= gone_after
        current[own, stage] += 1
        fell[own, stage] += gone
        if stage < nowhere:
            stays[own, stage, nowhere, bin_of(until - since, precision)] += 1
        else:
            reached[own, nowhere] += 1
        if len(where) > 0:
            where[customer - low, 0], where[customer - low, 1] = been, stage + 1
            where[customer - low, 2], where[customer - low, 3] = gone, moved


@njit(cache=True, nogil=True)
def count_touches(
    low: int, high: int, offsets: Any, code: Any, second: Any, laid: Any, group: Any, until: int, first_second: int, reach: int,
    touches: Any, touchers: Any, near: Any, side: int, wanted: int, mark: Any,
) -> None:  # fmt: skip
    """Count the events near orders; the fields of `StageStep` say what each array holds."""
    base = offsets[low]
    last = np.full((touches.shape[1], touches.shape[2]), -1, np.int64)
    place, before, after = np.zeros(64, np.int64), np.zeros(65, np.int64), np.zeros(65, np.int64)
    for customer in range(low, high):
        own = 0 if len(group) == 0 else group[customer - low]
        if own < 0:
            continue
        start, stop = offsets[customer], offsets[customer + 1]
        if stop - start > len(place):
            place, before, after = np.zeros(2 * (stop - start), np.int64), _room(stop - start), _room(stop - start)
        size = 0
        for i in range(start, stop):
            if laid[i - base] & ORDER > 0:
                now = np.int64(second[i])
                place[size] = i
                # Running counts of the orders whose whole reach lies within the data, before and after.
                before[size + 1] = before[size] + (now - reach >= first_second)
                after[size + 1] = after[size] + (now + reach < until)
                size += 1
        if size == 0:
            continue
        for k, orders in enumerate((before[1], after[1], before[size], after[size])):
            near[own, k, 0] += orders
            near[own, k, 1] += orders > 0
        found = _near(
            *(customer, start, stop, base, code, second, laid, reach, size, place, before, after),
            *(last, touches[own], touchers[own], side, wanted),
        )
        if len(mark) > 0:
            mark[customer - low] = found


@njit(cache=True, nogil=True)
def _room(events: int) -> Any:
    return np.zeros(2 * events + 1, np.int64)


@njit(cache=True, nogil=True)
def _near(
    customer: int, start: int, stop: int, base: int, code: Any, second: Any, laid: Any, reach: int, size: int, place: Any,
    open_before: Any, open_after: Any, last: Any, touches: Any, touchers: Any, side: int, wanted: int,
) -> bool:  # fmt: skip
    """Count one customer's events near her orders: each once for every order in reach. Whether the wanted one is among them."""
    found = False
    upto, from_, before, upon = 0, 0, 0, 0
    for i in range(start, stop):
        if laid[i - base] & HAPPENED == 0:
            continue
        now = np.int64(second[i])
        # Orders before this event, and with it itself; those at most `reach` later; the first at most `reach` earlier.
        while before < size and place[before] < i:
            before += 1
        while upon < size and place[upon] <= i:
            upon += 1
        while upto < size and np.int64(second[place[upto]]) - now <= reach:
            upto += 1
        while from_ < size and now - np.int64(second[place[from_]]) > reach:
            from_ += 1
        counts = (
            np.int64(upon == 0 and upto > 0) * open_before[1], np.int64(before > 0 and from_ == 0) * open_after[1],
            open_before[max(upto, upon)] - open_before[upon], open_after[before] - open_after[min(from_, before)],
        )  # fmt: skip
        if counts[0] + counts[1] + counts[2] + counts[3] == 0:
            continue
        what = code[i]
        for k in range(len(counts)):
            if counts[k] > 0:
                touches[k, what] += counts[k]
                touchers[k, what] += last[k, what] != customer
                last[k, what] = customer
                found |= k == side and what == wanted
    return found


@njit(cache=True, nogil=True)
def last_stage(low: int, high: int, offsets: Any, laid: Any) -> Any:
    """The stage of each customer's latest staged event, plus 1; 0 for those without: uint8 [high - low]."""
    out = np.zeros(high - low, np.uint8)
    base = offsets[low]
    for customer in range(low, high):
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            at = laid[i - base] & 7
            if at != NO_STAGE:
                out[customer - low] = at + 1
                break
    return out
