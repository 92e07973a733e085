"""Bought together and bought next: pairs of products, counted in customers.

Together: both in one counting order. Next: the second product in a later order than a customer's first of the first one, within
a window; counted are customers whose window has closed. Customers are what is counted, as orders of one customer resemble each
other: the share k of n has Wilson's interval, and lift is that share by what is usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.recommend.sales import Sales

__all__ = [
    "Pairs",
    "among_most",
    "bought_next",
    "bought_together",
    "buyers_of",
    "followed",
    "holders_next",
    "holders_together",
    "lately",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Ordered pairs of products, a row each.

    one, other  int64: codes · customers, orders  int64: who has both so, and in how many orders (0: not counted)
    n      int64: customers of `one` who were counted · usual  float64: the share of customers that `other` has otherwise
    """

    one: Ints
    other: Ints
    customers: Ints
    orders: Ints
    n: Ints
    usual: Floats


def among_most(pairs: Pairs, most: int) -> Pairs:
    """The pairs among the products of most customers, in the order of these."""
    codes, at = np.unique(pairs.one, return_index=True)
    chosen = codes[np.lexsort((codes, -pairs.n[at]))][:most]
    good = np.isin(pairs.one, chosen) & np.isin(pairs.other, chosen)
    one, other, customers, orders, n = (
        column[good] for column in (pairs.one, pairs.other, pairs.customers, pairs.orders, pairs.n)
    )
    return Pairs(one, other, customers, orders, n, pairs.usual[good])


def bought_together(sales: Sales, least: int) -> Pairs:
    """Pairs of one order that at least so many customers had, both ways round; usual: the customers of `other` by all."""
    begin, rows = _by_item(sales)
    span = _spans(sales)
    size = len(sales.items)
    found = _together(begin, rows, sales.order, sales.item, span, sales.owner, size, max(least, 1))
    one, other, customers, orders = (column.astype(np.int64) for column in found)
    n = _buyers(sales)
    everyone = max(len(np.unique(sales.row_owner)), 1)
    return Pairs(one, other, customers, orders, n[one], n[other] / everyone)


def bought_next(sales: Sales, least: int, window: int, last: int) -> Pairs:
    """Pairs of which at least so many customers bought the second within `window` days after their first of the first.

    last  the local day of the as-of: windows that end after it are not counted
    usual: over all products, how often `other` came within the window after the first order of one.
    """
    begin, rows = _by_item(sales)
    span = _spans(sales)
    size = len(sales.items)
    found = _next(
        begin, rows, sales.order, sales.item, span, sales.owner, sales.day, _ends(sales), size, max(least, 1), window, last
    )
    one, other, customers, n, total = (column.astype(np.int64) for column in found)
    usual = total / max(int(n.sum()), 1)
    return Pairs(one, other, customers, np.zeros(len(one), np.int64), n[one], usual[other])


def holders_together(sales: Sales, one: int, other: int) -> Ints:
    """The customers (places) who had both in one order."""
    orders = np.intersect1d(sales.order[sales.item == one], sales.order[sales.item == other])
    return np.unique(sales.owner[orders])


def holders_next(sales: Sales, one: int, other: int, window: int, last: int) -> Ints:
    """The customers (places) who bought the other within the window after their first of the one."""
    people, begin = followed(sales, one, window, last)
    second = sales.order[sales.item == other]
    who = sales.owner[second]
    spot = np.minimum(np.searchsorted(people, who), max(len(people) - 1, 0))
    if not len(people):
        return np.zeros(0, np.int64)
    after: Any = (people[spot] == who) & (second > begin[spot]) & (sales.day[second] <= sales.day[begin[spot]] + window)
    found: Ints = np.unique(who[after]).astype(np.int64)
    return found


def followed(sales: Sales, one: int, window: int, last: int) -> tuple[Ints, Ints]:
    """The customers (places) of a product whose window after their first of it has closed, and the order that began it."""
    first = sales.order[sales.item == one]
    people, at = np.unique(sales.owner[first], return_index=True)
    begin = first[at]
    closed = sales.day[begin] + window <= last
    return people[closed], begin[closed]


