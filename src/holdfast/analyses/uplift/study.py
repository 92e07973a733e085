"""The whole study of a trial: effects, who would be swayed, what each rule earns, and the advice that follows.

Order of trust: the sizes of the arms, the effect on everyone, whether a ranking beats the random line, whether a rule earns
more than mailing everyone and more than mailing nobody. A rule is advised only when all of them hold, the last two with their p
adjusted for all rules that were tried (Benjamini-Hochberg).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.statistics import benjamini_hochberg
from holdfast.analyses.uplift.effects import Effect, Ratio, balance, effect_of, effects, moved_features, sample_ratio
from holdfast.analyses.uplift.learners import LEARNERS, RESPONSE, fold_of, scored
from holdfast.analyses.uplift.policy import Earning, earned, effect_parts, rule_of, within_fold
from holdfast.analyses.uplift.qini import Ranking, qini, qini_curve, qini_draws
from holdfast.analyses.uplift.trial import CONTROL, Known, Outcome, Trial

__all__ = [
    "ALPHA",
    "LEAST_TO_RANK",
    "Advice",
    "Choices",
    "Group",
    "Ranked",
    "Rule",
    "Study",
    "Verdict",
    "rankable",
    "studied",
    "with_p",
]

ALPHA = 0.05
LEAST_TO_RANK = 100
"""Customers that an arm needs before anybody is ranked by it."""

REPEAT = 1_000
"""Seeds of the second, third, … draw of the folds lie so far apart, so that a next seed draws none of them again."""

GROUPS = 10
Verdict = Literal["everyone", "nobody", "target", "open"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choices:
    """What was chosen.

    value   the outcome that the policy is about; unit  money of one unit of it, margin and worth included
    cost    money of one mail
    weights intended sizes of the arms, in the order of the trial's arms
    folds, draws, seed   of the models and the bootstrap · learners  those that rank, the response model among them
    repeats  how often the folds are drawn; a score is the mean of them all
    """

    value: str
    unit: float
    cost: float
    weights: tuple[float, ...]
    folds: int = 5
    draws: int = 1000
    seed: int = 0
    learners: tuple[str, ...] = LEARNERS
    repeats: int = 1


@dataclass(frozen=True)
class Ranked:
    """A learner's ranking of one arm's customers and control by one outcome.

    score   [customers of the pair] · qini, low, high  per head, with the bootstrap's 95 % interval
    over, over_low, over_high   the coefficient less that of the response model, drawn together; None for that model itself
    """

    arm: int
    outcome: str
    learner: str
    score: Floats
    qini: float
    low: float
    high: float
    over: float | None
    over_low: float | None
    over_high: float | None
    curve: tuple[Floats, Floats]

    @property
    def sways(self) -> bool:
        """Whether it ranks better than chance: its interval lies above 0."""
        return self.low > 0


@dataclass(frozen=True)
class Rule:
    """A rule of mailing an arm.

    ranked   the ranking it follows; None for everyone and nobody · name  in words
    share    of heads that it mails · net  earned per head against mailing nobody · over  against mailing everyone
    p        adjusted, of earning no more than everyone, and no more than nobody; None where nothing is tested
    """

    arm: int
    name: str
    ranked: Ranked | None
    share: float
    net: Earning
    over: Earning
    p: float | None = None

    @property
    def better(self) -> bool:
        """Whether it may be advised: its ranking beats chance, and it earns more than everyone and than nobody."""
        return self.ranked is not None and self.ranked.sways and self.p is not None and self.p < ALPHA


@dataclass(frozen=True)
class Advice:
    """What to do with an arm's mail, and the rule that says so."""

    arm: int
    verdict: Verdict
    rule: Rule


@dataclass(frozen=True)
class Group:
    """A tenth of the customers by score, 1 the most swayed; p adjusted over all groups.

    places  of its customers in the trial
    """

    arm: int
    outcome: str
    learner: str
    decile: int
    places: npt.NDArray[np.int64]
    effect: Effect
    p: float | None

    @property
    def lost(self) -> bool:
        """Whether the mail does harm here, beyond chance."""
        return self.p is not None and self.p < ALPHA and (self.effect.effect or 0) < 0


