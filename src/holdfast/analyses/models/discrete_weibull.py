"""The discrete Weibull model of contracts: Nakagawa and Osaki (1975), "The discrete Weibull distribution", IEEE Transactions on
Reliability R-24, 300-301.

1. All customers are alike: each lives t renewals with probability (1 - θ)^(t^c).
2. The readiness to leave falls with time where c < 1, and rises where c > 1.

It is what the beta-discrete-Weibull becomes where customers do not differ (γ and δ run to infinity): where the data say so,
that model has no maximum and this one takes its place. Written
with τ, the renewals that 1 / e of them live, 1 - θ = exp(-τ^-c): S(t) = exp(-(t / τ)^c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, maximised
from holdfast.analyses.models.renewals import Numbers, Renewals

__all__ = ["DiscreteWeibull", "fitted"]

START = (5.0, 1.0)


@dataclass(frozen=True)
class DiscreteWeibull:
    """A fitted model: tau, the renewals that 1 / e of all live, and c of the duration."""

    fit: Fit

    def log_survival(self, t: npt.ArrayLike) -> Numbers:
        """ln S(t) = -(t / τ)^c, as many as t."""
        tau, c = self.fit.values
        return np.asarray(-((np.asarray(t, np.float64) / tau) ** c))


def fitted(renewals: Renewals) -> DiscreteWeibull:
    """The model of the greatest likelihood."""
    return DiscreteWeibull(
        maximised(
            "discrete Weibull", ("tau", "c"), START, lambda at: _loglik(at, renewals),
            customers=renewals.contracts, unit_days=0.0,
        )
    )  # fmt: skip


def _loglik(at: Numbers, renewals: Renewals) -> tuple[float, Numbers]:
    """Log-likelihood and its gradient by ln τ and ln c."""
    tau, c = np.exp(at)
    t = np.arange(renewals.periods + 1.0)
    log = -((t / tau) ** c)
    slopes = np.stack([-c * log, log * c * np.log(np.maximum(t, 1.0) / tau)])
    left = np.exp(log)
    ended = left[:-1] - left[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        by = (slopes[:, :-1] * left[:-1] - slopes[:, 1:] * left[1:]) / ended
        log_ended = np.log(ended)
    some = renewals.lost > 0
    total = renewals.lost[some] @ log_ended[some] + renewals.kept @ log
    return float(total), np.asarray(by[:, some] @ renewals.lost[some] + slopes @ renewals.kept)
