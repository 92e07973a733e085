"""How good probabilities are: Brier, AUC, average precision, lift, calibration. Pure functions over numpy.

Sources: Brier (1950); DeLong, DeLong and Clarke-Pearson (1988), with the midranks of Sun and Xu (2014), for the AUC's variance;
Boyd, Eng and Page (2013) for the logit interval of average precision; Cox (1958) for calibration slope and intercept; Liang and
Zeger (1986) for variances when rows of one customer go together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import Z95, wilson

__all__ = [
    "Estimate", "Line", "auc", "average_precision", "brier", "calibration_line", "decile_of", "deciles", "difference", "lift",
    "logit", "newton", "odds_to",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
TINY = 1e-6


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where it cannot be said."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """The calibration line: log-odds of leaving = intercept + slope × predicted log-odds, with covariance (3 numbers)."""

    intercept: float
    slope: float
    var_intercept: float = 0.0
    covariance: float = 0.0
    var_slope: float = 0.0

    def spread(self, score: Floats) -> Floats:
        """The standard error of the line's log-odds at scores."""
        variance = self.var_intercept + 2 * score * self.covariance + score * score * self.var_slope
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    @property
    def slope_estimate(self) -> Estimate:
        """The slope with its interval."""
        half = Z95 * math.sqrt(self.var_slope)
        return Estimate(self.slope, self.slope - half, self.slope + half)

    @property
    def intercept_estimate(self) -> Estimate:
        """The intercept with its interval."""
        half = Z95 * math.sqrt(self.var_intercept)
        return Estimate(self.intercept, self.intercept - half, self.intercept + half)


def logit(p: Any) -> Floats:
    """Log-odds, kept finite."""
    kept = np.clip(np.asarray(p, np.float64), TINY, 1 - TINY)
    return np.asarray(np.log(kept / (1 - kept)))


def odds_to(score: Any) -> Floats:
    """The probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(np.asarray(score, np.float64), -30, 30))))


def brier(y: Any, p: Floats) -> Estimate:
    """The mean squared error of probabilities with its interval."""
    return _mean((np.asarray(y) - p) ** 2)


def difference(y: Any, p: Floats, q: Floats) -> Estimate:
    """Brier of p less Brier of q, on the same customers: paired, with its interval."""
    return _mean((np.asarray(y) - p) ** 2 - (np.asarray(y) - q) ** 2)


def _mean(values: Floats) -> Estimate:
    n = len(values)
    if n < 2:
        return Estimate(float(values.mean()) if n else None)
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(n)
    middle = float(values.mean())
    return Estimate(middle, middle - half, middle + half)


def auc(y: Any, score: Floats) -> Estimate:
    """The probability that a leaver is ranked above a stayer (ties half), with DeLong's interval."""
    left, stayed = score[np.asarray(y) == 1], score[np.asarray(y) == 0]
    m, n = len(left), len(stayed)
    if m == 0 or n == 0:
        return Estimate(None)
    ranks, own_left, own_stayed = _midranks(np.concatenate([left, stayed])), _midranks(left), _midranks(stayed)
    value = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    v10, v01 = (ranks[:m] - own_left) / n, 1 - (ranks[m:] - own_stayed) / m
    if m < 2 or n < 2:
        return Estimate(value)
    half = Z95 * math.sqrt(float(v10.var(ddof=1)) / m + float(v01.var(ddof=1)) / n)
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0))


def _midranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)


def average_precision(y: Any, score: Floats) -> Estimate:
    """The area under the precision-recall steps, ties taken together, with the logit interval."""
    order = np.argsort(-score, kind="stable")
    hits, ranked = np.asarray(y, np.float64)[order], score[order]
    total = hits.sum()
    if total == 0 or len(hits) == 0:
        return Estimate(None)
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    found = np.cumsum(hits)[ends]
    value = float((np.diff(found, prepend=0.0) / total * (found / (ends + 1))).sum())
    if not 0 < value < 1:
        return Estimate(value)
    middle, spread = math.log(value / (1 - value)), 1 / math.sqrt(float(total) * value * (1 - value))
    low, high = (1 / (1 + math.exp(-(middle + side * Z95 * spread))) for side in (-1, 1))
    return Estimate(value, low, high)