@dataclass(frozen=True)
class Study:
    """All that came out; empty lists where arms are too small to rank.

    trial  without the features that moved · moved  features in which the arms differ more than chance allows
    """

    trial: Trial
    choices: Choices
    moved: tuple[str, ...]
    ratio: Ratio
    balance: list[dict[str, Any]]
    effects: list[tuple[str, Outcome, Effect]]
    ranked: list[Ranked]
    rules: list[Rule]
    advice: list[Advice]
    groups: list[Group]

    def best(self, arm: int, outcome: str) -> Ranked | None:
        """The learner with the highest Qini among those of one arm and outcome, the response model aside."""
        found = [one for one in self.ranked if (one.arm, one.outcome) == (arm, outcome) and one.learner != RESPONSE]
        return max(found, key=lambda one: one.qini, default=None)


def studied(trial: Trial, choices: Choices, progress: Callable[[str], None] | None = None) -> Study:
    """The study of a trial.

    progress  is told in words what is being worked on
    """
    rows = balance(trial)
    moved = moved_features(rows, trial.features)
    if moved:
        trial = trial.without(set(moved), _moved_words(moved, trial.before))
    ratio = sample_ratio([int(count) for count in trial.counts], choices.weights)
    ranked, rules = list[Ranked](), list[Rule]()
    for arm in range(1, len(trial.arms)):
        own = list[Ranked]()
        fold = np.zeros(0, np.int64)
        if rankable(trial, arm):
            if progress is not None:
                progress(f"ranking {len(trial.pair(arm)):,} customers of {trial.arms[arm]} and {trial.arms[CONTROL]}")
            own, fold = _ranked(trial, arm, choices)
        ranked += own
        if min(trial.counts[[CONTROL, arm]]) >= 2:
            rules += _rules(trial, arm, choices, own, fold)
    rules = with_p(rules)
    study = Study(trial, choices, moved, ratio, rows, effects(trial), ranked, rules, _advice(rules), [])
    return Study(**{**study.__dict__, "groups": _groups(study)})


def _moved_words(moved: tuple[str, ...], before: bool) -> str:
    more = "" if len(moved) <= 8 else f" and {len(moved) - 8} more"
    why = "they were known before the mail, so that the draw was not by chance alone" if before else (
        "they came after the mail, or the draw was not by chance alone"
    )  # fmt: skip
    return f"left out of the ranking, as no chance makes the arms so different in them: {', '.join(moved[:8])}{more}; {why}"


def rankable(trial: Trial, arm: int) -> bool:
    """Whether anybody can be ranked by an arm: it and control are large enough, and something is known of their customers."""
    return bool(min(trial.counts[[CONTROL, arm]]) >= LEAST_TO_RANK and trial.features)


def _ranked(trial: Trial, arm: int, choices: Choices) -> tuple[list[Ranked], npt.NDArray[np.int64]]:
    """Every learner's ranking of one arm by every outcome, and the folds (of several draws of them, the first)."""
    places = trial.pair(arm)
    mailed = trial.arm[places] == arm
    known = Known.of(trial.features).at(places)
    folds = [fold_of(len(places), choices.folds, choices.seed + REPEAT * again) for again in range(choices.repeats)]
    kept = list[tuple[str, str, Floats, Ranking]]()
    for outcome in trial.outcomes:
        y = outcome.values[places]
        share = outcome.kind == "share"
        drawn_anew = [
            scored(known, mailed, y, fold, share=share, seed=choices.seed, learners=choices.learners) for fold in folds
        ]
        scores = {name: np.mean([one[name] for one in drawn_anew], axis=0) for name in choices.learners}
        kept += [(outcome.name, learner, score, Ranking.of(score, mailed, y)) for learner, score in scores.items()]
    drawn = qini_draws([ranking for *_, ranking in kept], choices.draws, choices.seed)
    at = {(name, learner): place for place, (name, learner, *_) in enumerate(kept)}
    base = [qini(ranking) for *_, ranking in kept]
    out = []
    for place, (name, learner, score, ranking) in enumerate(kept):
        other = at[name, RESPONSE]
        over: tuple[float | None, float | None, float | None] = (None, None, None)
        if place != other:
            over = (base[place] - base[other], *_bounds(drawn[place] - drawn[other]))
        low, high = _bounds(drawn[place])
        out.append(Ranked(arm, name, learner, score, base[place], low, high, *over, qini_curve(ranking)))
    return out, folds[0]


