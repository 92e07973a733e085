"""A customer's rhythm: how long she waits between orders, by her own waits and everyone's.

Assumptions (a renewal process with heterogeneous scale and regularity, and a coin tossed for leaving; Platzer and Reutterer
2016, "Ticking away the moments: timing regularity helps to better predict customer activity", Marketing Science 35, who take
regularity as whole and the same for all):

1. While she stays, a customer's waits between order days are Gamma(k, kρ): mean 1 / ρ days, and a variance of 1 / k times the
   mean squared. k = 1 is pure chance, above it orders come like a clock, below it in bursts.
2. Customers differ: ρ is Gamma(r, α), and ln k is normal with mean μ and deviation σ (on a grid of nine values of k).
3. After each order, the first one too, she leaves for good with her own chance, Beta(a, b) over all customers. It says nothing
   of when a staying customer orders; without it the silence of those who have left would be taken for long waits.

With n waits of sum S and sum of logarithms L, and u days of silence since, the likelihood given k is, up to a constant,

    k^(kn) e^((k−1)L) / Γ(k)^n · Γ(r + kn) / Γ(r) · α^r / (α + kS)^(r + kn) · s_n · (ℓ_n + (1 − ℓ_n) P(W > u))

with ℓ_n = a / (a + b + n), s_n = B(a, b + n) / B(a, b), and her next wait W told by kW / (kW + α + kS) ~ Beta(k, r + kn).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["KS", "Rhythm", "Waits", "learned"]

Numbers = npt.NDArray[np.float64]

KS = 2.0 ** np.arange(-2, 7)
"""The values that regularity can take."""

SAMPLE = 3_000
"""So many customers, drawn by the hash of their ids, tell what is usual."""

HALF_DAY = 0.5
"""A wait of d days lasted between d − ½ and d + ½."""

MOST_DAYS = 100_000.0
"""Beyond, a date means nothing."""

_PRIOR = (np.log([2.0, 2.0, 0.5, 1.5, 0.7]), np.array([1.5, 1.5, 1.5, 1.5, 1.0]))
"""Centres and deviations of ln r, ln α (of the typical wait), ln a, ln b, ln σ: weak, for shops with hardly a second order."""


@dataclass(frozen=True)
class Waits:
    """What is known of customers' waits between order days, [customers].

    n       how many · total  their sum in days · logs  the sum of their logarithms
    silent  days from the last order day to the end of the as-of's last day
    """

    n: Numbers
    total: Numbers
    logs: Numbers
    silent: Numbers

    def __len__(self) -> int:
        return len(self.n)


@dataclass(frozen=True)
class Rhythm:
    """What is usual of the shop; it travels with a step.

    r, alpha   of the rates of orders, a day · mu, sigma  of ln k · a, b  of the chances of leaving
    customers  how many it was learned from · repeaters  of whom have a wait · converged  whether the search came to rest
    """

    r: float
    alpha: float
    mu: float
    sigma: float
    a: float
    b: float
    customers: int
    repeaters: int
    converged: bool = True

    def regularity(self, waits: Waits) -> Numbers:
        """Each customer's k: the mean of ln k given her waits."""
        chance = _log_evidence(waits, self.r, self.alpha) + _weights(self.mu, self.sigma)
        chance = np.exp(chance - chance.max(axis=1, keepdims=True))
        return np.asarray(np.exp(chance @ np.log(KS) / chance.sum(axis=1)))

    def still_waiting(self, waits: Waits, days: Any, k: Numbers) -> Numbers:
        """P(W > days) of a customer who stays. k  of `regularity`"""
        return _beyond(waits, np.asarray(days, np.float64), k, self.r, self.alpha)

    def stays_away(self, waits: Waits, days: Any, k: Numbers) -> Numbers:
        """P(no order until so many days from her last one) of a customer silent as she is, who may have left."""
        leaves, now = self.a / (self.a + self.b + waits.n), self.still_waiting(waits, waits.silent + HALF_DAY, k)
        later = self.still_waiting(waits, days + HALF_DAY, k)
        return np.asarray((leaves + (1 - leaves) * later) / (leaves + (1 - leaves) * now))

    def quantile(self, waits: Waits, left: Any, k: Numbers) -> Numbers:
        """The days after which this share of those like her who stay would still be waiting."""
        from scipy.special import betaincinv

        part = betaincinv(self.r + k * waits.n, k, np.asarray(left, np.float64))
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(np.minimum((self.alpha + k * waits.total) / k * (1 - part) / part, MOST_DAYS))

    def quantile_now(self, waits: Waits, share: float, k: Numbers) -> Numbers:
        """Days from her last order by which this share of those like her, who stay and have been silent as long, have ordered.

        Whole days, at least one from now.
        """
        left = self.still_waiting(waits, waits.silent + HALF_DAY, k)
        return np.asarray(np.maximum(np.round(self.quantile(waits, (1 - share) * left, k)), waits.silent + 1))


