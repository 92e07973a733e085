"""EASE: items weighed by one another, in closed form.

H. Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. X is customers × items, 1 where a customer bought
an item. The weights B minimise ‖X − XB‖² + λ‖B‖² (equation 3) with a diagonal of 0 (equation 4), so that an item cannot explain
itself. With P = (XᵀX + λI)⁻¹ they are B_ij = −P_ij / P_jj for i ≠ j (equation 8); customer u's score of item j is X_u B_j
(equation 1).

What it takes: XᵀX holds items² numbers, its inverse items³ operations, whatever the number of customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.errors import UsageError

__all__ = ["MOST_ITEMS", "Ease", "fitted", "gram"]

MOST_ITEMS = 10_000
"""Beyond so many items the matrix does not fit easily (0.8 GB) and its inverse takes most of a minute: use `item_knn`."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ease:
    """The weights of items by one another.

    weights         float32 [items, items], diagonal 0: row i says what having i adds to each item's score
    regularisation  λ
    """

    weights: Floats
    regularisation: float

    def scores(self, bought: Any) -> Floats:
        """float32 [customers, items]: the score of every item, bought or not.

        bought  sparse [customers, items], 1 where bought: a block of customers, as the answer is dense
        """
        found: Floats = np.asarray(bought @ self.weights, dtype=np.float32)
        return found

    def between(self, had: npt.NDArray[Any], item: int) -> Floats:
        """float32 [had]: what each of the items that a customer has adds to the score of `item`."""
        found: Floats = self.weights[had, item]
        return found


def gram(bought: Any) -> npt.NDArray[np.float64]:
    """XᵀX, float64 [items, items]: how many customers bought each two items; on the diagonal each item's customers."""
    found: npt.NDArray[np.float64] = np.asarray((bought.T @ bought).todense(), dtype=np.float64)
    return found


def fitted(together: npt.NDArray[np.float64], regularisation: float) -> Ease:
    """EASE of customers' items (equation 8).

    together        XᵀX as `gram` gives it
    regularisation  λ > 0; UsageError otherwise
    The matrix is positive definite: Cholesky takes half of what a general inverse does.
    """
    from scipy.linalg import lapack

    if regularisation <= 0:
        raise UsageError(f"the regularisation cannot be {regularisation}", "give a number above 0, such as 200")
    size = len(together)
    if not size:
        return Ease(np.zeros((0, 0), np.float32), regularisation)
    shifted = np.array(together, np.float64, order="F")
    shifted[np.diag_indices(size)] += regularisation
    factor, _ = lapack.dpotrf(shifted, lower=1, overwrite_a=1)
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(inverse)
    whole = lower + np.tril(lower, -1).T
    weights = (-whole / np.diag(whole)[None, :]).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return Ease(weights, regularisation)
