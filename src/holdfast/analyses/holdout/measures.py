"""How well a forecast of each customer's occasions came true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Judged", "judged"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A forecast against what came.

    customers    how many were forecast · expected, actual  occasions of all, forecast and real
    mae, rmse    mean absolute error, root of the mean squared error, in occasions a customer
    correlation  of forecast and real; nan where either does not vary
    """

    customers: int
    expected: float
    actual: float
    mae: float
    rmse: float
    correlation: float

    @property
    def error(self) -> float:
        """The error of the total, as a share of what came; nan where nothing came."""
        return self.expected / self.actual - 1 if self.actual else float("nan")

    def beats(self, other: Judged) -> bool:
        """Whether both the mean absolute error and the error of the total are smaller than another's."""
        return self.mae < other.mae and abs(self.expected - self.actual) < abs(other.expected - other.actual)


def judged(expected: Numbers, actual: npt.NDArray[Any]) -> Judged:
    """Judge a forecast: expected and actual occasions (or money), [customers], at least one."""
    apart = expected - actual
    varies = len(actual) > 1 and float(np.ptp(expected)) > 0 and float(np.ptp(actual)) > 0
    return Judged(
        customers=len(actual),
        expected=float(expected.sum()),
        actual=float(actual.sum()),
        mae=float(np.abs(apart).mean()),
        rmse=float(np.sqrt((apart * apart).mean())),
        correlation=float(np.corrcoef(expected, actual)[0, 1]) if varies else float("nan"),
    )
