"""The beta-discrete-Weibull model of contracts: Fader, Hardie, Liu, Davin and Steenburgh (2018), "'How to project customer
retention' revisited: the role of duration dependence", Journal of Interactive Marketing 43, 1-16.

1. A customer lives t renewals with probability (1 - θ)^(t^c): her own readiness to leave falls with time where c < 1, rises
   where c > 1, and stays where c = 1.
2. Over customers θ is Beta(γ, δ).

Hence S(t) = B(γ, δ + t^c) / B(γ, δ), P(T = t) = S(t - 1) - S(t). With c = 1 it is the shifted-beta-geometric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit, maximised
from holdfast.analyses.models.renewals import Numbers, Renewals

__all__ = ["BetaDiscreteWeibull", "fitted"]

START = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class BetaDiscreteWeibull:
    """A fitted model: gamma and delta of Beta(γ, δ), and c of the duration."""

    fit: Fit

    def log_survival(self, t: npt.ArrayLike) -> Numbers:
        """ln S(t) = ln B(γ, δ + t^c) - ln B(γ, δ), as many as t."""
        from scipy.special import betaln

        gamma, delta, c = self.fit.values
        return np.asarray(betaln(gamma, delta + np.asarray(t, np.float64) ** c) - betaln(gamma, delta))

    def retention(self, t: npt.ArrayLike) -> Numbers:
        """r_t = S(t) / S(t - 1): of those who come to their t-th opportunity, the share that renews."""
        at = np.asarray(t, np.float64)
        return np.asarray(np.exp(self.log_survival(at) - self.log_survival(at - 1)))


def fitted(renewals: Renewals, start: tuple[float, float, float] = START) -> BetaDiscreteWeibull:
    """The model of the greatest likelihood, searched from (γ, δ, c)."""
    return BetaDiscreteWeibull(
        maximised(
            "beta-discrete-Weibull", ("gamma", "delta", "c"), start, lambda at: _loglik(at, renewals),
            customers=renewals.contracts, unit_days=0.0,
        )
    )  # fmt: skip


def _loglik(at: Numbers, renewals: Renewals) -> tuple[float, Numbers]:
    """Log-likelihood and its gradient by ln γ, ln δ and ln c."""
    log, slopes = _log_survival(at, renewals.periods)
    left = np.exp(log)
    ended = left[:-1] - left[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ended = np.log(ended)
        by = (slopes[:, :-1] * left[:-1] - slopes[:, 1:] * left[1:]) / ended
    some = renewals.lost > 0
    total = renewals.lost[some] @ log_ended[some] + renewals.kept @ log
    return float(total), np.asarray(by[:, some] @ renewals.lost[some] + slopes @ renewals.kept)


def _log_survival(at: Numbers, periods: int) -> tuple[Numbers, Numbers]:
    """ln S(t) for t = 0 to periods, and its derivatives by the logarithms of the parameters [3, periods + 1]."""
    from scipy.special import digamma, gammaln

    gamma, delta, c = np.exp(at)
    t = np.arange(periods + 1.0)
    u = t**c
    log = gammaln(delta + u) - gammaln(gamma + delta + u) - gammaln(delta) + gammaln(gamma + delta)
    here, both, start = digamma(delta + u), digamma(gamma + delta + u), digamma(gamma + delta)
    by_u = (here - both) * c * u * np.log(np.maximum(t, 1.0))
    return log, np.stack([gamma * (start - both), delta * (here - both - digamma(delta) + start), by_u])
