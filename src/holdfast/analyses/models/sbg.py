"""The shifted-beta-geometric model of contracts: Fader and Hardie (2007), "How to project customer retention", Journal of
Interactive Marketing 21 (1), 76-90; residual lifetimes: Fader and Hardie (2010), "Customer-base valuation in a contractual
setting: the perils of ignoring heterogeneity", Marketing Science 29 (1), 85-93.

1. At each opportunity to renew a customer ends her contract with a probability θ of her own, which never changes.
2. Over customers θ is Beta(α, β).

Hence P(T = t) = B(α + 1, β + t - 1) / B(α, β), S(t) = B(α, β + t) / B(α, β), and the retention rate rises with t,
r_t = (β + t - 1) / (α + β + t - 1), not because anybody grows loyal but because the disloyal leave first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, maximised
from holdfast.analyses.models.renewals import Numbers, Renewals

__all__ = ["ShiftedBetaGeometric", "fitted"]

START = (1.0, 1.0)


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """A fitted model: alpha and beta of Beta(α, β)."""

    fit: Fit

    def log_survival(self, t: npt.ArrayLike) -> Numbers:
        """ln S(t) = ln B(α, β + t) - ln B(α, β), as many as t."""
        from scipy.special import betaln

        alpha, beta = self.fit.values
        return np.asarray(betaln(alpha, beta + np.asarray(t, np.float64)) - betaln(alpha, beta))

    def retention(self, t: npt.ArrayLike) -> Numbers:
        """r_t: of those who come to their t-th opportunity, the share that renews."""
        alpha, beta = self.fit.values
        at = np.asarray(t, np.float64)
        return np.asarray((beta + at - 1) / (alpha + beta + at - 1))

    def for_ever(self, lived: npt.ArrayLike, discount: float) -> Numbers:
        """DERL in closed form, of contracts that have lived n renewals, just before the next one (2010):

        (β + n) / (α + β + n) · 2F1(1, β + n + 1; α + β + n + 1; 1 / (1 + d))
        """
        from scipy.special import hyp2f1

        alpha, beta = self.fit.values
        n = np.asarray(lived, np.float64)
        return np.asarray((beta + n) / (alpha + beta + n) * hyp2f1(1.0, beta + n + 1, alpha + beta + n + 1, 1 / (1 + discount)))


def fitted(renewals: Renewals) -> ShiftedBetaGeometric:
    """The model of the greatest likelihood."""
    return ShiftedBetaGeometric(
        maximised(
            "shifted-beta-geometric", ("alpha", "beta"), START, lambda at: _loglik(at, renewals),
            customers=renewals.contracts, unit_days=0.0,
        )
    )  # fmt: skip


def _loglik(at: Numbers, renewals: Renewals) -> tuple[float, Numbers]:
    """Log-likelihood and its gradient by ln α and ln β."""
    from scipy.special import betaln, digamma

    alpha, beta = np.exp(at)
    t, n = np.arange(1.0, renewals.periods + 1), np.arange(renewals.periods + 1.0)
    base, both = betaln(alpha, beta), digamma(alpha + beta)
    total = renewals.lost @ (betaln(alpha + 1, beta + t - 1) - base) + renewals.kept @ (betaln(alpha, beta + n) - base)
    ends, stays = digamma(alpha + beta + t), digamma(alpha + beta + n)
    by_alpha = renewals.lost @ (digamma(alpha + 1) - ends - digamma(alpha) + both) + renewals.kept @ (both - stays)
    by_beta = renewals.lost @ (digamma(beta + t - 1) - ends - digamma(beta) + both)
    by_beta += renewals.kept @ (digamma(beta + n) - stays - digamma(beta) + both)
    return float(total), np.array([alpha * by_alpha, beta * by_beta])
