"""The model of new products, fitted to the products that enough customers know.

EASE takes the cube of the number of products, and a product of a handful of customers teaches it nothing: leaving out those of
fewer than twenty customers, where there are more than a thousand products, takes a fifth of the time and no recall (measured on
Online Retail: .110 with all 3,528 products, .110 with 2,077). What is left out is offered as popular alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models import ease, item_knn

__all__ = ["ALWAYS", "KNOWN_BY", "Modelled", "Pairs", "fitted", "paired"]

KNOWN_BY, ALWAYS = 20, 1_000
"""Customers that a product needs to be in the model, and the products of most customers that are in it anyway."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """What models are fitted to.

    codes   int64: the products, ascending · items  how many products there are in all
    bought  sparse [customers, codes] · together  XᵀX; None where there are too many products for EASE
    """

    codes: Ints
    items: int
    bought: Any
    together: npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Modelled:
    """A model of some of the products.

    codes  int64: the products it knows, ascending · items  how many there are · model  of the products in `codes`
    """

    codes: Ints
    items: int
    model: ease.Ease | item_knn.ItemKnn

    def scores(self, bought: Any) -> Floats:
        """float32 [customers, items]: the score of every product, 0 for those that the model does not know."""
        if len(self.codes) == self.items:
            return self.model.scores(bought)
        found = np.zeros((bought.shape[0], self.items), np.float32)
        found[:, self.codes] = self.model.scores(bought[:, self.codes])
        return found

    def between(self, had: npt.NDArray[Any], item: int) -> Floats:
        """float32 [had]: what each of the products that a customer has adds to the score of `item`."""
        found = np.zeros(len(had), np.float32)
        if not len(self.codes):
            return found
        at = np.minimum(np.searchsorted(self.codes, had), len(self.codes) - 1)
        known = self.codes[at] == had
        to = int(np.searchsorted(self.codes, item))
        if to < len(self.codes) and self.codes[to] == item:
            found[known] = self.model.between(at[known], to)
        return found


def paired(bought: Any) -> Pairs:
    """The products that a model is fitted to; bought: sparse [customers, items], 1 where bought."""
    buyers = np.asarray((bought > 0).sum(axis=0)).ravel().astype(np.int64)
    most = np.lexsort((np.arange(len(buyers)), -buyers))[:ALWAYS]
    known = buyers >= KNOWN_BY
    known[most] = True
    codes = np.flatnonzero(known).astype(np.int64)
    part = bought if len(codes) == len(buyers) else bought[:, codes]
    return Pairs(codes, len(buyers), part, None if len(codes) > ease.MOST_ITEMS else ease.gram(part))


def fitted(pairs: Pairs, regularisation: float | None) -> Modelled:
    """EASE of that regularisation; neighbours without one, or where there are too many products."""
    model: ease.Ease | item_knn.ItemKnn
    if regularisation is None or pairs.together is None:
        model = item_knn.fitted(pairs.bought)
    else:
        model = ease.fitted(pairs.together, regularisation)
    return Modelled(pairs.codes, pairs.items, model)
