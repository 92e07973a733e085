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

from dataclasses import dataclass
from typing import ClassVar

from holdfast.analyses.models.coins import NAMES, CoinModel
from holdfast.analyses.models.histories import Histories

__all__ = ["NAMES", "MbgNbd", "fitted"]


@dataclass(frozen=True)
class MbgNbd(CoinModel):
    """A fitted MBG/NBD: P(alive) is below 1 for everyone, also for those who came once."""

    MODEL: ClassVar[str] = "MBG/NBD"
    FIRST: ClassVar[int] = 1


def fitted(histories: Histories) -> MbgNbd:
    """Fit by maximum likelihood; `fit.identified` says whether the data can tell the parameters."""
    return MbgNbd.fitted(histories)
