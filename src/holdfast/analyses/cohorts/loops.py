"""The compiled loops of a cohort grid: along each timeline from the entry on.

`count_returns` answers every question and marks the people behind a number; `count_plainly` is the commonest question alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from holdfast.analyses.cohorts.clock import CALENDAR, DAYS_APART, passed
from holdfast.analyses.cohorts.streams import BACK

__all__ = ["EVERY", "ON", "ON_OR_AFTER", "ON_OR_BEFORE", "count_plainly", "count_returns", "sum_money"]

ON, ON_OR_AFTER, ON_OR_BEFORE, EVERY = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def count_plainly(
    low: int,
    high: int,
    offsets: Any,
    day: Any,
    place: Any,
    segment: Any,
    table: Any,
    end_day: int,
    sizes: Any,
    counts: Any,
    waits: Any,
) -> None:
    """What `count_returns` does for the commonest question, three times as fast: every branch can be foreseen."""
    width = counts.shape[2]
    seen = np.full(width + 1, -1, np.int64)
    for customer in range(low, high):
        own = customer - low
        at, stop = offsets[customer] + place[own], offsets[customer + 1]
        s = segment[own] if len(segment) > 0 else 0
        if place[own] < 0 or s < 0:
            continue
        entered_day = np.int64(day[at])
        c = table[entered_day]
        sizes[s, c] += 1
        if at + 1 == stop:
            waits[1, s, max(end_day - entered_day, 0)] += 1
            continue
        waits[0, s, max(np.int64(day[at + 1]) - entered_day, 0)] += 1
        for i in range(at + 1, stop):
            k = min(max(table[day[i]] - c, 0), width)
            if k < width:
                counts[s, c, k] += seen[k] != customer
                seen[k] = customer


@njit(cache=True, nogil=True)
def count_returns(
    low: int, high: int, offsets: Any, day: Any, second: Any, flags: Any, until: int, whose: Any, place: Any, segment: Any,
    cohort_of: Any, kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any, rule: Any,
    end_day: int, sizes: Any, counts: Any, first: Any, last: Any, waits: Any, totals: Any, complete: Any,
    mark: Any, of_segment: int, of_cohort: int, of_period: int, members: bool,
) -> None:  # fmt: skip
    """Count every entry and its returns into the arrays given (see `GridPart`), and mark the people behind one number."""
    width = counts.shape[2]
    base = offsets[low]
    seen = np.full(width + 1, -1, np.int64)
    each = 1 if rule == ON else 0
    once = np.full(totals.shape, -1, np.int64)
    for customer in range(low, high):
        start, stop = offsets[customer], offsets[customer + 1]
        while until > 0 and stop > start and second[stop - 1] >= until:
            stop -= 1
        own = customer - low
        begin, end = (own, own + 1) if len(whose) == 0 else (whose[own], whose[own + 1])
        waited = False
        for entry in range(begin, end):
            s = segment[entry] if len(segment) > 0 else 0
            at = start + place[entry]
            if place[entry] < 0 or s < 0 or at >= stop:
                continue
            c = cohort_of[day[at]]
            sizes[s, c] += 1
            if kind == CALENDAR:
                most, least, wait = _by_calendar(at, stop, day, flags, base, table, counts, s, c, each, seen, entry)
            else:
                moment = np.int64(day[at]) if kind == DAYS_APART else np.int64(second[at])
                first[s, c] = min(first[s, c], moment)
                last[s, c] = max(last[s, c], moment)
                most, least, wait = _by_clock(
                    at, stop, day, second, flags, base,
                    kind, table, length, months, starts, shifts, counts, s, c, each, seen, entry,
                )  # fmt: skip
            prefix = _put_down(rule, counts, s, c, seen, entry, most, least)
            if not waited:
                waited = True
                since = wait if wait >= 0 else max(end_day - np.int64(day[at]), 0)
                waits[0 if wait >= 0 else 1, s, since] += 1
            if len(mark) > 0:
                if s == of_segment and (c == of_cohort or (of_cohort < 0 and (of_period < 0 or complete[s, c, of_period]))):
                    mark[own] |= members or _kept(rule, of_period, seen, entry, most, least, prefix)
            elif len(complete) > 0:
                _total(rule, complete[s, c], totals[:, s], once[:, s], customer, seen, entry, most, least, prefix)


@njit(cache=True, nogil=True)
def _by_calendar(
    at: Any,
    stop: Any,
    day: Any,
    flags: Any,
    base: Any,
    table: Any,
    counts: Any,
    s: Any,
    c: Any,
    each: Any,
    seen: Any,
    entry: Any,
) -> Any:
    """The returns after an entry: stamps `seen`; gives the latest and the earliest period, and days to the first return.

    each  1: adds 1 to the row for every period with a return; 0: leaves it. There is no branch in the loop that the processor
          cannot foresee, which is most of its speed.
    """
    width = counts.shape[2]
    entered = table[day[at]]
    least: Any = width
    most: Any = -1
    wait: Any = -1
    for i in range(at + 1, stop):
        if len(flags) > 0 and flags[i - base] & BACK == 0:
            continue
        k = max(table[day[i]] - entered, 0)
        most = max(most, k)
        least = min(least, k)
        if wait < 0:
            wait = max(np.int64(day[i]) - np.int64(day[at]), 0)
        if k < width:
            counts[s, c, k] += each & (seen[k] != entry)
            seen[k] = entry
    return min(most, width - 1), least, wait


@njit(cache=True, nogil=True)
def _by_clock(
    at: Any, stop: Any, day: Any, second: Any, flags: Any, base: Any,
    kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any,
    counts: Any, s: Any, c: Any, each: Any, seen: Any, entry: Any,
) -> Any:  # fmt: skip
    """As `_by_calendar`, by any other clock."""
    width = counts.shape[2]
    from_day, from_second = np.int64(day[at]), np.int64(second[at])
    least: Any = width
    most: Any = -1
    wait: Any = -1
    for i in range(at + 1, stop):
        if len(flags) > 0 and flags[i - base] & BACK == 0:
            continue
        if wait < 0:
            wait = max(np.int64(day[i]) - from_day, 0)
        k = passed(from_day, from_second, np.int64(day[i]), np.int64(second[i]), kind, table, length, months, starts, shifts)
        most = max(most, k)
        least = min(least, k)
        if k < width:
            counts[s, c, k] += each & (seen[k] != entry)
            seen[k] = entry
    return min(most, width - 1), least, wait


@njit(cache=True, nogil=True)
def _put_down(rule: Any, counts: Any, s: Any, c: Any, seen: Any, entry: Any, most: Any, least: Any) -> Any:
    """Count an entry where its row begins or ends; gives how many periods from 1 on have a return without a gap."""
    width = counts.shape[2]
    prefix = 0
    if rule == ON_OR_AFTER and most >= 0:
        counts[s, c, most] += 1
    elif rule == ON_OR_BEFORE and least < width:
        counts[s, c, least] += 1
    elif rule == EVERY:
        while prefix + 1 < width and seen[prefix + 1] == entry:
            prefix += 1
        counts[s, c, prefix] += 1
    return prefix


@njit(cache=True, nogil=True)
def _total(
    rule: Any, complete: Any, totals: Any, once: Any, customer: Any, seen: Any, entry: Any, most: Any, least: Any, prefix: Any
) -> None:
    """Count a customer once per period: among the eligible, and among the retained."""
    for k in range(len(complete)):
        if complete[k]:
            totals[0, k] += once[0, k] != customer
            once[0, k] = customer
            if _kept(rule, k, seen, entry, most, least, prefix):
                totals[1, k] += once[1, k] != customer
                once[1, k] = customer


@njit(cache=True, nogil=True)
def _kept(rule: Any, k: Any, seen: Any, entry: Any, most: Any, least: Any, prefix: Any) -> Any:
    """Whether an entry counts as retained at period k."""
    if rule == ON:
        return seen[k] == entry
    if rule == ON_OR_AFTER:
        return most >= k
    return least <= k if rule == ON_OR_BEFORE else prefix >= k


@njit(cache=True, nogil=True)
def sum_money(
    low: int, high: int, offsets: Any, day: Any, second: Any, whose: Any, place: Any, segment: Any, cohort_of: Any,
    kind: Any, table: Any, length: Any, months: Any, starts: Any, shifts: Any,
    to: Any, to_day: Any, to_second: Any, amount: Any, money: Any,
) -> None:  # fmt: skip
    """Add the money from each entry on to its cell."""
    width = money.shape[2]
    for customer in range(low, high):
        own = customer - low
        begin, end = (own, own + 1) if len(whose) == 0 else (whose[own], whose[own + 1])
        for entry in range(begin, end):
            s = segment[entry] if len(segment) > 0 else 0
            if place[entry] < 0 or s < 0:
                continue
            at = offsets[customer] + place[entry]
            c = cohort_of[day[at]]
            if c < 0:
                continue
            for i in range(to[customer], to[customer + 1]):
                if to_second[i] < second[at]:
                    continue
                k = passed(
                    np.int64(day[at]), np.int64(second[at]), np.int64(to_day[i]), np.int64(to_second[i]),
                    kind, table, length, months, starts, shifts,
                )  # fmt: skip
                if k < width:
                    money[s, c, k] += amount[i]
