"""What was learned up to a day, and the lists that come of it.

A list has three kinds of products: *again* (she has it), *new* (she has not) and *popular* (nothing is known that would tell).
Again stands in the order of the chance to be bought again; new in the order of EASE's score (`models.ease`; beyond ~10,000
products `models.item_knn`) times how much of its custom a product had lately; popular in the order of the customers of the last
days. Nothing stands in a list that this customer returned, or that is out of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.recommend.again import Chances, features
from holdfast.analyses.recommend.held import Held, held_before
from holdfast.analyses.recommend.modelled import Modelled, fitted, paired
from holdfast.analyses.recommend.ranking import NOTHING, best_of
from holdfast.analyses.recommend.sales import Sales

__all__ = [
    "BLOCK", "KINDS", "MIXES", "OPENINGS", "Block", "Ground", "Lists", "Opening", "Recipe", "Taught", "ground", "taught",
    "trend",
]  # fmt: skip

BLOCK = 1_000
"""Customers whose scores of all products are held at a time."""

KINDS = ("again", "new", "popular")
MIXES = ("best", "half", "again", "new")
"""Which kinds a list has: those that did better in the past first; half of each; one of them alone."""

RECENT = 30
"""Days that popularity looks back."""

LATER, NEVER = 1_000_000, 1_000_000_000
"""Places in a list behind all others of their kind, and behind everything."""

Opening = Literal["again", "new", "model"]
OPENINGS: tuple[Opening, ...] = ("again", "new", "model")

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How lists are made, chosen on the past alone.

    regularisation  of EASE; None: neighbours
    trend_days      new products count for the share of their customers who came in so many last days; 0: all alike
    chances         of buying again; None: by how often
    opening         a list opens with what she has ("again"), with what she has not ("new"), or all stands in the order of the
                    model of new products ("model")
    tried           (name, value, recall@10) of everything that was compared
    """

    regularisation: float | None
    trend_days: int = RECENT
    chances: Chances | None = None
    opening: Opening = "again"
    tried: tuple[tuple[str, str, float | None], ...] = ()


@dataclass(frozen=True)
class Lists:
    """The lists of a block of customers, best first.

    customers  int64 [customers]
    item  int64 [customers, top], -1 where there is nothing to say · kind  int8, place in KINDS · score  float32
    """

    customers: Ints
    item: Ints
    kind: npt.NDArray[np.int8]
    score: Floats


@dataclass(frozen=True)
class Ground:
    """What is known without any model.

    held     what customers have · bought  sparse [customers, items], 1 where a customer has a product
    offered  bool [items]: in the catalogue · blocked  sparse [customers, items], 1 where she returned it
    """

    sales: Sales
    held: Held
    bought: Any
    offered: npt.NDArray[np.bool_]
    blocked: Any

    def may(self, customers: Ints) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Dense bool [customers, items]: which products each has, and which may stand in her list."""
        has, blocked = self.bought[customers].toarray() > 0, self.blocked[customers].toarray() > 0
        return has, self.offered[None, :] & ~blocked


@dataclass(frozen=True)
class Taught(Ground):
    """All that lists are made of.

    model    of new products · trend  float32 [items]: what its scores are multiplied with
    chance   float64 [pairs of held]: of buying again, or how often bought where no chance could be learned
    popular  float64 [items]: customers of late, ties by all customers
    """

    recipe: Recipe
    model: Modelled
    trend: Floats
    chance: npt.NDArray[np.float64]
    popular: npt.NDArray[np.float64]

    def chances(self, customers: Ints) -> Floats:
        """Dense float32 [customers, items]: the chance of each product to be bought again."""
        from scipy import sparse

        shape = (len(self.sales.people), len(self.sales.items))
        whole = sparse.csr_matrix((self.chance, (self.held.customer, self.held.item)), shape=shape)
        found: Floats = whole[customers].toarray().astype(np.float32)
        return found

    def lists(self, customers: Ints, top: int, mix: str = "best") -> Iterator[Lists]:
        """The lists of these customers (places), a block at a time."""
        for block in self.blocks(customers, top):
            yield block.lists(mix)

    def blocks(self, customers: Ints, top: int) -> Iterator[Block]:
        """These customers (places), a block at a time."""
        for low in range(0, len(customers), BLOCK):
            yield Block(self, customers[low : low + BLOCK], top)


class Block:
    """Some customers and what could stand in their lists; each part is worked out once, however many lists are made of it.

    customers  int64: places · top  products in a list
    """

    def __init__(self, mind: Taught, customers: Ints, top: int) -> None:
        self.mind, self.customers, self.top = mind, customers, top
        self.has, self.may = mind.may(customers)

    @cached_property
    def scores(self) -> Floats:
        """Dense float32 [customers, items]: the model's, without what sells now."""
        return self.mind.model.scores(self.mind.bought[self.customers])

    def lists(self, mix: str = "best", opening: Opening | None = None) -> Lists:
        """The lists; opening: as in `Recipe`, which tells it unless it is given."""
        opens = (opening or self.mind.recipe.opening) if mix == "best" else "again"
        order = {"again": (0,), "new": (1, 2)}.get(mix, {"again": (0, 1, 2), "new": (1, 0, 2)}.get(opens, (1, 2)))
        made: dict[int, tuple[Ints, Floats]] = {}
        for kind in order:
            made[kind] = (self._again, self._mixed if opens == "model" else self._new, self._popular)[kind]()
        item, kind_of, score = _laid(made, order, self.top, mix == "half")
        own = (item >= 0) & np.take_along_axis(self.has, np.maximum(item, 0), axis=1)
        return Lists(self.customers, item, np.where(own, np.int8(0), kind_of), score)

    def best(self, scores: Any, may: Any) -> tuple[Ints, Floats]:
        """The best products by any scores."""
        found: tuple[Ints, Floats] = best_of(scores, may, self.top)
        return found

    @cached_property
    def _trended(self) -> Floats:
        found: Floats = self.scores * self.mind.trend[None, :]
        return found

    @cached_property
    def _parts(self) -> dict[str, tuple[Ints, Floats]]:
        return {}

    def _again(self) -> tuple[Ints, Floats]:
        """What they have, by the chance to be bought again."""
        if "again" not in self._parts:
            self._parts["again"] = self.best(self.mind.chances(self.customers), self.may & self.has)
        return self._parts["again"]

    def _new(self) -> tuple[Ints, Floats]:
        if "new" not in self._parts:
            self._parts["new"] = self.best(self._trended, self.may & ~self.has & (self._trended > 0))
        return self._parts["new"]

    def _mixed(self) -> tuple[Ints, Floats]:
        """What they have and what they have not, by the model."""
        return self.best(self._trended, self.may & (self._trended > 0))

    def _popular(self) -> tuple[Ints, Floats]:
        if "popular" not in self._parts:
            everyone = np.broadcast_to(self.mind.popular.astype(np.float32)[None, :], self.has.shape)
            self._parts["popular"] = self.best(everyone, self.may & ~self.has)
        return self._parts["popular"]