def buyers_of(sales: Sales, item: int) -> Ints:
    """The customers (places) of a product."""
    return np.unique(sales.row_owner[sales.item == item])


def lately(sales: Sales, item: int, days: int, day: int) -> Ints:
    """The customers (places) of a product on the last `days` days up to `day`."""
    chosen = (sales.item == item) & (sales.day[sales.order] > day - days) & (sales.day[sales.order] <= day)
    return np.unique(sales.row_owner[chosen])


def _by_item(sales: Sales) -> tuple[Ints, Ints]:
    """Where each product's rows begin, and the rows by product and order."""
    rows = np.argsort(sales.item, kind="stable").astype(np.int64)
    begin = np.searchsorted(sales.item[rows], np.arange(len(sales.items) + 1)).astype(np.int64)
    return begin, rows


def _spans(sales: Sales) -> Ints:
    """Where each order's rows begin; one more at the end."""
    found: Ints = np.searchsorted(sales.order, np.arange(len(sales.owner) + 1)).astype(np.int64)
    return found


def _ends(sales: Sales) -> Ints:
    """Of each order, where its customer's orders end."""
    return np.searchsorted(sales.owner, sales.owner, side="right").astype(np.int64)


def _buyers(sales: Sales) -> Ints:
    pairs = np.unique(sales.item * len(sales.people) + sales.row_owner, return_index=True)[0]  # sorts, which is faster
    return np.bincount(pairs // max(len(sales.people), 1), minlength=len(sales.items)).astype(np.int64)


@njit(cache=True, nogil=True)
def _together(begin: Any, rows: Any, order: Any, item: Any, span: Any, owner: Any, size: int, least: int) -> Any:
    out = np.empty((4, 1024), np.int64)
    made = 0
    stamp = np.empty(size, np.int64)
    people, orders = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for one in range(size):
        stamp[:] = -1
        people[:] = 0
        orders[:] = 0
        for at in range(begin[one], begin[one + 1]):
            which = order[rows[at]]
            who = owner[which]
            for row in range(span[which], span[which + 1]):
                other = item[row]
                orders[other] += 1
                if stamp[other] != who:
                    stamp[other] = who
                    people[other] += 1
        for other in range(size):
            if other != one and people[other] >= least:
                if made == out.shape[1]:
                    wider = np.empty((4, 2 * made), np.int64)
                    wider[:, :made] = out
                    out = wider
                out[0, made], out[1, made], out[2, made], out[3, made] = one, other, people[other], orders[other]
                made += 1
    return out[0, :made], out[1, :made], out[2, :made], out[3, :made]


@njit(cache=True, nogil=True)
def _next(
    begin: Any, rows: Any, order: Any, item: Any, span: Any, owner: Any, day: Any, ends: Any, size: int, least: int,
    window: int, last: int,
) -> Any:  # fmt: skip
    out = np.empty((3, 1024), np.int64)
    made = 0
    stamp = np.empty(size, np.int64)
    people, n, total = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for one in range(size):
        stamp[:] = -1
        people[:] = 0
        before = -1
        for at in range(begin[one], begin[one + 1]):
            first = order[rows[at]]
            who = owner[first]
            if who == before:
                continue
            before = who
            if day[first] + window > last:
                continue
            n[one] += 1
            later = first + 1
            while later < ends[first] and day[later] <= day[first] + window:
                for row in range(span[later], span[later + 1]):
                    other = item[row]
                    if other != one and stamp[other] != who:
                        stamp[other] = who
                        people[other] += 1
                later += 1
        for other in range(size):
            total[other] += people[other]
            if people[other] >= least:
                if made == out.shape[1]:
                    wider = np.empty((3, 2 * made), np.int64)
                    wider[:, :made] = out
                    out = wider
                out[0, made], out[1, made], out[2, made] = one, other, people[other]
                made += 1
    return out[0, :made], out[1, :made], out[2, :made], n, total
