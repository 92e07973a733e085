"""What BG/NBD and MBG/NBD share: all buy at a rate of their own, and after each occasion a coin of their own says who stays.

A customer buys at rate λ ~ Gamma(r, α) while she is there; after an occasion she leaves for good with chance p ~ Beta(a, b).
After x repeat occasions she has tossed c coins: c = x where the very first occasion tosses none (BG/NBD), c = x + 1 where it
does (MBG/NBD). All else is the same. With B(·, ·) the beta function:

    L(x, t_x, T) = Γ(r + x) α^r / Γ(r) · [ B(a, b + c) / B(a, b) · (α + T)^-(r + x)              she is still there
                                         + B(a + 1, b + c - 1) / B(a, b) · (α + t_x)^-(r + x) ]  she left at t_x (c > 0)

    P(alive) = 1 / (1 + a / (b + c - 1) · ((α + T) / (α + t_x))^(r + x)),  1 where c = 0

One who is there at T is a new customer with R = r + x, A = α + T, a, b + c (Bayes' rule: every factor of the likelihood of one
still there is conjugate). Of the X occasions of the next t units at least k come if k come in a stream without leaving and the
first k - 1 coins said stay:

    P(X ≥ k) = (b + c)_(k-1) / (a + b + c)_(k-1) · P(N ≥ k),   N negative binomial: size R, chance of no further A / (A + t)
    E[X] = Σ_k P(X ≥ k)

The papers write E[X] with Gauss's 2F1 (another form of the same sum, divided by a - 1). This sum has positive terms only, knows
no singular a = 1 and needs no Γ of large numbers; where it is long (t far above A), E[(1 - (1 + p t / A)^-R) / p] over p is
integrated instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.coin_loops import chances_of, expected_of, likelihood_sums
from holdfast.analyses.models.fitting import Fit, given, maximised
from holdfast.analyses.models.histories import Histories

__all__ = ["NAMES", "CoinModel", "Coins", "Likelihood", "told"]

NAMES = ("r", "alpha", "a", "b")

Numbers = npt.NDArray[np.float64]

CHUNK = 1 << 16
"""Rows worked through at once: sums are added in this order, whatever the number of threads."""

PART = 20_000
"""Rows that are fitted first where there are many more."""

CLEAR = 0.5
"""With a standard error of log a below this, a is far from 0 and the question whether anybody leaves need not be asked."""

NOTICED = 2.706
"""Twice the gain in log-likelihood by which leaving is told from none: 5 % of shops without leaving reach it (a bound of the
parameters: half a χ² of one degree)."""


@dataclass(frozen=True)
class Coins:
    """The parameters of either model, with what follows from them.

    first  coins tossed at the very first occasion: 0 (BG/NBD) or 1 (MBG/NBD)
    """

    r: float
    alpha: float
    a: float
    b: float
    first: int

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at T, [rows]."""
        return self._alive(histories.x, histories.t_x, histories.T)

    def expected(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """Expected occasions in the next so many units, for each of the times (ascending). [rows, times]"""
        return self._expected(histories.x, histories.T, self.alive(histories), np.atleast_1d(np.asarray(times, np.float64)))

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k occasions in the next t units): k = 0 to most - 1, then most or more. [rows, most + 1]"""
        return self._chances(histories.x, histories.T, np.full(len(histories), float(t)), self.alive(histories), most)

    def new(self, times: npt.ArrayLike) -> Numbers:
        """Expected repeat occasions of a new customer up to each time."""
        wanted = np.asarray(times, np.float64).ravel()
        order = np.argsort(wanted)
        zero = np.zeros(1)
        found = np.empty(len(wanted))
        found[order] = self._expected(zero, zero, self._alive(zero, zero, zero), wanted[order])[0]
        return found

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """P(k repeat occasions in the first T units) of a new customer, for each T. [T, most + 1]"""
        ahead = np.asarray(T, np.float64).ravel()
        zero = np.zeros(len(ahead))
        return self._chances(zero, zero, ahead, self._alive(zero, zero, zero), most)

    def _alive(self, x: npt.ArrayLike, t_x: Numbers, T: Numbers) -> Numbers:
        held = np.asarray(x, np.float64)
        coins = held + self.first
        left = self.a / np.where(coins > 0, self.b + coins - 1, np.inf)
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + left * np.exp((self.r + held) * np.log((self.alpha + T) / (self.alpha + t_x)))))

    def _expected(self, x: npt.ArrayLike, T: Numbers, there: Numbers, times: Numbers) -> Numbers:
        out = np.empty((len(T), len(times)))
        held = np.asarray(x, np.float64)
        _each_chunk(len(T), lambda low, high: expected_of(
            low, high, held, T, held + self.first, self.r, self.alpha, self.a, self.b, times, there, out))  # fmt: skip
        return out

    def _chances(self, x: npt.ArrayLike, T: Numbers, ahead: Numbers, there: Numbers, most: int) -> Numbers:
        out = np.empty((len(T), most + 1))
        held = np.asarray(x, np.float64)
        _each_chunk(len(T), lambda low, high: chances_of(
            low, high, held, T, held + self.first, self.r, self.alpha, self.a, self.b, ahead, there, out))  # fmt: skip
        return out


@dataclass(frozen=True)
class CoinModel:
    """A fitted model of either kind; times are in units of `fit.unit_days`.

    fit  what came out of the fitting, or what the parameters were said to be · r, alpha, a, b  the parameters
    """

    MODEL: ClassVar[str]
    FIRST: ClassVar[int]
    """Coins tossed at the very first occasion."""

    fit: Fit = field(repr=False)
    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def of(cls, r: float, alpha: float, a: float, b: float, *, unit_days: float = 7.0) -> Self:
        """The model with stated parameters."""
        return cls(given(cls.MODEL, NAMES, (r, alpha, a, b), unit_days), r, alpha, a, b)

    @classmethod
    def fitted(cls, histories: Histories) -> Self:
        """Fit by maximum likelihood; `fit.identified` says whether the data can tell the parameters."""
        fit = told(cls.MODEL, NAMES, Likelihood(histories, cls.FIRST))
        return cls(fit, *fit.values)

    @property
    def _coins(self) -> Coins:
        return Coins(self.r, self.alpha, self.a, self.b, self.FIRST)

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at T, [rows]."""
        return self._coins.alive(histories.in_units(self.fit.unit_days))

    def expected(self, histories: Histories, t: float) -> Numbers:
        """Expected occasions in the next t units, [rows]."""
        return self.expected_at(histories, (t,))[:, 0]

    def expected_at(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """Expected occasions up to each of several times (ascending), [rows, times]; hardly dearer than one time."""
        return self._coins.expected(histories.in_units(self.fit.unit_days), times)

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k occasions in the next t units): k = 0 to most - 1, then most or more. [rows, most + 1]"""
        return self._coins.chances(histories.in_units(self.fit.unit_days), t, most)

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Expected repeat occasions of a new customer in her first t units, as many as t."""
        return self._coins.new(t)

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """P(k repeat occasions in the first T units), for each T: k = 0 to most - 1, then most or more."""
        return self._coins.counts(T, most)


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood of histories, by the logarithms of r, alpha, a, b."""

    histories: Histories
    first: int

    @cached_property
    def _distinct(self) -> tuple[Numbers, npt.NDArray[np.int32], Numbers]:
        """The distinct x, the place of each row among them, and how many customers have each."""
        x, place = np.unique(self.histories.x, return_inverse=True)
        return x.astype(np.float64), place.astype(np.int32), np.bincount(place, self.histories.customers).astype(np.float64)

    @property
    def part(self) -> tuple[Likelihood, int] | None:
        """The likelihood of an even part of the rows, and how many customers it is of; None where there are not many."""
        every = len(self.histories) // PART
        if every < 2:
            return None
        few = self.histories.every(every)
        return Likelihood(few, self.first), few.people

    def without_leaving(self, at: Numbers) -> tuple[float, Numbers]:
        """The log-likelihood where nobody ever leaves (the NBD), by the logarithms of r and alpha, and its gradient."""
        from scipy.special import gammaln, psi

        r, alpha = np.exp(at)
        x, _, n = self._distinct
        seen = alpha + self.histories.T
        weight = self.histories.customers * (r + self.histories.x)
        people, log_alpha, logs = n.sum(), np.log(alpha), np.log(seen)
        value = n @ (gammaln(r + x) - gammaln(r)) + people * r * log_alpha - weight @ logs
        by_r = n @ (psi(r + x) - psi(r)) + people * log_alpha - self.histories.customers @ logs
        by_alpha = people * r / alpha - weight @ (1 / seen)
        return float(value), np.array([r * by_r, alpha * by_alpha])

    def __call__(self, at: Numbers) -> tuple[float, Numbers]:
        """The log-likelihood and its gradient."""
        from scipy.special import gammaln, psi

        r, alpha, a, b = np.exp(at)
        x, _, n = self._distinct
        c = x + self.first
        total, by_r, by_alpha, gone, gone_coin = self._sums(x, c, r, alpha, a, b)
        people = n.sum()
        gammas = gammaln(r + x) - gammaln(r) + gammaln(a + b) + gammaln(b + c) - gammaln(b) - gammaln(a + b + c)
        value = total + n @ gammas + people * r * np.log(alpha)
        both = n @ (psi(a + b) - psi(a + b + c))
        slopes = np.array([
            by_r + n @ (psi(r + x) - psi(r)) + people * np.log(alpha),
            by_alpha + people * r / alpha,
            both + gone / a,
            both + n @ (psi(b + c) - psi(b)) - gone_coin,
        ])  # fmt: skip
        return float(value), slopes * np.array([r, alpha, a, b])

    def _sums(self, x: Numbers, c: Numbers, r: float, alpha: float, a: float, b: float) -> Numbers:
        told, place = self.histories, self._distinct[1]
        coin = 1 / np.where(c > 0, b + c - 1, np.inf)
        with np.errstate(divide="ignore"):
            log_gone = np.log(a * coin)
        parts = np.zeros((-(-len(told) // CHUNK), 5))
        _each_chunk(len(told), lambda low, high: likelihood_sums(
            low, high, place, x, told.t_x, told.T, told.customers, r, alpha, log_gone, coin, parts[low // CHUNK]))  # fmt: skip
        return np.asarray(parts.sum(axis=0))


def told(model: str, names: tuple[str, ...], likelihood: Likelihood) -> Fit:
    """Fit by maximum likelihood, and ask whether leaving can be told at all."""
    histories = likelihood.histories
    people = histories.people
    watched = float(np.average(histories.T, weights=histories.customers)) if people else 1.0
    fit = maximised(model, names, (1.0, max(watched / 4, 0.1), 1.0, 2.0), likelihood, customers=people,
                    unit_days=histories.unit_days, part=likelihood.part)  # fmt: skip
    if fit.identified and float(np.sqrt(fit.covariance[2, 2])) < CLEAR:
        return fit
    bare = maximised("NBD", names[:2], fit.values[:2], likelihood.without_leaving, customers=people)
    if 2 * (fit.loglik - bare.loglik) >= NOTICED:
        return fit
    none = "no leaving can be told: one who never leaves fits as well, and P(alive) would be 1 for everyone"
    return replace(fit, why=f"{fit.why}; {none}" if fit.why else none)


def _each_chunk(rows: int, work: Callable[[int, int], None]) -> None:
    """Run through the rows in chunks, on as many threads as the machine has cores."""
    chunks = [(low, min(low + CHUNK, rows)) for low in range(0, rows, CHUNK)]
    if len(chunks) < 2:
        for low, high in chunks:
            work(low, high)
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(chunks))) as pool:
        for done in [pool.submit(work, low, high) for low, high in chunks]:
            done.result()
