"""BG/NBD: who still is there, and how often she will buy (Fader, Hardie, Lee 2005, "Counting your customers" the easy way:
an alternative to the Pareto/NBD model, Marketing Science 24, 275-284).

Assumptions

1. While she is there, a customer buys at random with rate λ: the time between occasions is exponential.
2. Rates differ between customers as Gamma(r, α): mean r / α a unit.
3. After any *repeat* occasion she leaves for good with chance p: leaving is a coin tossed after buying.
4. Chances differ between customers as Beta(a, b).
5. λ and p are independent of each other.

As no coin is tossed at the first occasion of all, one who never came back counts as still there (P(alive) = 1): mbg_nbd.py is
the model for shops where that is not believed.

Parameters: r, alpha (rate), a, b (leaving); all positive. Equations: likelihood (6), counts (8), E[X(t)] (9), E[Y(t)] (10);
coins.py holds what is shared and says how each is worked out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.coins import Coins, Likelihood, told
from holdfast.analyses.models.fitting import Fit, given
from holdfast.analyses.models.histories import Histories

__all__ = ["NAMES", "BgNbd", "fitted"]

Numbers = npt.NDArray[np.float64]

NAMES = ("r", "alpha", "a", "b")


@dataclass(frozen=True)
class BgNbd:
    """A fitted BG/NBD; times are in units of `fit.unit_days`.

    fit  what came out of the fitting, or what the parameters were said to be · r, alpha, a, b  the parameters
    """

    fit: Fit = field(repr=False)
    r: float
    alpha: float
    a: float
    b: float

    @staticmethod
    def of(r: float, alpha: float, a: float, b: float, *, unit_days: float = 7.0) -> BgNbd:
        """The model with stated parameters."""
        return BgNbd(given("BG/NBD", NAMES, (r, alpha, a, b), unit_days), r, alpha, a, b)

    @property
    def _coins(self) -> Coins:
        return Coins(self.r, self.alpha, self.a, self.b, first=0)

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at T, [rows]; 1 where there was no repeat occasion."""
        return self._coins.alive(histories.in_units(self.fit.unit_days))

    def expected(self, histories: Histories, t: float) -> Numbers:
        """Expected occasions in the next t units, [rows]; equation (10)."""
        return self.expected_at(histories, (t,))[:, 0]

    def expected_at(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """Expected occasions up to each of several times (ascending), [rows, times]; hardly dearer than one time."""
        return self._coins.expected(histories.in_units(self.fit.unit_days), times)

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k occasions in the next t units): k = 0 to most - 1, then most or more. [rows, most + 1]"""
        return self._coins.chances(histories.in_units(self.fit.unit_days), t, most)

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Expected repeat occasions of a new customer in her first t units, as many as t; equation (9)."""
        return self._coins.new(t)

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """P(k repeat occasions in the first T units), for each T: k = 0 to most - 1, then most or more; equation (8)."""
        return self._coins.counts(T, most)


def fitted(histories: Histories) -> BgNbd:
    """Fit by maximum likelihood; `fit.identified` says whether the data can tell the parameters."""
    fit = told("BG/NBD", NAMES, Likelihood(histories, first=0))
    return BgNbd(fit, *fit.values)
