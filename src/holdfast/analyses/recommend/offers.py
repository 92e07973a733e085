"""Premium and cross-selling: what customers of one thing also have, and who of them has not got it.

A *premium* product is one of the dearest quarter by the median price of a piece, of its category where products have one, else
of all. An upsell is a step from a product that is not premium to a premium one of its category (else brand, else like name),
a quarter dearer at least, not beyond four times the price, that customers of the first have more often than customers at large.
A cross-sell goes from one category (else product) to another. Both name customers who have the one and not the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.ratios import Ratio, ratio
from holdfast.analyses.recommend.sales import Sales
from holdfast.analyses.recommend.taught import BLOCK, Ground
from holdfast.analyses.recommend.together import Pairs
from holdfast.analyses.statistics import wilson_arrays

__all__ = [
    "TENURES",
    "Units",
    "cross_pairs",
    "of_tenure",
    "premium_items",
    "premium_pairs",
    "targets",
    "tenure_rows",
    "units_of",
]

DEARER, FAR = 1.25, 4.0
"""How much dearer a premium product is, at least and at most, than the one that it is offered to."""

ALIKE = 0.25
"""Products without category and brand are of a kind when their names share so much of their words."""

KNOWN = 0.8
"""Categories stand for products where at least this share of what was bought bears one."""

TENURES = (
    ("first order", 0, 0), ("1-90 days", 1, 90), ("91-180 days", 91, 180), ("181-365 days", 181, 365),
    ("over a year", 366, 100_000),
)  # fmt: skip
"""Days from a customer's first order to the one that is looked at: name, from, to. All orders of the first day are first."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """What is had and offered: categories or products.

    level   "category" or "product" · names  by code
    bought  sparse float32 [customers, units], 1 where a customer has one
    """

    level: str
    names: tuple[str, ...]
    bought: Any


def units_of(mind: Ground) -> Units:
    """Categories where nearly everything bought bears one, else products."""
    from scipy import sparse

    items, held = mind.sales.items, mind.held
    names = sorted({one for one in items.category if one})
    code = {name: place for place, name in enumerate(names)}
    of_item = np.array([code.get(one or "", -1) for one in items.category], np.int64)
    known = of_item[held.item] >= 0 if len(items) else np.zeros(0, np.bool_)
    if len(names) < 2 or known.mean() < KNOWN:
        return Units("product", items.ids, mind.bought)
    shape = (len(mind.sales.people), len(names))
    ones = np.ones(int(known.sum()), np.float32)
    bought = sparse.csr_matrix((ones, (held.customer[known], of_item[held.item[known]])), shape=shape)
    bought.data[:] = 1
    return Units("category", tuple(names), bought)


def cross_pairs(mind: Ground, units: Units, least: int) -> Pairs:
    """Pairs of units that at least so many customers have both of, the second more often than customers at large."""
    pairs = _co_buyers(units.bought, least)
    good = _surely_more(pairs)
    if units.level == "product":
        good &= mind.offered[pairs.other]
    return _chosen(pairs, good)


def premium_items(sales: Sales, top: float) -> npt.NDArray[np.bool_]:
    """bool [items]: fewer than the share `top` of the products of its category (else of all) are dearer."""
    price = sales.items.price
    groups = np.unique(np.array([one or "" for one in sales.items.category], dtype=object).astype(str), return_inverse=True)[1]
    premium = np.zeros(len(price), np.bool_)
    for group in np.unique(groups):
        own = (groups == group) & ~np.isnan(price)
        dearer = own.sum() - np.searchsorted(np.sort(price[own]), price[own], side="right")
        premium[own] = dearer < top * own.sum()
    return premium


def premium_pairs(mind: Ground, top: float, least: int) -> Pairs:
    """Steps from a product to a dearer one that its customers have more often than customers at large."""
    items, premium = mind.sales.items, premium_items(mind.sales, top)
    pairs = _co_buyers(mind.bought, least)
    low, high = items.price[pairs.one], items.price[pairs.other]
    with np.errstate(invalid="ignore"):
        good = ~premium[pairs.one] & premium[pairs.other] & (high >= DEARER * low) & (high <= FAR * low)
    good &= mind.offered[pairs.other] & _surely_more(pairs)
    found = _chosen(pairs, good)
    return _chosen(found, _akin(mind, found))


def _akin(mind: Ground, pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs are of one category, of one brand where there are no categories, or alike by name where there is neither."""
    items = mind.sales.items
    for told in (items.category, items.brand):
        if any(told):
            names = np.array([one or "" for one in told], dtype=object).astype(str)
            found: npt.NDArray[np.bool_] = (names[pairs.one] == names[pairs.other]) & (names[pairs.one] != "")
            return found
    if items.name == items.ids:
        return np.ones(len(pairs.one), np.bool_)
    return _alike(items.name, pairs)


