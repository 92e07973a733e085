"""Who would be swayed: scores of each customer by models that never saw her (five folds).

1. *T-learner*: a model of the outcome among the mailed, one among control; the score is the difference of what they expect.
2. *S-learner*: one model of the outcome with the arm among the features; the score is what it expects with mail less without.
3. *X-learner*: what each mailed customer did less what the control model expects of her, and what the other model expects of a
   control customer less what she did, are two guesses at the effect; a model of each, weighed by the chance of the other arm.
4. *Response*: what a model expects of a mailed customer. It finds those who buy anyway, and is here to be compared with.

Künzel, Sekhon, Bickel, Yu (2019), Metalearners for estimating heterogeneous treatment effects using machine learning, PNAS 116:
T eq. 3, S eq. 2, X eqs. 4 to 6. With least squares the X-learner, and the S-learner with every feature times the arm, give
exactly the scores of the T-learner: there is one linear learner.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.threads import one_thread
from holdfast.analyses.uplift.trial import Known

__all__ = ["LEARNERS", "RESPONSE", "fold_of", "scored"]

RESPONSE = "response"
LEARNERS = ("T linear", "S trees", "T trees", "X trees", "X trees, linear effect", RESPONSE)
"""The learners, by what stands in front of the words: the kind, then the models it is made of."""

Floats = npt.NDArray[np.float64]


def fold_of(size: int, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each of `size` customers, 0 to folds - 1, drawn by a seed; as equal as they can be."""
    from sklearn.model_selection import KFold

    out = np.empty(size, np.int64)
    for fold, (_, places) in enumerate(KFold(folds, shuffle=True, random_state=seed).split(np.zeros(size))):
        out[places] = fold
    return out


def scored(
    known: Known, mailed: npt.NDArray[np.bool_], y: Floats, fold: npt.NDArray[np.int64], *, share: bool, seed: int,
    learners: Sequence[str] = LEARNERS,
) -> dict[str, Floats]:  # fmt: skip
    """The score of every customer by each of the learners, by models of the other folds.

    known  the features · mailed  arm · y  outcome · share  whether the outcome is 0 or 1; each [customers]
    """

    def held_out(held: int) -> dict[str, Floats]:
        # Threads within such small fits wait longer than they work: two folds at a time are faster.
        with one_thread("trees"):
            learn = fold != held
            fitted = _Fold(*_knowable(known.at(learn), mailed[learn], known.at(~learn)), mailed[learn], y[learn], share, seed)
            return {name: fitted.score(name) for name in learners}

    out = {name: np.zeros(len(y)) for name in learners}
    # Python's filters of warnings are one for all threads, and scikit-learn warns when it meets them half set by another.
    with warnings.catch_warnings(), ThreadPoolExecutor(2) as pool:
        warnings.simplefilter("ignore")
        for held, found in enumerate(pool.map(held_out, range(int(fold.max()) + 1))):
            for name, values in found.items():
                out[name][fold == held] = values
    return out


def _knowable(known: Known, mailed: npt.NDArray[np.bool_], new: Known) -> tuple[Known, Known]:
    """Both with 0 in the features that are known of nobody in one of the arms: trees cannot learn from them."""
    there = ~np.isnan(known.trees)
    gone = ~(there[mailed].any(axis=0) & there[~mailed].any(axis=0))
    if not gone.any():
        return known, new
    return tuple(replace(one, trees=np.where(gone, 0.0, one.trees)) for one in (known, new))  # type: ignore[return-value]


@dataclass(frozen=True)
class _Fold:
    """The models learnt from all folds but one, each fitted when it is first needed.

    known, mailed, y   of those who are learnt from · new  the features of those held back
    """

    known: Known
    new: Known
    mailed: npt.NDArray[np.bool_]
    y: Floats
    share: bool
    seed: int

    def score(self, learner: str) -> Floats:
        """The scores of those held back."""
        x, new = self.known, self.new
        if learner == "T linear":
            control, mailed = (_linear().fit(x.straight[arm], self.y[arm]) for arm in self._arms)
            return np.asarray(mailed.predict(new.straight) - control.predict(new.straight))
        if learner == "T trees":
            control, mailed = self._grown
            return np.asarray(mailed.predict(new.trees) - control.predict(new.trees))
        if learner == "S trees":
            both = _trees(np.append(x.texts, False), self.seed).fit(np.column_stack([x.trees, self.mailed]), self.y)
            without, with_mail = (
                both.predict(np.column_stack([new.trees, np.full(len(new.trees), arm)])) for arm in (0.0, 1.0)
            )
            return np.asarray(with_mail - without)
        if learner == "X trees":
            return self._crossed(lambda: _trees(x.texts, self.seed), x.trees, new.trees)
        if learner == "X trees, linear effect":
            return self._crossed(_linear, x.straight, new.straight)
        return _response(x.straight[self.mailed], self.y[self.mailed], new.straight, self.share)

    @property
    def _arms(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        return ~self.mailed, self.mailed

    @cached_property
    def _grown(self) -> tuple[Any, Any]:
        """Trees of the outcome among control and among the mailed."""
        control, mailed = (_trees(self.known.texts, self.seed).fit(self.known.trees[arm], self.y[arm]) for arm in self._arms)
        return control, mailed

    @cached_property
    def _guesses(self) -> tuple[Floats, Floats]:
        """The two guesses at the effect: of control customers, of mailed ones."""
        of_control, of_mailed = self._grown
        control, mailed = self._arms
        less = of_mailed.predict(self.known.trees[control]) - self.y[control]
        return less, self.y[mailed] - of_control.predict(self.known.trees[mailed])

    def _crossed(self, model: Callable[[], Any], features: Floats, at: Floats) -> Floats:
        """The X-learner's second stage: a model of each guess at the effect, weighed by the chance of the other arm."""
        odds = float(self.mailed.mean())
        fitted = (model().fit(features[arm], guess).predict(at) for arm, guess in zip(self._arms, self._guesses, strict=True))
        return np.asarray(sum(weight * effect for weight, effect in zip((odds, 1 - odds), fitted, strict=True)))


def _response(x: Floats, y: Floats, new: Floats, share: bool) -> Floats:
    """What is expected of mailed customers: logistic for shares, least squares else."""
    if not share or y.min() == y.max():
        return np.asarray(_linear().fit(x, y).predict(new))
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return np.asarray(make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y).predict_proba(new)[:, 1])


def _linear() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def _trees(texts: npt.NDArray[np.bool_], seed: int) -> Any:
    """Shallow boosted trees: effects are small beside outcomes, and deep trees would learn the outcomes' noise."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=40, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=40, early_stopping=False, random_state=seed,
        categorical_features=texts,
    )  # fmt: skip
