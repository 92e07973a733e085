"""The chance that a customer buys a product again within the next days, learned from the shop's own past.

A logistic regression over pairs of customer and product, told on one day, judged by what was bought in the days after it:
how often she bought it, how long ago, how that stands to its rhythm (1: due), how many customers come again for this product,
how it sells now, and how often she orders at all. A small ridge keeps it finite where nothing varies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.recommend.held import Held

__all__ = ["LEAST", "Chances", "features", "learned"]

LEAST = 100
"""Pairs bought again, and pairs not, that the regression needs; with fewer, how often a customer bought a product decides."""

RIDGE = 1.0
STEPS = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chances:
    """What was learned.

    weights  float64 [features + 1]: of the standardised features, the constant last
    middle, spread  float64 [features]
    pairs, bought   how many pairs it rests on, and how many of them were bought again
    """

    weights: Floats
    middle: Floats
    spread: Floats
    pairs: int
    bought: int

    def of(self, told: Floats) -> Floats:
        """The chance of each pair, 0 to 1; told: as `features` gives it."""
        chances: Floats = 1 / (1 + np.exp(-_lined((told - self.middle) / self.spread) @ self.weights))
        return chances


def features(held: Held, orders: npt.NDArray[np.int64]) -> Floats:
    """float64 [pairs, features]; orders: int64 [customers], how many orders each customer has."""
    since = (held.day - held.last).astype(np.float64)
    late = np.log((since + 7) / (held.wait + 7))
    sold = held.buyers[held.item]
    columns = [
        *(np.log(held.times), np.log1p(since), np.log1p(since) ** 2, late, np.log(held.again[held.item] + 0.001)),
        *(np.log1p(lately[held.item]) for lately in held.recent.values()),
        *(np.log1p(sold), np.log1p(orders[held.customer])),
    ]
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def learned(told: Floats, bought: npt.NDArray[np.bool_]) -> Chances | None:
    """The regression; None with fewer than LEAST pairs bought again or not.

    told    float64 [pairs, features] · bought  bool [pairs]: whether it was bought in the days after
    """
    hits = int(np.count_nonzero(bought))
    if min(hits, len(bought) - hits) < LEAST:
        return None
    middle, spread = told.mean(axis=0), told.std(axis=0)
    spread[spread == 0] = 1.0
    lined = _lined((told - middle) / spread)
    weights = np.zeros(lined.shape[1])
    ridge = np.full(lined.shape[1], RIDGE)
    ridge[-1] = 0.0
    weights[-1] = np.log(hits / (len(bought) - hits))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-lined @ weights))
        slope = lined.T @ (chance - bought) + ridge * weights
        bend = (lined * (chance * (1 - chance))[:, None]).T @ lined + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return Chances(weights, middle, spread, len(bought), hits)


def _lined(standard: Floats) -> Floats:
    return np.column_stack([standard, np.ones(len(standard))])
