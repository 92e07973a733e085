"""MBG/NBD: the BG/NBD in which the first occasion may be the last (Batislam, Denizel, Filiztekin 2007, Empirical validation and
comparison of models for customer base analysis, International Journal of Research in Marketing 24, 201-209; Hoppe and Wagner
2007, Customer base analysis: the case for a central variant of the Betageometric/NBD model, Marketing JRM 3, 75-90).

Assumptions

1. While she is there, a customer buys at random with rate λ: the time between occasions is exponential.
2. Rates differ between customers as Gamma(r, α): mean r / α a unit.
3. After *every* occasion, the first of all included, she leaves for good with chance p.
4. Chances differ between customers as Beta(a, b).
5. λ and p are independent of each other.

Assumption 3 is all that differs from the BG/NBD: one who never came back may have left at once.

Parameters: r, alpha (rate), a, b (leaving); all positive. coins.py holds the equations and says how each is worked out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.coins import Coins, Likelihood, told
from holdfast.analyses.models.fitting import Fit, given
from holdfast.analyses.models.histories import Histories

__all__ = ["NAMES", "MbgNbd", "fitted"]

Numbers = npt.NDArray[np.float64]

NAMES = ("r", "alpha", "a", "b")


@dataclass(frozen=True)
class MbgNbd:
    """A fitted MBG/NBD; times are in units of `fit.unit_days`.

    fit  what came out of the fitting, or what the parameters were said to be · r, alpha, a, b  the parameters
    """

    fit: Fit = field(repr=False)
    r: float
    alpha: float
    a: float
    b: float

    @staticmethod
    def of(r: float, alpha: float, a: float, b: float, *, unit_days: float = 7.0) -> MbgNbd:
        """The model with stated parameters."""
        return MbgNbd(given("MBG/NBD", NAMES, (r, alpha, a, b), unit_days), r, alpha, a, b)

    @property
    def _coins(self) -> Coins:
        return Coins(self.r, self.alpha, self.a, self.b, first=1)

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
        """P(k repeat occasions in the first T units), for each T: k = 0 to most - 1, then most or more. [T, most + 1]"""
        return self._coins.counts(T, most)


def fitted(histories: Histories) -> MbgNbd:
    """Fit by maximum likelihood; `fit.identified` says whether the data can tell the parameters."""
    fit = told("MBG/NBD", NAMES, Likelihood(histories, first=1))
    return MbgNbd(fit, *fit.values)
