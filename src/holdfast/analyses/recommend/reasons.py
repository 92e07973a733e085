"""Why a product stands in a customer's list, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.analyses.recommend.taught import KINDS, RECENT, Lists, Taught

__all__ = ["Reasons", "due"]


class Reasons:
    """Words for the products of lists; pairs of products are counted once.

    mind  what the lists were made of
    """

    def __init__(self, mind: Taught) -> None:
        self._mind = mind
        self._columns = mind.bought.tocsc()
        self._pairs: dict[tuple[int, int], int] = {}
        held = mind.held
        self._twice = np.bincount(held.item[held.times > 1], minlength=len(mind.sales.items))
        self._key = held.customer * max(len(mind.sales.items), 1) + held.item

    def of(self, lists: Lists, row: int, rank: int) -> str:
        """Why the product of that rank stands in the list of the customer in that row."""
        customer, item = int(lists.customers[row]), int(lists.item[row, rank])
        kind = KINDS[lists.kind[row, rank]]
        if kind == "again":
            return self._again(customer, item)
        found = self._with(customer, item) if kind == "new" else None
        return found or self._popular(int(self._mind.held.recent[RECENT][item]))

    def _popular(self, buyers: int) -> str:
        """How many bought it lately; of a small shop that may be nobody."""
        whom = {0: "nobody", 1: "1 customer"}.get(buyers, f"{buyers:,} customers")
        return f"{self._mind.sales.had} by {whom} in the last {RECENT} days"

    def _again(self, customer: int, item: int) -> str:
        held = self._mind.held
        at = int(np.searchsorted(self._key, customer * len(self._mind.sales.items) + item))
        times, since, wait = int(held.times[at]), int(held.day - held.last[at]), float(held.wait[at])
        ago = "today" if not since else "yesterday" if since == 1 else f"{since:,} days ago"
        if times == 1:
            again = f"{self._twice[item]:,} of its {held.buyers[item]:,} customers came again for it"
            return f"{self._mind.sales.had} once, {ago}; {again}"
        own = (int(held.last[at]) - int(held.first[at])) / (times - 1)
        often = "twice" if times == 2 else f"{times:,} times"
        apart = f"{own:.0f} days apart" if times == 2 else f"every {own:.0f} days"
        return f"{self._mind.sales.had} {often}, {apart}, last {ago}{': due' if since >= wait else ''}"

    def _with(self, customer: int, item: int) -> str | None:
        """The product of hers that speaks most for it."""
        had = self._mind.bought[customer].indices
        told = self._mind.model.between(had, item)
        if not len(told) or told.max() <= 0:
            return None
        one = int(had[int(np.argmax(told))])
        both = self._both(one, item)
        n = int(self._mind.held.buyers[one])
        return (
            f"{self._mind.sales.had} by {both:,} of the {n:,} customers of {self._mind.sales.items.name[one]}" if both else None
        )

    def _both(self, one: int, other: int) -> int:
        key = (one, other)
        if key not in self._pairs:
            first, second = self._columns[:, [one]].indices, self._columns[:, [other]].indices
            self._pairs[key] = len(np.intersect1d(first, second, assume_unique=True))
        return self._pairs[key]


def due(mind: Taught, lists: Lists) -> Any:
    """bool [customers, top]: bought again and again, and at least one usual wait ago."""
    held = mind.held
    key = held.customer * max(len(mind.sales.items), 1) + held.item
    wanted = lists.customers[:, None] * max(len(mind.sales.items), 1) + lists.item
    at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    if not len(key):
        return np.zeros(lists.item.shape, np.bool_)
    late = (held.times > 1) & (held.day - held.last >= held.wait)
    return (lists.kind == 0) & (key[at] == wanted) & late[at]
