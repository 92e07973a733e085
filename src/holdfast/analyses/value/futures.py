"""How differently the future of one customer may turn out: the interval of her own value, and its variance.

Her orders over the horizon are taken as the model of buying has them, P(k), and the total S of k orders as the model of values
has it, having seen hers: S / (S + ρ) is Beta(p k, Q) (paying.py). So

    P(S ≤ s) = P(0) + Σ P(k) · I(y; p k, Q),   y = s / (s + ρ), I the regularised incomplete beta function

and the quantile of y is the same for all customers with the same history. Discounting scales S by the mean discount of an
order, discounted / expected: when within the horizon her orders fall spreads little beside how many they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories

if TYPE_CHECKING:
    from holdfast.analyses.models.buying import Buying

__all__ = ["INSIDE", "futures", "moments", "picked", "value_bounds"]

Numbers = npt.NDArray[np.float64]

INSIDE = 0.9
"""How surely a customer's own value lies inside her interval."""

MOST = 8_192
"""Orders counted one by one in a horizon; more are taken for so many."""

CELLS = 1 << 20
"""Numbers held at once: rows by orders."""

NEWTON = 60
"""Steps of a search; it ends when nothing moves any more."""


def picked(histories: Histories, rows: npt.NDArray[Any]) -> Histories:
    """Some rows of histories, each as one customer."""
    some = len(rows)
    return Histories(
        histories.x[rows], histories.t_x[rows], histories.T[rows], np.ones(some, np.int64), np.arange(some), histories.unit_days
    )


def futures(buying: Buying, histories: Histories, t: float) -> Iterator[tuple[npt.NDArray[Any], Numbers]]:
    """P(k orders in the next t units), rows of about as many orders at a time: (rows, chances [rows, most + 1])."""
    expected, alive = buying.expected(histories, t), buying.alive(histories)
    here = expected / np.maximum(alive, 1e-9)
    spread = np.sqrt(here + here * here / np.maximum(histories.x, 0.25))
    most = np.clip(2 ** np.ceil(np.log2(np.maximum(here + 8 * spread, 8))), 16, MOST).astype(np.int64)
    for size in np.unique(most):
        rows = np.flatnonzero(most == size)
        for part in np.array_split(rows, -(-len(rows) * int(size + 1) // CELLS)):
            yield part, buying.chances(picked(histories, part), t, int(size))


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
    for rows, chances in futures(buying, histories, t):
        tail = np.where(chances[:, 0] >= (1 - INSIDE) / 2, 0.0, (1 - INSIDE) / 2)
        above = np.where(tail > 0, 1 - (1 - INSIDE) / 2, INSIDE)
        low[rows] = _quantile(chances, p, shape[rows], tail)
        high[rows] = _quantile(chances, p, shape[rows], above)
    return low, high


def _quantile(chances: Numbers, p: float, shape: Numbers, share: Numbers) -> Numbers:
    """S / ρ that is not exceeded with this probability; 0 where no order at all is at least as likely."""
    out = np.zeros(len(chances))
    some = np.flatnonzero(share > chances[:, 0])
    if len(some):
        y = _solved(chances[some, 1:], p, shape[some], share[some] - chances[some, 0])
        out[some] = y / (1 - y)
    return out


def _solved(weights: Numbers, p: float, shape: Numbers, wanted: Numbers) -> Numbers:
    """y with Σ weights · I(y; p k, shape) = wanted: Newton's steps in log(y / (1 - y)), kept between bounds by halving."""
    from scipy.special import betainc, betaln

    own = p * np.arange(1, weights.shape[1] + 1)
    log_beta = betaln(own, shape[:, None])
    low, high = np.full(len(weights), -60.0), np.full(len(weights), 35.0)
    k = np.arange(1, weights.shape[1] + 1)
    middle = np.maximum((weights @ k) / np.maximum(weights.sum(axis=1), 1e-300), 1)
    at = np.clip(np.log(p * middle / shape), low, high)
    open_rows = np.arange(len(weights))
    for _ in range(NEWTON):
        u = at[open_rows]
        y = 1 / (1 + np.exp(-u))
        log_y, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
        part, rows = weights[open_rows], open_rows
        over = (part * betainc(own, shape[rows, None], y[:, None])).sum(axis=1) - wanted[rows]
        slope = (part * np.exp(own * log_y[:, None] + (shape[rows] * log_rest)[:, None] - log_beta[rows])).sum(axis=1)
        high[rows], low[rows] = np.where(over > 0, u, high[rows]), np.where(over > 0, low[rows], u)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = u - over / slope
        inside = np.isfinite(step) & (step > low[rows]) & (step < high[rows])
        at[rows] = np.where(inside, step, (low[rows] + high[rows]) / 2)
        moving = np.abs(at[rows] - u) > 1e-9
        open_rows = rows[moving]
        if not len(open_rows):
            break
    return np.asarray(1 / (1 + np.exp(-at)))
