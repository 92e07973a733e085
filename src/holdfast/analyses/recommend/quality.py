"""How good the lists are: learned up to a day, judged by what was bought in the days after it.

Judged are customers who had bought before the day and bought something of the kind in the days after it, among the products
known by then. Recall@10 is the products of the list that she bought, by those she bought, at most ten; nDCG@10 weighs each by
1 / log2(rank + 1), by the best list there could be. Both are means over customers, whose spread gives the interval.

New products: those she had not bought before, the list has none that she had; again: those she had; all: both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models import ease
from holdfast.analyses.recommend.again import features, learned
from holdfast.analyses.recommend.ranking import best_of
from holdfast.analyses.recommend.sales import Sales
from holdfast.analyses.recommend.taught import BLOCK, OPENINGS, Ground, Recipe, Taught, fitted, ground, taught, trend
from holdfast.analyses.statistics import Z95

__all__ = ["REGULARISATIONS", "TOP", "TREND_DAYS", "Judged", "Later", "judged", "later_of", "tuned"]

TOP = 10
REGULARISATIONS = (100.0, 500.0)
TREND_DAYS = (0, 60, 30)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Later:
    """What was bought in the days after: sparse bool [customers, items], the customers and products of what was learned."""

    bought: Any

    def block(self, customers: Any) -> npt.NDArray[np.bool_]:
        """Dense."""
        return np.asarray(self.bought[customers].toarray() > 0)


@dataclass(frozen=True)
class Judged:
    """One way of making lists, judged.

    customers    int64: who was judged (places) · recall, ndcg  float64, one each
    """

    customers: npt.NDArray[np.int64]
    recall: Floats
    ndcg: Floats

    def mean(self, name: str) -> tuple[float | None, float | None, float | None]:
        """(mean, low, high) of "recall" or "ndcg" over the customers; the interval is null with fewer than two."""
        return interval(getattr(self, name))


def interval(values: Floats) -> tuple[float | None, float | None, float | None]:
    """The mean of one number a customer with its 95 % interval."""
    if not len(values):
        return None, None, None
    mean = float(values.mean())
    if len(values) < 2:
        return mean, None, None
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def later_of(known: Sales, whole: Sales, day: int, last: int) -> Later:
    """What the customers of `known` bought of its products on the days after `day` up to `last`, as `whole` tells."""
    from scipy import sparse

    chosen = (whole.day[whole.order] > day) & (whole.day[whole.order] <= last)
    item = np.array([known.places.get(one, -1) for one in whole.items.ids], np.int64)[whole.item[chosen]]
    owner = whole.row_owner[chosen]
    spot = np.minimum(np.searchsorted(known.people, whole.people), max(len(known.people) - 1, 0))
    place = np.where(known.people[spot] == whole.people, spot, -1)[owner] if len(known.people) else owner
    good = (item >= 0) & (place >= 0)
    shape = (len(known.people), len(known.items))
    ones = np.ones(int(good.sum()), np.float32)
    return Later(sparse.csr_matrix((ones, (place[good], item[good])), shape=shape))


def judged(mind: Taught, later: Later, of: str, way: str) -> Judged:
    """Judge one way of making lists.

    of   "all", "again", "new"
    way  "chosen": the lists as they are given; "popularity": customers of all time; "lately": customers of late;
         "own frequency"; "model": the model of new products without what sells now
    """
    bought = np.flatnonzero(np.asarray((later.bought > 0).sum(axis=1)).ravel())
    known = np.unique(mind.held.customer)
    bought = bought[np.isin(bought, known)]
    parts = [_block(mind, later, bought[low : low + BLOCK], of, way) for low in range(0, len(bought), BLOCK)]
    if not parts:
        none = np.zeros(0)
        return Judged(np.zeros(0, np.int64), none, none)
    return Judged(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


def _block(mind: Taught, later: Later, customers: Any, of: str, way: str) -> tuple[Any, Floats, Floats]:
    has, truth = mind.bought[customers].toarray() > 0, later.block(customers)
    of_kind = {"again": has, "new": ~has}.get(of)
    if of_kind is not None:
        truth = truth & of_kind
    some = truth.any(axis=1)
    if way == "chosen":
        codes = next(mind.lists(customers, TOP, "best" if of == "all" else of)).item
    else:
        every = np.ones(has.shape, np.bool_)
        codes = best_of(_scores(mind, customers, has, way), every if of_kind is None else of_kind, TOP)[0]
    recall, ndcg = scored(codes[some], truth[some])
    return customers[some], recall, ndcg


def scored(codes: Any, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Recall and nDCG of lists.

    codes  int64 [customers, TOP], -1 for nothing · truth  bool [customers, items]: what each bought, something at least
    """
    wanted = np.minimum(truth.sum(axis=1), TOP)
    hit = np.take_along_axis(truth, np.maximum(codes, 0), axis=1) & (codes >= 0)
    gain = 1 / np.log2(np.arange(2, TOP + 2))
    ideal = np.concatenate([[0.0], np.cumsum(gain)])[wanted]
    return hit.sum(axis=1) / wanted, (hit @ gain[: hit.shape[1]]) / ideal


