"""What each feature is worth: the odds of leaving at a high against a low value of it, and the AUC lost without it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.risk.encoding import Table
from holdfast.analyses.risk.learners import Logistic
from holdfast.analyses.risk.measures import auc
from holdfast.analyses.statistics import Z95

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.analyses.risk.learners import Learner

__all__ = ["worth_of"]

MOST_ROWS = 2_000
Floats = npt.NDArray[np.float64]


def worth_of(
    learner: Learner, table: Table, y: npt.NDArray[Any], names: list[str], plain: Callable[[str, float], float]
) -> list[dict[str, Any]]:
    """A row a feature that the model uses, the most worth first.

    table, y  rows that the model has not seen · names  of each source
    plain    (name, value as the model sees it) -> the value itself
    Keys: feature, n (rows where it is known), lower, upper (quartiles; null for properties), odds_ratio (upper against lower
    quartile, the others kept; low and high for the logistic regression), auc_drop (when its values are dealt out at random).
    """
    rows = np.arange(len(table))[:: max(1, -(-len(table) // MOST_ROWS))]
    part, truth = table.take(rows), y[rows]
    whole = auc(truth, learner.score(part)).value or 0.0
    deal = np.random.default_rng(0).permutation(len(rows))
    out = []
    for source, name in enumerate(names):
        if not _varies(part, source):
            continue
        drop = whole - (auc(truth, learner.score(_dealt(part, source, deal))).value or 0.0)
        told = _odds(learner, part, source)
        if told["n"] and (told["odds_ratio"] not in (None, 1.0) or drop != 0):
            if told["lower"] is not None:
                told |= {end: plain(name, told[end]) for end in ("lower", "upper")}
            out.append({"feature": name, **told, "auc_drop": drop})
    return sorted(out, key=lambda row: (-row["auc_drop"], row["feature"]))


def _varies(table: Table, source: int) -> bool:
    numeric = table.numbers.shape[1]
    if source >= numeric:
        return len(np.unique(table.codes[:, source - numeric])) > 1
    values = table.numbers[:, source]
    return len(np.unique(values[np.isfinite(values)])) > 1


def _dealt(table: Table, source: int, deal: npt.NDArray[np.int64]) -> Table:
    numeric = table.numbers.shape[1]
    numbers, codes = table.numbers.copy(), table.codes.copy()
    if source < numeric:
        numbers[:, source] = numbers[deal, source]
    else:
        codes[:, source - numeric] = codes[deal, source - numeric]
    return Table(numbers, codes)


def _odds(learner: Learner, table: Table, source: int) -> dict[str, Any]:
    nothing: dict[str, Any] = {"lower": None, "upper": None, "odds_ratio": None, "low": None, "high": None}
    numeric = table.numbers.shape[1]
    if source >= numeric:
        return {"n": int((table.codes[:, source - numeric] > 0).sum()), **nothing}
    known = table.numbers[np.isfinite(table.numbers[:, source]), source]
    if not len(known):
        return {"n": 0, **nothing}
    lower, upper = (float(np.quantile(known, share)) for share in (0.25, 0.75))
    at = {"n": len(known), **nothing, "lower": lower, "upper": upper}
    if lower == upper:
        return at
    ends = [_set(table, source, value) for value in (lower, upper)]
    if not isinstance(learner, Logistic):
        return at | {"odds_ratio": math.exp(float((learner.score(ends[1]) - learner.score(ends[0])).mean()))}
    change = learner.encoder.design(ends[1].take([0]))[0] - learner.encoder.design(ends[0].take([0]))[0]
    middle = float(change @ learner.weights)
    half = Z95 * math.sqrt(max(float(change @ learner.covariance[1:, 1:] @ change), 0.0))
    return at | {"odds_ratio": math.exp(middle), "low": math.exp(middle - half), "high": math.exp(middle + half)}


def _set(table: Table, source: int, value: float) -> Table:
    numbers = table.numbers.copy()
    numbers[:, source] = value
    return Table(numbers, table.codes)
