"""Risk: the simpler model wins ties, few leavers make nothing fly off, how level and window are told."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from contract_shops import contract_shop
from people import told

from holdfast.analyses.risk import Risk, training
from holdfast.analyses.risk.encoding import Table
from holdfast.analyses.risk.measures import difference, odds_to
from holdfast.analyses.risk.training import choice, simpler, swing
from holdfast.settings import Settings


def held_out(logistic: list[float], trees: list[float], plain: float) -> training.Tested:
    """200 customers of whom every second left; each model's risks of a leaver and of a stayer, repeated."""
    y = np.tile(np.array([1, 0], np.uint8), 100)
    chances = {"recency": np.full(200, plain), "logistic": np.tile(logistic, 100), "trees": np.tile(trees, 100)}
    empty = Table(np.zeros((200, 0)), np.zeros((200, 0), np.int32))
    better = difference(y, chances["logistic"], chances["trees"])
    return training.Tested(0, y, np.arange(200, dtype=np.uint64), chances, empty, {}, better)


def test_simpler_wins_ties():
    assert choice(held_out([0.7, 0.3], [0.7, 0.3], 0.5)) == ("logistic", "")
    assert choice(held_out([0.7, 0.3], [0.6, 0.4], 0.5)) == ("logistic", "")


def test_trees_are_used_where_they_are_surely_nearer():
    assert choice(held_out([0.6, 0.4], [0.8, 0.2], 0.5)) == ("trees", "")


def test_trees_that_are_nearer_by_chance_are_not_used():
    """Of 100 the trees lean the right way for 58: nearer by (58 × .09 − 42 × .11) / 100 = .006, with an error of .0099."""
    y = np.tile(np.array([1, 0], np.uint8), 50)
    right = np.arange(100) < 58
    leaning = np.where(right == (y == 1), 0.6, 0.4)
    better = difference(y, np.full(100, 0.5), leaning)
    assert better.value == pytest.approx(0.006)
    assert simpler(better) == simpler(None) == "logistic"


def test_model_that_the_plain_rule_beats_is_not_used():
    name, why = choice(held_out([0.4, 0.6], [0.4, 0.6], 0.5))
    assert name is None
    assert why.startswith("at the test the plain rule was nearer than the model (Brier 0.2500 against 0.3600)")


def test_few_leavers_do_not_make_the_logistic_regression_fly_off():
    """Yearly contracts: 54 of 9,035 rows left. Whole Newton steps ran to risks of 1 for all (Brier .99); 9 did leave."""
    asked = Risk(as_of=date(2026, 4, 30), limit=0)
    answer = contract_shop(2_000, seed=3, every="year", periods=5).ask(asked)
    models = {row["model"]: row for row in answer.extra["models"].to_pylist()}
    assert models["logistic"]["used"]
    assert models["logistic"]["auc"] > 0.9
    assert models["logistic"]["brier"] < models["base rate"]["brier"]
    assert answer.words.startswith("Of 1,575 customers about 10 (2 to 23;")


def test_what_pays_under_contract_is_an_order():
    """Monthly payments are the rhythm here: it is said in the words of orders."""
    rows = contract_shop(300, seed=2).ask(Risk(limit=50, show="customers")).table.to_pylist()
    assert not any("comes every" in row["reasons"] or "came on" in row["reasons"] for row in rows)


def test_one_rate_for_all_contracts_has_no_reasons():
    story = """
        ann Subscription Started @0    ann Subscription Ended @100   ben Subscription Started @50  ben Subscription Ended @150
        cleo Subscription Started @0   cleo Login @190   cleo Login @199
    """
    answer = told(story, Settings(base="contract")).ask(Risk(window_days=30))
    assert [row["reasons"] for row in answer.table.to_pylist()] == ["nothing stands out"]
    assert "One rate for all contracts says so" in answer.words
    assert any(
        note.endswith("in its place stands one rate for all contracts: how often contracts end") for note in answer.notes
    )


def test_level_that_moves_from_window_to_window_is_told_and_one_that_stands_is_not():
    """4,000 at each instant, foretold at even odds: the level falls by 0.4 in log-odds in a window, or stays."""
    rng = np.random.default_rng(1)
    day = np.repeat([0, 30, 60], 4_000)
    falling = rng.random(12_000) < odds_to(np.repeat([0.4, 0.0, -0.4], 4_000))
    assert swing(falling, np.zeros(12_000), day, 30) == pytest.approx(0.4, abs=0.08)
    assert swing(rng.random(12_000) < 0.5, np.zeros(12_000), day, 30) < 0.06
    assert swing(falling, np.zeros(12_000), day, 90) == 0.0


def test_a_window_other_than_gone_after_is_explained():
    story = "\n".join(f"a{who} o{who}x{day} 10 @{day + who % 7}" for who in range(20) for day in range(0, 300, 20))
    notes = told(story, Settings(gone_after=120)).ask(Risk()).notes
    assert any(note.startswith("leaving is silence for 60 days here, not for the 120 after which one counts") for note in notes)
    for asked in (Risk(window_days=60), Risk(window_days=120)):
        notes = told(story, Settings(gone_after=120)).ask(asked).notes
        assert not any(note.startswith("leaving is silence") for note in notes)
