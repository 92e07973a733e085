"""Which model of contracts the data ask for: chosen by likelihood, the simpler wins ties.

In order: one rate for all (geometric); the likelier of the two that differ from it by one parameter, the shifted-beta-geometric
(customers differ) and the discrete Weibull (readiness to leave changes with time); and the beta-discrete-Weibull, which
contains both. A model that the data cannot identify steps aside and says why. The larger of two is taken only where the
likelihood-ratio test says so at 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models import bdw, discrete_weibull, sbg
from holdfast.analyses.models.fitting import Fit
from holdfast.analyses.models.renewals import Numbers, Renewals, Renewing
from holdfast.analyses.statistics import chi_square_p

__all__ = ["LEAST_CONTRACTS", "Chosen", "Geometric", "chosen", "drawn", "one_rate"]

LEVEL = 0.05
"""The p at or below which the larger model is taken."""

LEAST_CONTRACTS = 30
"""Contracts below which no model is fitted, and losses below which only one rate for all is."""

LEAST_LOST = 10


@dataclass(frozen=True)
class Geometric:
    """One chance of leaving for all, at every opportunity: theta = lost / all opportunities."""

    fit: Fit

    def log_survival(self, t: npt.ArrayLike) -> Numbers:
        """ln S(t) = t ln(1 - θ), as many as t."""
        return np.asarray(np.asarray(t, np.float64) * math.log1p(-self.fit.values[0]))


def one_rate(renewals: Renewals) -> Geometric:
    """The plain rate: those lost by all opportunities that contracts came to."""
    lost, chances = int(renewals.lost.sum()), int(renewals.at_risk.sum())
    theta = (lost / chances) if chances else 0.0
    why = "nobody left" if lost == 0 else "nobody stayed" if lost == chances else ""
    theta = min(max(theta, 1e-12), 1 - 1e-12)
    error = math.sqrt(theta * (1 - theta) / chances) if chances else math.nan
    loglik = lost * math.log(theta) + (chances - lost) * math.log1p(-theta)
    covariance = np.array([[(error / theta) ** 2]]) if lost else np.zeros((0, 0))
    return Geometric(
        Fit("one rate for all", ("theta",), (theta,), (error,), loglik, renewals.contracts, 0.0, why=why, covariance=covariance)
    )


@dataclass(frozen=True)
class Chosen:
    """The model that the data ask for.

    model   the one that is used; None: none can be
    why     in words, why this one
    fits    every model that was looked at, the smallest first
    p       name of the larger model → p of the likelihood-ratio test against the one before it
    """

    model: Renewing | None
    why: str
    fits: tuple[Fit, ...]
    p: dict[str, float]

    def aic(self, fit: Fit) -> float:
        """Akaike's criterion of one of the fits: 2 parameters - 2 log-likelihood; the smaller is the better."""
        return 2 * len(fit.names) - 2 * fit.loglik


def chosen(renewals: Renewals) -> Chosen:
    """The model for these contracts."""
    lost = int(renewals.lost.sum())
    if renewals.contracts < LEAST_CONTRACTS or not renewals.at_risk.sum():
        return Chosen(None, f"fewer than {LEAST_CONTRACTS} contracts that came to a renewal: no model is fitted", (), {})
    plain = one_rate(renewals)
    if plain.fit.why:
        return Chosen(None, f"{plain.fit.why}: there is nothing to fit", (plain.fit,), {})
    if lost < LEAST_LOST or renewals.periods < 2:
        few = f"only {lost} contracts ended" if lost < LEAST_LOST else "contracts came to one renewal only"
        return Chosen(plain, f"one rate for all: {few}, too little to tell customers apart", (plain.fit,), {})
    middle = (sbg.fitted(renewals), discrete_weibull.fitted(renewals))
    return _compared(plain, middle, bdw.fitted(renewals))


def _compared(plain: Geometric, middle: tuple[Renewing, Renewing], large: bdw.BetaDiscreteWeibull) -> Chosen:
    models: tuple[Renewing, ...] = (plain, *middle, large)
    told = [
        f"{one.fit.model} steps aside, {one.fit.why or 'its search did not come to rest'}"
        for one in models
        if not one.fit.identified
    ]
    ranked = sorted((one for one in middle if one.fit.identified), key=lambda one: -one.fit.loglik)
    best: Renewing = plain
    p: dict[str, float] = {}
    for model in (*ranked[:1], *((large,) if large.fit.identified else ())):
        fit, other = model.fit, best.fit
        gain = max(2 * (fit.loglik - other.loglik), 0.0)
        p[fit.model] = chi_square_p(gain, len(fit.names) - len(other.names))
        if p[fit.model] <= LEVEL:
            told.append(f"{fit.model} is likelier than {other.model} (likelihood ratio {gain:.1f}, p {_said(p[fit.model])})")
            best = model
        else:
            told.append(f"{fit.model} is not likelier than {other.model} (p {p[fit.model]:.2f}): the simpler is kept")
    if len(ranked) > 1 and best is not plain:
        first, second = (one.fit for one in ranked)
        told.append(
            f"of the two of two parameters {first.model} is likelier ({first.loglik:,.1f} against {second.loglik:,.1f})"
        )
    return Chosen(best, f"{best.fit.model}: {'; '.join(told)}", tuple(one.fit for one in models), p)


def _said(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def drawn(model: Renewing, draws: int, seed: int) -> list[Renewing]:
    """The model with parameters drawn from what the data leave open: normal logarithms with the fit's covariance."""
    fit = model.fit
    if not len(fit.covariance):
        return []
    logs = np.random.default_rng(seed).multivariate_normal(np.log(fit.values), fit.covariance, draws, method="cholesky")
    kept = np.minimum(np.exp(logs), 1 - 1e-12) if isinstance(model, Geometric) else np.exp(logs)
    return [type(model)(_with(fit, tuple(map(float, values)))) for values in kept]  # type: ignore[call-arg]


def _with(fit: Fit, values: tuple[float, ...]) -> Fit:
    return Fit(fit.model, fit.names, values, fit.errors, fit.loglik, fit.customers, fit.unit_days)
