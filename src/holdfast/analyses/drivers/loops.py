"""The loops of drivers: one customer's first days, along one column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["first_day_counts", "first_day_moments", "first_day_sums", "values_vary"]


@njit(cache=True, nogil=True)
def first_day_sums(
    low: int, high: int, offsets: Any, code: Any, day: Any, place: Any, entry: Any, stayed: Any, days: int,
    weight: Any, bought: Any, bought_day: Any, amount: Any, events: Any, basket: Any,
) -> None:  # fmt: skip
    """The weights of the events in the first days added up, and the money of the first order in them (-1: none)."""
    for customer in range(low, high):
        me = customer - low
        if stayed[me] < 0:
            continue
        first = entry[me]
        for i in range(offsets[customer] + place[me], offsets[customer + 1]):
            if np.int64(day[i]) - first > days:
                break
            if np.int64(day[i]) - first < days:
                events[me] += weight[code[i]]
        for i in range(bought[customer], bought[customer + 1]):
            after = np.int64(bought_day[i]) - first
            if 0 <= after < days:
                basket[me] = max(amount[i], 0)
                break


@njit(cache=True, nogil=True)
def first_day_counts(
    low: int, high: int, offsets: Any, code: Any, day: Any, place: Any, entry: Any, stayed: Any, days: int,
    column: Any, lookup: Any, stratum: Any, done: Any, sample: Any, did: Any, target: int, found: Any,
) -> None:  # fmt: skip
    """Count each behaviour of a column per customer and add it to its cell; keep the count of the target for naming people."""
    most = done.shape[1]
    counts = np.zeros(done.shape[0], np.int64)
    touched = np.zeros(done.shape[0], np.int64)
    for customer in range(low, high):
        me = customer - low
        if stayed[me] < 0:
            continue
        size = 0
        for i in range(offsets[customer] + place[me], offsets[customer + 1]):
            after = np.int64(day[i]) - entry[me]
            if after > days:
                break
            if code[i] == 0 or after >= days:
                continue
            what = lookup[column[i]]
            if what < 0:
                continue
            if counts[what] == 0:
                touched[size] = what
                size += 1
            counts[what] += 1
        for j in range(size):
            what = touched[j]
            done[what, min(counts[what], most) - 1, stratum[me], stayed[me]] += 1
            if sample[me] >= 0:
                did[sample[me], what] = 1
            if what == target:
                found[me] = counts[what]
            counts[what] = 0


@njit(cache=True, nogil=True)
def first_day_moments(
    low: int, high: int, offsets: Any, code: Any, day: Any, place: Any, entry: Any, stayed: Any, days: int, cap: int, sums: Any
) -> None:
    """Of each event's count c (up to a cap) in the first days, and all counts together T: the sums of c, c², c T, and people.

    sums  int64 [event codes, 4]
    """
    counts = np.zeros(len(sums), np.int64)
    touched = np.zeros(len(sums), np.int64)
    for customer in range(low, high):
        me = customer - low
        if stayed[me] < 0:
            continue
        size = 0
        total = 0
        for i in range(offsets[customer] + place[me], offsets[customer + 1]):
            after = np.int64(day[i]) - entry[me]
            if after > days:
                break
            what = code[i]
            if what == 0 or after >= days or counts[what] == cap:
                continue
            if counts[what] == 0:
                touched[size] = what
                size += 1
            counts[what] += 1
            total += 1
        for j in range(size):
            what = touched[j]
            n = counts[what]
            sums[what, 0] += n
            sums[what, 1] += n * n
            sums[what, 2] += n * total
            sums[what, 3] += 1
            counts[what] = 0


@njit(cache=True, nogil=True)
def values_vary(low: int, high: int, offsets: Any, second: Any, until: int, values: Any, chosen: Any, seen: Any) -> None:
    """Count the chosen customers with two events or more that carry a value into seen[0], those with two values into seen[1].

    chosen  bool per customer of the range
    """
    for customer in range(low, high):
        if not chosen[customer - low]:
            continue
        first, carried, several = np.int64(0), 0, False
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until or several:
                break
            value = np.int64(values[i])
            if value == 0:
                continue
            carried += 1
            several = carried > 1 and value != first
            first = value
        seen[0] += carried > 1
        seen[1] += several
