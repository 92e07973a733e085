"""NBD with silence: the model that is left when the data cannot tell any model of leaving; it always gives an answer.

Assumptions

1. While she is there, a customer buys at random with rate λ; rates differ between customers as Gamma(r, α): the NBD
   (Ehrenberg 1959, "The pattern of consumer purchases", Applied Statistics 8). P(k in t) is negative binomial after having
   seen x in T: r + x in place of r, α + T in place of α.
2. Whether she still is there is not told by a law of leaving: P(alive) is the share of customers alike, in occasions and in
   silence measured by their own rhythm, who came back at an earlier split (silence.py). It is below 1 for everyone.
3. Who left did so in the middle of her silence, on average: r and α maximise Σ P(alive) log L(x | T) + (1 − P(alive)) log
   L(x | (t_x + T) / 2), with L of the NBD up to what no parameter touches, Γ(r + x) / Γ(r) · α^r / (α + T)^(r + x).
4. P(alive) counted who came back within a window as long as that of the earlier split, so leaving within the window is in it.
   Beyond, all leave at the same rate μ, at which as many repeaters would still be there as P(alive) says: over them
   Σ exp(−μT) = Σ P(alive).
5. A new customer leaves at that rate from her first day, and buys meanwhile as new customers did: at Σx / Σ (1 − exp(−μT)) / μ
   a unit, with the same r.

The model knows no seasons and no growth, as none of this room does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, LogLikelihood, maximised
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.silence import Lesson, Silence, learned, unlearned

__all__ = ["NAME", "NAMES", "Empirical", "fitted"]

Numbers = npt.NDArray[np.float64]

NAME = "NBD with silence"
NAMES = ("r", "alpha")
_AT, _WEIGHT = np.polynomial.legendre.leggauss(16)
NODES, WEIGHTS = (_AT + 1) / 2, _WEIGHT / 2


@dataclass(frozen=True)
class Empirical:
    """The fitted fallback; times are in units of `fit.unit_days`.

    fit      what came out of fitting the rates · r, alpha  their parameters
    silence  P(alive) by occasions and silence · mu  rate of leaving beyond the window, a unit
    rate     occasions a unit of a new customer while she is there
    """

    fit: Fit = field(repr=False)
    r: float
    alpha: float
    silence: Silence = field(repr=False)
    mu: float
    rate: float

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at T, [rows]: below 1 for everyone."""
        return self.silence.alive(histories.in_units(self.fit.unit_days))

    def expected(self, histories: Histories, t: float) -> Numbers:
        """Expected occasions in the next t units, [rows]."""
        return self.expected_at(histories, (t,))[:, 0]

    def expected_at(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """Expected occasions up to each of several times, [rows, times]."""
        rows = histories.in_units(self.fit.unit_days)
        rate = self.silence.alive(rows) * (self.r + rows.x) / (self.alpha + rows.T)
        window = self.silence.window
        t = np.asarray(times, np.float64)
        there = np.minimum(t, window) + _there(self.mu, np.maximum(t - window, 0.0))
        return np.asarray(rate[:, None] * there)

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k occasions in the next t units): k = 0 to most - 1, then most or more. [rows, most + 1]"""
        rows = histories.in_units(self.fit.unit_days)
        R, A = np.asarray(self.r + rows.x, np.float64), self.alpha + rows.T
        safe = min(t, self.silence.window)
        found = _leaving(lambda at: _counts(R, A, at, most), safe, t - safe, self.mu)
        alive = self.silence.alive(rows)
        found *= alive[:, None]
        found[:, 0] += 1 - alive
        return found

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Expected repeat occasions of a new customer in her first t units, as many as t."""
        return self.rate * _there(self.mu, np.asarray(t, np.float64))

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """P(k repeat occasions in the first T units), for each T: k = 0 to most - 1, then most or more."""
        t = np.asarray(T, np.float64)
        R, A = np.full(len(t), self.r), np.full(len(t), self.r / self.rate)
        found = np.exp(-self.mu * t)[:, None] * _counts(R, A, t, most)
        for node, weight in zip(NODES, WEIGHTS, strict=True):
            density = weight * t * self.mu * np.exp(-self.mu * node * t)
            found += density[:, None] * _counts(R, A, node * t, most)
        return np.asarray(found / found.sum(axis=1, keepdims=True))


