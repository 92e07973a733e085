"""The plain rate: as often as so far. It is the yardstick of every model, and what is used where no model beats it.

Assumptions

1. A customer who had x occasions in T after the first will have x / T · t in the next t; one without any will have none.
2. That is a number and no law of chance: the chances of counts, and so the intervals, are those of NBD with silence
   (empirical.py). Poisson counts around x / T would take a rate seen once or never for known: they held 63 % of Online Retail's
   customers instead of 90 %.
3. Of a new customer the rate of all is expected, Σx / ΣT.
4. P(alive) is no part of it: it is what who came back after which silence says (silence.py), and does not touch the forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.empirical import Empirical
from holdfast.analyses.models.fitting import Fit
from holdfast.analyses.models.histories import Histories

__all__ = ["NAME", "PlainRate", "fitted", "own_rate"]

Numbers = npt.NDArray[np.float64]

NAME = "plain rate"


@dataclass(frozen=True)
class PlainRate:
    """As often as so far; times are in units of `fit.unit_days`.

    fit    its one parameter: the rate of all · rate  occasions a unit · base  the model whose P(alive) and chances are told
    """

    fit: Fit = field(repr=False)
    rate: float
    base: Empirical = field(repr=False)

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) by silence, [rows]."""
        return self.base.alive(histories)

    def expected(self, histories: Histories, t: float) -> Numbers:
        """x / T · t, [rows]."""
        return own_rate(histories.in_units(self.fit.unit_days)) * t

    def expected_at(self, histories: Histories, times: npt.ArrayLike) -> Numbers:
        """x / T · t of each of several times, [rows, times]."""
        return np.outer(own_rate(histories.in_units(self.fit.unit_days)), np.asarray(times, np.float64))

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """The chances of NBD with silence: k = 0 to most - 1, then most or more. [rows, most + 1]"""
        return self.base.chances(histories, t, most)

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Σx / ΣT · t, as many as t."""
        return np.asarray(self.rate * np.asarray(t, np.float64))

    def counts(self, T: npt.ArrayLike, most: int) -> Numbers:
        """The chances of NBD with silence, for each T: k = 0 to most - 1, then most or more."""
        return self.base.counts(T, most)


def own_rate(histories: Histories) -> Numbers:
    """x / T of each row; 0 for one whose first occasion was on the last day."""
    return np.asarray(histories.x / np.where(histories.T > 0, histories.T, 1.0))


def fitted(histories: Histories, base: Empirical) -> PlainRate:
    """The plain rate of these histories, with the P(alive) of a fitted fallback."""
    repeats, watched = float(histories.customers @ histories.x), float(histories.customers @ histories.T)
    rate = repeats / watched if watched > 0 else 0.0
    error = float(np.sqrt(repeats)) / watched if watched > 0 else float("nan")
    fit = Fit(NAME, ("rate",), (rate,), (error,), float("nan"), histories.people, histories.unit_days)
    return PlainRate(fit, rate, base)
