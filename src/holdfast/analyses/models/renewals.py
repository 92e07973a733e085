"""Renewals as the models of contracts want them: how many opportunities each contract lived, and which are still running.

Time is counted in opportunities to renew, t = 1, 2, …: a contract that ends at the t-th has lived t - 1 renewals; one that
runs on has lived n of them and is censored there. Contracts with the same history are one row, whatever their cohort: a cohort
of long ago tells of more opportunities, a late one of few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit
from holdfast.errors import UsageError

__all__ = ["Renewals", "Renewing", "for_ever", "remaining", "within"]

Numbers = npt.NDArray[np.float64]

FAR = 1e-12
"""Terms of an endless sum are added until discounting has made them smaller than this."""

LONGEST = 200_000
"""Terms of an endless sum, at most."""


@dataclass(frozen=True)
class Renewals:
    """Contracts by what became of them.

    lost  int64 [periods]: lost[t - 1] ended at their t-th opportunity
    kept  int64 [periods + 1]: kept[n] are known to have lived n renewals and ran on when watching ended
    """

    lost: npt.NDArray[np.int64]
    kept: npt.NDArray[np.int64]

    @staticmethod
    def of(renewals: npt.ArrayLike, ended: npt.ArrayLike) -> Renewals:
        """Of one row a contract: renewals lived [contracts], and whether it ended at the next one.

        UsageError where a number of renewals is below 0 or no whole number.
        """
        lived, over = np.asarray(renewals), np.asarray(ended).astype(np.bool_)
        if len(lived) and (lived.min() < 0 or (lived != np.floor(lived)).any()):
            raise UsageError("renewals are counted", "give whole numbers, 0 or more")
        lived = lived.astype(np.int64)
        most = max((lived[over] + 1).max(initial=0), lived[~over].max(initial=0))
        return Renewals(np.bincount(lived[over], minlength=most), np.bincount(lived[~over], minlength=most + 1))

    @staticmethod
    def of_survivors(cohorts: Sequence[Sequence[int]]) -> Renewals:
        """Of cohorts, each as its survivors by period: [1000, 631, 468] began as 1,000, of whom 631 renewed once, 468 twice.

        UsageError where a cohort grows.
        """
        most = max((len(cohort) - 1 for cohort in cohorts), default=0)
        lost, kept = np.zeros(most, np.int64), np.zeros(most + 1, np.int64)
        for cohort in cohorts:
            alive = np.asarray(cohort, np.int64)
            left = alive[:-1] - alive[1:]
            if (left < 0).any() or (len(cohort) and min(cohort) < 0):
                raise UsageError("survivors never grow", "give how many of one cohort are left, period by period")
            lost[: len(left)] += left
            if len(cohort):
                kept[len(cohort) - 1] += cohort[-1]
        return Renewals(lost, kept)

    def __add__(self, other: Renewals) -> Renewals:
        most = max(len(self.lost), len(other.lost))
        lost, kept = np.zeros(most, np.int64), np.zeros(most + 1, np.int64)
        for part in (self, other):
            lost[: len(part.lost)] += part.lost
            kept[: len(part.kept)] += part.kept
        return Renewals(lost, kept)

    @property
    def contracts(self) -> int:
        """How many contracts."""
        return int(self.lost.sum() + self.kept.sum())

    @property
    def at_risk(self) -> npt.NDArray[np.int64]:
        """How many came to the t-th opportunity and are known to have lived or ended there, [periods]."""
        ended = self.lost[::-1].cumsum()[::-1]
        later = self.kept[::-1].cumsum()[::-1]
        return np.asarray(ended + later[1 : len(self.lost) + 1], np.int64)

    @property
    def periods(self) -> int:
        """The most opportunities that any contract came to."""
        return len(self.lost)


class Renewing(Protocol):
    """A fitted model of contracts: beta-discrete-Weibull, shifted-beta-geometric, one rate for all."""

    @property
    def fit(self) -> Fit:
        """What came out of the fitting."""
        ...

    def log_survival(self, t: npt.ArrayLike) -> Numbers:
        """ln S(t): the logarithm of the share that lives t renewals, as many as t."""
        ...


def remaining(model: Renewing, lived: npt.ArrayLike, ahead: int) -> Numbers:
    """P(lives so many more renewals | has lived n): [as many as lived, ahead], the first column one more."""
    n = np.asarray(lived, np.float64)[:, None]
    return np.asarray(np.exp(model.log_survival(n + np.arange(1, ahead + 1)) - model.log_survival(n)))


def within(model: Renewing, lived: npt.ArrayLike, ahead: int, discount: float = 0.0) -> Numbers:
    """The (discounted) expected number of renewals among the next so many, of contracts that have lived n: [as many as lived].

    discount  per period; the next renewal counts in full, the one after it 1 / (1 + discount), …
    """
    return np.asarray(remaining(model, lived, ahead) @ (1.0 + discount) ** -np.arange(ahead))


def for_ever(model: Renewing, lived: npt.ArrayLike, discount: float) -> Numbers:
    """The discounted expected residual lifetime (DERL) of contracts that have lived n renewals, just before the next one:

        DERL = sum over t > n of S(t) / S(n) · (1 + d)^-(t - n - 1)          (Fader and Hardie 2010)

    UsageError without a discount rate above 0: without one the sum need not have an end.
    """
    if not discount > 0:
        raise UsageError(f"a discount rate of {discount} gives no sum for ever", "give one above 0, or a number of periods")
    terms = min(int(np.ceil(-np.log(FAR) / np.log1p(discount))), LONGEST)
    distinct, place = np.unique(np.asarray(lived, np.float64), return_inverse=True)
    return np.array([within(model, [n], terms, discount)[0] for n in distinct])[place]
