"""EASE: items weighed by one another, in closed form.

H. Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. X is customers × items, 1 where she bought an
item. The weights B minimise ‖X − XB‖² + λ‖B‖² (equation 3) with a diagonal of 0 (equation 4), so that an item cannot explain
itself. With P = (XᵀX + λI)⁻¹ they are B_ij = −P_ij / P_jj for i ≠ j (equation 8); customer u's score of item j is X_u B_j
(equation 1).

What it takes: XᵀX holds items² numbers, its inverse items³ operations, whatever the number of customers.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.threads import one_thread
from holdfast.errors import UsageError

__all__ = ["MOST_ITEMS", "Ease", "fitted", "gram"]

MOST_ITEMS = 10_000
"""Beyond so many items the matrix does not fit easily (0.8 GB) and its inverse takes most of a minute: use `item_knn`."""

SINGLE = 10_000.0
"""Up to this ratio of the greatest to the least eigenvalue single precision keeps four digits of every weight."""

BLOCK = 256

ALONE = 4_000
"""Up to so many items a fit takes about a second of one thread; on a busy machine threads wait for one another for longer."""

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
    if regularisation <= 0:
        raise UsageError(f"the regularisation cannot be {regularisation}", "give a number above 0, such as 200")
    size = len(together)
    if not size:
        return Ease(np.zeros((0, 0), np.float32), regularisation)
    with one_thread("searches") if size <= ALONE else nullcontext():
        inverse = _inverse(together, regularisation)
    np.divide(inverse, -np.diag(inverse).copy()[None, :], out=inverse)
    np.fill_diagonal(inverse, 0)
    return Ease(np.ascontiguousarray(inverse, np.float32), regularisation)


def _inverse(together: npt.NDArray[np.float64], regularisation: float) -> npt.NDArray[Any]:
    """(XᵀX + λI)⁻¹; in single precision, twice as fast, where the matrix is tame enough for it.

    No eigenvalue passes the greatest row sum (Gershgorin), none is below λ: their ratio bounds what rounding can do.
    """
    from scipy.linalg import lapack

    tame = float(together.sum(axis=1).max()) <= SINGLE * regularisation
    shifted: Any = np.array(together, np.float32 if tame else np.float64, order="F")
    np.fill_diagonal(shifted, shifted.diagonal() + regularisation)
    factor, _ = (lapack.spotrf if tame else lapack.dpotrf)(shifted, lower=1, clean=0, overwrite_a=1)
    whole, _ = (lapack.spotri if tame else lapack.dpotri)(factor, lower=1, overwrite_c=1)
    for low in range(0, len(whole), BLOCK):
        high = low + BLOCK
        square = np.tril(whole[low:high, low:high])
        whole[low:high, low:high] = square + np.tril(square, -1).T
        whole[low:high, high:] = whole[high:, low:high].T
    found: npt.NDArray[Any] = whole
    return found
