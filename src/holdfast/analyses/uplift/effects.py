"""What the mailing did: differences with intervals, whether the draw can be trusted, whether the arms were alike before.

Sources: Newcombe (1998), Statistics in Medicine 17, method 10, for shares; Welch (1947), Biometrika 34, for means of unequal
variance; Fabijan and others (2019), KDD, for the check of the sample ratio; Austin (2009), Statistics in Medicine 28, for
standardised differences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

import holdfast.analyses.models  # noqa: F401  # on the command line it lets scipy in
from holdfast.analyses.statistics import benjamini_hochberg, chi_square_p, newcombe, normal_p, two_proportion_z
from holdfast.analyses.uplift.trial import CONTROL, Feature, Outcome, Trial

__all__ = ["RATIO_LEVEL", "Effect", "Ratio", "balance", "effect_of", "effects", "moved_features", "sample_ratio", "welch"]

RATIO_LEVEL = 0.001
"""Below this p the sizes of the arms are no chance: something is broken, and no effect can be trusted."""

MOVED_LEVEL = 0.001
"""A feature that differs between the arms at this p, adjusted, most likely came after the mailing."""


@dataclass(frozen=True)
class Effect:
    """The difference between an arm and control in one outcome.

    mean, mean_control   share or mean of each · effect, low, high  the difference with its 95 % interval; None: cannot be told
    p                    two-sided p of no difference
    """

    n: int
    n_control: int
    mean: float | None
    mean_control: float | None
    effect: float | None
    low: float | None
    high: float | None
    p: float | None


def effect_of(kind: str, mailed: npt.NDArray[Any], control: npt.NDArray[Any]) -> Effect:
    """The effect from the outcomes of both sides: Newcombe's interval for shares, Welch's for means."""
    n, m = len(mailed), len(control)
    if n == 0 or m == 0:
        return Effect(n, m, float(mailed.mean()) if n else None, float(control.mean()) if m else None, *(None,) * 4)
    if kind == "share":
        k, j = int(mailed.sum()), int(control.sum())
        difference, low, high = newcombe(k, n, j, m) or (0.0, 0.0, 0.0)
        tested = two_proportion_z(k, n, j, m)
        return Effect(n, m, k / n, j / m, difference, low, high, 1.0 if tested is None else tested[1])
    return Effect(n, m, float(mailed.mean()), float(control.mean()), *welch(mailed, control))


def welch(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> tuple[float, float | None, float | None, float | None]:
    """The difference of two means with Welch's 95 % interval and p: (difference, low, high, p); None below two on a side."""
    difference = float(one.mean() - other.mean())
    if min(len(one), len(other)) < 2:
        return difference, None, None, None
    a, b = float(one.var(ddof=1)) / len(one), float(other.var(ddof=1)) / len(other)
    if a + b == 0:
        return difference, difference, difference, 1.0 if difference == 0 else 0.0
    from scipy.special import stdtr, stdtrit

    degrees = (a + b) ** 2 / (a * a / (len(one) - 1) + b * b / (len(other) - 1))
    half = float(stdtrit(degrees, 0.975)) * math.sqrt(a + b)
    p = 2 * float(stdtr(degrees, -abs(difference) / math.sqrt(a + b)))
    return difference, difference - half, difference + half, p


def effects(trial: Trial) -> list[tuple[str, Outcome, Effect]]:
    """(arm, outcome, effect) for every arm but control and every outcome."""
    control = trial.arm == CONTROL
    return [
        (arm, outcome, effect_of(outcome.kind, outcome.values[trial.arm == code], outcome.values[control]))
        for code, arm in enumerate(trial.arms)
        if code != CONTROL
        for outcome in trial.outcomes
    ]


@dataclass(frozen=True)
class Ratio:
    """The sizes of the arms against those that were meant.

    counts, expected  per arm · chi_square, p  Pearson's test
    """

    counts: tuple[int, ...]
    expected: tuple[float, ...]
    chi_square: float
    p: float

    @property
    def broken(self) -> bool:
        """Whether chance does not make such sizes."""
        return self.p < RATIO_LEVEL


def sample_ratio(counts: Sequence[int], weights: Sequence[float]) -> Ratio:
    """Whether the arms are as large as they were meant to be.

    counts   customers of each arm · weights  the intended sizes, in any unit, such as 1 and 1
    """
    total = sum(counts)
    expected = tuple(total * weight / sum(weights) for weight in weights)
    chi = sum((count - meant) ** 2 / meant for count, meant in zip(counts, expected, strict=True))
    return Ratio(tuple(int(count) for count in counts), expected, chi, chi_square_p(chi, len(counts) - 1))


def balance(trial: Trial) -> list[dict[str, Any]]:
    """How alike the arms were before, a row per arm and column of the features.

    difference is standardised: the difference of the means by the root of the mean variance of both arms; p is that of no
    difference, adjusted for all rows (Benjamini-Hochberg).
    """
    control, out = trial.arm == CONTROL, list[dict[str, Any]]()
    for code, arm in enumerate(trial.arms[1:], 1):
        mailed = trial.arm == code
        for feature in trial.features:
            for name, values in feature.columns().items():
                out.append({"arm": arm, "feature": feature.name, "column": name} | _apart(values[mailed], values[control]))
    adjusted = benjamini_hochberg([row["p"] for row in out])
    return [row | {"p": p} for row, p in zip(out, adjusted, strict=True)]


def _apart(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> dict[str, Any]:
    mean, mean_control = (float(part.mean()) if len(part) else math.nan for part in (one, other))
    a, b = (float(part.var()) if len(part) else math.nan for part in (one, other))
    spread, error = math.sqrt((a + b) / 2), math.sqrt(a / max(len(one), 1) + b / max(len(other), 1))
    gap = mean - mean_control
    if not spread > 0:
        p = 1.0 if gap == 0 else _split_p(len(one), len(other))
        return {"mean": mean, "mean_control": mean_control, "difference": 0.0 if gap == 0 else None, "p": p}
    return {"mean": mean, "mean_control": mean_control, "difference": gap / spread, "p": normal_p(gap / error)}


def _split_p(n: int, m: int) -> float:
    """The p of one value for all n of an arm and another for all m of control: 2 of the ways to draw n of n + m."""
    return min(1.0, 2 * math.exp(math.lgamma(n + 1) + math.lgamma(m + 1) - math.lgamma(n + m + 1)))


def moved_features(rows: list[dict[str, Any]], features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The features that chance alone does not make so different: they came after the mailing, or the draw was none."""
    moved = {row["feature"] for row in rows if row["p"] < MOVED_LEVEL}
    return tuple(one.name for one in features if one.name in moved)
