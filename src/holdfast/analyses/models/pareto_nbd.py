"""Pareto/NBD: how often customers without a contract buy, and whether they still do.

Sources: Schmittlein, Morrison and Colombo (1987), Management Science 33; Fader and Hardie (2005), "A note on deriving the
Pareto/NBD model and related expressions" (equation numbers below), and "A note on implementing the Pareto/NBD model in MATLAB".

Assumptions:

1. While a customer lives, she buys at random at her own rate λ (Poisson).
2. Her life lasts an exponential time with her own rate μ; when it is over she never buys again.
3. Rates differ between customers: λ is Gamma(r, α), μ is Gamma(s, β), and they do not depend on each other.

With x purchases after the first, the last at t_x, watched until T, the likelihood is (equation 18)

    L = Γ(r + x) α^r β^s / Γ(r) · ( (α + T)^−(r+x) (β + T)^−s  +  s ∫ (α + τ)^−(r+x) (β + τ)^−(s+1) dτ,  τ from t_x to T )

The note writes the integral as a difference of hypergeometric functions, whose digits cancel where α and β are far apart or x
is large. Here it is taken as it stands: in u = ln(c + τ), c the smaller of α and β, the integrand is analytic and log-concave,
so that Gauss and Legendre's rule gives it and its derivatives to twelve digits (the tests compare).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, LogLikelihood, given, maximised
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.pareto_loops import NODES, WEIGHTS, add_counts, log_likelihoods, log_odds_gone
from holdfast.errors import UsageError

__all__ = ["ParetoNbd", "fitted"]

Numbers = npt.NDArray[np.float64]
NAMES = ("r", "alpha", "s", "beta")

ROWS = 16_384
"""Rows a thread takes at a time; sums are added in that order, whatever the number of threads."""

THINNED = 8_000
"""So many rows, evenly chosen, lead the search over more than ten times as many."""


@dataclass(frozen=True)
class ParetoNbd:
    """A fitted Pareto/NBD model (protocol `Buying`).

    fit  what came out of the fitting · r, alpha  of the rates of buying · s, beta  of the rates of leaving
    """

    fit: Fit = field(repr=False)
    r: float
    alpha: float
    s: float
    beta: float

    @staticmethod
    def of(r: float, alpha: float, s: float, beta: float, *, unit_days: float = 7.0) -> ParetoNbd:
        """The model with stated parameters."""
        return ParetoNbd(given("Pareto/NBD", NAMES, (r, alpha, s, beta), unit_days), r, alpha, s, beta)

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at the end of watching (equation 26), [rows]."""
        told, odds = histories.in_units(self.fit.unit_days), np.empty(len(histories))

        def work(low: int, high: int) -> None:
            log_odds_gone(low, high, told.x, told.t_x, told.T, *self._parameters, NODES, WEIGHTS, odds)

        _by_rows(work, len(told))
        return np.asarray(1 / (1 + np.exp(np.minimum(odds, 700.0))))

    def expected(self, histories: Histories, t: float) -> Numbers:
        """Expected purchases in the next `t` units (equation 41), [rows]."""
        return np.asarray(self.expected_at(histories, (t,))[:, 0])

    def expected_at(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """Expected purchases up to each of several times, [rows, times]; hardly dearer than one time."""
        rate = self.alive(histories) * (self.r + histories.x) / (self.alpha + histories.T)
        beta = self.beta + histories.T
        return np.column_stack([rate * _lived(self.s, beta, t) for t in np.asarray(times, np.float64)])

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k purchases in the next `t` units), k = 0 to most - 1; the last column: most or more. [rows, most + 1]

        Who lives at T has λ of Gamma(r + x, α + T) and μ of Gamma(s, β + T), still apart from each other: her future is that of
        a new customer of such a shop. Who does not live buys nothing.
        """
        alive = self.alive(histories)
        r = (self.r + histories.x).astype(np.float64)
        s, spans = np.full(len(histories), self.s), np.full(len(histories), float(t))
        found = _count_chances(r, self.alpha + histories.T, s, self.beta + histories.T, spans, most)
        found *= alive[:, None]
        found[:, 0] += 1 - alive
        return found

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Expected purchases of a new customer in her first `t` units after the first one (equation 21)."""
        return np.asarray(self.r / self.alpha * _lived(self.s, self.beta, np.asarray(t, np.float64)))

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """P(k purchases in the first T units after the first), for each T: k = 0 to most - 1; the last column: most or more."""
        spans, place = np.unique(np.asarray(T, np.float64), return_inverse=True)
        r, alpha, s, beta = (np.full(len(spans), value) for value in self._parameters)
        return np.asarray(_count_chances(r, alpha, s, beta, spans, most)[place])

    @property
    def _parameters(self) -> tuple[float, float, float, float]:
        return self.r, self.alpha, self.s, self.beta