def lift(y: Any, score: Floats, share: float = 0.1) -> Estimate:
    """How many times as many leave among the share with the highest risk as among all (Wilson's interval of that share)."""
    truth = np.asarray(y)
    top = max(1, round(len(truth) * share))
    base = float(truth.mean()) if len(truth) else 0.0
    if base == 0:
        return Estimate(None)
    k = int(truth[np.argsort(-score, kind="stable")[:top]].sum())
    low, high = wilson(k, top)
    return Estimate(k / top / base, None if low is None else low / base, None if high is None else high / base)


def calibration_line(y: Any, score: Floats, group: Any = None) -> Line:
    """Cox's line of the outcomes on predicted log-odds, by Newton's method; the plain line (0, 1) where it cannot be found.

    group  rows with equal numbers belong to one customer: the covariance allows for it (sandwich); None: rows are independent
    """
    truth = np.asarray(y, np.float64)
    design = np.column_stack([np.ones(len(score)), score])
    beta, information = newton(design, truth, np.zeros(2))
    if not np.isfinite(beta).all() or np.linalg.cond(information) > 1e12:
        return Line(0.0, 1.0)
    inverse = np.linalg.inv(information)
    if group is not None:
        each = design * (truth - odds_to(design @ beta))[:, None]
        _, place = np.unique(group, return_inverse=True)
        sums = np.column_stack([np.bincount(place, each[:, column]) for column in range(2)])
        inverse = inverse @ (sums.T @ sums) @ inverse
    return Line(float(beta[0]), float(beta[1]), *(float(inverse[at]) for at in ((0, 0), (0, 1), (1, 1))))


def newton(design: Floats, truth: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """The weights of a logistic regression with an L2 penalty a column, the first column being ones; and their information.

    Newton's method from the base rate. A step that would lose likelihood is halved: with few leavers a whole one can fly off.
    """
    share = float(np.clip(truth.mean(), 1e-6, 1 - 1e-6))
    beta = np.zeros(design.shape[1])
    beta[0] = math.log(share / (1 - share))
    reached = _likelihood(design, truth, penalty, beta)
    for _ in range(60):
        p = odds_to(design @ beta)
        weight = np.maximum(p * (1 - p), 1e-9)
        information = design.T @ (design * weight[:, None]) + np.diag(penalty)
        step = np.linalg.lstsq(information, design.T @ (truth - p) - penalty * beta, rcond=None)[0]
        found = _likelihood(design, truth, penalty, beta + step)
        while not found >= reached - 1e-9 and np.abs(step).max() > 1e-9:
            step = step / 2
            found = _likelihood(design, truth, penalty, beta + step)
        beta, reached = beta + step, found
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(beta, np.float64), np.asarray(information, np.float64)


def _likelihood(design: Floats, truth: Floats, penalty: Floats, beta: Floats) -> float:
    score = design @ beta
    return float((truth * score - np.logaddexp(0.0, score)).sum() - 0.5 * (penalty * beta * beta).sum())


def deciles(y: Any, p: Floats, parts: int = 10) -> list[dict[str, Any]]:
    """Tenths by predicted risk, lowest first: decile, n, predicted (mean), left, observed, low, high; equal risks together."""
    truth, out = np.asarray(y), []
    tenth = decile_of(p, parts)
    for part in range(1, parts + 1):
        chosen = tenth == part
        n = int(chosen.sum())
        if n:
            k = int(truth[chosen].sum())
            low, high = wilson(k, n)
            told = {"decile": part, "n": n, "predicted": float(p[chosen].mean()), "left": k}
            out.append({**told, "observed": k / n, "low": low, "high": high})
    return out


def decile_of(p: Floats, parts: int = 10) -> npt.NDArray[np.int64]:
    """The tenth of each probability, 1 to `parts`; equal ones share the tenth of the first of them."""
    ordered = np.sort(p)
    first = np.searchsorted(ordered, p, side="left")
    return np.asarray(first * parts // max(len(p), 1) + 1, np.int64)
