"""What BG/NBD and MBG/NBD share: occasions come at a rate of one's own, and a coin of one's own says after each whether one stays.

A customer buys at rate λ ~ Gamma(r, α) while she is there; after an occasion she leaves for good with chance p ~ Beta(a, b). After
x occasions she has tossed c coins: c = x where the first occasion of all tosses none (BG/NBD), c = x + 1 where it does (MBG/NBD).
All else is the same. With B(·, ·) the beta function:

    L(x, t_x, T) = Γ(r + x) α^r / Γ(r) · [ B(a, b + c) / B(a, b) · (α + T)^-(r + x)              she is still there
                                         + B(a + 1, b + c - 1) / B(a, b) · (α + t_x)^-(r + x) ]  she left at t_x (c > 0)

    P(alive) = 1 / (1 + a / (b + c - 1) · ((α + T) / (α + t_x))^(r + x)),  1 where c = 0

One who is there at T is a new customer with R = r + x, A = α + T, a, b + c (Bayes' rule: every factor of the likelihood of one
still there is conjugate). Of the X occasions of the next t units at least k come if k come in a stream without leaving and the
first k - 1 coins said stay:

    P(X ≥ k) = (b + c)_(k-1) / (a + b + c)_(k-1) · P(N ≥ k),   N negative binomial: size R, chance of no further A / (A + t)
    E[X] = Σ_k P(X ≥ k)

The papers write E[X] with Gauss's 2F1 (a further form of the same sum, divided by a - 1). The sum has positive terms only, knows
no singular a = 1 and needs no Γ of large numbers; where it is long (t far above A), E[(1 - (1 + p t / A)^-R) / p] over p is
integrated instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.coin_loops import chances_of, expected_of, likelihood_sums
from holdfast.analyses.models.histories import Histories

__all__ = ["Coins", "Likelihood"]

Numbers = npt.NDArray[np.float64]

CHUNK = 1 << 16
"""Rows worked through at once: sums are added in this order, whatever the number of threads."""


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

    def _alive(self, x: npt.NDArray[np.generic], t_x: Numbers, T: Numbers) -> Numbers:
        coins = x + self.first
        left = self.a / np.where(coins > 0, self.b + coins - 1, np.inf)
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + left * np.exp((self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x)))))

    def _expected(self, x: npt.NDArray[np.generic], T: Numbers, there: Numbers, times: Numbers) -> Numbers:
        out = np.empty((len(T), len(times)))
        held = x.astype(np.float64)
        _each_chunk(len(T), lambda low, high: expected_of(
            low, high, held, T, held + self.first, self.r, self.alpha, self.a, self.b, times, there, out))  # fmt: skip
        return out

    def _chances(self, x: npt.NDArray[np.generic], T: Numbers, ahead: Numbers, there: Numbers, most: int) -> Numbers:
        out = np.empty((len(T), most + 1))
        held = x.astype(np.float64)
        _each_chunk(len(T), lambda low, high: chances_of(
            low, high, held, T, held + self.first, self.r, self.alpha, self.a, self.b, ahead, there, out))  # fmt: skip
        return out


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
