"""The loops of taste: what each customer touches, on how many days; her orders' discounts; the waits between her orders.

A *touch* is a value on a local day: forty clicks on shoes in one evening are one touch of shoes, and one of the evening.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

__all__ = ["BY_DAY", "BY_HOUR", "BY_VALUE", "LOG_UNIT", "discounts", "favourites", "touch_counts", "wait_sums", "waits"]

BY_VALUE, BY_HOUR, BY_DAY = range(3)
"""What a touch is called by: a property's value, the part of the day, the day of the week."""

LOG_UNIT = 1_000
"""Logarithms of days are added up in thousandths, so that sums do not depend on their order."""

LEAST_DAYS = 3
"""Days on which a favourite was touched: among thousands of products one touch lies above any share of the shop's."""


@njit(cache=True, nogil=True)
def _touch(label: Any, day: Any, count: Any, stamp: Any, seen: Any, size: int) -> int:
    """Count a label once a day; how many labels the customer has touched."""
    if label < 0 or stamp[label] == day + 1:
        return size
    stamp[label] = day + 1
    if count[label] == 0:
        seen[size] = label
        size += 1
    count[label] += 1
    return size


@njit(cache=True, nogil=True)
def _touched(
    start: int, stop: int, day: Any, second: Any, code: Any, counted: Any, until: int, mode: int, values: Any, by_value: Any,
    starts: Any, shift: Any, more: int, most: int, more_day: Any, more_label: Any, count: Any, stamp: Any, seen: Any,
) -> int:  # fmt: skip
    """One customer's touches into `count`, their labels into `seen`; how many labels. Others stand at `more` to `most`."""
    size, at = 0, 0
    for i in range(start, stop):
        if second[i] >= until:
            break
        today = np.int64(day[i])
        while more < most and more_day[more] <= today:
            size = _touch(more_label[more], np.int64(more_day[more]), count, stamp, seen, size)
            more += 1
        if not counted[code[i]]:
            continue
        if mode == 0:
            label = np.int64(by_value[values[i]])
        elif mode == 1:
            now = np.int64(second[i])
            while at + 1 < len(starts) and now >= starts[at + 1]:
                at += 1
            label = (now + shift[at]) % 86_400 // 21_600
        else:
            label = (today + 3) % 7
        size = _touch(label, today, count, stamp, seen, size)
    while more < most:
        size = _touch(more_label[more], np.int64(more_day[more]), count, stamp, seen, size)
        more += 1
    return size


@njit(cache=True, nogil=True)
def touch_counts(
    low: int, high: int, offsets: Any, day: Any, second: Any, code: Any, counted: Any, until: int, mode: int, values: Any,
    by_value: Any, starts: Any, shift: Any, more: Any, more_day: Any, more_label: Any, segment: Any, touches: Any, reach: Any,
    n: Any,
) -> None:  # fmt: skip
    """Touches and customers per segment and label, and customers with any touch; the last row is everyone.

    segment  int32 per customer of the range, -1 out of scope · touches, reach  int64 [segments + 1, labels] · n  [segments + 1]
    """
    labels, everyone = touches.shape[1], touches.shape[0] - 1
    count, stamp, seen = np.zeros(labels, np.int64), np.zeros(labels, np.int64), np.zeros(labels, np.int64)
    for customer in range(low, high):
        at = customer - low
        size = _touched(
            offsets[customer], offsets[customer + 1], day, second, code, counted, until, mode, values, by_value, starts, shift,
            more[0, at], more[1, at], more_day, more_label, count, stamp, seen,
        )  # fmt: skip
        own = segment[at]
        if size > 0:
            n[everyone] += 1
            if own >= 0:
                n[own] += 1
        for j in range(size):
            label = seen[j]
            touches[everyone, label] += count[label]
            reach[everyone, label] += 1
            if own >= 0:
                touches[own, label] += count[label]
                reach[own, label] += 1
            count[label], stamp[label] = 0, 0


