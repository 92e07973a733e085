"""How good the lists are: learned up to a day, judged by what was bought in the days after it.

Judged are customers who had bought before the day and bought something of the kind in the days after it, among the products
known by then. Recall@10 is the products of the list that she bought, by those she bought, at most ten; nDCG@10 weighs each by
1 / log2(rank + 1), by the best list there could be. Both are means over customers, whose spread gives the interval.

New products: those she had not bought before, the list has none that she had; again: those she had; all: both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.recommend.again import features, learned
from holdfast.analyses.recommend.modelled import Modelled, fitted, paired
from holdfast.analyses.recommend.sales import Sales
from holdfast.analyses.recommend.taught import OPENINGS, Block, Ground, Opening, Recipe, Taught, ground, taught, trend
from holdfast.analyses.statistics import Z95

__all__ = ["REGULARISATIONS", "TOP", "TREND_DAYS", "Judged", "Later", "judged", "later_of", "tuned"]

TOP = 10
REGULARISATIONS = (100.0, 500.0)
TREND_DAYS = (0, 60, 30)
_OPENED: dict[str, Opening] = {f"opening {opening}": opening for opening in OPENINGS}

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


def judged(mind: Taught, later: Later, ways: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Judged]:
    """Judge ways of making lists, each (of, way), over the same customers.

    of   "all", "again", "new"
    way  "chosen": the lists as they are given; "popularity": customers of all time; "lately": customers of late;
         "own frequency"; "model": the model of new products without what sells now;
         "opening again" and such: the lists that open so
    """
    bought = np.flatnonzero(np.asarray((later.bought > 0).sum(axis=1)).ravel())
    bought = bought[np.isin(bought, mind.held.customer)]
    parts: dict[tuple[str, str], list[tuple[Any, Floats, Floats]]] = {pair: [] for pair in ways}
    for block in mind.blocks(bought, TOP):
        after = later.block(block.customers)
        for (of, way), found in parts.items():
            found.append(_block(block, after, of, way))
    return {
        pair: Judged(*(np.concatenate(rows) for rows in zip((np.zeros(0, np.int64), *2 * (np.zeros(0),)), *found, strict=True)))
        for pair, found in parts.items()
    }


def _block(block: Block, after: npt.NDArray[np.bool_], of: str, way: str) -> tuple[Any, Floats, Floats]:
    of_kind = {"again": block.has, "new": ~block.has}.get(of)
    truth = after if of_kind is None else after & of_kind
    some = truth.any(axis=1)
    if way == "chosen":
        codes = block.lists("best" if of == "all" else of).item
    elif way in _OPENED:
        codes = block.lists("best", _OPENED[way]).item
    else:
        every = np.ones(block.has.shape, np.bool_)
        codes = block.best(_scores(block, way), every if of_kind is None else of_kind)[0]
    recall, ndcg = scored(codes[some], truth[some])
    return block.customers[some], recall, ndcg


def scored(codes: Any, truth: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Recall and nDCG of lists.

    codes  int64 [customers, TOP], -1 for nothing · truth  bool [customers, items]: what each bought, something at least
    """
    wanted = np.minimum(truth.sum(axis=1), TOP)
    hit = np.take_along_axis(truth, np.maximum(codes, 0), axis=1) & (codes >= 0)
    gain = 1 / np.log2(np.arange(2, TOP + 2))
    ideal = np.concatenate([[0.0], np.cumsum(gain)])[wanted]
    return hit.sum(axis=1) / wanted, (hit @ gain[: hit.shape[1]]) / ideal


def _scores(block: Block, way: str) -> Any:
    """Dense scores of the plain ways that the lists are compared with; none of them leaves a product out."""
    mind, shape = block.mind, block.has.shape
    popular = mind.held.buyers / (mind.held.buyers.max(initial=0) + 1.0)
    if way == "popularity":
        return np.broadcast_to(popular.astype(np.float32)[None, :], shape)
    if way == "lately":
        return np.broadcast_to(mind.popular.astype(np.float32)[None, :], shape)
    if way == "model":
        return block.scores
    from scipy import sparse

    times = sparse.csr_matrix((mind.held.times, (mind.held.customer, mind.held.item)), shape=mind.bought.shape)
    return (times[block.customers].toarray() + 0.5 * popular[None, :]).astype(np.float32)


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
    pairs = paired(bought)
    best: tuple[float, Recipe, Modelled] | None = None
    for weight in (None,) if pairs.together is None else REGULARISATIONS:
        model = fitted(pairs, weight)
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
    for block in mind.blocks(customers, TOP):
        truth = later.block(block.customers) & ~block.has
        some = truth.any(axis=1) & block.has.any(axis=1)
        new = block.may & ~block.has
        for days, lately in trends.items():
            codes = block.best(block.scores * lately[None, :], new)[0]
            found[days].append(scored(codes[some], truth[some])[0])
    return {days: interval(np.concatenate([np.zeros(0), *parts]))[0] for days, parts in found.items()}


def _ordered(known: Ground, recipe: Recipe, model: Modelled, later: Later, tried: list[Any]) -> Recipe:
    """The recipe with the best of the openings."""
    judgements = judged(taught(known, recipe, model), later, [("all", way) for way in _OPENED])
    found = [judgements["all", way].mean("recall")[0] for way in _OPENED]
    tried += [("all", way, recall) for way, recall in zip(_OPENED, found, strict=True)]
    best = OPENINGS[int(np.argmax([recall or 0.0 for recall in found]))]
    return replace(recipe, opening=best, tried=tuple(tried))
