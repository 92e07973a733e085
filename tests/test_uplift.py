"""Uplift by hand: effects, the sample ratio, the Qini curve, the policy's sums, the learners."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdfast.analyses.uplift.effects import balance, effect_of, moved_features, sample_ratio
from holdfast.analyses.uplift.learners import LEARNERS, RESPONSE, fold_of, scored
from holdfast.analyses.uplift.policy import earned, effect_parts, rule_of, within_fold
from holdfast.analyses.uplift.qini import Ranking, qini, qini_curve, qini_draws
from holdfast.analyses.uplift.study import Choices, studied
from holdfast.analyses.uplift.trial import Feature, Known, Outcome, Trial, feature_of_texts

# -- effects -------------------------------------------------------------------------------------------------------------------


def test_shares_are_compared_as_in_newcombe_1998_table_2():
    """56 of 70 against 48 of 80: 0.2000 (0.0524 to 0.3339), method 10."""
    found = effect_of("share", np.r_[np.ones(56), np.zeros(14)], np.r_[np.ones(48), np.zeros(32)])
    assert (found.effect, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert (found.n, found.n_control, found.mean, found.mean_control) == (70, 80, 0.8, 0.6)


def test_means_are_compared_as_welch_does_in_scipy():
    """4, 6, 8 against 1, 2, 3: 4 apart, variance 4 / 3 + 1 / 3, 2.94 degrees of freedom."""
    mailed, control = np.array([4.0, 6.0, 8.0]), np.array([1.0, 2.0, 3.0])
    found, oracle = effect_of("mean", mailed, control), stats.ttest_ind(mailed, control, equal_var=False)
    interval = oracle.confidence_interval()
    assert (found.effect, found.low, found.high) == pytest.approx((4.0, interval.low, interval.high))
    assert found.p == pytest.approx(oracle.pvalue)


def test_too_few_on_a_side_has_an_effect_without_an_interval():
    found = effect_of("mean", np.array([5.0]), np.array([1.0, 2.0]))
    assert (found.effect, found.low, found.high, found.p) == (3.5, None, None, None)
    assert effect_of("share", np.zeros(0), np.ones(3)).effect is None


def test_the_sample_ratio_by_hand():
    """1,000 and 1,100 where alike was meant: 2 · 50² / 1,050 = 4.762; where 10 to 11 was meant: 0."""
    found = sample_ratio((1_000, 1_100), (1, 1))
    assert (found.chi_square, found.p, found.broken) == (
        pytest.approx(4.7619, abs=1e-4),
        pytest.approx(0.0291, abs=1e-4),
        False,
    )
    assert sample_ratio((1_000, 1_100), (10, 11)).p == 1
    assert sample_ratio((1_000, 1_200), (1, 1)).broken


@pytest.mark.parametrize(("n", "p"), [(1, 1.0), (3, 0.1), (10, 2 / 184_756)])
def test_a_column_that_is_the_arm_itself_by_hand(n, p):
    """All 1 among the mailed, all 0 in control: of the ways to draw n of 2n two look like that: 2 of 20 for 3 and 3."""
    arm = np.r_[np.zeros(n, np.int64), np.ones(n, np.int64)]
    trial = Trial(("control", "mail"), arm, (Outcome.of("y", arm),), (Feature("flag", arm.astype(float)),))
    [row] = balance(trial)
    assert row["p"] == pytest.approx(p)
    assert moved_features([row], trial.features) == (("flag",) if p < 0.001 else ())


# -- the Qini curve ------------------------------------------------------------------------------------------------------------


def ranking(mailed: Any, values: Any, score: Any = None) -> Ranking:
    score = -np.arange(len(mailed), dtype=float) if score is None else np.asarray(score, float)
    return Ranking.of(score, np.asarray(mailed, bool), np.asarray(values, float))


def test_qini_by_hand():
    """Mailed 1, control 0, mailed 0, control 1: u is 1, 1, 1, 0; the area ¾, the random line flat; by 4 heads 0.1875."""
    one = ranking([1, 0, 1, 0], [1, 0, 0, 1])
    shares, gains = qini_curve(one)
    assert shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert (gains * 4).tolist() == [0, 1, 1, 1, 0]
    assert qini(one) == 0.1875


def test_a_ranking_the_wrong_way_round_by_hand():
    """Control 1, mailed 0, control 0, mailed 1: u is 0, −1, −½, 0; the area −⅜; by 4 heads −0.09375."""
    one = ranking([0, 1, 0, 1], [1, 0, 0, 1])
    assert (qini_curve(one)[1] * 4).tolist() == [0, 0, -1, -0.5, 0]
    assert qini(one) == -0.09375


def brute_qini(mailed: list[int], values: list[int], score: list[int]) -> float:
    """Written from the definition: for each level of the score, all customers at or above it."""
    n, points = len(mailed), [(0.0, 0.0)]
    for level in sorted(set(score), reverse=True):
        top = [i for i in range(n) if score[i] >= level]
        n_t, y_t = sum(mailed[i] for i in top), sum(values[i] for i in top if mailed[i])
        n_c, y_c = len(top) - n_t, sum(values[i] for i in top if not mailed[i])
        points.append((len(top) / n, y_t - (y_c * n_t / n_c if n_c else 0)))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    return (area - points[-1][1] / 2) / n


people = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=25)


@given(people, st.randoms())
def test_qini_is_the_brute_force_area_whatever_the_order_of_equal_scores(rows, random):
    mailed, values, score = (list(part) for part in zip(*rows, strict=True))
    assert qini(ranking(mailed, values, score)) == pytest.approx(brute_qini(mailed, values, score), abs=1e-12)
    again = [list(part) for part in zip(*random.sample(rows, len(rows)), strict=True)]
    assert qini(ranking(*again)) == pytest.approx(brute_qini(mailed, values, score), abs=1e-12)


@given(people, st.integers(0, 5))
@settings(max_examples=30)
def test_a_draw_is_the_qini_of_the_customers_drawn(rows, seed):
    mailed, values, score = (np.array(part) for part in zip(*rows, strict=True))
    places = np.random.default_rng(seed).integers(0, len(rows), len(rows))
    [[drawn]] = qini_draws([ranking(mailed, values, score)], 1, seed)
    assert drawn == pytest.approx(brute_qini(list(mailed[places]), list(values[places]), list(score[places])), abs=1e-12)


def test_one_score_for_all_is_the_random_line():
    assert qini(ranking([1, 0, 1, 0, 1], [1, 0, 0, 1, 1], np.zeros(5))) == pytest.approx(0)


# -- the policy ----------------------------------------------------------------------------------------------------------------


def test_each_customers_part_by_hand():
    """Mailed 2, 0, control 0, 0: the effect is 1, c̄ is ½, the parts 3, −1, 1, 1."""
    parts = effect_parts(np.array([True, True, False, False]), np.array([2.0, 0.0, 0.0, 0.0]))
    assert parts.tolist() == [3, -1, 1, 1]
    found = earned(0.5 * parts - 0.2)
    assert found.net == pytest.approx(0.5 * 1 - 0.2)
    assert found.high - found.net == pytest.approx(1.959964 * np.std(0.5 * parts, ddof=1) / 2)


def test_mailing_everyone_earns_the_effect_with_its_welch_interval():
    random = np.random.default_rng(3)
    mailed = random.random(3_000) < 0.3
    y = random.gamma(2, 1 + mailed)
    effect, found = effect_of("mean", y[mailed], y[~mailed]), earned(effect_parts(mailed, y))
    assert (found.net, found.low, found.high) == pytest.approx((effect.effect, effect.low, effect.high), rel=2e-3)


def test_a_cut_is_chosen_on_the_other_folds():
    """Fold 0 gains from its first half alone, fold 1 from everyone: each is mailed as the other one says."""
    rank, fold = np.array([0.25, 0.75, 0.25, 0.75]), np.array([0, 0, 1, 1])
    gains = np.array([1.0, -1.0, 1.0, 1.0])
    assert rule_of(rank, fold, gains).tolist() == [True, True, True, False]
    assert not rule_of(rank, fold, -np.ones(4)).any()


def test_ranks_within_a_fold_share_equal_scores():
    assert within_fold(np.array([5.0, 1.0, 1.0, 9.0]), np.array([0, 0, 0, 1])).tolist() == pytest.approx(
        [1 / 6, 2 / 3, 2 / 3, 0.5]
    )


# -- the learners --------------------------------------------------------------------------------------------------------------


def made(seed: int = 1, n: int = 400, folds: int = 5) -> tuple[Known, Any, Any, Any]:
    random = np.random.default_rng(seed)
    features = (Feature("x", random.normal(size=n)), feature_of_texts("c", random.integers(0, 3, n), ("a", "b", "c")))
    mailed = random.random(n) < 0.5
    y = features[0].values + mailed * (features[1].values == 1) + random.normal(size=n) * 0.1
    return Known.of(features), mailed, y, fold_of(n, folds, seed)


def test_no_ones_own_outcome_moves_her_score():
    known, mailed, y, fold = made(folds=3)
    other = y.copy()
    other[fold == 2] += 100
    before, after = (scored(known, mailed, one, fold, share=False, seed=0) for one in (y, other))
    for name in LEARNERS:
        assert (before[name][fold == 2] == after[name][fold == 2]).all()
        assert (before[name][fold != 2] != after[name][fold != 2]).any()


def test_every_learner_finds_whom_the_mail_sways_and_the_response_model_does_not():
    known, mailed, y, fold = made(n=1_000)
    swayed = known.trees[:, 1] == 1
    scores = scored(known, mailed, y, fold, share=False, seed=0)
    for name in LEARNERS[:-1]:
        assert scores[name][swayed].min() > scores[name][~swayed].max() or np.corrcoef(scores[name], swayed)[0, 1] > 0.8
    assert np.corrcoef(scores["response"], swayed)[0, 1] < 0.6


def test_linear_x_and_s_learners_are_the_linear_t_learner():
    from sklearn.linear_model import LinearRegression

    known, w, y, _ = made()
    x = known.straight
    t = [LinearRegression().fit(x[w == arm], y[w == arm]) for arm in (False, True)]
    tau = t[1].predict(x) - t[0].predict(x)
    guesses = [t[1].predict(x[~w]) - y[~w], y[w] - t[0].predict(x[w])]
    crossed = [LinearRegression().fit(x[w == arm], guesses[arm]).predict(x) for arm in (0, 1)]
    both = LinearRegression().fit(np.column_stack([x, w, x * w[:, None]]), y)
    ones, none = (np.full((len(x), 1), arm) for arm in (1.0, 0.0))
    s = both.predict(np.column_stack([x, ones, x])) - both.predict(np.column_stack([x, none, 0 * x]))
    for other in (*crossed, s):
        assert other == pytest.approx(tau, abs=1e-9)


def test_a_feature_known_of_nobody_in_an_arm_ranks_and_does_not_break():
    known, mailed, y, fold = made(folds=2)
    rare = np.where(mailed & (np.arange(len(y)) < 9), 1.0, np.nan)
    features = (Feature("x", known.trees[:, 0]), Feature("rare", rare))
    scores = scored(Known.of(features), mailed, y, fold, share=False, seed=0, learners=("S trees", "T trees", "X trees"))
    assert all(np.isfinite(score).all() for score in scores.values())


def test_the_score_of_several_draws_of_the_folds_is_their_mean():
    known, mailed, y, _ = made(n=300)
    trial = Trial(("control", "mail"), mailed.astype(np.int64), (Outcome.of("y", y),), (Feature("x", known.trees[:, 0]),))
    choices = Choices("y", 1.0, 0.0, (1, 1), folds=2, draws=100, learners=("T linear", RESPONSE), repeats=3)
    [found, _] = studied(trial, choices).ranked
    some = Known.of(trial.features)
    folds = [fold_of(300, 2, seed) for seed in (0, 1_000, 2_000)]
    drawn = [scored(some, mailed, y, fold, share=False, seed=0, learners=("T linear",))["T linear"] for fold in folds]
    assert found.score == pytest.approx(np.mean(drawn, axis=0))
    assert not np.allclose(found.score, drawn[0])


def test_what_everyone_earns_has_the_interval_of_the_effect_however_few_they_are():
    """2 of 3 bought, and 1 of 3: Newcombe's interval holds 0, times a worth of 10 less 1 a mail."""
    mailed = np.array([1, 1, 1, 0, 0, 0])
    trial = Trial(("control", "mail"), mailed, (Outcome.of("bought", [1, 1, 0, 1, 0, 0]),))
    everyone, nobody = studied(trial, Choices("bought", 10.0, 1.0, (1, 1))).rules
    effect = effect_of("share", np.array([1, 1, 0]), np.array([1, 0, 0]))
    assert (everyone.net.net, everyone.net.low) == pytest.approx((10 * effect.effect - 1, 10 * effect.low - 1))
    assert (nobody.over.low, nobody.over.high) == (-everyone.net.high, -everyone.net.low)
