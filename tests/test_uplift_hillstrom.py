"""The MineThatData e-mail trial (Hillstrom 2008): effects and intervals as published, the Qini coefficient, and the advice.

The data are not shipped: without /work/shared these tests are skipped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from holdfast.analyses.uplift import uplift_of_table
from holdfast.analyses.uplift.effects import balance, effects, sample_ratio
from holdfast.analyses.uplift.tables_in import trial_of_table

FILE = Path(__file__).parent.parent.parent / "shared" / "data" / "hillstrom" / "hillstrom.csv.gz"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the data is not here")
OUTCOMES = ("visit", "conversion", "spend")

PUBLISHED = {
    ("Mens E-Mail", "visit"): (0.106167, 0.07659, 0.0700, 0.0832),
    ("Womens E-Mail", "visit"): (0.106167, 0.04523, 0.0389, 0.0516),
    ("Mens E-Mail", "conversion"): (0.005726, 0.00681, None, None),
    ("Womens E-Mail", "conversion"): (0.005726, 0.00311, None, None),
    ("Mens E-Mail", "spend"): (0.6528, 0.7698, 0.485, 1.055),
    ("Womens E-Mail", "spend"): (0.6528, 0.4244, 0.169, 0.680),
}
DIGITS = {"visit": (6, 5, 4), "conversion": (6, 5, 4), "spend": (4, 4, 3)}


@cache
def trial() -> Any:
    return trial_of_table(FILE, arm="segment", control="No E-Mail", outcomes=OUTCOMES)


def asked(**choices: Any) -> Any:
    return uplift_of_table(FILE, arm="segment", control="No E-Mail", leave_out=("conversion", "spend"), **choices)


@pytest.mark.parametrize("cell", PUBLISHED)
def test_effects_and_intervals_are_as_published(cell):
    """Control, difference and interval to the digits printed: Newcombe for shares, Welch for money."""
    control, effect, low, high = PUBLISHED[cell]
    one, two, three = DIGITS[cell[1]]
    found = next(effect for arm, outcome, effect in effects(trial()) if (arm, outcome.name) == cell)
    assert (round(found.mean_control, one), round(found.effect, two)) == (control, effect)
    if low is not None:
        assert (round(found.low, three), round(found.high, three)) == (low, high)


def test_the_arms_are_as_large_as_published_and_alike():
    assert dict(zip(trial().arms, trial().counts.tolist(), strict=True)) == {
        "No E-Mail": 21_306, "Mens E-Mail": 21_307, "Womens E-Mail": 21_387
    }  # fmt: skip
    assert not sample_ratio(trial().counts.tolist(), (1, 1, 1)).broken
    assert max(abs(row["difference"]) for row in balance(trial())) < 0.02


def test_qini_of_womens_visits_two_linear_models_is_close_to_the_published_one():
    """Published 3.72 (2.82 to 4.64) × 1,000 per head; ours 3.71 (2.78 to 4.63). Which folds are drawn moves it more: over 100
    draws it is 3.60 on average with a standard deviation of 0.16, so that one draw can come this near by luck alone."""
    answer = asked(outcomes="visit", learners=("T linear",))
    [row] = [
        row for row in answer.extra["ranking"].to_pylist()
        if (row["arm"], row["learner"]) == ("Womens E-Mail", "T linear")
    ]  # fmt: skip
    assert row["qini_per_1000"] == pytest.approx(3.72, abs=0.02)
    assert (row["low"], row["high"]) == pytest.approx((2.82, 4.64), abs=0.05)
    assert row["over_response_low"] > 0


def test_qini_over_five_draws_of_the_folds_is_steadier():
    """3.60 over five draws, over twenty, and on average of 100 single ones; one draw alone is 3.35 to 3.81 in twenty."""
    answer = asked(outcomes="visit", learners=("T linear",), repeats=5, draws=100)
    [found] = [
        row["qini_per_1000"] for row in answer.extra["ranking"].to_pylist()
        if (row["arm"], row["learner"]) == ("Womens E-Mail", "T linear")
    ]  # fmt: skip
    assert found == pytest.approx(3.60, abs=0.02)


def test_the_advice_is_to_mail_everyone():
    """At 40 % margin and 0.15 a mail: the men's mail to everyone, and no rule of targeting earns more, as published. Two
    learners of six, so that it does not take long; all of them, by hand, say the same (docs/definitions/uplift.md)."""
    found = asked(outcomes=("visit", "spend"), margin=0.4, cost=0.15, learners=("T linear", "T trees"), draws=100, folds=3)
    assert found.words.startswith("Mail everyone (Mens E-Mail): it earns 0.16 (0.04 to 0.27)")
    assert "Choosing whom to mail is not sure to earn more: the best of 6 ways tried" in found.words
    rules = found.extra["policy"].to_pylist()
    everyone = max(row["net"] for row in rules if row["rule"] == "everyone")
    assert everyone == pytest.approx(0.4 * 0.769827 - 0.15, abs=1e-6)
    assert max(row["net"] for row in rules) == everyone
    assert {row["advice"] for row in found.extra["advice"].to_pylist()} == {"everyone", "cannot be told"}