def fitted(histories: Histories) -> ParetoNbd:
    """The model of these histories, by maximum likelihood; see `fit.why` before it is believed."""
    if not histories.people:
        raise UsageError("there is no customer", "a model of buying needs histories")
    watched = max(float(np.average(histories.T, weights=histories.customers)), 0.1)
    columns = (histories.x, histories.t_x, histories.T, histories.customers)
    part = None
    if len(histories) > 10 * THINNED:
        rows = np.linspace(0, len(histories) - 1, THINNED).astype(np.int64)
        few = [column[rows] for column in columns]
        part = (_loglik(*few), int(few[3].sum()))
    fit = maximised(
        "Pareto/NBD", NAMES, (1.0, watched, 1.0, watched), _loglik(*columns), customers=histories.people,
        unit_days=histories.unit_days, part=part,
    )  # fmt: skip
    return ParetoNbd(fit, *fit.values)


def _loglik(x: Any, t_x: Any, T: Any, customers: Any) -> LogLikelihood:
    """The log-likelihood (18) and its gradient by the logarithms of the parameters."""
    from scipy.special import digamma, gammaln

    often, place = np.unique(x, return_inverse=True)
    weight, n = np.bincount(place, customers, len(often)), float(customers.sum())
    count = customers.astype(np.float64)

    def loglik(at: Numbers) -> tuple[float, Numbers]:
        r, alpha, s, beta = np.exp(at)
        parts = _by_rows(
            lambda low, high: log_likelihoods(low, high, x, t_x, T, count, r, alpha, s, beta, NODES, WEIGHTS), len(x)
        )
        sums = np.sum(parts, axis=0)
        value = sums[0] + weight @ gammaln(r + often) + n * (r * at[1] + s * at[3] - gammaln(r))
        slope = sums[1:] + np.array(
            [weight @ digamma(r + often) + n * (at[1] - digamma(r)), n * r / alpha, n * at[3], n * s / beta]
        )
        return float(value), slope * np.array([r, alpha, s, beta])

    return loglik


def _lived(s: float, beta: Numbers | float, t: Numbers | float) -> Numbers:
    """Expected time lived of the next `t` units: ∫ (β / (β + τ))^s dτ, also near s = 1."""
    span = np.log1p(t / np.asarray(beta, np.float64))
    bend = (1 - s) * span
    # (e^bend − 1) / bend, which is 1 at 0
    return np.asarray(beta * span * np.where(np.abs(bend) < 1e-12, 1.0, np.expm1(bend) / np.where(bend == 0, 1.0, bend)))


def _count_chances(r: Numbers, alpha: Numbers, s: Numbers, beta: Numbers, t: Numbers, most: int) -> Numbers:
    """P(k purchases in a new customer's first t units), a row each; the last column: `most` or more."""
    if most < 1:
        raise UsageError(f"most cannot be {most}", "tell at least the chance of none")
    out = np.zeros((len(r), most + 1))
    _by_rows(lambda low, high: add_counts(low, high, r, alpha, s, beta, t, NODES, WEIGHTS, out), len(r))
    out[:, most] = np.maximum(1 - out.sum(axis=1), 0)
    return out


def _by_rows(work: Callable[[int, int], Any], rows: int) -> list[Any]:
    """What the work gives for each range of rows, in order; loops without the interpreter's lock run side by side."""
    ranges = [(low, min(low + ROWS, rows)) for low in range(0, rows, ROWS)]
    if len(ranges) < 2:
        return [work(low, high) for low, high in ranges]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda span: work(*span), ranges))
