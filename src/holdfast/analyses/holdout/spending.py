"""Which model of values serves this shop: Gamma-Gamma where value and frequency do not go together, else the own mean."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from holdfast.analyses.definitions import counted
from holdfast.analyses.holdout.measures import Judged, judged
from holdfast.analyses.models import gamma_gamma, own_mean
from holdfast.analyses.occasions import Occasions
from holdfast.events.schema import MONEY_UNITS

__all__ = ["Spending", "in_money", "spending"]

Numbers = npt.NDArray[np.float64]


class Spending(Protocol):
    """A fitted model of what an occasion is worth: Gamma-Gamma or own mean."""

    @property
    def population_mean(self) -> float:
        """Of somebody unknown, in the currency."""
        ...

    def mean(self, x: npt.ArrayLike, mean_value: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Of each customer with so many occasions after the first and this mean money of theirs."""
        ...


def spending(rows: Occasions, small: int) -> tuple[Spending, str]:
    """The model of values that serves, fitted, and why in words.

    small  with fewer repeat customers than this nothing is modelled
    """
    x, value = rows.x, rows.mean_value
    repeaters = int(np.count_nonzero((x > 0) & (value > 0)))
    if repeaters < small:
        return _pooled(rows), f"own mean of each customer: only {counted(repeaters, 'customer')} came back with money"
    together = gamma_gamma.independence(x, value)
    if not together.holds:
        return own_mean.fitted(x, value), f"own mean of each customer, not Gamma-Gamma. {together.words}"
    model = gamma_gamma.fitted(x, value)
    if not model.fit.identified:
        why = model.fit.why or "the search did not come to rest"
        return own_mean.fitted(x, value), f"own mean of each customer: the data cannot tell Gamma-Gamma's parameters ({why})"
    return model, f"Gamma-Gamma. {together.words}"


def in_money(expected: Numbers, plain: Numbers, rows: Occasions, values: Spending, worth: float = 1.0) -> tuple[Judged, Judged]:
    """The money after the split: foretold occasions by the foretold value of one, and each customer's own plain rates.

    expected, plain  occasions foretold by the model and by the plain rate, [customers] · rows  which know what came later
    worth            what a unit of money is worth: the margin, or 1
    """
    actual = rows.later_money / MONEY_UNITS * worth
    value = values.mean(rows.x, rows.mean_value) * worth
    return judged(expected * value, actual), judged(plain * rows.mean_value * worth, actual)


def _pooled(rows: Occasions) -> own_mean.OwnMean:
    """Own means where next to nobody came back: everyone's mean occasion, first ones included, stands for each."""
    total = float(rows.money.sum()) / MONEY_UNITS / max(int((rows.x + 1).sum()), 1)
    return own_mean.OwnMean(np.full(len(own_mean.BANDS) + 1, total), own_mean.KAPPA[1], total, 0)
