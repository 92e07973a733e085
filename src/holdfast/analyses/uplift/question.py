"""Uplift from timelines: what a randomised mailing did, who would be swayed, and whether choosing pays (MISSION 1.27, 0.12)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, checked_cell, checked_choice
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.scope import TRAITS, Condition, Scope
from holdfast.analyses.uplift.asking import Swayed
from holdfast.analyses.uplift.events_in import MIXED, NOT_OVER, NUMBERS, OUTCOMES, AssignedStep
from holdfast.analyses.uplift.tables_in import CONTROLS, MOST_ARMS
from holdfast.analyses.uplift.tables_out import tables
from holdfast.analyses.uplift.trial import Feature, Outcome, Trial, feature_of_texts
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import property_name, value_labels

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["ARMS", "EVENTS", "TEXT", "Uplift"]

EVENTS = ("Experiment Viewed", "Experiment Assigned", "Campaign Assigned", "Variant Assigned", "Assigned")
"""Events that assign an arm, looked for in this order where none is named."""

ARMS = ("variant", "arm", "variation", "variation_name", "variant_name", "group")
"""Properties that hold the arm, looked for in this order where none is named."""


@dataclass(frozen=True, kw_only=True)
class Uplift(Swayed):
    """What a randomised mailing did, who would be swayed by it, and whether choosing whom to mail pays.

    event     the event that assigns a customer; None: the first of `EVENTS` that there is
    arm       its property that holds the arm; None: the first of `ARMS` that there is
    control   the arm that was not mailed; None: the one that is called so
    which     conditions on that event's own properties, such as experiment_name=Spring
    outcomes  "ordered", "orders", "money" or names of events, within the days
    days      of the window after the assignment, each 24 hours
    as_of, where  as in every question; conditions hold at the assignment, so that they cannot be an effect of the mail

    Tables (show=): effects, policy, ranking, deciles, curve, advice, sample, balance, left_out, scores.
    People: arm=…, with group="control" or "both"; outcome=…, decile=1 to 10 for a tenth by score; reason=… for those left out.
    """

    event: str | None = None
    arm: str | None = None
    control: str | None = None
    which: tuple[Condition, ...] = ()
    outcomes: tuple[str, ...] = ("ordered", "money")
    days: int = 14
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.days <= 3650:
            raise UsageError(f"days cannot be {self.days}", "give whole days, such as 14")
        if not self.outcomes:
            raise UsageError("no outcome is named", f"one or more of {', '.join(OUTCOMES)}, or an event")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays the trial out; models and bootstrap follow."""
        as_of = timelines.as_of(self.as_of)
        read = self._trial(timelines, as_of)
        if isinstance(read, str):
            return self._nothing(timelines, as_of, read)
        step, trial = read
        settings = timelines.settings
        margin = settings.margin if self.margin is None else self.margin
        rules = {"assignment": f"first {step.event} by {step.arm}", "outcomes within": f"{self.days} × 24 h"}
        rules |= {"which": " and ".join(map(str, self.which))} if self.which else {}
        definition = defined(
            timelines, as_of, title="Who would be swayed?", text=TEXT, n=len(trial), names=(step.event,),
            rules=rules | self.rules(trial, margin) | {"refunds": settings.refunds} | scope_rules(step.scope, "assignment"),
        )  # fmt: skip
        return self.said(trial, timelines, definition, (step,), "")

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of an arm, of a tenth of one, or of control, or those who were left out; see the class."""
        read = self._trial(timelines, timelines.as_of(self.as_of))
        if "reason" in cell:
            return self._left(timelines, cell)
        if isinstance(read, str):
            raise UsageError(read, "there is nobody to name")
        step, trial = read
        margin = timelines.settings.margin if self.margin is None else self.margin
        choices, _ = self.choices(trial, margin)
        return self.behind(self.kept(trial, choices, timelines, (step,)), cell)

    @property
    def _reasons(self) -> dict[str, int]:
        """Why a customer who was assigned is left out, and the state that says so."""
        return {"assigned to two arms": MIXED, f"not watched for {counted(self.days, 'day')}": NOT_OVER}

    def _left(self, timelines: Timelines, cell: dict[str, Any]) -> People:
        """The customers who were left out for a reason."""
        checked_cell(cell, "reason")
        checked_choice("reason", cell["reason"], tuple(self._reasons))
        step = self._step(timelines, timelines.as_of(self.as_of))
        if isinstance(step, str):
            raise UsageError(step, "there is nobody to name")
        rows = timelines.source.kept["uplift trial", step].rows
        places = np.flatnonzero(rows["state"] == self._reasons[cell["reason"]])
        return People(tuple(sorted(rows["left"].take(pa.array(places)).to_pylist())), cell)

    def _nothing(self, timelines: Timelines, as_of: AsOf, why: str) -> Answer:
        told = tables(None)
        show = "effects" if self.show == "scores" else self.show
        return Answer(
            question=self, words=f"{why[0].upper()}{why[1:]}.", table=told.pop(show), source=timelines, extra=told,
            definition=defined(timelines, as_of, title="Who would be swayed?", text=TEXT, rules={}, n=0),
            notes=("an effect needs customers drawn at random into an arm that is mailed and one that is not, and an event "
                   "that says who is in which; a table of a past mailing can be read from a file on the command line",),
        )  # fmt: skip

    def _trial(self, timelines: Timelines, as_of: AsOf) -> tuple[AssignedStep, Trial] | str:
        """The step and its trial; in words why there is none."""
        step = self._step(timelines, as_of)
        if isinstance(step, str):
            return step
        key = ("uplift trial", step)
        kept = timelines.source.kept
        if key not in kept:
            kept[key] = timelines.walk(step)
        tally = kept[key]
        if not len(tally.rows["arm"]):
            states = tally.sums["states"]
            left = ", ".join(f"{states[state]:,} {reason}" for reason, state in self._reasons.items() if states[state])
            nobody = f"nobody was assigned by {step.event} and watched for {counted(self.days, 'day')} after"
            return nobody + (f" (left out: {left})" if left else "")
        return self._made(timelines.meta, step, tally)

    def _step(self, timelines: Timelines, as_of: AsOf) -> AssignedStep | str:
        meta = timelines.meta
        event = self.event or next((name for name in EVENTS if name in meta.events), None)
        if event is None:
            return "no event of the data says who was drawn into which arm of a trial"
        if event not in meta.events[1:]:
            raise UnknownName("event", event, meta.events[1:])
        arm = self.arm or next((name for name in ARMS if name in meta.properties), None)
        if arm is None:
            return f"no property of the data says into which arm {event} drew a customer"
        arm = property_name(meta, arm)
        for name in self.outcomes:
            if name not in OUTCOMES and name not in meta.events[1:]:
                raise UnknownName("outcome", name, (*OUTCOMES, *meta.events[1:]))
        for condition in self.where:
            if condition.name in TRAITS and condition.name not in meta.properties:
                raise UsageError(
                    f"{condition.name} is worked out from what came after the assignment, too",
                    "use --where with a property that was known before",
                )
        which = tuple(replace(one, name=property_name(meta, one.name)) for one in self.which)
        named = {arm, *(one.name for one in which)}
        return AssignedStep(
            event, arm, which, self.days, tuple(dict.fromkeys(self.outcomes)),
            tuple(name for name in meta.properties if name not in named), as_of, timelines.settings.refunds,
            Scope(None, self.where, "entry"),
        )  # fmt: skip

    def _made(self, meta: Meta, step: AssignedStep, tally: Any) -> tuple[AssignedStep, Trial] | str:
        rows, ids = tally.rows, tally.rows["ids"]
        order = np.argsort(np.array(ids.to_pylist(), object), kind="stable")
        known = value_labels(meta, step.arm)
        codes = rows["arm"][order]
        labels = self._arms([known[code] for code in np.unique(codes)], step)
        if isinstance(labels, str):
            return labels
        place = {known.index(label): code for code, label in enumerate(labels)}
        outcomes = [Outcome.of(name, rows[f"outcome {name}"][order]) for name in step.outcomes]
        moving = tuple(one for one in outcomes if (one.values != one.values[0]).any())
        if not moving:
            return f"within {counted(self.days, 'day')} nobody, or everybody, did {' or '.join(step.outcomes)}"
        features = [Feature(name, rows[f"known {name}"][order]) for name in NUMBERS]
        features += [
            feature_of_texts(name, rows[f"value {name}"][order].astype(np.int64), value_labels(meta, name))
            for name in step.properties
        ]
        states = tally.sums["states"]
        left = tuple((reason, int(states[state])) for reason, state in self._reasons.items())
        same = tuple(f"{one.name} was the same for everyone" for one in outcomes if one not in moving)
        trial = Trial(
            labels, np.array([place[code] for code in codes], np.int64), moving,
            tuple(one for one in features if not one.constant), ids.take(pa.array(order)),
            tuple((reason, rows) for reason, rows in left if rows), same, before=True,
        )  # fmt: skip
        return step, trial

    def _arms(self, found: list[str], step: AssignedStep) -> tuple[str, ...] | str:
        named = [one for one in found if one.strip().lower() in CONTROLS]
        if self.control is not None and self.control not in found:
            raise UnknownName(f"value of {step.arm}", self.control, found)
        if len(found) == 1:
            return f"all who were assigned by {step.event} are in one arm, {found[0]}"
        if len(found) > MOST_ARMS:
            raise UsageError(
                f"{step.arm} has {len(found):,} values", f"a trial has at most {MOST_ARMS} arms; name their property"
            )
        if self.control is None and len(named) != 1:
            raise UsageError(f"which value of {step.arm} is control?", f"choose one of {', '.join(found)}")
        control = self.control or named[0]
        return (control, *sorted(one for one in found if one != control))


TEXT = (
    "Customers were drawn at random into arms; control was not mailed. Effect: share or mean of an arm less that of control, "
    "with Newcombe's 95 % interval for shares and Welch's for means. Customers are ranked by models that never saw them "
    "(folds): T-, S- and X-learners, and a model of the response among the mailed to compare with; linear S- and X-learners "
    "give exactly the scores of the linear T-learner and are not listed again. Qini: the area between "
    "what the mail added among the mailed of the best share and the random line, per head of both arms, × 1,000; its interval "
    "is of customers drawn anew, the scores as they are. Policy: what a rule earns per head against mailing nobody, its cut "
    "chosen on the other folds, beside mailing everyone. A rule is advised only when its ranking beats chance and it earns "
    "more than everyone and than nobody, the p adjusted for all rules tried (Benjamini-Hochberg, 5 %)."
)
"""What the numbers mean."""
