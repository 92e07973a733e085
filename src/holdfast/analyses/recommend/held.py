"""What each customer has: a pair a customer and product, with how often and when; and the rhythm in which it comes again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.recommend.sales import Sales

__all__ = ["OWN", "SHOP", "Held", "held_before"]

OWN = 2.0
"""A customer's own waits for a product count fully only from many on: the product's usual wait counts as so many of hers."""

SHOP = 5.0
"""A product's waits likewise against those of all products."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Held:
    """The pairs before an instant, by customer and product.

    customer, item  int64 · times  int64: in how many orders · first, last  int64: local days
    wait   float64: days from one order of it to the next: her own mean wait, drawn to the product's, that to the shop's
    again  float64 [items]: the share of a product's customers who ordered it a second time, drawn to the shop's
    buyers int64 [items]: customers of each product
    recent dict days → int64 [items]: customers of each product in the last days before the instant
    day    the day of the instant: days from `last` to it have passed
    """

    customer: Ints
    item: Ints
    times: Ints
    first: Ints
    last: Ints
    wait: Floats
    again: Floats
    buyers: Ints
    recent: dict[int, Ints]
    day: int

    def matrix(self, customers: int) -> Any:
        """Sparse float32 [customers, items], 1 where a customer has the product."""
        from scipy import sparse

        ones = np.ones(len(self.item), np.float32)
        return sparse.csr_matrix((ones, (self.customer, self.item)), shape=(customers, len(self.buyers)))


def held_before(sales: Sales, day: int, recent: tuple[int, ...] = (30, 60)) -> Held:
    """The pairs of all orders on local days up to `day`, that day included."""
    size = len(sales.items)
    chosen = sales.day[sales.order] <= day
    key = (sales.row_owner[chosen] * size + sales.item[chosen]) if size else np.zeros(0, np.int64)
    when = sales.day[sales.order[chosen]]
    by = np.lexsort((when, key))
    key, when = key[by], when[by]
    pairs, begin, times = np.unique(key, return_index=True, return_counts=True)
    first, last = when[begin], when[begin + times - 1] if len(begin) else when[begin]
    customer, item = np.divmod(pairs, max(size, 1))
    buyers = np.bincount(item, minlength=size)
    wait, again = _rhythm(item, times, last - first, buyers)
    lately = {
        days: np.bincount(np.unique(key[when > day - days]) % max(size, 1), minlength=size).astype(np.int64) for days in recent
    }
    return Held(customer, item, times, first, last, wait, again, buyers, lately, day)


def _rhythm(item: Ints, times: Ints, span: Ints, buyers: Ints) -> tuple[Floats, Floats]:
    """The wait of each pair and the share of each product's customers who came again for it."""
    waits = times - 1
    days, count = np.bincount(item, span, len(buyers)), np.bincount(item, waits, len(buyers))
    shop = days.sum() / count.sum() if count.sum() else 0.0
    usual = (days + SHOP * shop) / (count + SHOP)
    wait = (span + OWN * usual[item]) / (waits + OWN)
    twice = np.bincount(item, times > 1, len(buyers))
    share = twice.sum() / max(len(item), 1)
    return wait, (twice + SHOP * share) / (buyers + SHOP)
