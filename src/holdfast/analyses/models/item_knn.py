"""Item neighbours: what is bought by the same customers, for any number of items.

B. Sarwar, G. Karypis, J. Konstan and J. Riedl (2001), Item-Based Collaborative Filtering Recommendation Algorithms, WWW10. Two
items are alike by who bought both, n_ij, against those who bought either: cosine n_ij / √(n_i n_j) (section 3.1.1)
or Jaccard n_ij / (n_i + n_j − n_ij). Each item keeps its most alike neighbours; customer u's score of item j is the sum of the
likeness of j to what she has (section 3.2.1, without the division, which favours items with a single neighbour). A likeness
that few customers tell is drawn towards 0 by n_ij / (n_ij + shrinkage).

What it takes: the pairs of items that some customer has in common, never items² numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = ["ItemKnn", "Measure", "fitted"]

Measure = Literal["cosine", "jaccard"]
BLOCK = 1_000
NEIGHBOURS = 50
SHRINKAGE = 20.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ItemKnn:
    """The likeness of items.

    alike       sparse float32 [items, items], diagonal 0; column j holds the neighbours of item j
    neighbours  how many each item keeps
    """

    alike: Any
    neighbours: int

    def scores(self, bought: Any) -> Floats:
        """float32 [customers, items]: the score of every item, bought or not; `bought` as in `Ease.scores`."""
        found: Floats = np.asarray((bought @ self.alike).todense(), dtype=np.float32)
        return found

    def between(self, had: npt.NDArray[Any], item: int) -> Floats:
        """float32 [had]: what each of the items that a customer has adds to the score of `item`."""
        found: Floats = np.asarray(self.alike[:, [item]].todense(), dtype=np.float32).ravel()[had]
        return found


def fitted(bought: Any, neighbours: int = NEIGHBOURS, measure: Measure = "cosine", shrinkage: float = SHRINKAGE) -> ItemKnn:
    """The likeness of the items of customers.

    bought      sparse [customers, items], 1 where bought
    neighbours  the most alike that each item keeps, 1 or more
    shrinkage   common customers at which a likeness counts half; 0: none is drawn to 0
    UsageError for an unknown measure or numbers below those.
    """
    from scipy import sparse

    if measure not in get_args(Measure):
        raise UsageError(f"measure cannot be {measure!r}", f"choose one of {', '.join(get_args(Measure))}")
    if neighbours < 1 or shrinkage < 0:
        raise UsageError("neighbours must be 1 or more, shrinkage 0 or more", "such as neighbours=50, shrinkage=20")
    columns = sparse.csc_matrix(bought, dtype=np.float64)
    sizes = np.asarray(columns.sum(axis=0)).ravel()
    parts = [
        _kept(columns.T @ columns[:, low : low + BLOCK], sizes, low, neighbours, measure, shrinkage)
        for low in range(0, columns.shape[1], BLOCK)
    ]
    size = columns.shape[1]
    alike = sparse.hstack(parts, format="csc") if parts else sparse.csc_matrix((size, size))
    return ItemKnn(sparse.csr_matrix(alike, dtype=np.float32), neighbours)


def _kept(common: Any, sizes: npt.NDArray[np.float64], low: int, neighbours: int, measure: str, shrinkage: float) -> Any:
    """The neighbours of a block of items from column `low` on: sparse [items, block]."""
    from scipy import sparse

    pairs = sparse.coo_matrix(common)
    row, column, both = pairs.row, pairs.col, pairs.data
    other = row != column + low
    row, column, both = row[other], column[other], both[other]
    one, two = sizes[row], sizes[column + low]
    like = both / (np.sqrt(one * two) if measure == "cosine" else one + two - both)
    like *= both / (both + shrinkage)
    order = np.lexsort((row, -like, column))
    row, column, like = row[order], column[order], like[order]
    begin = np.searchsorted(column, np.arange(common.shape[1]))
    near = np.arange(len(column)) - begin[column] < neighbours
    return sparse.csc_matrix((like[near], (row[near], column[near])), shape=common.shape)
