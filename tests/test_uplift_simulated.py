"""Simulated trials: whom a mail sways is found where it differs, and no targeting is sold where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from holdfast.analyses.uplift.policy import Earning
from holdfast.analyses.uplift.study import Choices, Ranked, Rule, Study, studied, with_p
from holdfast.analyses.uplift.trial import Feature, Outcome, Trial

COST = 0.1
Effect = Callable[[Any], Any]

ALIKE: dict[str, Effect] = {"gains": lambda _: 0.5, "nothing": lambda _: 0.0}


def split(x: Any) -> Any:
    """One half gains 1, the other loses a half."""
    return np.where(x[:, 1] > 0, 1.0, -0.5)


def simulated(seed: int, n: int, effect: Effect, **choices: Any) -> Study:
    """A trial of n customers: money of 0.5 x₀ and noise, and the effect of the mail; four features."""
    random = np.random.default_rng(seed)
    x, arm = random.normal(size=(n, 4)), random.integers(0, 2, n)
    money = 0.5 * x[:, 0] + random.normal(size=n) + arm * effect(x)
    features = tuple(Feature(f"x{place}", x[:, place]) for place in range(4))
    trial = Trial(("control", "mail"), arm, (Outcome.of("money", money),), features)
    return studied(trial, Choices("money", 1.0, COST, (1, 1), seed=seed, **choices))


def verdicts(seeds: int, n: int, effect: Effect, **choices: Any) -> tuple[Counter[str], float]:
    """How often each advice was given, and the share of the rankings that were said to beat chance."""
    found = [simulated(seed, n, effect, **choices) for seed in range(seeds)]
    ranked = [one for study in found for one in study.ranked]
    return Counter(study.advice[0].verdict for study in found), sum(one.sways for one in ranked) / max(len(ranked), 1)


@pytest.mark.parametrize(("case", "right"), [("gains", "everyone"), ("nothing", "nobody")])
def test_where_all_are_alike_no_targeting_is_sold(case, right):
    """20 seeds each, 600 customers. In full, 40 seeds of 1,000 with five folds each (`python -m tests.test_uplift_simulated`):
    never for a gain, for nothing or for harm, once where the gain is just the cost: 1 of 160; rankings that were said to beat
    chance 3.8 to 4.6 %."""
    told, sways = verdicts(20, 600, ALIKE[case], folds=2, draws=200)
    assert told["target"] <= 1
    assert told[right] + told["open"] + told["target"] == 20
    assert told["everyone" if case == "gains" else "open"] >= 14
    assert sways < 0.1


def test_where_customers_differ_the_t_learner_finds_them():
    study = simulated(3, 1_500, split, draws=200)
    [advice] = study.advice
    assert advice.verdict == "target"
    assert advice.rule.over.low > 0 < advice.rule.net.low
    assert 0.35 < advice.rule.share < 0.65
    learners = {one.learner: one for one in study.ranked}
    assert learners["T linear"].sways
    assert learners["T trees"].sways
    assert learners["T trees"].over_low > 0
    last = next(group for group in study.groups if group.decile == 10)
    assert last.lost
    assert last.effect.high < 0


def test_a_ranking_no_better_than_chance_is_never_advised():
    """Whatever it seems to earn: for each rule that is advised the Qini interval of its ranking lies above 0."""
    for seed in range(4):
        study = simulated(seed, 600, split if seed % 2 else ALIKE["nothing"], folds=2, draws=200)
        for rule in study.rules:
            if rule.ranked is not None and rule.ranked.low <= 0:
                assert not rule.better
        for advice in study.advice:
            if advice.verdict == "target":
                assert advice.rule.ranked is not None
                assert advice.rule.ranked.low > 0


def ranked(low: float) -> Ranked:
    none = np.zeros(0)
    return Ranked(1, "money", "T linear", none, 0.1, low, 0.2, None, None, None, (none, none))


def rule(low: float, over_nobody: float, over_everyone: float) -> Rule:
    """A rule whose ranking has that lower limit, and the p that it earns no more than nobody and than everyone."""
    net, over = (Earning(1.0, 0.0, 2.0, p) for p in (over_nobody, over_everyone))
    return Rule(1, "rule", ranked(low), 0.5, net, over)


@pytest.mark.parametrize(
    ("low", "over_nobody", "over_everyone", "advised"),
    [(0.01, 0.001, 0.002, True), (-0.01, 0.001, 0.002, False), (0.01, 0.3, 0.002, False), (0.01, 0.001, 0.3, False)],
)
def test_a_rule_is_advised_when_it_ranks_and_beats_both_everyone_and_nobody(low, over_nobody, over_everyone, advised):
    [tested] = with_p([rule(low, over_nobody, over_everyone)])
    assert tested.better is advised


def test_the_p_of_rules_is_adjusted_for_all_that_were_tried():
    """Of twenty with p 0.02 for the first and 1 for the others, 0.02 · 20 = 0.4."""
    first, *_ = with_p([rule(0.01, 0.02, 0.01), *(rule(0.01, 1.0, 1.0) for _ in range(19))])
    assert first.p == pytest.approx(0.4)
    assert not first.better


def test_the_same_seed_gives_the_same_study():
    one, other = (simulated(5, 600, split, folds=2, draws=200) for _ in range(2))
    assert [(a.qini, a.low, a.high) for a in one.ranked] == [(b.qini, b.low, b.high) for b in other.ranked]
    assert [(a.share, a.net) for a in one.rules] == [(b.share, b.net) for b in other.rules]


if __name__ == "__main__":
    for name, effect in {**ALIKE, "harm": lambda _: -0.3, "just the cost": lambda _: COST, "split": split}.items():
        told, sways = verdicts(40, 1_000, effect, draws=200)
        print(f"{name}: {dict(told)}, {100 * sways:.1f} % of rankings said to beat chance")
