"""Months ahead, and what money of later is worth today.

An order of the m-th month from now is worth 1 / (1 + d)^m of one today, d the discount a month: with E(t) the orders to be
expected within t, the discounted number over M months is

    Σ (E(t_m) − E(t_{m−1})) / (1 + d)^m      m = 1 … M, t_m = m months

(Fader, Hardie and Lee 2005, "RFM and CLV", take the same sum to infinity; packages take it over a horizon, month by month.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.analyses.clv import MONTH_DAYS
from holdfast.errors import UsageError

__all__ = ["Horizon", "discounted"]

Numbers = npt.NDArray[np.float64]
LONGEST = 120


@dataclass(frozen=True)
class Horizon:
    """How far ahead, and at which discount.

    months    whole months, 1 to 120
    discount  a year's, 0 to 1 (0.1: money of next year is worth 1 / 1.1 of today's)
    """

    months: int = 12
    discount: float = 0.1

    def __post_init__(self) -> None:
        if not 1 <= self.months <= LONGEST:
            raise UsageError(f"{self.months} months ahead cannot be told", f"choose 1 to {LONGEST} months, such as 12 or 36")
        if not 0 <= self.discount <= 1:
            raise UsageError(f"the discount cannot be {self.discount:g}", "give a year's, 0 to 1, such as 0.1 for 10 %")

    @property
    def monthly(self) -> float:
        """The discount of a month."""
        return float((1 + self.discount) ** (1 / 12) - 1)

    def times(self, unit_days: float) -> Numbers:
        """The ends of its months, in units of `unit_days` days."""
        return np.arange(1, self.months + 1, dtype=np.float64) * (MONTH_DAYS / unit_days)


def discounted(expected: Numbers, rate: float) -> Numbers:
    """Σ (E(t_m) − E(t_{m−1})) / (1 + rate)^m over the steps m.

    expected  E(t_m): the orders expected up to the end of each step, the steps along the last axis
    rate      the discount of a step
    """
    kept = (1 + rate) ** -np.arange(1, expected.shape[-1] + 2)
    # The same sum by parts: what each E(t_m) weighs, instead of differences that lose digits.
    weights = kept[:-1] - kept[1:]
    weights[-1] = kept[-2]
    return np.asarray(expected @ weights)
