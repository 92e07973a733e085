"""The two models of risk, calibrated on customers that they have not seen.

logistic   L2-penalised logistic regression on the design of `encoding` (Cox 1958; Hoerl and Kennard 1970 for the penalty)
trees      gradient-boosted trees (Friedman 2001), scikit-learn's histogram kind; properties as categories

Either gives a score (log-odds). Calibration (Platt 1999): customers are dealt into folds by the hash of their id, each fold is
scored by a model of the others, and the line log-odds = a + b × score is fitted to these; its covariance allows for customers
who stand in several snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from holdfast.analyses.risk.encoding import Encoder, Table, encoder_of, frequent
from holdfast.analyses.risk.measures import Line, calibration_line, logit, newton, odds_to
from holdfast.analyses.statistics import Z95
from holdfast.analyses.threads import one_thread

__all__ = ["Calibrated", "Learner", "Logistic", "Trees", "calibrated", "fit_logistic", "fit_trees"]

Floats = npt.NDArray[np.float64]
Fit = Any

PENALTY = 3.0
"""Of the logistic regression, on standardised columns: the prior of each coefficient has variance 1 / PENALTY."""

TREES = {"max_iter": 120, "learning_rate": 0.06, "max_leaf_nodes": 6, "min_samples_leaf": 40, "l2_regularization": 5.0}


class Learner(Protocol):
    """A fitted model."""

    @property
    def name(self) -> str:
        """ "logistic" or "trees"."""
        ...

    @property
    def middles(self) -> Floats:
        """The median of each numeric feature among the rows learned from, as models see it."""
        ...

    def score(self, table: Table) -> Floats:
        """The log-odds of leaving, uncalibrated. [rows]"""
        ...

    def parts(self, table: Table, kinds: npt.NDArray[np.int64], count: int) -> Floats:
        """What each kind of feature adds to the score against a typical customer. [rows, kinds]

        kinds  by source (numeric features, then properties): the kind's place
        """
        ...


@dataclass(frozen=True, eq=False)
class Logistic:
    """A logistic regression: intercept + design · weights; covariance, intercept first."""

    encoder: Encoder
    intercept: float
    weights: Floats
    covariance: Floats
    name: str = "logistic"

    @property
    def middles(self) -> Floats:
        """The median of each numeric feature among the rows learned from."""
        return np.array(self.encoder.fill)

    def score(self, table: Table) -> Floats:
        """The log-odds; added up column by column, so that a row's score does not depend on the rows beside it."""
        design, out = self.encoder.design(table), np.full(len(table), self.intercept)
        for place, weight in enumerate(self.weights):
            out += design[:, place] * weight
        return out

    def parts(self, table: Table, kinds: npt.NDArray[np.int64], count: int) -> Floats:
        """Coefficient × deviation from the mean, summed by kind."""
        each = self.encoder.design(table) * self.weights
        out = np.zeros((len(table), count))
        for place, source in enumerate(self.encoder.sources):
            out[:, kinds[source]] += each[:, place]
        return out


@dataclass(frozen=True, eq=False)
class Trees:
    """Boosted trees.

    typical  values of the training rows: medians, commonest codes · kept  numeric features that vary
    often    codes of each property that are frequent enough to be told apart; all others are one
    """

    model: Any
    typical: Table
    kept: npt.NDArray[np.int64]
    often: tuple[tuple[int, ...], ...]
    name: str = "trees"

    @property
    def middles(self) -> Floats:
        """The median of each numeric feature among the rows learned from; not-a-number where it does not vary."""
        return np.asarray(self.typical.numbers[0])

    def score(self, table: Table) -> Floats:
        """The log-odds."""
        if not len(table):
            return np.zeros(0)
        with one_thread("trees"):
            return np.asarray(self.model.decision_function(_flat(table, self.kept, self.often)), np.float64)

    def parts(self, table: Table, kinds: npt.NDArray[np.int64], count: int) -> Floats:
        """How much the score falls when the features of one kind are set to typical values, the others kept."""
        whole, numeric = self.score(table), table.numbers.shape[1]
        out = np.zeros((len(table), count))
        varying = [*self.kept, *range(numeric, numeric + len(self.often))]
        for kind in np.unique(kinds[varying]):
            numbers, codes = table.numbers.copy(), table.codes.copy()
            for source in np.flatnonzero(kinds == kind):
                if source < numeric:
                    numbers[:, source] = self.typical.numbers[0, source]
                else:
                    codes[:, source - numeric] = self.typical.codes[0, source - numeric]
            out[:, kind] = whole - self.score(Table(numbers, codes))
        return out


