"""The loops that bring events into the order of a timeline: by customer, then time, then arrival."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["resolve_orders", "sort_events"]


@njit(cache=True, nogil=True)
def sort_events(rank: Any, time: Any, sequence: Any, customers: int) -> Any:
    """Counting sort by customer, then a stable sort by (time, sequence) inside each customer where it is needed.

    rank int32 [n]: place of the customer, -1 to leave out · time, sequence int64 [n].
    Returns (offsets int64 [customers + 1], order int64 [kept]: source row of each place).
    """
    offsets = np.zeros(customers + 1, np.int64)
    for row in range(len(rank)):
        if rank[row] >= 0:
            offsets[rank[row] + 1] += 1
    for customer in range(customers):
        offsets[customer + 1] += offsets[customer]
    cursor = offsets[:-1].copy()
    order = np.empty(offsets[customers], np.int64)
    for row in range(len(rank)):
        if rank[row] >= 0:
            order[cursor[rank[row]]] = row
            cursor[rank[row]] += 1
    for customer in range(customers):
        start, stop = offsets[customer], offsets[customer + 1]
        for i in range(start + 1, stop):
            a, b = order[i - 1], order[i]
            if time[a] > time[b] or (time[a] == time[b] and sequence[a] > sequence[b]):
                rows = order[start:stop].copy()
                rows = rows[np.argsort(sequence[rows], kind="mergesort")]
                order[start:stop] = rows[np.argsort(time[rows], kind="mergesort")]
                break
    return offsets, order


@njit(cache=True, nogil=True, inline="always")
def _slot(order: Any, customer: int, keys: Any, owner: Any, mask: Any) -> Any:
    """Where this order id of this customer is in the table, or could be put."""
    slot = order & mask
    while owner[slot] == customer and keys[slot] != order:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True, nogil=True)
def resolve_orders(offsets: Any, refund: Any, order: Any, sequence: Any, link: Any, dropped: Any) -> int:
    """Tie refunds to their orders and mark orders that a later arrival replaced, customer by customer.

    offsets int64 [customers + 1] · refund uint8, order uint64, sequence int64: one a row.
    Fills link (int32, place of the order among the customer's rows, counted before any are dropped) and dropped (uint8).
    Returns the number of orders replaced. Linear: a small table of order ids per customer.
    """
    size = np.uint64(16)
    keys = np.zeros(size, np.uint64)
    place = np.zeros(size, np.int64)
    owner = np.full(size, -1, np.int64)
    replaced = 0
    for customer in range(len(offsets) - 1):
        start, stop = offsets[customer], offsets[customer + 1]
        if np.uint64(2 * (stop - start)) > size:
            while np.uint64(2 * (stop - start)) > size:
                size *= np.uint64(2)
            keys = np.zeros(size, np.uint64)
            place = np.zeros(size, np.int64)
            owner = np.full(size, -1, np.int64)
        mask = size - np.uint64(1)
        for i in range(start, stop):
            link[i] = -1
            if refund[i] == 1 or order[i] == 0:
                continue
            slot = _slot(order[i], customer, keys, owner, mask)
            if owner[slot] != customer:
                owner[slot], keys[slot], place[slot] = customer, order[i], i
                continue
            replaced += 1
            if sequence[i] >= sequence[place[slot]]:
                dropped[place[slot]] = 1
                place[slot] = i
            else:
                dropped[i] = 1
        for i in range(start, stop):
            if refund[i] == 0 or order[i] == 0:
                continue
            slot = _slot(order[i], customer, keys, owner, mask)
            if owner[slot] == customer:
                link[i] = place[slot] - start
    return replaced
