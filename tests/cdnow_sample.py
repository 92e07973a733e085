"""The 2,357 CDNOW customers of the papers, a tenth of all: whole days to 1997-09-30, and the orders of the 39 weeks after."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.histories import Histories

__all__ = ["HOLDOUT_WEEKS", "Sample", "sample"]

HOLDOUT_WEEKS = 39.0


@dataclass(frozen=True)
class Sample:
    """ids, x, last_day (t_x in days), watched_days (T in days), later (occasions of the holdout): [customers]."""

    ids: list[str]
    x: npt.NDArray[np.int64]
    last_day: npt.NDArray[np.int64]
    watched_days: npt.NDArray[np.int64]
    later: npt.NDArray[np.int64]

    def histories(self, unit_days: float = 7.0) -> Histories:
        """As models want them."""
        return Histories.of(self.x, self.last_day / unit_days, self.watched_days / unit_days, unit_days=unit_days)


@cache
def sample() -> Sample:
    """Read once a run."""
    with (Path(__file__).parent / "data" / "cdnow_sample.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    numbers = (np.array([int(row[name]) for row in rows]) for name in ("x", "last_day", "watched_days", "later"))
    return Sample([row["customer_id"] for row in rows], *numbers)