def _flat(table: Table, kept: npt.NDArray[np.int64], often: tuple[tuple[int, ...], ...]) -> Floats:
    codes = np.zeros((len(table), len(often)))
    for place, known in enumerate(often):
        for rank, code in enumerate(known, 1):
            codes[table.codes[:, place] == code, place] = rank
    return np.column_stack([table.numbers[:, kept], codes])


def fit_logistic(table: Table, y: npt.NDArray[Any], group: npt.NDArray[Any] | None = None) -> Logistic:
    """Penalised logistic regression by Newton's method (iteratively reweighted least squares).

    group  rows with equal numbers belong to one customer: the covariance allows for it; None: rows are independent
    """
    encoder = encoder_of(table)
    design = np.column_stack([np.ones(len(table)), encoder.design(table)])
    truth = np.asarray(y, np.float64)
    penalty = np.full(design.shape[1], PENALTY)
    penalty[0] = 0.0
    beta, information = newton(design, truth, penalty)
    covariance = np.asarray(np.linalg.inv(information), np.float64)
    if group is not None:
        each = design * (truth - odds_to(design @ beta))[:, None]
        _, place = np.unique(group, return_inverse=True)
        sums = np.column_stack([np.bincount(place, each[:, column]) for column in range(each.shape[1])])
        covariance = np.asarray(covariance @ (sums.T @ sums) @ covariance, np.float64)
    return Logistic(encoder, float(beta[0]), beta[1:], covariance)


def fit_trees(table: Table, y: npt.NDArray[Any], group: npt.NDArray[Any] | None = None, seed: int = 0, **choices: Any) -> Trees:
    """Boosted trees; equal rows and seeds give equal trees.

    group    says nothing to trees, which have no intervals
    choices  of scikit-learn's HistGradientBoostingClassifier, in place of `TREES`
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    del group
    numeric = table.numbers.shape[1]
    kept = np.flatnonzero([_varies(table.numbers[:, place]) for place in range(numeric)])
    often = tuple(frequent(table.codes[:, place]) for place in range(table.codes.shape[1]))
    categories = [len(kept) + place for place in range(table.codes.shape[1])] or None
    told: dict[str, Any] = {**TREES, **choices}
    model = HistGradientBoostingClassifier(
        **told, early_stopping=False, random_state=seed, categorical_features=categories, validation_fraction=None
    )
    model.fit(_flat(table, kept, often), np.asarray(y, np.int64))
    middle = np.full((1, numeric), np.nan)
    middle[0, kept] = np.nanmedian(table.numbers[:, kept], axis=0)
    codes = [int(np.bincount(table.codes[:, place]).argmax()) for place in range(table.codes.shape[1])]
    return Trees(model, Table(middle, np.array([codes], np.int32).reshape(1, -1)), kept, often)


def _varies(values: Floats) -> bool:
    return len(np.unique(values[np.isfinite(values)])) > 1


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A model with its calibration line.

    shift  what was added to the log-odds for the latest base rate (0: nothing)
    off    how far, in log-odds, the risks lay from what then happened at the instant held out: intervals are widened by it
    """

    learner: Learner
    line: Line
    shift: float = 0.0
    off: float = 0.0

    @property
    def name(self) -> str:
        """The model's name."""
        return self.learner.name

    def logits(self, table: Table) -> Floats:
        """The calibrated log-odds."""
        return self.line.intercept + self.line.slope * self.learner.score(table) + self.shift

    def chances(self, table: Table) -> Floats:
        """The calibrated probabilities."""
        return odds_to(self.logits(table))

    def bounds(self, table: Table) -> tuple[Floats, Floats]:
        """The 95 % interval of the share who leave among customers with such a score, from one time to another."""
        score = self.learner.score(table)
        middle = self.line.intercept + self.line.slope * score + self.shift
        half = Z95 * np.hypot(self.line.spread(score), self.off)
        return odds_to(middle - half), odds_to(middle + half)

    def shifted(self, shift: float, off: float = 0.0) -> Calibrated:
        """The same with another shift and doubt."""
        return replace(self, shift=shift, off=off)


def calibrated(
    fit: Fit, table: Table, y: npt.NDArray[Any], group: npt.NDArray[Any], folds: npt.NDArray[np.int64]
) -> tuple[Calibrated, Floats]:
    """The model of all rows, calibrated on folds; and each row's calibrated log-odds by the model that had not seen it.

    fit    (table, y, group or nothing) -> Learner · group  one number a customer · folds  each row's fold
    """
    unseen = np.zeros(len(table))
    for fold in np.unique(folds):
        inside = folds == fold
        unseen[inside] = fit(table.take(~inside), y[~inside]).score(table.take(inside))
    line = calibration_line(y, unseen, group)
    if line.slope <= 0:
        # The scores of those not seen say nothing: everyone has the base rate.
        line = Line(float(logit(y.mean())), 0.0)
    return Calibrated(fit(table, y, group), line), line.intercept + line.slope * unseen