def _scores(mind: Taught, customers: Any, has: Any, way: str) -> Any:
    """Dense scores of the plain ways that the lists are compared with; none of them leaves a product out."""
    popular = mind.held.buyers / (mind.held.buyers.max(initial=0) + 1.0)
    if way == "popularity":
        return np.broadcast_to(popular.astype(np.float32)[None, :], has.shape)
    if way == "lately":
        return np.broadcast_to(mind.popular.astype(np.float32)[None, :], has.shape)
    if way == "model":
        return mind.model.scores(mind.bought[customers])
    from scipy import sparse

    times = sparse.csr_matrix((mind.held.times, (mind.held.customer, mind.held.item)), shape=mind.bought.shape)
    return (times[customers].toarray() + 0.5 * popular[None, :]).astype(np.float32)


def tuned(sales: Sales, day: int, days: int) -> Recipe:
    """How lists are best made, told by the past up to `day` alone: learned up to `days` before it, judged by those days.

    Compared by recall@10: EASE's regularisation, how far what sells now counts, and what a list opens with. The chance of
    buying again is learned on the same days.
    """
    before = day - days
    known = ground(sales, before)
    earlier, bought = known.held, known.bought
    later = later_of(sales, sales, before, day)
    orders = np.bincount(sales.owner[sales.day <= before], minlength=len(sales.people))
    hit = np.asarray(later.bought[earlier.customer, earlier.item]).ravel() > 0 if len(earlier.item) else np.zeros(0, np.bool_)
    chances = learned(features(earlier, orders), hit) if len(earlier.item) else None
    tried: list[tuple[str, str, float | None]] = []
    together = None if len(sales.items) > ease.MOST_ITEMS else ease.gram(bought)
    best: tuple[float, Recipe, Any] | None = None
    for weight in (None,) if together is None else REGULARISATIONS:
        model = fitted(bought, None) if weight is None or together is None else ease.fitted(together, weight)
        mind = taught(known, Recipe(weight, 0, chances), model)
        for length, recall in _recalls(mind, later).items():
            tried.append(("new", f"regularisation {weight or 'none'}, trend {length}", recall))
            if best is None or (recall or 0.0) > best[0]:
                best = (recall or 0.0, Recipe(weight, length, chances), model)
    assert best is not None
    return _ordered(known, best[1], best[2], later, tried)


def _recalls(mind: Taught, later: Later) -> dict[int, float | None]:
    """Recall of new products for each of TREND_DAYS."""
    customers = np.flatnonzero(np.diff(later.bought.indptr))
    trends = {days: trend(mind.held, days) for days in TREND_DAYS}
    found: dict[int, list[Floats]] = {days: [] for days in TREND_DAYS}
    for low in range(0, len(customers), BLOCK):
        block = customers[low : low + BLOCK]
        has, may = mind.may(block)
        truth = later.block(block) & ~has
        some = truth.any(axis=1) & has.any(axis=1)
        scores = mind.model.scores(mind.bought[block])
        for days, lately in trends.items():
            codes = best_of(scores * lately[None, :], may & ~has, TOP)[0]
            found[days].append(scored(codes[some], truth[some])[0])
    return {days: interval(np.concatenate([np.zeros(0), *parts]))[0] for days, parts in found.items()}


def _ordered(known: Ground, recipe: Recipe, model: Any, later: Later, tried: list[Any]) -> Recipe:
    """The recipe with the best of the openings."""
    found = []
    for opening in OPENINGS:
        mind = taught(known, replace(recipe, opening=opening), model)
        recall = judged(mind, later, "all", "chosen").mean("recall")[0]
        tried.append(("all", f"opening {opening}", recall))
        found.append(recall or 0.0)
    return replace(recipe, opening=OPENINGS[int(np.argmax(found))], tried=tuple(tried))
