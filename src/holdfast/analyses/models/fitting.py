"""What came out of fitting a model: parameters with standard errors, and whether they can be believed.

A model is fitted by maximum likelihood over the logarithms of its (positive) parameters, with the gradient written out. It is
*identified* where the maximum lies inside: no parameter runs to 0 or to infinity, and the likelihood falls on all sides. Where
it is not, the data cannot tell the model's story; the fit says why, and who asked takes another model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["EDGE", "Fit", "LogLikelihood", "given", "maximised"]

EDGE = (1e-4, 1e4)
"""A parameter outside has run to 0 or to infinity, in the unit of the model (weeks)."""

STEP = 1e-4
"""Step of the differences of the gradient that give the curvature, in logarithms."""

LogLikelihood = Callable[[npt.NDArray[np.float64]], "tuple[float, npt.NDArray[np.float64]]"]
"""From the logarithms of the parameters to the log-likelihood and its gradient by those logarithms."""


@dataclass(frozen=True)
class Fit:
    """A model fitted by maximum likelihood.

    model       its name, as people say it: BG/NBD
    names       the parameters' letters in the paper · values  float64, as many
    errors      standard errors of the values (delta method); nan where the curvature gives none
    covariance  float64 [parameters, parameters] of the *logarithms* of the parameters; empty where there is none
    loglik      log-likelihood at the maximum, constants of the paper included
    customers   how many it stands on
    unit_days   days of a unit of the model's time (7: weeks)
    converged   whether the search came to rest · searched  how often the likelihood was asked
    why         why the parameters cannot be believed; "": they can
    """

    model: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    loglik: float
    customers: int
    unit_days: float = 7.0
    converged: bool = True
    searched: int = 0
    why: str = ""
    covariance: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)), repr=False, compare=False)

    @property
    def identified(self) -> bool:
        """Whether the data can tell the parameters."""
        return self.converged and not self.why

    def __getitem__(self, name: str) -> float:
        return self.values[self.names.index(name)]

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The interval of a parameter, symmetric on the scale of logarithms (none of it is below 0); nan where there is none."""
        if not len(self.covariance):
            return float("nan"), float("nan")
        at = self.names.index(name)
        wide = NormalDist().inv_cdf(0.5 + level / 2) * float(np.sqrt(self.covariance[at, at]))
        return float(self.values[at] * np.exp(-wide)), float(self.values[at] * np.exp(wide))


def given(model: str, names: tuple[str, ...], values: tuple[float, ...], unit_days: float = 7.0) -> Fit:
    """Parameters that someone states (a paper, an earlier year), as a fit: without standard errors or likelihood."""
    nan = float("nan")
    return Fit(model, names, tuple(map(float, values)), (nan,) * len(names), nan, 0, unit_days)


def maximised(
    model: str, names: tuple[str, ...], start: tuple[float, ...], loglik: LogLikelihood, *, customers: int,
    unit_days: float = 7.0, edge: tuple[float, float] = EDGE,
) -> Fit:  # fmt: skip
    """The maximum of a likelihood, with standard errors, and whether it is one.

    start  parameters to begin at (positive, as many as names)
    """
    from scipy.optimize import minimize

    scale = 1.0 / max(customers, 1)

    def down(at: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value, slope = loglik(at)
        if not np.isfinite(value) or not np.isfinite(slope).all():
            return 1e10, np.zeros_like(at)
        return -value * scale, -slope * scale

    bounds = [(np.log(edge[0] / 10), np.log(edge[1] * 10))] * len(names)
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    found: Any = minimize(down, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    curve = _curvature(loglik, found.x)
    covariance, why = _inverted(curve)
    values = np.exp(found.x)
    errors = values * np.sqrt(np.diag(covariance)) if len(covariance) else np.full(len(names), np.nan)
    converged = bool(found.success) or float(np.abs(found.jac).max()) < 1e-5
    return Fit(
        model, names, tuple(map(float, values)), tuple(map(float, errors)), float(-found.fun / scale), customers, unit_days,
        converged, int(found.nfev), _ran_off(names, values, edge) or why, covariance,
    )  # fmt: skip


def _curvature(loglik: LogLikelihood, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The second derivatives at a point, by central differences of the gradient; symmetric."""
    rows = []
    for place in range(len(at)):
        step = np.zeros_like(at)
        step[place] = STEP
        rows.append((loglik(at + step)[1] - loglik(at - step)[1]) / (2 * STEP))
    curve = np.array(rows)
    return np.asarray((curve + curve.T) / 2)


def _inverted(curve: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], str]:
    """The covariance of the parameters, or why there is none."""
    flat = "the likelihood is flat: other parameters fit as well"
    if not np.isfinite(curve).all():
        return np.zeros((0, 0)), flat
    bends = np.linalg.eigvalsh(-curve)
    if bends[0] <= 1e-9 * max(bends[-1], 1e-300):
        return np.zeros((0, 0)), flat
    return np.asarray(np.linalg.inv(-curve), np.float64), ""


def _ran_off(names: tuple[str, ...], values: npt.NDArray[np.float64], edge: tuple[float, float]) -> str:
    """Which parameters ran to the edge, in words."""
    off = [f"{name} runs to {'0' if value < 1 else 'infinity'}" for name, value in zip(names, values, strict=True)
           if not edge[0] < value < edge[1]]  # fmt: skip
    return ", ".join(off)