def ground(sales: Sales, day: int, *, catalogue_days: int | None = None, available: tuple[str, ...] = ()) -> Ground:
    """What all orders on days up to `day` tell.

    catalogue_days  products that nobody bought in so many last days are not offered; None: everything is
    available       ids that alone are offered; empty: all
    """
    from scipy import sparse

    held = held_before(sales, day)
    people = len(sales.people)
    ones = np.ones(len(sales.back_item), np.float32)
    blocked = sparse.csr_matrix((ones, (sales.back_customer, sales.back_item)), shape=(people, len(sales.items)))
    return Ground(sales, held, held.matrix(people), _offered(sales, held, catalogue_days, available), blocked)


def taught(known: Ground, recipe: Recipe, model: Modelled | None = None) -> Taught:
    """Lists of that ground by that recipe; `model` of new products, where it has been fitted already."""
    sales, held = known.sales, known.held
    ties = held.buyers / (held.buyers.max(initial=0) + 1.0)
    chance = held.times + ties[held.item]
    if recipe.chances is not None:
        orders = np.bincount(sales.owner[sales.day <= held.day], minlength=len(sales.people))
        chance = recipe.chances.of(features(held, orders))
    made = model or fitted(paired(known.bought), recipe.regularisation)
    return Taught(
        sales, held, known.bought, known.offered, known.blocked,
        recipe, made, trend(held, recipe.trend_days), chance, held.recent[RECENT] + ties,
    )  # fmt: skip


def trend(held: Held, days: int) -> Floats:
    """float32 [items]: customers of the last days by all customers, drawn to 0 where few; 1 everywhere for 0 days."""
    if not days:
        return np.ones(len(held.buyers), np.float32)
    found: Floats = ((held.recent[days] + 0.1) / (held.buyers + 5.0)).astype(np.float32)
    return found


def _offered(sales: Sales, held: Held, days: int | None, available: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """What is in the catalogue: bought by someone of late, and, where a list is given, on it."""
    offered = held.buyers > 0
    if days is not None:
        last = np.full(len(held.buyers), -1, np.int64)
        np.maximum.at(last, held.item, held.last)
        offered &= last > held.day - days
    if available:
        offered &= np.isin(np.array(sales.items.ids, dtype=object), list(available))
    return offered


def _laid(parts: dict[int, tuple[Ints, Floats]], order: tuple[int, ...], top: int, half: bool) -> tuple[Ints, Any, Floats]:
    """The kinds one after another (half: what she has and what is new by turns of half a list), cut at `top`."""
    width = np.arange(top)
    first = (top + 1) // 2
    ranks, kinds = [], []
    for place, kind in enumerate(order):
        mixed = half and kind < 2
        ranks.append(np.where(width < first, width, width + LATER) if mixed else width + (place + 1) * 2 * LATER)
        kinds.append(np.full(top, kind, np.int8))
    item, score = (np.concatenate([parts[kind][side] for kind in order], axis=1) for side in (0, 1))
    of: Any = np.broadcast_to(np.concatenate(kinds), item.shape)
    # what is popular may stand among the new ones already
    twice = (of == 2) & (item[:, :, None] == np.where(of == 2, NOTHING - 1, item)[:, None, :]).any(axis=2)
    empty = (item == NOTHING) | twice
    by = np.argsort(np.where(empty, NEVER, np.concatenate(ranks)), axis=1, kind="stable")[:, :top]
    item, score, of, gone = (np.take_along_axis(rows, by, axis=1) for rows in (item, score, of, empty))
    return np.where(gone, NOTHING, item), np.where(gone, np.int8(-1), of), np.where(gone, np.float32(0), score)
