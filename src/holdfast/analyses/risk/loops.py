"""The loops of risk: what one customer's timeline tells up to the end of a day. Columns are those of `traces.FEATURES`.

No loop reads a row at or after the snapshot's instant, so nothing that comes later can change a feature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "BOUGHT",
    "COMPLAINT",
    "COMPLAINT_DAYS",
    "MAIL",
    "MAIL_DAYS",
    "OWN",
    "VISIT",
    "VISIT_DAYS",
    "returned",
    "rhythm",
    "spent",
    "traced",
]

VISIT_DAYS = 28
COMPLAINT_DAYS = 90
MAIL_DAYS = 56
LAST = 4

_SILENT, _INTERVAL, _OVERDUE, _TREND, _SPREAD, _TIMES, _LATELY, _KNOWN = range(8)
_VALUE, _VALUE_TREND, _BACK, _MONEY_BACK, _DISCOUNTED, _BREADTH = range(8, 14)
_NO_VISIT, _VISIT_INTERVAL, _VISITS, _VISIT_TREND, _COMPLAINTS, _SCORE, _OPENED = range(14, 21)
_LAST_ORDERS, _COMPLAINED = 23, 24

VISIT, COMPLAINT, MAIL, BOUGHT, OWN = 1, 2, 4, 8, 16
"""Bits of what an event is: a visit, a complaint, an opened mail, an order, anything that counts for breadth."""


@njit(cache=True, nogil=True)
def rhythm(chosen: Any, offsets: Any, day: Any, today: int, recent: int, out: Any) -> None:
    """Days that count: how often, how regularly, how long ago.

    chosen  bool per customer of the shard · offsets  into day, a range per customer · out  float64 [customers, columns]
    """
    own = np.zeros(65_536, np.int64)
    for customer in range(len(chosen)):
        if not chosen[customer]:
            continue
        size = 0
        for i in range(offsets[customer], offsets[customer + 1]):
            d = np.int64(day[i])
            # Where the clock is put back at midnight a date may step back by one: it is the same occasion.
            if size == 0 or own[size - 1] < d:
                own[size] = d
                size += 1
        row = out[customer]
        row[_TIMES] = size
        if size == 0:
            continue
        silent = max(today - own[size - 1], 0)
        row[_SILENT], row[_KNOWN] = silent, max(today - own[0], 0)
        lately = 0
        while lately < size and own[size - 1 - lately] > today - recent:
            lately += 1
        row[_LATELY] = lately
        if size < 2:
            continue
        gaps = size - 1
        mean = (own[size - 1] - own[0]) / gaps
        row[_INTERVAL], row[_OVERDUE] = mean, silent / mean
        if gaps >= 2:
            total = 0.0
            for j in range(gaps):
                total += (own[j + 1] - own[j] - mean) ** 2
            row[_SPREAD] = np.sqrt(total / (gaps - 1)) / mean
        if gaps >= 3:
            late = max(gaps // 3, 1)
            cut = own[gaps - late]
            row[_TREND] = ((own[gaps] - cut) / late) / ((cut - own[0]) / (gaps - late))


@njit(cache=True, nogil=True)
def spent(low: int, chosen: Any, offsets: Any, day: Any, amount: Any, since: int, units: float, out: Any, value: Any) -> None:
    """The mean order, the last third of them against those before, and the money since a day (added to `value`)."""
    for own in range(len(chosen)):
        if not chosen[own]:
            continue
        start, stop = offsets[low + own], offsets[low + own + 1]
        total = np.int64(0)
        for i in range(start, stop):
            total += amount[i]
            if np.int64(day[i]) >= since:
                value[own] += amount[i]
        orders = stop - start
        if orders == 0:
            continue
        out[own, _VALUE] = max(total, 0) / orders / units
        if orders >= 3:
            late = max(orders // 3, 1)
            after = np.int64(0)
            for i in range(stop - late, stop):
                after += amount[i]
            before = (total - after) / (orders - late)
            if before > 0:
                out[own, _VALUE_TREND] = max(after / late, 0.0) / before


@njit(cache=True, nogil=True)
def returned(
    low: int, chosen: Any, offsets: Any, second: Any, amount: Any, refund: Any, link: Any, until: int, out: Any
) -> None:
    """Of the last four orders, how many something was sent back of; the share of all money that was given back."""
    for own in range(len(chosen)):
        if not chosen[own]:
            continue
        start, stop = offsets[low + own], offsets[low + own + 1]
        while stop > start and second[stop - 1] >= until:
            stop -= 1
        first, orders = stop, 0
        paid = back = np.int64(0)
        for i in range(stop - 1, start - 1, -1):
            if refund[i] == 1:
                back += amount[i]
                continue
            paid += amount[i]
            if orders < LAST:
                orders += 1
                first = i
        if orders > 0:
            out[own, _LAST_ORDERS] = orders
            out[own, _BACK] = _sent_back(first, start, stop, refund, link) / orders
        if paid > 0:
            out[own, _MONEY_BACK] = min(back / paid, 1.0)


@njit(cache=True, nogil=True)
def _sent_back(first: int, start: int, stop: int, refund: Any, link: Any) -> int:
    """How many of the orders from a place on a refund belongs to; one of no known order is of the order before it."""
    touched = np.zeros(stop - first, np.uint8)
    for j in range(first, stop):
        if refund[j] == 0:
            continue
        at = start + link[j]
        if link[j] < 0:
            at = j
            while at > start and refund[at] == 1:
                at -= 1
        if at >= first and refund[at] == 0:
            touched[at - first] = 1
    return int(touched.sum())


@njit(cache=True, nogil=True)
def traced(
    low: int, chosen: Any, offsets: Any, code: Any, day: Any, second: Any, until: int, today: int, what: Any,
    scored: Any, scores: Any, ranged: Any, ranges: int, cuts: Any, told: Any, out: Any,
) -> None:  # fmt: skip
    """Two ways along the events: visits, complaints, opened mails; then answers, breadth, discounts.

    what    uint8 by event code: bits of what it is · scored, scores  codes of the answers' property, their worth by code
    ranged  codes whose distinct values are breadth (empty: none) · cuts  codes of a discount's property
    told    whether a code tells of a discount
    """
    seen = np.full(max(ranges, 1), -1, np.int64)
    for own in range(len(chosen)):
        if not chosen[own]:
            continue
        start, stop = offsets[low + own], offsets[low + own + 1]
        while stop > start and second[stop - 1] >= until:
            stop -= 1
        _did(out[own], start, stop, code, day, today, what)
        _touched(out[own], own, start, stop, code, what, scored, scores, ranged, seen, cuts, told)


@njit(cache=True, nogil=True)
def _did(row: Any, start: int, stop: int, code: Any, day: Any, today: int, what: Any) -> None:
    days, lately, complaints, opened = 0, 0, 0, 0
    first = last = np.int64(-1)
    for i in range(start, stop):
        kind, d = what[code[i]], np.int64(day[i])
        if kind & VISIT and d > last:
            days += 1
            lately += int(d > today - VISIT_DAYS)
            if first < 0:
                first = d
            last = d
        if kind & COMPLAINT:
            complaints += int(d > today - COMPLAINT_DAYS)
            row[_COMPLAINED] = max(today - d, 0)
        if kind & MAIL and d > today - MAIL_DAYS:
            opened += 1
    row[_COMPLAINTS], row[_OPENED], row[_VISITS] = complaints, opened, lately
    if days > 0:
        row[_NO_VISIT] = max(today - last, 0)
        before = today - VISIT_DAYS - first
        if before >= VISIT_DAYS:
            row[_VISIT_TREND] = (lately + 0.5) / ((days - lately) / before * VISIT_DAYS + 0.5)
    if days > 1:
        row[_VISIT_INTERVAL] = (last - first) / (days - 1)


@njit(cache=True, nogil=True)
def _touched(
    row: Any, own: int, start: int, stop: int, code: Any, what: Any, scored: Any, scores: Any, ranged: Any, seen: Any,
    cuts: Any, told: Any,
) -> None:  # fmt: skip
    breadth = orders = reduced = 0
    for i in range(start, stop):
        kind = what[code[i]]
        if kind & BOUGHT and len(cuts) > 0:
            orders += 1
            reduced += told[cuts[i]]
        if len(scored) > 0 and code[i] != 0 and not np.isnan(scores[scored[i]]):
            row[_SCORE] = scores[scored[i]]
        if len(ranged) > 0 and kind & OWN and ranged[i] != 0 and seen[ranged[i]] != own:
            seen[ranged[i]] = own
            breadth += 1
    if len(ranged) > 0:
        row[_BREADTH] = breadth
    if orders > 0:
        row[_DISCOUNTED] = reduced / orders
