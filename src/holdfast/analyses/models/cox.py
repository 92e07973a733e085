"""Cox's proportional hazards: D. R. Cox (1972), "Regression models and life-tables", JRSS B 34, 187-220.

1. A customer with properties x leaves at the rate h(t) · exp(xβ): h(t) is anybody's and is left open, exp(β) is the *hazard
   ratio* of a property, the same at every time.
2. The partial likelihood compares, at each time at which somebody leaves, her with all who could have left then. Ties are
   Efron's: B. Efron (1977), "The efficiency of Cox's likelihood function for censored data", JASA 72, 557-565.
3. Whether a ratio really is the same at every time is tested on Schoenfeld's residuals against the rank of time: P. Grambsch
   and T. Therneau (1994), "Proportional hazards tests and diagnostics based on weighted residuals", Biometrika 81, 515-526.

Concordance: Harrell and others (1982), JAMA 247, 2543-2546. Found by Newton's steps with the gradient and the second
derivatives written out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.models.cox_loops import concordant, efron, schoenfeld
from holdfast.analyses.statistics import Z95, chi_square_p, normal_p
from holdfast.errors import UsageError

__all__ = ["Cox", "Proportional", "Ratio", "fitted"]

Numbers = npt.NDArray[np.float64]

STEPS, REST = 60, 1e-9
"""Newton's steps at most; and the gain in log-likelihood (relative) at which the search is at rest."""

FARTHEST = 12.0
"""A coefficient beyond so many, per standard deviation of its property, has run away: somebody's risk is nothing."""


@dataclass(frozen=True)
class Ratio:
    """One property's hazard ratio with its 95 % interval and the p of no difference (Wald)."""

    name: str
    ratio: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Proportional:
    """Whether a hazard ratio is the same at every time.

    name  of the property; "all together" for the global test
    chi_square, degrees, p  the test · slope  above 0 the ratio grows with time, below 0 it falls (nan for the global one)
    """

    name: str
    chi_square: float
    degrees: int
    p: float
    slope: float


