"""What the orders to come may be worth: one law for both models of values, so that totals have a distribution.

The total S of k further orders of a customer, of whom a shape Q and a rate ρ are known, is such that S / ρ is
beta-prime(p k, Q) (gamma_gamma.py). Gamma-Gamma gives Q = q + p x and ρ = v + x z̄. For the own mean m (own_mean.py) the same
law is laid around m: p as a Gamma-Gamma fitted to the same values has it (orders of one customer vary by 1 / p of their squared
mean), and

    Q = 2 + p (x + κ)      so that her mean is as uncertain as credibility says: Var / m² = 1 / (p (x + κ))
    ρ = m (Q − 1) / p      so that it is m on average
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.gamma_gamma import GammaGamma, fitted
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.analyses.holdout.spending import Spending
    from holdfast.analyses.models.fitting import Fit
    from holdfast.analyses.models.own_mean import OwnMean
    from holdfast.analyses.occasions import Occasions

__all__ = ["GammaPaying", "OwnPaying", "Paying", "paying"]

Numbers = npt.NDArray[np.float64]

SPREAD = 1.0
"""p where none can be found: orders of one customer vary as an exponential does."""


@dataclass(frozen=True)
class GammaPaying:
    """Values by Gamma-Gamma."""

    model: GammaGamma

    @property
    def p(self) -> float:
        """The shape of one order."""
        return self.model.p

    @property
    def fit(self) -> Fit | None:
        """What came out of the fitting."""
        return self.model.fit

    @property
    def population_mean(self) -> float:
        """An order of somebody unknown."""
        return self.model.population_mean

    def mean(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The expected value of an order of each customer."""
        return self.model.mean(x, mean_value)

    def law(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> tuple[Numbers, Numbers]:
        """Q and ρ of each customer; Q depends on x alone, and on whether there is money."""
        value = np.asarray(mean_value, np.float64)
        seen = np.where(value > 0, np.asarray(x, np.float64), 0.0)
        return self.model.q + self.model.p * seen, self.model.v + seen * value


@dataclass(frozen=True)
class OwnPaying:
    """Values by own means, spread as orders of one customer are.

    error  standard error of the mean of somebody unknown, as a share of it
    """

    model: OwnMean
    p: float
    error: float = 0.0

    @property
    def fit(self) -> Fit | None:
        """There is no likelihood: None."""
        return None

    @property
    def population_mean(self) -> float:
        """An order of somebody unknown."""
        return self.model.population_mean

    def mean(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> Numbers:
        """The expected value of an order of each customer."""
        return self.model.mean(x, mean_value)

    def law(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> tuple[Numbers, Numbers]:
        """Q and ρ of each customer."""
        shape = 2 + self.p * (np.asarray(x, np.float64) + self.model.kappa)
        return shape, self.mean(x, mean_value) * (shape - 1) / self.p


Paying = GammaPaying | OwnPaying


def paying(spending: Spending, rows: Occasions) -> Paying:
    """The law of values around a fitted model of them.

    rows  the occasions it was fitted to
    """
    if isinstance(spending, GammaGamma):
        return GammaPaying(spending)
    from holdfast.analyses.models.own_mean import OwnMean

    assert isinstance(spending, OwnMean)
    try:
        found = fitted(rows.x, rows.mean_value)
    except UsageError:
        return OwnPaying(spending, SPREAD, _error(rows))
    return OwnPaying(spending, found.p if found.fit.identified else SPREAD, _error(rows))


def _error(rows: Occasions) -> float:
    """Of the mean of repeaters' means, as a share of it; 0 where there is none."""
    means = rows.mean_value[rows.x > 0]
    middle = float(means.mean()) if len(means) > 1 else 0.0
    return float(means.std(ddof=1) / np.sqrt(len(means)) / middle) if middle > 0 else 0.0
