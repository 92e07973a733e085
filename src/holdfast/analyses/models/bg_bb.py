"""BG/BB: who buys at most once an opportunity (a year, a month, an issue), and whether she still may.

Source: Fader, Hardie and Shang (2010), "Customer-base analysis in a discrete-time noncontractual setting", Marketing Science
29; equation numbers are the paper's.

Assumptions:

1. While a customer lives, she buys at each opportunity with her own probability p.
2. At the beginning of each opportunity she dies with her own probability θ, and never buys again.
3. Probabilities differ between customers: p is Beta(α, β), θ is Beta(γ, δ), and they do not depend on each other.

With x purchases in n opportunities, the last at opportunity t_x (0: none), the likelihood is (equation 4)

    L = B(α + x, β + n − x) B(γ, δ + n) / (B(α, β) B(γ, δ))
        + Σ B(α + x, β + j − x) B(γ + 1, δ + j) / (B(α, β) B(γ, δ)),   j from t_x to n − 1

where j is the last opportunity that a customer who has died lived to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, maximised
from holdfast.errors import UsageError

__all__ = ["BgBb", "fitted"]

Numbers = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NAMES = ("alpha", "beta", "gamma", "delta")

YEAR = 365.25


@dataclass(frozen=True)
class BgBb:
    """A fitted BG/BB model; times are opportunities.

    fit  what came out of the fitting · alpha, beta  of the probability of buying · gamma, delta  of dying
    """

    fit: Fit
    alpha: float
    beta: float
    gamma: float
    delta: float

    def new(self, n: npt.ArrayLike) -> Numbers:
        """Expected purchases of a new customer in her first n opportunities (equation 8), as many as n."""
        wanted = np.asarray(n, np.int64)
        lived = np.concatenate([[0.0], np.cumsum(self._survival(int(wanted.max(initial=0))))])
        return np.asarray(self.alpha / (self.alpha + self.beta) * lived[wanted])

    def alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike) -> Numbers:
        """P(alive at opportunity n + 1), the next one (equation 11), [rows]."""
        told = _History.of(x, t_x, n)
        return np.asarray(self._still(told) * (self.delta + told.n) / (self.gamma + self.delta + told.n))

    def expected(self, x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike, more: int) -> Numbers:
        """Expected purchases in the next `more` opportunities (equation 13), [rows]."""
        told = _History.of(x, t_x, n)
        chance = (self.alpha + told.x) / (self.alpha + self.beta + told.n)
        spans, place = np.unique(told.n, return_inverse=True)
        lived = np.array([_survival(self.gamma, self.delta + span, more).sum() for span in spans.tolist()])
        return np.asarray(self._still(told) * chance * lived[place])

    def chances(self, x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike, more: int) -> Numbers:
        """P(k purchases in the next `more` opportunities), k = 0 to `more` (equation 12). [rows, more + 1]

        Who lives after n has p of Beta(α + x, β + n − x) and θ of Beta(γ, δ + n); her future is a new customer's of that kind.
        """
        told = _History.of(x, t_x, n)
        still = self._still(told)
        own = _counts(self.alpha + told.x, self.beta + told.n - told.x, self.gamma, self.delta + told.n, more)
        found = own * still[:, None]
        found[:, 0] += 1 - still
        return np.asarray(found)

    def counts(self, n: int) -> Numbers:
        """P(k purchases of a new customer in her first n opportunities), k = 0 to n (equation 7)."""
        own = [np.array([value]) for value in (self.alpha, self.beta)]
        return np.asarray(_counts(own[0], own[1], self.gamma, np.array([self.delta]), n)[0])

    def _survival(self, n: int) -> Numbers:
        return _survival(self.gamma, self.delta, n)

    def _still(self, told: _History) -> Numbers:
        """P(alive at opportunity n), the last one seen, [rows]."""
        terms, whole = _terms(told, np.log([self.alpha, self.beta, self.gamma, self.delta]))
        return np.asarray(np.exp(terms[told.start] - whole))


def fitted(
    x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, unit_days: float = YEAR
) -> BgBb:
    """The model of these histories, by maximum likelihood; see `fit.why` before it is believed.

    x, t_x, n  purchases after the first, the opportunity of the last (0: none), opportunities seen; a row a customer or a group
    weights    how many customers each row stands for; None: 1 each
    unit_days  days between opportunities (a year, unless told)
    """
    told = _History.of(x, t_x, n, weights).grouped()
    if not told.count.sum():
        raise UsageError("there is no customer", "a model of buying needs histories")

    def loglik(at: Numbers) -> tuple[float, Numbers]:
        terms, whole = _terms(told, at)
        mass = np.exp(terms - whole[told.row]) * told.count[told.row]
        return float(told.count @ whole), _slope(told, at, mass)

    people = int(told.count.sum())
    fit = maximised("BG/BB", NAMES, (1.0, 1.0, 1.0, 2.0), loglik, customers=people, unit_days=unit_days)
    return BgBb(fit, *fit.values)


@dataclass(frozen=True)
class _History:
    """Histories, with the terms of equation (4) of all rows laid end to end: first the living one, then those who died.

    row, last  the row of each term, and the last opportunity lived · start  where each row begins, the living term
    """

    x: Ints
    t_x: Ints
    n: Ints
    count: Numbers
    row: Ints
    last: Ints
    start: Ints

    @staticmethod
    def of(x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> _History:
        told = np.stack(np.broadcast_arrays(*(np.atleast_1d(np.asarray(part, np.float64)) for part in (x, t_x, n))))
        if not np.isfinite(told).all() or (told < 0).any() or (told != np.floor(told)).any():
            raise UsageError("a history is no history", "x, t_x and n count, none of them below 0")
        often, when, seen = told.astype(np.int64)
        if (often > when).any() or (when > seen).any() or ((often > 0) != (when > 0)).any():
            raise UsageError("a history contradicts itself", "x ≤ t_x ≤ n, and t_x is 0 just where x is 0")
        count = np.ones(len(often)) if weights is None else np.asarray(weights, np.float64)
        size = seen - when + 1
        start = np.cumsum(size) - size
        row = np.repeat(np.arange(len(size)), size)
        behind = np.arange(int(size.sum())) - start[row]
        return _History(often, when, seen, count, row, seen[row] - behind, start)

    def grouped(self) -> _History:
        """Identical histories once."""
        rows, place = np.unique(np.column_stack([self.x, self.t_x, self.n]), axis=0, return_inverse=True)
        x, t_x, n = rows.T
        return _History.of(x, t_x, n, np.bincount(place.ravel(), self.count, len(rows)))


def _terms(told: _History, at: Numbers) -> tuple[Numbers, Numbers]:
    """Logarithms of the terms of equation (4), and of each row's sum."""
    from scipy.special import betaln, gammaln

    alpha, beta, gamma, delta = np.exp(at)
    steps = np.arange(int(told.n.max(initial=0)) + 2)
    bought, passed, both = gammaln(alpha + steps), gammaln(beta + steps), gammaln(alpha + beta + steps)
    died, lived = betaln(gamma + 1, delta + steps), betaln(gamma, delta + steps)
    x = told.x[told.row]
    terms = bought[x] + passed[told.last - x] - both[told.last] + died[told.last]
    terms[told.start] += lived[told.n] - died[told.n]
    terms -= betaln(alpha, beta) + betaln(gamma, delta)
    top = np.maximum.reduceat(terms, told.start)
    return terms, top + np.log(np.add.reduceat(np.exp(terms - top[told.row]), told.start))


