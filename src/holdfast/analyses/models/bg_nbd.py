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

from dataclasses import dataclass
from typing import ClassVar

from holdfast.analyses.models.coins import NAMES, CoinModel
from holdfast.analyses.models.histories import Histories

__all__ = ["NAMES", "BgNbd", "fitted"]


@dataclass(frozen=True)
class BgNbd(CoinModel):
    """A fitted BG/NBD: equations (8) counts, (9) E[X(t)], (10) E[Y(t)]; P(alive) is 1 where there was no repeat occasion."""

    MODEL: ClassVar[str] = "BG/NBD"
    FIRST: ClassVar[int] = 0


def fitted(histories: Histories) -> BgNbd:
    """Fit by maximum likelihood; `fit.identified` says whether the data can tell the parameters."""
    return BgNbd.fitted(histories)
