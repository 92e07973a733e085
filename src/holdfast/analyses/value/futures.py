"""How differently the future of one customer may turn out: the interval of her own value, and its variance.

Her orders over the horizon are taken as the model of buying has them, P(k), and the total S of k orders as the model of values
has it, having seen hers: S / (S + ρ) is Beta(p k, Q) (paying.py). So

    P(S ≤ s) = P(0) + Σ P(k) · I(y; p k, Q),   y = s / (s + ρ), I the regularised incomplete beta function

and the quantile of y is the same for all customers with the same history. Discounting scales S by the mean discount of an
order, discounted / expected: when within the horizon her orders fall spreads little beside how many they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories
from holdfast.analyses.value.quantiles import mixture_quantile

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying

__all__ = ["INSIDE", "futures", "moments", "picked", "value_bounds"]

Numbers = npt.NDArray[np.float64]

INSIDE = 0.9
"""How surely a customer's own value lies inside her interval."""

MOST = 8_192
"""Orders counted one by one in a horizon; more are taken for so many."""

CELLS = 1 << 19
"""Numbers held at once by a thread: rows by orders."""


def picked(histories: Histories, rows: npt.NDArray[Any]) -> Histories:
    """Some rows of histories, each as one customer."""
    some = len(rows)
    return Histories(
        histories.x[rows], histories.t_x[rows], histories.T[rows], np.ones(some, np.int64), np.arange(some), histories.unit_days
    )


def futures(buying: Buying, histories: Histories, t: float) -> Iterator[tuple[npt.NDArray[Any], Numbers]]:
    """P(k orders in the next t units), rows of about as many orders at a time: (rows, chances [rows, most + 1])."""
    for part, most in _parts(buying, histories, t):
        yield part, buying.chances(picked(histories, part), t, most)


def _parts(buying: Buying, histories: Histories, t: float) -> Iterator[tuple[npt.NDArray[Any], int]]:
    """Rows, and how many orders are counted one by one for them."""
    expected, alive = buying.expected(histories, t), buying.alive(histories)
    here = expected / np.maximum(alive, 1e-9)
    spread = np.sqrt(here + here * here / np.maximum(histories.x, 0.25))
    most = np.clip(2 ** np.ceil(np.log2(np.maximum(here + 8 * spread, 8))), 16, MOST).astype(np.int64)
    for size in np.unique(most):
        rows = np.flatnonzero(most == size)
        for part in np.array_split(rows, -(-len(rows) * int(size + 1) // CELLS)):
            yield part, int(size)


def moments(buying: Buying, histories: Histories, t: float) -> tuple[Numbers, Numbers]:
    """Mean and mean square of the number of orders in the next t units, [rows]."""
    first, second = np.zeros(len(histories)), np.zeros(len(histories))
    for rows, chances in futures(buying, histories, t):
        k = np.arange(chances.shape[1], dtype=np.float64)
        first[rows], second[rows] = chances @ k, chances @ (k * k)
    return first, second


def value_bounds(buying: Buying, p: float, shape: Numbers, histories: Histories, t: float) -> tuple[Numbers, Numbers]:
    """The bounds of S / ρ within which 90 % of a customer's futures lie, [rows].

    p, shape  the law of values: S / ρ of k orders is beta-prime(p k, shape); shape float64 [rows]
    Where nothing at all is likely enough (5 % or more) the interval begins at 0 and leaves out 10 % above; else 5 % on
    either side.
    """
    low, high = np.zeros(len(histories)), np.zeros(len(histories))

    def laid(part: tuple[npt.NDArray[Any], int]) -> None:
        rows, most = part
        chances = buying.chances(picked(histories, rows), t, most)
        tail = np.where(chances[:, 0] >= (1 - INSIDE) / 2, 0.0, (1 - INSIDE) / 2)
        above = np.where(tail > 0, 1 - (1 - INSIDE) / 2, INSIDE)
        low[rows] = _quantile(chances, p, shape[rows], tail)
        high[rows] = _quantile(chances, p, shape[rows], above)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(laid, _parts(buying, histories, t)))
    return low, high


def _quantile(chances: Numbers, p: float, shape: Numbers, share: Numbers) -> Numbers:
    """S / ρ that is not exceeded with this probability; 0 where no order at all is at least as likely."""
    out = np.zeros(len(chances))
    some = np.flatnonzero(share > chances[:, 0])
    if len(some):
        y = mixture_quantile(chances[some, 1:], p, shape[some], share[some] - chances[some, 0])
        out[some] = y / (1 - y)
    return out
