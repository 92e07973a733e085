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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

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
    known: Known, mailed: npt.NDArray[np.bool_], y: Floats, fold: npt.NDArray[np.int64], *, share: bool, seed: int
) -> dict[str, Floats]:
    """The score of every customer by every learner, by models of the other folds.

    known  the features · mailed  arm · y  outcome · share  whether the outcome is 0 or 1; each [customers]
    """
    import sklearn.ensemble  # noqa: F401  # a limit holds for the libraries that are loaded
    from threadpoolctl import threadpool_limits

    def held_out(held: int) -> dict[str, Floats]:
        # Threads within such small fits wait longer than they work: two folds at a time are faster.
        with threadpool_limits(1):
            learn = fold != held
            return _fold_scores(known.at(learn), mailed[learn], y[learn], known.at(~learn), share, seed)

    out = {name: np.zeros(len(y)) for name in LEARNERS}
    # Python's filters of warnings are one for all threads, and scikit-learn warns when it meets them half set by another.
    with warnings.catch_warnings(), ThreadPoolExecutor(2) as pool:
        warnings.simplefilter("ignore")
        for held, found in enumerate(pool.map(held_out, range(int(fold.max()) + 1))):
            for name, values in found.items():
                out[name][fold == held] = values
    return out


def _fold_scores(known: Known, mailed: Any, y: Floats, new: Known, share: bool, seed: int) -> dict[str, Floats]:
    arms = (~mailed, mailed)
    x, z = known.straight, known.trees

    def trees() -> Any:
        return _trees(known.texts, seed)

    straight = [_linear().fit(x[arm], y[arm]) for arm in arms]
    grown = [trees().fit(z[arm], y[arm]) for arm in arms]
    both = _trees(np.append(known.texts, False), seed).fit(np.column_stack([z, mailed]), y)
    guesses = (grown[1].predict(z[~mailed]) - y[~mailed], y[mailed] - grown[0].predict(z[mailed]))
    odds = float(mailed.mean())

    def crossed(model: Callable[[], Any], features: Floats, at: Floats) -> Floats:
        effect = [model().fit(features[arm], guess).predict(at) for arm, guess in zip(arms, guesses, strict=True)]
        return np.asarray(odds * effect[0] + (1 - odds) * effect[1])

    with_mail, without = (both.predict(np.column_stack([new.trees, np.full(len(new.trees), arm)])) for arm in (1.0, 0.0))
    found = (
        straight[1].predict(new.straight) - straight[0].predict(new.straight),
        with_mail - without,
        grown[1].predict(new.trees) - grown[0].predict(new.trees),
        crossed(trees, z, new.trees),
        crossed(_linear, x, new.straight),
        _response(x[mailed], y[mailed], new.straight, share),
    )
    return dict(zip(LEARNERS, found, strict=True))


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
