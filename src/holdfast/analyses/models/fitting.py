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

from holdfast.analyses.threads import one_thread

__all__ = ["EDGE", "Fit", "LogLikelihood", "given", "maximised"]

EDGE = (1e-4, 1e4)
"""A parameter outside has run to 0 or to infinity, in the unit of the model (weeks)."""

STEP = 1e-4
"""Step of the differences of the gradient that give the curvature, in logarithms."""

WIDEST = 2.0
"""Standard error of a logarithm beyond which a parameter is not told: its 95 % interval would reach 50 times up and down."""

OTHER_STARTS = (1.0, 10.0, 0.1)
"""Where searches begin: the start, and the start with every other parameter so many times up and the others down."""

MOST_STEPS = 12
STILL = 1e-7
"""A search from a part rests where a further step would add no more than half of this to the log-likelihood."""

LEFT_OVER = 1e-3
"""The longest last step, in logarithms."""

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
        """The interval of a parameter, symmetric about it on the scale of logarithms; nan where there is none.

        So none of it is below 0, and it is longer upwards, as the likelihood is: on 1,000 simulated shops the BG/NBD's 95 %
        intervals hold the truth in 95.2 % (tests/simulated_shops.py).
        """
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
    unit_days: float = 7.0, edge: tuple[float, float] = EDGE, part: tuple[LogLikelihood, int] | None = None,
) -> Fit:  # fmt: skip
    """The maximum of a likelihood, with standard errors, and whether it is one.

    A search that does not come to rest inside is begun again from two other places, and the best is kept: only then is it said
    that the data cannot tell the parameters.

    start  parameters to begin at (positive, as many as names)
    part   the likelihood of an even part of the customers, and how many they are: its maximum and curvature lead to that of all
    """
    asked = _Counted(loglik)
    led = _from_part(asked, maximised(model, names, start, part[0], customers=part[1], edge=edge), customers) if part else None
    stretches = OTHER_STARTS[:1] if part else OTHER_STARTS  # the part has been searched from all of them
    with one_thread("searches"):
        found = led if led is not None else _searched(asked, start, stretches, max(customers, 1), edge)
        covariance, why = _inverted(_curvature(asked, found.at))
    values = np.exp(found.at + _last_step(covariance, found.slope))
    errors = values * np.sqrt(np.diag(covariance)) if len(covariance) else np.full(len(names), np.nan)
    return Fit(
        model, names, tuple(map(float, values)), tuple(map(float, errors)), found.value, customers, unit_days,
        found.rests, asked.times, _ran_off(names, values, edge) or why or _untold(names, covariance), covariance,
    )  # fmt: skip


class _Counted:
    """A likelihood that counts how often it is asked."""

    def __init__(self, loglik: LogLikelihood) -> None:
        self.loglik, self.times = loglik, 0

    def __call__(self, at: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        self.times += 1
        with np.errstate(all="ignore"):
            return self.loglik(at)


@dataclass(frozen=True)
class _Found:
    """Where a search ended: logarithms of the parameters, the log-likelihood and its slope there, whether it came to rest."""

    at: npt.NDArray[np.float64]
    value: float
    slope: npt.NDArray[np.float64]
    rests: bool


def _searched(
    loglik: LogLikelihood, start: tuple[float, ...], stretches: tuple[float, ...], customers: int, edge: tuple[float, float]
) -> _Found:
    """The best of the searches from the start and, where that one does not end inside, from the other places."""
    best: _Found | None = None
    for stretch in stretches:
        turned = np.resize((stretch, 1 / stretch), len(start))
        found = _climbed(loglik, np.log(start * turned), customers, edge)
        if best is None or (found.rests, found.value) > (best.rests, best.value + 1e-6):
            best = found
        if best.rests and not _outside(np.exp(best.at), edge).any():
            break
    assert best is not None
    return best


def _climbed(loglik: LogLikelihood, start: npt.NDArray[np.float64], customers: int, edge: tuple[float, float]) -> _Found:
    from scipy.optimize import minimize

    def down(at: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        value, slope = loglik(at)
        if not np.isfinite(value) or not np.isfinite(slope).all():
            return 1e10, np.zeros_like(at)
        return -value / customers, -slope / customers

    bounds = [(np.log(edge[0] / 10), np.log(edge[1] * 10))] * len(start)
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    found: Any = minimize(down, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    rests = bool(found.success) or float(np.abs(found.jac).max()) < 1e-5
    return _Found(found.x, float(-found.fun * customers), -found.jac * customers, rests and found.fun < 1e9)


def _from_part(loglik: LogLikelihood, part: Fit, customers: int) -> _Found | None:
    """Steps by the curvature of a part, set right for how many the whole has; None where they do not lead to rest inside.

    The curvature of the part differs from that of the whole, much so along a ridge: what each step shows of it is learned.
    """
    if not part.identified:
        return None
    at, shape = np.log(part.values), part.covariance * part.customers / customers
    value, slope = loglik(at)
    for _ in range(MOST_STEPS):
        step = shape @ slope
        if not np.isfinite(value) or not np.isfinite(step).all() or np.abs(step).max() > 1:
            return None
        if slope @ step < STILL:
            return _Found(at, value, slope, True)
        reached, ahead = loglik(at + step)
        if not reached >= value - STILL:
            return None
        shape = _learned(shape, step, slope - ahead)
        at, value, slope = at + step, reached, ahead
    return None


def _learned(
    shape: npt.NDArray[np.float64], step: npt.NDArray[np.float64], bend: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The inverse of a curvature with what a step showed: by how much the slope fell on it (Broyden, Fletcher, Goldfarb and
    Shanno 1970; Nocedal and Wright, Numerical Optimization, 6.17)."""
    along = float(step @ bend)
    if along <= 0:
        return shape
    turned = np.eye(len(step)) - np.outer(step, bend) / along
    return np.asarray(turned @ shape @ turned.T + np.outer(step, step) / along)


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


def _last_step(covariance: npt.NDArray[np.float64], slope: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What is left of the way to the maximum, by the curvature; nothing where it is more than a search leaves.

    A search rests within a few millionths of the maximum, which shows in the sixth digit of what a customer is worth.
    """
    step = covariance @ slope if len(covariance) else np.zeros_like(slope)
    return np.asarray(step if np.abs(step).max(initial=0.0) < LEFT_OVER else np.zeros_like(slope))


def _outside(values: npt.NDArray[np.float64], edge: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return np.asarray((values <= edge[0]) | (values >= edge[1]))


def _ran_off(names: tuple[str, ...], values: npt.NDArray[np.float64], edge: tuple[float, float]) -> str:
    """Which parameters ran to the edge, in words."""
    off = [f"{name} runs to {'0' if value < 1 else 'infinity'}"
           for name, value, gone in zip(names, values, _outside(values, edge), strict=True) if gone]  # fmt: skip
    return ", ".join(off)


def _untold(names: tuple[str, ...], covariance: npt.NDArray[np.float64]) -> str:
    """Which parameters have an interval so wide that the data say next to nothing of them, in words."""
    wide = [name for name, error in zip(names, np.sqrt(np.diag(covariance)), strict=True) if error > WIDEST]
    return f"the data say next to nothing of {' and '.join(wide)}: any size fits as well" if wide else ""