def _slope(told: _History, at: Numbers, mass: Numbers) -> Numbers:
    """The gradient of the log-likelihood by the logarithms of the parameters.

    mass  of each term: its share of its row, times the customers
    """
    from scipy.special import digamma

    alpha, beta, gamma, delta = np.exp(at)
    size = int(told.n.max(initial=0)) + 2
    steps, x = np.arange(size), told.x[told.row]
    lives = np.bincount(told.n, mass[told.start], size)
    by_x = np.bincount(x, mass, size)
    by_rest, by_last = np.bincount(told.last - x, mass, size), np.bincount(told.last, mass, size)
    dies, n = by_last - lives, mass.sum()
    one = by_last @ digamma(alpha + beta + steps) - n * digamma(alpha + beta)
    end = lives @ digamma(gamma + delta + steps) + dies @ digamma(gamma + 1 + delta + steps) - n * digamma(gamma + delta)
    slope = [
        by_x @ digamma(alpha + steps) - n * digamma(alpha) - one,
        by_rest @ digamma(beta + steps) - n * digamma(beta) - one,
        lives.sum() * digamma(gamma) + dies.sum() * digamma(gamma + 1) - n * digamma(gamma) - end,
        by_last @ digamma(delta + steps) - n * digamma(delta) - end,
    ]
    return np.asarray(np.array(slope) * np.array([alpha, beta, gamma, delta]))


def _survival(gamma: float, delta: float, n: int) -> Numbers:
    """P(alive at opportunity 1, 2 … n): B(γ, δ + i) / B(γ, δ)."""
    steps = np.arange(n)
    return np.asarray(np.cumprod((delta + steps) / (gamma + delta + steps)))


def _counts(alpha: Any, beta: Any, gamma: float, delta: Any, n: int) -> Numbers:
    """Equation (7) for a row of parameters each: P(k of n), [rows, n + 1]."""
    from scipy.special import betaln, gammaln

    alpha, beta, delta = (np.asarray(part, np.float64)[:, None] for part in (alpha, beta, delta))
    out = np.zeros((len(alpha), n + 1))
    for last in range(n + 1):
        k = np.arange(last + 1)
        ways = gammaln(last + 1) - gammaln(k + 1) - gammaln(last - k + 1)
        ends = betaln(gamma, delta + n) if last == n else betaln(gamma + 1, delta + last)
        out[:, : last + 1] += np.exp(
            ways + betaln(alpha + k, beta + last - k) - betaln(alpha, beta) + ends - betaln(gamma, delta)
        )
    return out
