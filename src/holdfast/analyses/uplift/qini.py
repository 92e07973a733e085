"""The Qini curve and its coefficient, with a bootstrap over customers.

Radcliffe (2007), Using control groups to target on predicted lift. With customers in order of their score, of the first share φ
of all heads N (mailed and control together) let n_t, n_c be the mailed and the control customers and y_t, y_c what they did.

    u(φ) = y_t − y_c · n_t / n_c            what the mailing added among the mailed of that share
    Q    = 1/N · ∫₀¹ (u(φ) − φ · u(1)) dφ   the area between the curve and the random line, per head

Customers of equal score are taken together: the curve is straight between the ends of such groups, so that their order does not
matter. Where a share has no control customer yet, y_c · n_t / n_c counts as 0. Times 1,000: "Qini × 1,000 per head".
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Ranking", "qini", "qini_curve", "qini_draws"]

DRAWN_AT_ONCE = 40_000_000
"""Numbers of the bootstrap that stand in memory at a time, a byte each."""

SIDE_BY_SIDE = 128
"""Draws that are worked out together; their sums fit into the processor's nearest memory."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """Customers in the order of a score, best first.

    order   int64 [customers]: their places · ends  uint8: 1 at the last of a group of equal scores
    mailed  uint8: 1 for mailed, 0 for control · values  float64: the outcome; both in the order of the score
    """

    order: npt.NDArray[np.int64]
    ends: npt.NDArray[np.uint8]
    mailed: npt.NDArray[np.uint8]
    values: Floats

    @staticmethod
    def of(score: Floats, mailed: npt.NDArray[Any], values: Floats) -> Ranking:
        """The ranking by a score, each argument [customers]."""
        order = np.argsort(-score, kind="stable")
        ends = np.ones(len(order), np.uint8)
        ends[:-1] = np.diff(score[order]) != 0
        return Ranking(order, ends, mailed[order].astype(np.uint8), values[order].astype(np.float64))


def qini(ranking: Ranking) -> float:
    """The Qini coefficient Q per head (not times 1,000)."""
    ones = np.ones((len(ranking.order), 1), np.uint8)
    return float(_areas(ranking.order, ranking.ends, ranking.mailed, ranking.values, ones)[0])


def qini_curve(ranking: Ranking) -> tuple[Floats, Floats]:
    """The curve from (0, 0): shares of all heads, and u per head, at the ends of the groups of equal scores."""
    mailed, values = ranking.mailed.astype(np.float64), ranking.values
    ends = np.flatnonzero(ranking.ends)
    n_t, n_c = np.cumsum(mailed)[ends], np.cumsum(1 - mailed)[ends]
    y_t, y_c = np.cumsum(values * mailed)[ends], np.cumsum(values * (1 - mailed))[ends]
    gain = y_t - np.where(n_c > 0, y_c * n_t / np.maximum(n_c, 1), 0.0)
    size = len(mailed)
    return np.concatenate([[0.0], (ends + 1) / size]), np.concatenate([[0.0], gain / size])


def qini_draws(rankings: Sequence[Ranking], draws: int, seed: int) -> Floats:
    """The coefficients of customers drawn anew with replacement, the same draws for every ranking: float64 [rankings, draws].

    rankings  of the same customers · seed  of the draws
    """
    size, random = len(rankings[0].order), np.random.default_rng(seed)
    at_once = max(1, min(draws, DRAWN_AT_ONCE // max(size, 1)))
    parts = []
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, draws, at_once):
            counts = np.stack([_drawn(random, size) for _ in range(min(at_once, draws - start))], axis=1)
            found = pool.map(lambda one, counts=counts: _areas(one.order, one.ends, one.mailed, one.values, counts), rankings)
            parts.append(np.stack(list(found)))
    return np.concatenate(parts, axis=1)


def _drawn(random: np.random.Generator, size: int) -> npt.NDArray[np.uint8]:
    return np.minimum(np.bincount(random.integers(0, size, size), minlength=size), 255).astype(np.uint8)


@njit(cache=True, nogil=True, error_model="numpy")
def _areas(order: Any, ends: Any, mailed: Any, values: Any, counts: Any) -> Any:
    """Q of each column of counts: how often each customer was drawn, uint8 [customers, draws]."""
    out = np.zeros(counts.shape[1], np.float64)
    for start in range(0, len(out), SIDE_BY_SIDE):
        end = min(start + SIDE_BY_SIDE, len(out))
        _areas_of(order, ends, mailed, values, counts[:, start:end], out[start:end])
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _areas_of(order: Any, ends: Any, mailed: Any, values: Any, counts: Any, out: Any) -> None:
    """A few draws side by side: each step is the same for all of them, which processors do four at a time."""
    width = len(out)
    n_t, n_c, y_t, y_c = np.zeros(width), np.zeros(width), np.zeros(width), np.zeros(width)
    before, gain, area = np.zeros(width), np.zeros(width), np.zeros(width)
    for i in range(len(order)):
        drawn, value = counts[order[i]], values[i]
        heads, done = (n_t, y_t) if mailed[i] == 1 else (n_c, y_c)
        for k in range(width):
            heads[k] += drawn[k]
            done[k] += drawn[k] * value
        if ends[i] == 1:
            for k in range(width):
                now = y_t[k] - y_c[k] * n_t[k] / max(n_c[k], 1.0)
                area[k] += (gain[k] + now) / 2 * (n_t[k] + n_c[k] - before[k])
                before[k], gain[k] = n_t[k] + n_c[k], now
    for k in range(width):
        out[k] = (area[k] / before[k] - gain[k] / 2) / before[k] if before[k] > 0 else 0.0
