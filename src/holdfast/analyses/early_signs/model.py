"""The model of early signs: what is known of all customers before one is judged, and which alarms are raised.

The prior of customers' rates, Gamma(r, α), is found by the moments of the NBD with unequal times of watching:

    λ̄ = Σx / ΣT        v = (Σ(x − λ̄T)² − φ Σx) / ΣT²        r = λ̄² / v        α = λ̄ / v

with x active days after the first in T days. Sources: Gelman and others, Bayesian Data Analysis, 2.6 and 5.1 (empirical Bayes
by moments); Ehrenberg (1959), The Pattern of Consumer Purchases; Benjamini and Hochberg (1995) for the choice of alarms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.early_signs.loops import MICRO, MOST_REGULAR
from holdfast.analyses.statistics import Z95, normal_p

__all__ = ["Control", "Cuts", "Habits", "chosen_cut", "fitted", "ratio_bounds"]

Control = Literal["each", "fdr"]
MOST_ALIKE = 1_000.0
"""The prior's r where customers differ no more than chance makes them."""

CHANCE_GAPS = 10
"""Waits of pure chance (φ = 1) that the shop's irregularity is mixed with."""


@dataclass(frozen=True)
class Habits:
    """The prior and the rules by which a customer is judged; it travels with a step.

    r, alpha   the Gamma prior of active days a day · phi  the shop's irregularity of waits, 1 for pure chance
    end        day index of the last counted day · gone  silent days above which a customer is gone already
    fixed      days of the window for everyone; 0: each customer's own · intervals  active days to be expected in an own window
    level      alarms are not looked for above this p
    n          customers the prior was learned from
    """

    r: float
    alpha: float
    phi: float
    end: int
    gone: int
    fixed: int
    intervals: float
    level: float
    n: int = 0


@dataclass(frozen=True)
class Cuts:
    """The p at or below which a customer is falling, or rising; negative: nobody."""

    falling: float
    rising: float


def fitted(sums: npt.NDArray[np.int64], **rules: Any) -> Habits:
    """The habits of the sums of `early_loops.habit_moments`; where there is nothing to learn from, one active day in 30.

    rules  the other fields of `Habits`
    """
    n, x, span, x2, x_span, span2, uneven, waits = (int(value) for value in sums)
    phi = (uneven / MICRO + CHANCE_GAPS) / (waits + CHANCE_GAPS)
    if x == 0:
        return Habits(1.0, 30.0, phi, n=n, **rules)
    mean = x / span
    spread = (x2 - 2 * mean * x_span + mean * mean * span2 - phi * x) / span2
    r = min(mean * mean / spread, MOST_ALIKE) if spread > 0 else MOST_ALIKE
    return Habits(r, r / mean, phi, n=n, **rules)


def chosen_cut(p: npt.NDArray[Any], tested: int, level: float, control: Control) -> float:
    """The largest p that raises an alarm, -1 where none does.

    p        those at or below the level, in any order · tested  how many were looked at in all
    control  "each": every p at or below the level; "fdr": so that of the alarms at most that share is false in the long run
    """
    if control == "each":
        return level
    ordered = np.sort(p.astype(np.float64))
    passed = np.flatnonzero(ordered * tested <= level * np.arange(1, len(ordered) + 1))
    return float(ordered[passed[-1]]) if len(passed) else -1.0


def ratio_bounds(habits: Habits, x: int, span: int, window: int, k: int, phi: float) -> tuple[float, float]:
    """The 95 % credible interval of now by before: the rate in the window by the rate of the habit.

    With the habit's rate Gamma(R, A) and Jeffreys' prior ρ^−½ on the ratio ρ, ρw / (A + ρw) is Beta(sk + ½, R − ½). The bounds
    are widened where need be to hold the plain ratio of the two counts; without a day in the window the lower one is 0.
    """
    s = min(math.floor(1 / phi), MOST_REGULAR) if phi <= 1 else 1 / phi
    size, before = habits.r + s * x, habits.alpha / s + span
    now, rest = s * k + 0.5, max(size - 0.5, 0.01)
    tail = normal_p(Z95) / 2
    low, high = (_beta_quantile(now, rest, share) for share in (tail, 1 - tail))
    bounds = [before / window * u / (1 - u) for u in (low, high)]
    plain = (k / window) / (x / span) if x else bounds[1]
    return (0.0 if k == 0 else min(bounds[0], plain)), max(bounds[1], plain)


@njit(cache=True, nogil=True)
def _beta_quantile(a: float, b: float, share: float) -> float:
    """By halving: the incomplete beta rises."""
    low, high = 0.0, 1.0 - 1e-15
    for _ in range(60):
        middle = (low + high) / 2
        if _beta_share(a, b, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@njit(cache=True, nogil=True)
def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Numerical Recipes 6.4; Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x))
    if x >= (a + 1) / (a + b + 2):
        return 1 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


@njit(cache=True, nogil=True)
def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    h = d
    for m in range(1, 10_000):
        for odd in range(2):
            if odd == 0:
                term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            else:
                term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 + term * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + term / c
            c = c if abs(c) > tiny else tiny
            h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return h