def learned(waits: Waits) -> Rhythm | None:
    """What is usual, by maximum likelihood with weak priors; None where nobody has a wait.

    waits  of up to `SAMPLE` customers
    """
    from scipy.optimize import minimize

    from holdfast.analyses.threads import one_thread

    repeaters = int(np.count_nonzero(waits.n))
    if not repeaters:
        return None
    typical = float(np.exp(waits.logs.sum() / waits.n.sum()))
    centre, spread = _PRIOR[0].copy(), _PRIOR[1]
    centre[1] += np.log(typical)
    grouped, count = _grouped(waits)
    # Differences by the other four parameters ask for the same r and α again: the dear part is kept.
    parts = lru_cache(4)(lambda r, alpha: _parts(grouped, float(r), float(alpha)))

    def down(at: Numbers) -> float:
        r, alpha, a, b, sigma = np.exp(at[:5])
        value = float(count @ _log_likelihood(grouped.n, *parts(r, alpha), at[5], sigma, a, b))
        return -value + float((((at[:5] - centre) / spread) ** 2).sum() + at[5] ** 2) / 2

    bounds = [(middle - 5, middle + 5) for middle in (*centre, 0.0)]
    with one_thread("searches"):
        found = minimize(down, [*centre, 0.0], method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-7, "maxiter": 100})
    r, alpha, a, b, sigma = (float(value) for value in np.exp(found.x[:5]))
    return Rhythm(r, alpha, float(found.x[5]), sigma, a, b, len(waits), repeaters, bool(found.success))


def _grouped(waits: Waits) -> tuple[Waits, Numbers]:
    """Identical rows once, with how many customers each stands for."""
    rows, count = np.unique(np.column_stack([waits.n, waits.total, waits.logs, waits.silent]), axis=0, return_counts=True)
    return Waits(*rows.T), count.astype(np.float64)


def _parts(waits: Waits, r: float, alpha: float) -> tuple[Numbers, Numbers]:
    """What depends on r and α: the log-likelihood of the waits, and P(W > silence), [customers, grid]."""
    rows = Waits(*(part[:, None] for part in (waits.n, waits.total, waits.logs, waits.silent)))
    return _log_evidence(waits, r, alpha), _beyond(rows, rows.silent + HALF_DAY, KS, r, alpha)


def _log_likelihood(n: Numbers, evidence: Numbers, beyond: Numbers, mu: float, sigma: float, a: float, b: float) -> Numbers:
    from scipy.special import betaln

    leaves = (a / (a + b + n))[:, None]
    terms = evidence + _weights(mu, sigma) + np.log(leaves + (1 - leaves) * beyond)
    top = terms.max(axis=1)
    return np.asarray(top + np.log(np.exp(terms - top[:, None]).sum(axis=1)) + betaln(a, b + n) - betaln(a, b))


def _beyond(waits: Waits, days: Any, k: Any, r: float, alpha: float) -> Numbers:
    from scipy.special import betainc

    scale = alpha + k * waits.total
    return np.asarray(betainc(r + k * waits.n, k, scale / (scale + k * days)))


def _log_evidence(waits: Waits, r: float, alpha: float) -> Numbers:
    """ln of the likelihood of the waits given each k of the grid, [customers, grid]."""
    from scipy.special import gammaln

    total, logs = waits.total[:, None], waits.logs[:, None]
    # Gamma functions depend on how many waits there are, and nothing else: they are asked once for each number.
    often, place = np.unique(waits.n, return_inverse=True)
    shape = r + KS * often[:, None]
    made = often[:, None] * (KS * np.log(KS) - gammaln(KS)) + gammaln(shape) - gammaln(r) + r * np.log(alpha)
    return np.asarray(made[place] + (KS - 1) * logs - shape[place] * np.log(alpha + KS * total))


def _weights(mu: float, sigma: float) -> Numbers:
    """Logarithms of the chances of the grid's values."""
    height = -(((np.log(KS) - mu) / sigma) ** 2) / 2
    return np.asarray(height - np.log(np.exp(height - height.max()).sum()) - height.max())