@njit(cache=True, nogil=True)
def favourites(
    low: int, high: int, offsets: Any, day: Any, second: Any, code: Any, counted: Any, until: int, mode: int, values: Any,
    by_value: Any, starts: Any, shift: Any, more: Any, more_day: Any, more_label: Any, share: Any, least: int, z: float,
    wanted: int, asked: Any, found: Any, top: Any, total: Any, touched: Any,
) -> None:  # fmt: skip
    """Each customer's favourite: 0 without a touch, 1 without a clear one, else 2 + label.

    share   float64 per label: of everyone's touches · least  touches needed in all · z  of Wilson's interval
    wanted  a label whose touching customers are marked in `touched` (uint8); -1: none
    asked   bool per customer: the others are passed by; empty: all are asked about
    top, total  int32: touches of the most touched label (the first of equals), and of all
    """
    labels = len(share)
    count, stamp, seen = np.zeros(labels, np.int64), np.zeros(labels, np.int64), np.zeros(labels, np.int64)
    for customer in range(low, high):
        at = customer - low
        if len(asked) > 0 and not asked[at]:
            continue
        size = _touched(
            offsets[customer], offsets[customer + 1], day, second, code, counted, until, mode, values, by_value, starts, shift,
            more[0, at], more[1, at], more_day, more_label, count, stamp, seen,
        )  # fmt: skip
        best, k, n = -1, 0, 0
        for j in range(size):
            label = seen[j]
            n += count[label]
            if count[label] > k or (count[label] == k and label < best):
                best, k = label, count[label]
            if label == wanted:
                touched[at] = 1
            count[label], stamp[label] = 0, 0
        top[at], total[at] = k, n
        found[at] = 0 if n == 0 else 1
        if n >= least and k >= LEAST_DAYS and _wilson_low(k, n, z) > share[best]:
            found[at] = 2 + best


@njit(cache=True, nogil=True)
def _wilson_low(k: int, n: int, z: float) -> float:
    share, square = k / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    bound: float = middle - z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return bound


@njit(cache=True, nogil=True)
def discounts(
    low: int, high: int, offsets: Any, code: Any, valued: Any, bought: Any, place: Any, values: Any, cheap: Any, reduced: Any
) -> None:
    """Mark the counting orders on which a property says that there was a discount.

    valued   by event code: orders and refunds · cheap  by value code: a discount
    reduced  uint8 per counting order of the range
    """
    for customer in range(low, high):
        j, seen = bought[customer], -1
        for i in range(offsets[customer], offsets[customer + 1]):
            if j == bought[customer + 1]:
                break
            if valued[code[i]]:
                seen += 1
                if seen == place[j]:
                    if cheap[values[i]]:
                        reduced[j - bought[low]] = 1
                    j += 1


@njit(cache=True, nogil=True)
def _waits_of(start: int, stop: int, day: Any, own: Any) -> int:
    """The waits in days between a customer's distinct order days, into `own`; how many."""
    size = 0
    for i in range(start + 1, stop):
        wait = np.int64(day[i]) - np.int64(day[i - 1])
        if wait > 0:
            own[size] = wait
            size += 1
    return size


@njit(cache=True, nogil=True)
def wait_sums(low: int, high: int, offsets: Any, day: Any, histogram: Any, sums: Any) -> None:
    """Add up what the shop's waits say: customers with a wait, n, Σu, ΣL²/n, Σu², Σn², Σ mean, with u = log of the days.

    histogram  int64 by days · sums  int64 [7], logarithms in units of 1 / LOG_UNIT
    """
    own = np.zeros(65_536, np.int64)
    for customer in range(low, high):
        n = _waits_of(offsets[customer], offsets[customer + 1], day, own)
        if n == 0:
            continue
        total, squares = np.int64(0), np.int64(0)
        for j in range(n):
            u = np.int64(round(LOG_UNIT * math.log(own[j])))
            total += u
            squares += u * u
            histogram[own[j]] += 1
        sums[0] += 1
        sums[1] += n
        sums[2] += total
        sums[3] += np.int64(round(total * total / n))
        sums[4] += squares
        sums[5] += n * n
        sums[6] += np.int64(round(total / n))


@njit(cache=True, nogil=True)
def waits(low: int, high: int, offsets: Any, day: Any, number: Any, median: Any, last: Any) -> None:
    """How many waits between orders each customer has, and their median in days; number 0: none is known.

    last  day index of the last counting order, -1 for none
    """
    own = np.zeros(65_536, np.int64)
    for customer in range(low, high):
        at = customer - low
        start, stop = offsets[customer], offsets[customer + 1]
        last[at] = -1 if stop == start else np.int64(day[stop - 1])
        n = _waits_of(start, stop, day, own)
        number[at] = n
        if n > 0:
            sorted_ = np.sort(own[:n])
            median[at] = (sorted_[(n - 1) // 2] + sorted_[n // 2]) / 2
