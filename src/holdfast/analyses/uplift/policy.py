"""What each rule of mailing earns, against mailing everyone and mailing nobody.

With w = 1 for the mailed, p₁ and p₀ the shares of both arms, y the outcome and c̄ = p₀ ȳ₁ + p₁ ȳ₀, each customer's own part in
the effect is

    z = (y − c̄) (w / p₁ − (1 − w) / p₀)         whose mean is ȳ₁ − ȳ₀, with the variance of Welch's difference

so that a rule which mails those with π = 1 earns, per head, the mean of π (m z − cost), with m the money of one unit of the
outcome times the margin (the weighting of Horvitz and Thompson, 1952; see Hitsch, Misra and Zhang, 2024, Quantitative Marketing
and Economics 22). Against everyone it earns the mean of (1 − π)(cost − m z).

The cut of a rule is the share that earned most on the *other* folds, by the rank of the score within each fold, and is then
used on the fold held back: nobody's own outcome chooses whether she is mailed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import Z95, normal_p

__all__ = ["Earning", "earned", "effect_parts", "rule_of", "within_fold"]

CUTS = np.linspace(0, 1, 21)
"""The shares that a rule may mail: every 5 %, nobody and everyone among them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Earning:
    """Money per head with its 95 % interval, and the one-sided p of earning nothing."""

    net: float
    low: float
    high: float
    p: float


def effect_parts(mailed: npt.NDArray[np.bool_], y: Floats) -> Floats:
    """Each customer's part z in the effect."""
    p = float(mailed.mean())
    middle = (1 - p) * y[mailed].mean() + p * y[~mailed].mean()
    return np.asarray((y - middle) * np.where(mailed, 1 / p, -1 / (1 - p)))


def earned(parts: Floats) -> Earning:
    """What is earned per head when each customer's part in it is known: the mean, its interval, P(no gain)."""
    net = float(parts.mean())
    error = float(parts.std(ddof=1)) / math.sqrt(len(parts))
    if error == 0:
        return Earning(net, net, net, 0.0 if net > 0 else 1.0)
    two_sided = normal_p(net / error)
    return Earning(net, net - Z95 * error, net + Z95 * error, two_sided / 2 if net > 0 else 1 - two_sided / 2)


def within_fold(score: Floats, fold: npt.NDArray[np.int64]) -> Floats:
    """The rank of each score within its fold, from just above 0 for the highest to just below 1; equal scores share the mean.

    Models of different folds need not agree on the level of the score, only on the order.
    """
    out = np.empty(len(score))
    for held in range(int(fold.max()) + 1):
        places = np.flatnonzero(fold == held)
        _, same, counts = np.unique(-score[places], return_inverse=True, return_counts=True)
        out[places] = ((np.cumsum(counts) - counts / 2) / len(places))[same]
    return out


def rule_of(rank: Floats, fold: npt.NDArray[np.int64], gains: Floats) -> npt.NDArray[np.bool_]:
    """Whom the rule mails: for each fold the cut that earned most on the others; of equal cuts the larger one.

    rank  of the score within its fold · gains  m z − cost of each customer
    """
    chosen = np.zeros(len(rank), np.bool_)
    bins = np.searchsorted(CUTS, rank, side="left")
    for held in range(int(fold.max()) + 1):
        others, own = fold != held, fold == held
        sums = np.cumsum(np.bincount(bins[others], gains[others], len(CUTS)))
        best = len(CUTS) - 1 - int(np.argmax(sums[::-1]))
        chosen[own] = bins[own] <= best
    return chosen