def _alike(names: tuple[str, ...], pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs share at least ALIKE of the words of their names, a word by how few bear it: −log of their share."""
    from scipy import sparse

    words = [sorted(set(re.findall(r"[^\W\d_]{3,}", name.lower()))) for name in names]
    code = {word: place for place, word in enumerate(sorted({word for some in words for word in some}))}
    row = np.repeat(np.arange(len(names)), [len(some) for some in words])
    column = np.array([code[word] for some in words for word in some], np.int64)
    rare = -np.log(np.bincount(column, minlength=len(code)) / max(len(names), 1))
    told = sparse.csr_matrix((np.sqrt(rare[column]), (row, column)), shape=(len(names), max(len(code), 1)))
    whole = np.asarray(told.multiply(told).sum(axis=1)).ravel()
    shared = np.asarray(told[pairs.one].multiply(told[pairs.other]).sum(axis=1)).ravel()
    either = whole[pairs.one] + whole[pairs.other] - shared
    return np.asarray((shared > 0) & (shared >= ALIKE * either))


def targets(mind: Ground, units: Units | None, one: int, other: int) -> Ints:
    """The customers (places) who are asked about and have the one, and have neither bought nor returned the other.

    units  None: products
    """
    bought = (units.bought if units else mind.bought).tocsc()
    has, got = bought[:, [one]].indices, bought[:, [other]].indices
    left = np.setdiff1d(has, got)
    if units is None or units.level == "product":
        left = np.setdiff1d(left, mind.blocked.tocsc()[:, [other]].indices)
    return np.asarray(left[mind.sales.inside[left]], np.int64)


def tenure_rows(sales: Sales, premium: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    """The share of the money of products that goes to premium ones, by how long the customer had been one."""
    rows = []
    for name, _, _ in TENURES:
        chosen = of_tenure(sales, name)
        owner, money = sales.row_owner[chosen], sales.money[chosen]
        y = np.bincount(owner, money * premium[sales.item[chosen]], len(sales.people)).astype(np.float64)
        x = np.bincount(owner, money, len(sales.people)).astype(np.float64)
        people = len(np.unique(owner))
        found = ratio(y, x, least=0.0, most=1.0) if people else Ratio(None, None, None)
        rows.append(
            {
                "tenure": name, "customers": people, "orders": len(np.unique(sales.order[chosen])),
                "premium_share": found.value, "premium_share_low": found.low, "premium_share_high": found.high,
            }
        )  # fmt: skip
    return rows


def of_tenure(sales: Sales, name: str) -> npt.NDArray[np.bool_]:
    """Which rows are of orders so long after the customer's first."""
    _, low, high = next(tenure for tenure in TENURES if tenure[0] == name)
    first = np.searchsorted(sales.owner, sales.owner)
    days = (sales.day - sales.day[first])[sales.order]
    return (days >= low) & (days <= high)


def _co_buyers(bought: Any, least: int) -> Pairs:
    """Pairs that at least so many customers have both of, a block of columns at a time."""
    from scipy import sparse

    whole = sparse.csc_matrix(bought)
    sizes = np.asarray(whole.sum(axis=0)).ravel().astype(np.int64)
    enough = np.flatnonzero(sizes >= least)  # no other has a pair
    columns = whole[:, enough]
    everyone = max(int((np.diff(sparse.csr_matrix(bought).indptr) > 0).sum()), 1)
    parts: list[tuple[Any, Any, Any]] = []
    for low in range(0, columns.shape[1], BLOCK):
        common = sparse.coo_matrix(columns.T @ columns[:, low : low + BLOCK])
        other = common.col + low
        good = (common.data >= least) & (common.row != other)
        parts.append((common.row[good], other[good], common.data[good]))
    sides = zip((np.zeros(0),) * 3, *parts, strict=True)
    left, right, both = (np.concatenate(rows).astype(np.int64) for rows in sides)
    one, two = enough[left], enough[right]
    return Pairs(one, two, both, np.zeros(len(one), np.int64), sizes[one], sizes[two] / everyone)


def _surely_more(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Pairs whose share lies above the usual one, interval and all."""
    return np.asarray(wilson_arrays(pairs.customers, pairs.n)[0] > pairs.usual)


def _chosen(pairs: Pairs, good: npt.NDArray[np.bool_]) -> Pairs:
    counts = (column[good] for column in (pairs.one, pairs.other, pairs.customers, pairs.orders, pairs.n))
    one, other, customers, orders, n = counts
    return Pairs(one, other, customers, orders, n, pairs.usual[good])
