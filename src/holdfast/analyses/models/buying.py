"""What every fitted model of buying without a contract can tell: BG/NBD, MBG/NBD, Pareto/NBD."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.fitting import Fit
from holdfast.analyses.models.histories import Histories

__all__ = ["Buying"]

Numbers = npt.NDArray[np.float64]


class Buying(Protocol):
    """A fitted model. Times are in units of `fit.unit_days`; histories in another unit are refused with UsageError."""

    @property
    def fit(self) -> Fit:
        """What came out of the fitting."""
        ...

    def alive(self, histories: Histories) -> Numbers:
        """P(alive) at the end of watching, [rows]."""
        ...

    def expected(self, histories: Histories, t: float) -> Numbers:
        """Expected occasions in the next `t` units, [rows]."""
        ...

    def chances(self, histories: Histories, t: float, most: int) -> Numbers:
        """P(k occasions in the next `t` units), k = 0 to most - 1; the last column: most or more. [rows, most + 1]"""
        ...

    def new(self, t: npt.ArrayLike) -> Numbers:
        """Expected repeat occasions of a new customer in her first `t` units, as many as t."""
        ...

    def counts(self, T: Numbers, most: int) -> Numbers:
        """P(k repeat occasions in the first T units), for each T: k = 0 to most - 1; the last column: most or more."""
        ...
