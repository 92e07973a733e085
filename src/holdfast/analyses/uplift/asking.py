"""What both questions of uplift share: the choices, the study, the answer, the people behind a number, the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.uplift.learners import LEARNERS, RESPONSE
from holdfast.analyses.uplift.study import Choices, Study, studied
from holdfast.analyses.uplift.tables_out import TABLES, scores_table, tables
from holdfast.analyses.uplift.trial import CONTROL, Trial
from holdfast.analyses.uplift.words import Wording, notes, words
from holdfast.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["SHOWN", "Show", "Swayed"]

Show = Literal[
    "effects", "policy", "ranking", "deciles", "curve", "advice", "sample", "balance", "left_out", "scores"
]  # fmt: skip
SHOWN = (*TABLES, "scores")
GROUPS = ("mailed", "control", "both")


@dataclass(frozen=True, kw_only=True)
class Swayed(Question):
    """The choices of a question of uplift.

    value     the outcome that the policy is about; None: money, else the first that is no share, else the first
    worth     money of one unit of that outcome; None: 1 where it is money
    margin    share of the money that is profit; None: as the settings say · cost  money of one mail
    split     (arm, size) as the draw intended it, in any unit; empty: all arms alike
    folds, draws, seed   of the models (2 to 20), of the bootstrap, of both
    repeats   how often the folds are drawn (1 to 50), a score being the mean: steadier, and so many times as long
    learners  those that rank (`learners.LEARNERS`), the response model always beside them; empty: all
    show      the table that comes first; "scores" holds every customer's
    progress  is told in words what is being worked on
    """

    value: str | None = None
    worth: float | None = None
    margin: float | None = None
    cost: float = 0.0
    split: tuple[tuple[str, float], ...] = ()
    folds: int = 5
    draws: int = 1000
    seed: int = 0
    repeats: int = 1
    learners: tuple[str, ...] = ()
    show: Show = "effects"
    progress: Callable[[str], None] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_choice("show", self.show, SHOWN)
        for name in self.learners:
            if name not in LEARNERS:
                raise UnknownName("learner", name, LEARNERS)
        if self.margin is not None and not 0 < self.margin <= 1:
            raise UsageError(f"margin cannot be {self.margin}", "give the share of the money that is profit, such as 0.4")
        if self.cost < 0 or (self.worth is not None and self.worth <= 0):
            raise UsageError("a mail cannot cost less than nothing, nor an outcome be worth nothing", "such as cost=0.15")
        if not 2 <= self.folds <= 20 or not 100 <= self.draws <= 100_000:
            raise UsageError("folds must be 2 to 20 and draws 100 to 100,000", "such as folds=5, draws=1000")
        if not 1 <= self.repeats <= 50:
            raise UsageError(f"repeats cannot be {self.repeats}", "draw the folds 1 to 50 times, such as repeats=5")

    def choices(self, trial: Trial, margin: float | None) -> tuple[Choices, bool]:
        """What is worked out, and whether it is about money."""
        names = [one.name for one in trial.outcomes]
        if self.value is not None and self.value not in names:
            raise UnknownName("outcome", self.value, names)
        means = [one.name for one in trial.outcomes if one.kind == "mean"]
        value = self.value or ("money" if "money" in names else (means or names)[0])
        money = self.worth is not None or (value in means and value != "orders")
        if self.cost and not money:
            raise UsageError(
                f"a mail costs money, and {value} is none", "say what one is worth (worth=…), or name an outcome in money"
            )
        unit = (1.0 if self.worth is None else self.worth) * (1.0 if margin is None or not money else margin)
        learners = tuple(name for name in LEARNERS if not self.learners or name in (*self.learners, RESPONSE))
        weights = self._weights(trial)
        return Choices(value, unit, self.cost, weights, self.folds, self.draws, self.seed, learners, self.repeats), money

    def _weights(self, trial: Trial) -> tuple[float, ...]:
        given = dict(self.split)
        for arm in given:
            if arm not in trial.arms:
                raise UnknownName("arm", arm, trial.arms)
        if given and (set(given) != set(trial.arms) or min(given.values()) <= 0):
            raise UsageError("the intended split must name every arm", " ".join(f"{arm}=1" for arm in trial.arms))
        return tuple(float(given.get(arm, 1.0)) for arm in trial.arms)

    def said(self, trial: Trial, timelines: Timelines, definition: Definition, key: tuple[Any, ...], source: str) -> Answer:
        """The answer about a trial.

        key  under which the study is kept with the timelines · source  note on where it comes from, or nothing
        """
        settings = timelines.settings
        margin = settings.margin if self.margin is None else self.margin
        choices, money = self.choices(trial, margin)
        study = self.kept(trial, choices, timelines, key)
        wording = Wording(
            settings.currency if money else choices.value,
            margin if money else None,
            self.cost,
            money,
            settings.small_group,
            choices.value if money and self.worth is None and self.value is None and choices.value != "money" else "",
        )
        told = tables(study)
        main = scores_table(study) if self.show == "scores" else told.pop(self.show)
        return Answer(
            question=self, words=words(study, wording), table=main, definition=definition, source=timelines,
            notes=(*([source] if source else []), *notes(study, wording)), extra=told,
        )  # fmt: skip

    def kept(self, trial: Trial, choices: Choices, timelines: Timelines, key: tuple[Any, ...]) -> Study:
        """The study, worked out once for the same trial and choices."""
        whole = ("uplift", *key, choices)
        kept = timelines.source.kept
        if whole not in kept:
            kept[whole] = studied(trial, choices, self.progress)
        found: Study = kept[whole]
        return found

    def rules(self, trial: Trial, margin: float | None) -> dict[str, Any]:
        """What the definition says of the choices."""
        choices, money = self.choices(trial, margin)
        split = ":".join(f"{weight:g}" for weight in choices.weights)
        said: dict[str, Any] = {"control": trial.arms[CONTROL], "intended split": split, "policy by": choices.value}
        if money:
            said |= {"money": "revenue" if margin is None else f"profit at {100 * margin:g} %", "cost of a mail": self.cost}
        said |= {"folds": self.folds, "bootstrap": self.draws, "seed": self.seed}
        return said | ({"folds drawn": f"{self.repeats} times"} if self.repeats > 1 else {})

    def behind(self, study: Study, cell: dict[str, Any]) -> People:
        """The customers of an arm (arm=…), of a tenth of it (outcome=…, decile=…), of control (group="control") or both."""
        checked_cell(cell, "arm", "outcome", "learner", "decile", "group")
        trial = study.trial
        if trial.ids is None:
            raise UsageError("the table names no customers", "say which column does: customer=…, on the command line --id")
        arm = str(cell.get("arm", trial.arms[1]))
        if arm not in trial.arms:
            raise UnknownName("arm", arm, trial.arms)
        code, group = trial.arms.index(arm), cell.get("group")
        checked_choice("group", group, (None, *GROUPS))
        places = trial.pair(code)
        if "decile" in cell:
            places = self._tenth(study, code, cell)
        elif group is None:
            group = "mailed"
        if group in ("mailed", "control"):
            places = places[(trial.arm[places] == CONTROL) == (group == "control" or code == CONTROL)]
        ids = np.array(trial.ids.to_pylist(), object)[places]
        return People(tuple(sorted(map(str, ids))), cell)

    def _tenth(self, study: Study, arm: int, cell: dict[str, Any]) -> Any:
        known = [one for one in study.groups if one.arm == arm]
        if not known:
            raise UsageError(f"nobody is ranked by {study.trial.arms[arm]}", "its arm and control need 100 customers each")
        outcome = str(cell.get("outcome", known[0].outcome))
        checked_choice("outcome", outcome, tuple(dict.fromkeys(one.outcome for one in known)))
        if "learner" in cell:
            checked_choice("learner", cell["learner"], tuple({one.learner for one in known if one.outcome == outcome}))
        deciles = tuple(one.decile for one in known if one.outcome == outcome)
        checked_choice("decile", cell["decile"], deciles)
        return next(one.places for one in known if (one.outcome, one.decile) == (outcome, cell["decile"]))

    def figure(self, answer: Answer) -> go.Figure:
        """The effects with their intervals, and the Qini curves of the rankings."""
        from holdfast.charts.uplift import swayed

        shown = {**answer.extra, self.show: answer.table}
        return swayed(
            shown["effects"].to_pylist(), shown["curve"].to_pylist(), shown["ranking"].to_pylist(),
            title="Who would be swayed", subtitle=answer.words,
        )  # fmt: skip