@dataclass(frozen=True)
class Cox:
    """A fitted model.

    names  of the properties · values, errors  float64, as many: coefficients (logarithms of hazard ratios), standard errors
    covariance  float64 [k, k] of the coefficients
    loglik, loglik_none  log partial likelihood, and that of a model without properties
    n, events  customers, and of how many the leaving was seen
    concordance  of two customers the share of pairs in which who stayed longer was expected to: 0.5 is chance
    converged, searched  whether the search came to rest, and after how many steps
    why  why the coefficients cannot be believed; "": they can
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    loglik: float
    loglik_none: float
    n: int
    events: int
    concordance: float
    converged: bool
    searched: int
    why: str = ""
    covariance: Numbers = field(default_factory=lambda: np.zeros((0, 0)), repr=False, compare=False)
    proportional: tuple[Proportional, ...] = ()

    @property
    def identified(self) -> bool:
        """Whether the data can tell the coefficients."""
        return self.converged and not self.why

    def ratios(self) -> tuple[Ratio, ...]:
        """The hazard ratios in the order of the names."""
        told = []
        for name, value, error in zip(self.names, self.values, self.errors, strict=True):
            low, high = math.exp(value - Z95 * error), math.exp(value + Z95 * error)
            told.append(Ratio(name, math.exp(value), low, high, normal_p(value / error)))
        return tuple(told)

    def likelihood_ratio(self) -> tuple[float, int, float]:
        """The test that no property matters: (chi square, degrees, p)."""
        chi = 2 * (self.loglik - self.loglik_none)
        return chi, len(self.names), chi_square_p(chi, len(self.names))


def fitted(
    time: npt.ArrayLike, happened: npt.ArrayLike, x: npt.ArrayLike, names: Sequence[str], weight: npt.ArrayLike | None = None
) -> Cox:
    """The model of the greatest partial likelihood.

    time      how long each was watched · happened  1 where it happened then, 0 where watching was cut off
    x         float [rows, k]: the properties · names  as many
    weight    how many customers a row stands for; None: 1
    UsageError where the shapes do not fit or a value is no number.
    """
    rows = _rows(time, happened, x, names, weight)
    n, events = int(rows.weight.sum()), int(rows.weight[rows.hit > 0].sum())
    if not events or rows.x.shape[1] == 0:
        nothing, why = (math.nan,) * len(names), "nobody left" if not events else "no property to compare by"
        return Cox(tuple(names), nothing, nothing, math.nan, math.nan, n, events, math.nan, False, 0, why)
    beta, loglik, none, curve, converged, steps = _newton(rows)
    covariance, why = _inverted(curve)
    why = _ran_away(beta, names) or why
    spread = np.where(rows.spread > 0, rows.spread, 1.0)
    scaled = covariance / np.outer(spread, spread) if len(covariance) else covariance
    errors = np.sqrt(np.diag(scaled)) if len(scaled) else np.full(len(names), np.nan)
    return Cox(
        tuple(names), tuple(map(float, beta / spread)), tuple(map(float, errors)), loglik, none, n, events,
        _concordance(rows, beta), converged, steps, why, scaled,
        _proportional(rows, beta, covariance, names) if len(covariance) else (),
    )  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """Rows by falling time, each property less its mean and by its standard deviation."""

    time: Numbers
    hit: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.int64]
    x: Numbers
    spread: Numbers


def _rows(time: Any, happened: Any, x: Any, names: Sequence[str], weight: Any) -> _Rows:
    when, hit, wide = np.asarray(time, np.float64), np.asarray(happened).astype(np.uint8), np.asarray(x, np.float64)
    wide = wide.reshape(len(when), -1) if len(names) else np.zeros((len(when), 0))
    each = np.ones(len(when), np.int64) if weight is None else np.asarray(weight, np.int64)
    if wide.shape != (len(when), len(names)) or len(hit) != len(when) or len(each) != len(when):
        raise UsageError("times, properties and names do not fit together", "give one row a customer and one name a column")
    if not np.isfinite(wide).all() or not np.isfinite(when).all():
        raise UsageError("a time or a property is no number", "leave such customers out, or give the value a number")
    order = np.argsort(-when, kind="stable")
    total = max(int(each.sum()), 1)
    mean = each @ wide / total
    spread = np.sqrt(each @ (wide - mean) ** 2 / total)
    level = (wide - mean) / np.where(spread > 0, spread, 1.0)
    return _Rows(when[order], hit[order], each[order], np.ascontiguousarray(level[order]), spread)


def _asked(rows: _Rows, beta: Numbers) -> tuple[float, Numbers, Numbers]:
    k = rows.x.shape[1]
    slope, curve = np.zeros(k), np.zeros((k, k))
    value = efron(rows.time, rows.hit, rows.weight, rows.x, beta, slope, curve)
    return float(value), slope, curve


def _newton(rows: _Rows) -> tuple[Numbers, float, float, Numbers, bool, int]:
    """Coefficients, log-likelihood, that of none, second derivatives, whether it came to rest, steps."""
    beta = np.zeros(rows.x.shape[1])
    value, slope, curve = _asked(rows, beta)
    none, steps = value, 0
    for steps in range(1, STEPS + 1):
        move = np.linalg.lstsq(-curve, slope, rcond=1e-12)[0]
        found = _asked(rows, beta + move)
        halves = 0
        while not (np.isfinite(found[0]) and found[0] >= value - 1e-12 * abs(value)) and halves < 30:
            move, halves = move / 2, halves + 1
            found = _asked(rows, beta + move)
        gain = found[0] - value
        if halves < 30:
            beta, (value, slope, curve) = beta + move, found
        if abs(gain) <= REST * (abs(value) + 1) and np.abs(move).max() < 1e-5:
            return beta, value, none, curve, True, steps
        if np.abs(beta).max() > 1.5 * FARTHEST or halves == 30:
            break
    return beta, value, none, curve, False, steps


def _inverted(curve: Numbers) -> tuple[Numbers, str]:
    """The covariance, or why there is none."""
    bends = np.linalg.eigvalsh(-curve)
    if not np.isfinite(bends).all() or bends[0] <= 1e-9 * max(bends[-1], 1e-300):
        return np.zeros((0, 0)), "two properties say the same, or one says nothing: they cannot be told apart"
    return np.asarray(np.linalg.inv(-curve)), ""


def _ran_away(beta: Numbers, names: Sequence[str]) -> str:
    off = [name for name, value in zip(names, beta, strict=True) if abs(value) > FARTHEST]
    return f"{', '.join(off)}: all or none of them left, the ratio runs to 0 or to infinity" if off else ""


def _concordance(rows: _Rows, beta: Numbers) -> float:
    distinct, rank = np.unique(rows.x @ beta, return_inverse=True)
    lower, equal, pairs = concordant(rows.time, rows.hit, rows.weight, rank.astype(np.int64), len(distinct))
    return float((lower + equal / 2) / pairs) if pairs else math.nan


def _proportional(rows: _Rows, beta: Numbers, covariance: Numbers, names: Sequence[str]) -> tuple[Proportional, ...]:
    """The tests of each property and of all together, against the rank of the time of leaving."""
    times = len(np.unique(rows.time[rows.hit > 0]))
    mean, happened = np.zeros((times, len(beta))), np.zeros(times, np.int64)
    schoenfeld(rows.time, rows.hit, rows.weight, rows.x, beta, mean, happened)
    if times < 3:
        return ()
    mean, happened = mean[::-1], happened[::-1]
    # Happenings of one time share the mean of their ranks.
    rank = happened.cumsum() - (happened - 1) / 2
    centred = rank - happened @ rank / happened.sum()
    spread = float(happened @ centred**2)
    against, d = centred @ mean, int(happened.sum())
    lean = covariance @ against
    chi = lean**2 * d / (np.diag(covariance) * spread)
    whole = float(against @ lean) * d / spread
    told = [
        Proportional(name, float(value), 1, chi_square_p(float(value), 1), float(slope))
        for name, value, slope in zip(names, chi, lean, strict=True)
    ]
    return (*told, Proportional("all together", whole, len(names), chi_square_p(whole, len(names)), math.nan))