def fitted(histories: Histories, lesson: Lesson | None = None) -> Empirical:
    """Fit the rates, and learn who came back after which silence.

    lesson  what an earlier split tells, in the same units; None: there is none, and P(alive) is what is taken before (p₀)
    """
    now = _rates(histories, np.ones(len(histories))).values
    if lesson is None:
        silence = unlearned(now[0], now[1])
    else:
        then = _rates(lesson.histories, np.ones(len(lesson.histories))).values
        silence = learned(lesson, (then[0], then[1]), (now[0], now[1]))
    alive = silence.alive(histories)
    fit = _rates(histories, alive)
    mu = _rate_of_leaving(histories, alive)
    there = float(histories.customers @ _there(mu, histories.T))
    rate = max(float(histories.customers @ histories.x), 0.5) / max(there, 1.0)
    return Empirical(fit, fit.values[0], fit.values[1], silence, mu, rate)


def _there(mu: float, t: Numbers) -> Numbers:
    """The mean time that one who leaves at a rate is there, of t."""
    return np.asarray(-np.expm1(-mu * t) / mu)


def _rates(histories: Histories, alive: Numbers) -> Fit:
    """The NBD of rates; where customers differ no more than chance, or nobody came back, the mean rate with r = 1."""
    start = (1.0, float(np.average(histories.T, weights=histories.customers)) + 1e-9)
    fit = maximised(NAME, NAMES, start, _loglik(histories, alive), customers=histories.people, unit_days=histories.unit_days)
    if fit.identified:
        return fit
    repeats = max(float(histories.customers @ histories.x), 0.5)
    alpha = max(float(histories.customers @ histories.T), 1.0) / repeats
    return replace(fit, values=(1.0, alpha), errors=(float("nan"),) * 2, covariance=np.zeros((0, 0)))


def _loglik(histories: Histories, alive: Numbers) -> LogLikelihood:
    """Assumption 3, with its gradient; gamma functions are asked once a number of occasions."""
    from scipy.special import digamma, gammaln

    often, place = np.unique(histories.x, return_inverse=True)
    n = histories.customers.astype(np.float64)
    weight = np.bincount(place, n, len(often))
    stay, left = n * alive, n * (1 - alive)
    T, half, x = histories.T, (histories.t_x + histories.T) / 2, histories.x
    total = float(n.sum())

    def loglik(at: Numbers) -> tuple[float, Numbers]:
        r, alpha = np.exp(at)
        watched = stay * np.log(alpha + T) + left * np.log(alpha + half)
        value = weight @ (gammaln(r + often) - gammaln(r)) + total * r * at[1] - float((r + x) @ watched)
        by_r = weight @ (digamma(r + often) - digamma(r)) + total * at[1] - watched.sum()
        by_alpha = total * r / alpha - float((r + x) @ (stay / (alpha + T) + left / (alpha + half)))
        return float(value), np.array([by_r * r, by_alpha * alpha])

    return loglik


def _rate_of_leaving(histories: Histories, alive: Numbers) -> float:
    """μ of assumption 4, by halving."""
    n = np.where(histories.x > 0, histories.customers, 0)
    if not n.any():
        n = histories.customers
    wanted, low, high = float(n @ alive), 1e-9, 1e3
    for _ in range(80):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if float(n @ np.exp(-middle * histories.T)) > wanted else (low, middle)
    return float(np.sqrt(low * high))


def _leaving(counts: Callable[[float], Numbers], safe: float, after: float, mu: float) -> Numbers:
    """Chances of counts when nobody leaves for a while and all leave at a rate afterwards.

    counts  from a time of being there to chances [rows, counts] · safe  until then nobody leaves · after  units that follow
    """
    if after <= 0:
        return counts(safe)
    found = np.exp(-mu * after) * counts(safe + after)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        found += weight * after * mu * np.exp(-mu * node * after) * counts(safe + node * after)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _counts(R: Numbers, A: Numbers, t: Numbers | float, most: int) -> Numbers:
    """The negative binomial of r + x and α + T: k = 0 to most - 1, then most or more. [rows, most + 1]"""
    from scipy.special import gammaln

    k = np.arange(most)
    stay = (A / (A + t))[:, None]
    leave = np.log(np.maximum(1 - stay, 1e-300))
    logs = gammaln(R[:, None] + k) - gammaln(R)[:, None] - gammaln(k + 1) + R[:, None] * np.log(stay)
    found = np.exp(logs + k * leave)
    return np.column_stack([found, np.maximum(1 - found.sum(axis=1), 0.0)])
