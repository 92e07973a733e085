"""The tables of recommending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.recommend.offers import Units, targets
from holdfast.analyses.recommend.prepared import WAYS, Measured
from holdfast.analyses.recommend.quality import interval
from holdfast.analyses.recommend.reasons import Reasons
from holdfast.analyses.recommend.sales import Items
from holdfast.analyses.recommend.taught import KINDS, RECENT, Ground, Lists, Recipe, Taught
from holdfast.analyses.recommend.together import Pairs
from holdfast.analyses.statistics import wilson, wilson_arrays

__all__ = [
    "OPENED", "WAY_NAMES", "cross_table", "customers_table", "next_table", "offers_table", "opening_table", "popular_table",
    "premium_table",
    "quality_table", "recipe_table", "together_table",
]  # fmt: skip

WAY_NAMES = {
    "chosen": "these lists", "own frequency": "own frequency", "lately": "popular of late", "popularity": "popularity",
    "model": "without what sells now",
}  # fmt: skip

_TEXT, _WHOLE, _REAL = pa.string(), pa.int64(), pa.float64()
_RATE = [(name, _REAL) for name in ("share", "low", "high", "lift", "lift_low", "lift_high")]

CUSTOMERS = pa.schema(
    [("customer", _TEXT), ("rank", _WHOLE), *((name, _TEXT) for name in ("item", "name", "kind")), ("score", _REAL),
     ("reason", _TEXT)]
)  # fmt: skip
OFFERS = pa.schema([*((name, _TEXT) for name in ("item", "name", "kind")), ("customers", _WHOLE)])
POPULAR = pa.schema([("rank", _WHOLE), ("item", _TEXT), ("name", _TEXT), ("customers_of_late", _WHOLE)])
TOGETHER = pa.schema(
    [*((name, _TEXT) for name in ("item", "name", "with_item", "with_name")),
     *((name, _WHOLE) for name in ("customers", "orders", "n")), *_RATE]
)  # fmt: skip
NEXT = pa.schema(
    [*((name, _TEXT) for name in ("item", "name", "next_item", "next_name")), ("customers", _WHOLE), ("n", _WHOLE), *_RATE]
)
PREMIUM = pa.schema(
    [("item", _TEXT), ("name", _TEXT), ("price", _REAL), ("premium", _TEXT), ("premium_name", _TEXT),
     ("premium_price", _REAL), ("customers", _WHOLE), ("have_both", _WHOLE), ("n", _WHOLE), *_RATE]
)  # fmt: skip
CROSS = pa.schema(
    [*((name, _TEXT) for name in ("have", "have_name", "offer", "offer_name")),
     *((name, _WHOLE) for name in ("customers", "have_both", "n")), *_RATE]
)  # fmt: skip
QUALITY = pa.schema(
    [("of", _TEXT), ("method", _TEXT), ("n", _WHOLE),
     *((name, _REAL) for name in ("recall", "recall_low", "recall_high", "ndcg", "ndcg_low", "ndcg_high")),
     *((name, _REAL) for name in ("better", "better_low", "better_high"))]
)  # fmt: skip
OPENED = (*KINDS, "due")
OPENING = pa.schema([("opening", _TEXT), ("customers", _WHOLE)])
RECIPE = pa.schema([("of", _TEXT), ("choice", _TEXT), ("recall", _REAL)])


def customers_table(mind: Taught, blocks: Iterable[Lists], customers: Any) -> pa.Table:
    """A row a customer and product; customers: their ids by place."""
    items, reasons, rows = mind.sales.items, Reasons(mind), list[dict[str, Any]]()
    for block in blocks:
        for row, place in enumerate(block.customers):
            for rank in np.flatnonzero(block.item[row] >= 0):
                item = int(block.item[row, rank])
                rows.append(
                    {
                        "customer": customers[int(place)].as_py(), "rank": int(rank) + 1, "item": items.ids[item],
                        "name": items.name[item], "kind": KINDS[block.kind[row, rank]],
                        "score": round(float(block.score[row, rank]), 4), "reason": reasons.of(block, row, int(rank)),
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, CUSTOMERS)


def offers_table(items: Items, counts: npt.NDArray[np.int64]) -> pa.Table:
    """To how many customers each product is offered, most first; counts: int64 [kinds, items]."""
    kind, item = np.nonzero(counts)
    by = np.lexsort((item, kind, -counts[kind, item]))
    rows = [
        {"item": items.ids[j], "name": items.name[j], "kind": KINDS[k], "customers": int(counts[k, j])}
        for k, j in zip(kind[by], item[by], strict=True)
    ]
    return pa.Table.from_pylist(rows, OFFERS)


def opening_table(opens: npt.NDArray[np.int64], late: int) -> pa.Table:
    """With what lists open, and how many have something that is due, wherever it stands; opens: int64 [kinds]."""
    counts = (*(int(n) for n in opens), late)
    return pa.Table.from_pylist([{"opening": name, "customers": n} for name, n in zip(OPENED, counts, strict=True)], OPENING)


def popular_table(mind: Taught, top: int) -> pa.Table:
    """What is offered to those of whom nothing is known."""
    score = np.where(mind.offered, mind.popular, -1.0)
    best = np.lexsort((np.arange(len(score)), -score))[:top]
    items = mind.sales.items
    rows = [
        {"rank": place + 1, "item": items.ids[j], "name": items.name[j], "customers_of_late": int(mind.held.recent[RECENT][j])}
        for place, j in enumerate(best)
        if score[j] >= 0
    ]
    return pa.Table.from_pylist(rows, POPULAR)


def together_table(items: Items, pairs: Pairs, limit: int) -> pa.Table:
    """Bought together, surest lift first."""
    rows = []
    for at in _surest(pairs, limit):
        one, other = int(pairs.one[at]), int(pairs.other[at])
        rows.append(
            {
                "item": items.ids[one], "name": items.name[one], "with_item": items.ids[other], "with_name": items.name[other],
                "customers": int(pairs.customers[at]), "orders": int(pairs.orders[at]), **_rate(pairs, at),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, TOGETHER)


def next_table(items: Items, pairs: Pairs, limit: int) -> pa.Table:
    """Bought next, surest lift first."""
    rows = []
    for at in _surest(pairs, limit):
        one, other = int(pairs.one[at]), int(pairs.other[at])
        rows.append(
            {
                "item": items.ids[one], "name": items.name[one], "next_item": items.ids[other], "next_name": items.name[other],
                "customers": int(pairs.customers[at]), **_rate(pairs, at),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, NEXT)


def premium_table(mind: Ground, pairs: Pairs, limit: int) -> pa.Table:
    """Steps to premium products, those with most customers to win first."""
    items, rows = mind.sales.items, []
    for at in _fullest(pairs, limit):
        one, other = int(pairs.one[at]), int(pairs.other[at])
        rows.append(
            {
                "item": items.ids[one], "name": items.name[one], "price": float(items.price[one]),
                "premium": items.ids[other], "premium_name": items.name[other], "premium_price": float(items.price[other]),
                "customers": len(targets(mind, None, one, other)), "have_both": int(pairs.customers[at]), **_rate(pairs, at),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, PREMIUM)


def cross_table(mind: Ground, units: Units, pairs: Pairs, limit: int) -> pa.Table:
    """What goes with what a customer has, most customers to win first."""
    names = mind.sales.items.name if units.level == "product" else units.names
    rows = []
    for at in _fullest(pairs, limit):
        one, other = int(pairs.one[at]), int(pairs.other[at])
        rows.append(
            {
                "have": units.names[one], "have_name": names[one], "offer": units.names[other], "offer_name": names[other],
                "customers": len(targets(mind, units, one, other)), "have_both": int(pairs.customers[at]), **_rate(pairs, at),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, CROSS)


def quality_table(found: Measured) -> pa.Table:
    """How each way of making lists did; better: recall less that of popularity, customer by customer."""
    rows = []
    for of, ways in WAYS.items():
        plain = found.ways[of, "popularity"].recall
        for way in ways:
            judged = found.ways[of, way]
            row: dict[str, Any] = {"of": of, "method": WAY_NAMES[way], "n": len(judged.customers)}
            for name, values in (("recall", judged.recall), ("ndcg", judged.ndcg), ("better", judged.recall - plain)):
                row[name], row[f"{name}_low"], row[f"{name}_high"] = interval(values)
            rows.append(row if way != "popularity" else {**row, "better": None, "better_low": None, "better_high": None})
    return pa.Table.from_pylist(rows, QUALITY)


def recipe_table(recipe: Recipe) -> pa.Table:
    """What was compared on the past, and how it did."""
    return pa.Table.from_pylist([dict(zip(RECIPE.names, row, strict=True)) for row in recipe.tried], RECIPE)


def _rate(pairs: Pairs, at: int) -> dict[str, Any]:
    """n, the share with its interval, and the lift with its."""
    k, n, usual = int(pairs.customers[at]), int(pairs.n[at]), float(pairs.usual[at])
    low, high = wilson(k, n)
    lift = {
        name: None if value is None or not usual else value / usual for name, value in (("lift_low", low), ("lift_high", high))
    }
    return {"n": n, "share": k / n, "low": low, "high": high, "lift": k / n / usual if usual else None, **lift}


def _surest(pairs: Pairs, limit: int) -> list[int]:
    """The rows by the lower end of their lift."""
    low = wilson_arrays(pairs.customers, pairs.n)[0] / np.maximum(pairs.usual, 1e-12)
    return [int(at) for at in np.lexsort((pairs.other, pairs.one, -pairs.customers, -np.round(low, 9)))[:limit]]


def _fullest(pairs: Pairs, limit: int) -> list[int]:
    """The rows by how many of those without would have it too, were they like those with it, above what is usual."""
    low = wilson_arrays(pairs.customers, pairs.n)[0]
    gain = (pairs.n - pairs.customers) * (low - pairs.usual)
    return [int(at) for at in np.lexsort((pairs.other, pairs.one, -np.round(gain, 6)))[:limit]]
