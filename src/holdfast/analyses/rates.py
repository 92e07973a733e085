"""Retention and churn rate as pure formulas (SEMANTICS 12).

    CRR = (E - N) / S x 100        churn = lost / S x 100

S customers at the start, E at the end, N of those at the end who were not there at the start (new and returned). E - N are
those who stayed, so the rate never passes 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.analyses.statistics import wilson
from holdfast.errors import UsageError

__all__ = ["Rate", "churn_rate", "rate", "retention_rate"]


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval (Wilson).

    share, low, high  0 to 1; None where there is nothing to take a share of
    hits, n           how many of how many
    reason            why there is no share, else empty
    """

    share: float | None
    low: float | None
    high: float | None
    hits: int
    n: int
    reason: str = ""

    @property
    def percent(self) -> float | None:
        """The share in percent."""
        return None if self.share is None else 100 * self.hits / self.n


def rate(hits: int, n: int, nothing: str = "nobody to take a share of") -> Rate:
    """hits of n as a share with its interval; n = 0 gives None with the reason."""
    if n == 0:
        return Rate(None, None, None, 0, 0, nothing)
    low, high = wilson(hits, n)
    return Rate(hits / n, low, high, hits, n)


def retention_rate(start: int, end: int, new: int) -> Rate:
    """The customer retention rate (E - N) / S.

    start  customers at the start (S) · end  customers at the end (E)
    new    those at the end who were not there at the start (N), new and returned ones
    Raises UsageError for figures that cannot be: negative, more new than there are at the end, more kept than at the start.
    """
    _not_negative(start=start, end=end, new=new)
    if new > end:
        raise UsageError(f"{new:,} new of {end:,} at the end cannot be", "N counts those who were not there at the start")
    if end - new > start:
        raise UsageError(f"{end - new:,} kept of {start:,} cannot be", "N counts all who were not there before")
    return rate(end - new, start, "no customers at the start")


def churn_rate(start: int, lost: int) -> Rate:
    """The churn rate lost / S; raises UsageError when more are lost than there were."""
    _not_negative(start=start, lost=lost)
    if lost > start:
        raise UsageError(f"{lost:,} lost of {start:,} cannot be", "lost counts those of the start who are not there at the end")
    return rate(lost, start, "no customers at the start")


def _not_negative(**counts: int) -> None:
    for name, count in counts.items():
        if count < 0:
            raise UsageError(f"{name} cannot be {count:,}", "give a count of customers, 0 or more")