def _bounds(drawn: Floats) -> tuple[float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _rules(trial: Trial, arm: int, choices: Choices, ranked: list[Ranked], fold: npt.NDArray[np.int64]) -> list[Rule]:
    """Everyone, nobody and a rule for each ranking."""
    places = trial.pair(arm)
    mailed = trial.arm[places] == arm
    outcome = trial.outcome(choices.value)
    y = outcome.values[places]
    gains = choices.unit * effect_parts(mailed, y) - choices.cost
    everyone = _of_all(effect_of(outcome.kind, y[mailed], y[~mailed]), earned(gains), choices)
    nothing = Earning(0.0, 0.0, 0.0, 1.0)
    out = [
        Rule(arm, "everyone", None, 1.0, everyone, nothing),
        Rule(arm, "nobody", None, 0.0, nothing, Earning(-everyone.net, -everyone.high, -everyone.low, earned(-gains).p)),
    ]
    for one in ranked:
        mail = rule_of(within_fold(one.score, fold), fold, gains)
        net, over = earned(np.where(mail, gains, 0.0)), earned(np.where(mail, 0.0, -gains))
        out.append(Rule(arm, f"{one.learner}, by {one.outcome}", one, float(mail.mean()), net, over))
    return out


def _of_all(effect: Effect, earning: Earning, choices: Choices) -> Earning:
    """What mailing everyone earns, with the interval of the effect itself, so that both say the same of few customers."""
    if effect.low is None or effect.high is None:
        return earning
    low, high = (choices.unit * value - choices.cost for value in (effect.low, effect.high))
    return replace(earning, low=low, high=high)


def with_p(rules: list[Rule]) -> list[Rule]:
    """The rules with the adjusted p that they earn more than everyone *and* more than nobody: the larger of both."""
    adjusted = benjamini_hochberg([None if one.ranked is None else max(one.net.p, one.over.p) for one in rules])
    return [
        Rule(one.arm, one.name, one.ranked, one.share, one.net, one.over, p) for one, p in zip(rules, adjusted, strict=True)
    ]


def _advice(rules: list[Rule]) -> list[Advice]:
    out = []
    for arm in dict.fromkeys(one.arm for one in rules):
        own = [one for one in rules if one.arm == arm]
        better = [one for one in own if one.better]
        if better:
            out.append(Advice(arm, "target", max(better, key=lambda one: one.net.net)))
        elif own[0].net.low > 0:
            out.append(Advice(arm, "everyone", own[0]))
        else:
            out.append(Advice(arm, "nobody", own[1]) if own[0].net.high < 0 else Advice(arm, "open", own[0]))
    return out


def _groups(study: Study) -> list[Group]:
    """Tenths by score of the best learner of each arm and outcome, with the effect that was seen in each."""
    found = list[Group]()
    for arm in dict.fromkeys(one.arm for one in study.ranked):
        places = study.trial.pair(arm)
        for outcome in study.trial.outcomes:
            best = study.best(arm, outcome.name)
            if best is None:
                continue
            order = np.argsort(-best.score, kind="stable")
            for decile, part in enumerate(np.array_split(order, GROUPS), 1):
                own = places[np.sort(part)]
                mailed = study.trial.arm[own] == arm
                effect = effect_of(outcome.kind, outcome.values[own][mailed], outcome.values[own][~mailed])
                found.append(Group(arm, outcome.name, best.learner, decile, own, effect, None))
    adjusted = benjamini_hochberg([one.effect.p for one in found])
    return [Group(**{**one.__dict__, "p": p}) for one, p in zip(found, adjusted, strict=True)]
