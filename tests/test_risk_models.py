"""Risk's measures and models against published figures and scikit-learn; a plain table; the made stream's leavers."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from holdfast import datasets
from holdfast.analyses.risk import Risk, risk_of_table
from holdfast.analyses.risk.encoding import Table, encoder_of
from holdfast.analyses.risk.learners import calibrated, fit_logistic, fit_trees
from holdfast.analyses.risk.measures import (
    auc,
    average_precision,
    brier,
    calibration_line,
    decile_of,
    deciles,
    difference,
    lift,
    logit,
    odds_to,
)
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

TELCO = Path(os.environ.get("HOLDFAST_SHARED", "/work/shared")) / "data" / "telco-churn" / "Telco-Customer-Churn.csv.gz"


@pytest.fixture(scope="module")
def telco():
    """The answer on the Telco file, asked once."""
    if not TELCO.exists():
        pytest.skip("the real files of shared/data are not here")
    return risk_of_table(TELCO, outcome="Churn", positive="Yes", id="customerID")


def test_telco_five_folds_are_at_the_published_ceiling(telco):
    """figures.md: logistic AUC .845, boosted trees .849 (AP .665, Brier .134). All 7,043 rows; 11 blank charges not known."""
    models = {row["model"]: row for row in telco.models.to_pylist()}
    for row in models.values():
        assert row["n"] == 7043
        assert row["auc"] >= 0.845
        assert row["brier"] <= 0.137
        assert 0.9 <= row["slope"] <= 1.1
    assert round(models["logistic"]["auc"], 3) == 0.847
    assert round(models["trees"]["auc"], 3) == 0.849
    assert models["trees"]["average_precision"] >= 0.665
    assert models["trees"]["brier"] <= 0.134
    assert "TotalCharges: 11 blank values, not known" in telco.notes
    assert models["logistic"]["used"]
    assert "the simpler one is used" in telco.notes[-2]


def test_telco_rows_have_risks_and_reasons(telco, tmp_path):
    rows = telco.table.to_pylist()
    assert len({row["customer"] for row in rows}) == 7043
    assert [row["risk"] for row in rows] == sorted((row["risk"] for row in rows), reverse=True)
    assert sum(row["left"] for row in rows) == 1869
    assert "Contract Month-to-month" in rows[0]["reasons"]
    assert telco.to_csv(tmp_path / "risk.csv").startswith("customer,risk,left,reasons\n")
    assert len((tmp_path / "risk.csv").read_text().splitlines()) == 7044


def test_a_table_that_cannot_be_learned_from_says_why():
    small = pa.table({"left": ["Yes"] * 5 + ["No"] * 200, "age": list(range(205))})
    with pytest.raises(UsageError, match="5 left and 200 stayed"):
        risk_of_table(small, "left")
    with pytest.raises(UnknownName):
        risk_of_table(small, "gone")
    with pytest.raises(UnknownName):
        risk_of_table(small, "left", positive="yes")


def test_a_table_of_pure_noise_gives_everyone_about_the_base_rate():
    rng = np.random.default_rng(4)
    left = rng.random(1_000) < 0.3
    noise = {name: rng.normal(size=1_000) for name in ("a", "b")}
    found = risk_of_table(pa.table({"left": np.where(left, "Yes", "No"), **noise}), "left")
    for row in found.models.to_pylist():
        assert row["auc"] < 0.56
        assert row["brier"] == pytest.approx(left.mean() * (1 - left.mean()), abs=0.004)
    risks = found.table["risk"].to_numpy()
    assert np.abs(risks - left.mean()).mean() < 0.05


def test_measures_are_close_to_scikit_learns():
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    rng = np.random.default_rng(0)
    score = np.round(rng.normal(size=2_000), 1)
    y = (rng.random(2_000) < odds_to(score - 1)).astype(int)
    p = odds_to(score - 1)
    assert auc(y, p).value == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert average_precision(y, p).value == pytest.approx(average_precision_score(y, p), abs=1e-12)
    assert brier(y, p).value == pytest.approx(brier_score_loss(y, p), abs=1e-12)


def test_auc_by_hand_and_its_interval_covers():
    """Two leavers at .9 and .4, two stayers at .4 and .1: of four pairs three and a half are right."""
    assert auc(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.4, 0.1])).value == 3.5 / 4
    rng = np.random.default_rng(1)
    truth, inside = 0.7602499, 0  # two normal distributions one apart: Φ(1 / √2)
    for _ in range(400):
        found = auc(np.r_[np.ones(60), np.zeros(140)], np.r_[rng.normal(1, 1, 60), rng.normal(0, 1, 140)])
        inside += (found.low or 0) <= truth <= (found.high or 1)
    assert 0.92 <= inside / 400 <= 0.98


def test_lift_and_deciles_by_hand():
    """Twenty customers, five leave; of the two with the highest risk both do: 1 / .25 = four times as many."""
    p = np.linspace(0.05, 1.0, 20)
    y = np.zeros(20, int)
    y[[3, 11, 15, 18, 19]] = 1
    assert lift(y, p).value == 4.0
    rows = deciles(y, p)
    assert [row["n"] for row in rows] == [2] * 10
    assert [row["left"] for row in rows] == [0, 1, 0, 0, 0, 1, 0, 1, 0, 2]
    assert decile_of(np.full(7, 0.3)).tolist() == [1] * 7


def test_calibration_line_is_found_again():
    """Outcomes drawn at log-odds .5 + .7 × score: the line is found within its interval; right probabilities have (0, 1)."""
    rng = np.random.default_rng(2)
    score = rng.normal(0, 2, 20_000)
    line = calibration_line(rng.random(20_000) < odds_to(0.5 + 0.7 * score), score)
    assert line.slope_estimate.low <= 0.7 <= line.slope_estimate.high
    assert line.intercept_estimate.low <= 0.5 <= line.intercept_estimate.high
    same = calibration_line(rng.random(20_000) < odds_to(score), score)
    assert (same.intercept, same.slope) == (pytest.approx(0, abs=0.08), pytest.approx(1, abs=0.05))
    twice = calibration_line(np.tile(rng.random(3_000) < 0.4, 2), np.tile(score[:3_000], 2), np.tile(np.arange(3_000), 2))
    once = calibration_line(np.tile(rng.random(3_000) < 0.4, 2), np.tile(score[:3_000], 2))
    assert twice.var_slope > 1.5 * once.var_slope


def test_logistic_is_close_to_scikit_learns_on_the_same_design():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    table = Table(rng.normal(size=(3_000, 3)), rng.integers(0, 3, (3_000, 1)).astype(np.int32))
    y = (rng.random(3_000) < odds_to(table.numbers[:, 0] - np.abs(table.numbers[:, 1]))).astype(int)
    mine = fit_logistic(table, y)
    design = encoder_of(table).design(table)
    theirs = LogisticRegression(C=1 / 3.0, max_iter=5_000, tol=1e-10).fit(design, y)
    assert mine.weights == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert mine.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)
    assert odds_to(mine.score(table)) == pytest.approx(theirs.predict_proba(design)[:, 1], abs=1e-4)


def test_bends_let_the_logistic_follow_what_is_no_line():
    """Leaving is likely at both ends of a feature: without bends no order could be told."""
    rng = np.random.default_rng(5)
    table = Table(rng.uniform(-3, 3, (4_000, 1)), np.zeros((4_000, 0), np.int32))
    y = (rng.random(4_000) < odds_to(1.5 * np.abs(table.numbers[:, 0]) - 2)).astype(int)
    assert (auc(y, fit_logistic(table, y).score(table)).value or 0) > 0.75


def test_parts_add_up_to_the_logistics_score_and_trees_fall_back_to_the_typical():
    rng = np.random.default_rng(6)
    numbers = rng.normal(size=(2_000, 2))
    numbers[rng.random(2_000) < 0.2, 1] = np.nan
    table = Table(numbers, rng.integers(0, 2, (2_000, 1)).astype(np.int32))
    y = (rng.random(2_000) < odds_to(numbers[:, 0] * 1.5)).astype(int)
    kinds = np.array([0, 1, 1])
    logistic, trees = fit_logistic(table, y), fit_trees(table, y)
    assert logistic.intercept + logistic.parts(table, kinds, 2).sum(axis=1) == pytest.approx(logistic.score(table), abs=1e-9)
    assert np.abs(trees.parts(trees.typical, kinds, 2)).max() == 0
    assert np.corrcoef(trees.parts(table, kinds, 2)[:, 0], numbers[:, 0])[0, 1] > 0.8
    assert np.array_equal(fit_trees(table, y).score(table), trees.score(table))


def test_calibration_makes_overconfident_scores_honest():
    """A model fitted to few rows is too sure of itself: its line, found on folds, is flatter than 1, and then it is not."""
    rng = np.random.default_rng(7)
    big = Table(rng.normal(size=(6_000, 12)), np.zeros((6_000, 0), np.int32))
    y = (rng.random(6_000) < odds_to(big.numbers[:, 0])).astype(int)
    few = np.arange(400)
    model, _ = calibrated(fit_trees, big.take(few), y[few], few, few % 3)
    assert model.line.slope < 0.9
    rest = big.take(np.arange(400, 6_000))
    raw = calibration_line(y[400:], model.learner.score(rest)).slope
    assert abs(calibration_line(y[400:], model.logits(rest)).slope - 1) < abs(raw - 1)
    assert (difference(y[400:], odds_to(model.learner.score(rest)), model.chances(rest)).value or 0) > 0
    assert logit(odds_to(np.array([-2.0, 0.5]))) == pytest.approx([-2.0, 0.5])


def test_planted_leavers_of_the_made_stream_are_found():
    """Of 196 with an order in the last month 56 had left for good by 10 August; silence alone ranks 70 % of pairs right."""
    settings = Settings(properties=("path", "platform", "category", "channel", "coupon", "country"))
    as_of = date(2025, 8, 10)
    answer = Timelines.from_arrow(datasets.made_stream(), settings).ask(Risk(as_of=as_of, limit=10_000))
    truth = datasets.made_truth()
    leaves = dict(zip(truth["customer_id"].to_pylist(), truth["leaves"].to_pylist(), strict=True))
    today = (as_of - date(2025, 1, 1) + timedelta(days=1)).days
    rows = answer.table.to_pylist()
    gone = np.array([leaves[row["customer"]] is not None and leaves[row["customer"]] <= today for row in rows])
    assert (len(rows), int(gone.sum())) == (196, 56)
    found = auc(gone, np.array([row["risk"] for row in rows]))
    silence = auc(gone, np.array([float(row["days_silent"]) for row in rows]))
    assert (silence.value or 1) < 0.75
    assert (found.low or 0) > 0.85
    high = [row for row in rows if row["band"] in ("high", "very high")]
    assert sum(leaves[row["customer"]] is not None and leaves[row["customer"]] <= today for row in high) >= 50
    assert any("no visit for" in row["reasons"] for row in high)
