"""The stages of the way from stranger to regular: who reached each, where they are now, where they fall out.

1. Each event has a stage by the map (`stage_map`); an order is the purchase if it is the first, loyalty from the second on;
   events after purchase or of loyalty have a stage only once there is an order. An order taken back in full did not happen.
2. A customer's stage at an instant is that of her latest staged event. Going back is possible, and counted as a transition.
3. Reached: at least one event of the stage. Fallen out of a stage: in it at the as-of, and no staged event for `gone_after`
   days.
4. A stay lasts from the event that enters a stage to the next event of another one; open ones are censored (Kaplan-Meier).
5. Touchpoints: which events happen in the days before and after the first order and every order, among orders that are
   observed for all those days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.gone_after import Resolved, resolve_gone_after
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.stages.loops import bin_of
from holdfast.analyses.stages.map import StageMap, stage_map
from holdfast.analyses.stages.tables import (
    NO_STAGE_YET,
    START,
    STILL,
    counts_of,
    stages_table,
    touchpoints_table,
    transitions_table,
)
from holdfast.analyses.stages.walk import NOWHERE, SIDES, Laid, Person, StageStep, Touched
from holdfast.analyses.stages.words import TEXT, notes, review_rule, words
from holdfast.analyses.steps import Naming
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import STAGES
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import EVENTS_A_SHARD
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["REACH_DAYS", "Stages", "laid_for"]

REACH_DAYS = 30
"""How many days before and after an order count as near it."""

MOST_SEGMENTS = 50

MOST_BITS, FEWEST_BITS = 14, 6
"""Bits of a length of stay that are kept: the more data and segments, the fewer; a second is exact below 2 ** bits."""

MOST_BYTES = 1 << 28
"""What the counts of all shards together may take."""

Show = Literal["stages", "transitions", "touchpoints"]


@dataclass(frozen=True)
class Stages(Question):
    """How far customers came on the way from awareness to loyalty, how long each stage takes, and where they fall out.

    stages      (stage or "none", event names or patterns) that come before the map of the settings and the default
    days        reach of the touchpoints before and after an order
    gone_after  days without a staged event after which a customer fell out; None: as the settings say, else suggested
    reviewed    date on which the map was last looked over; None: as the settings say
    show        which table comes first: "stages", "transitions" or "touchpoints"; the others are extra tables of these names
    as_of       the instant up to which rows count
    by, where, moment  segments and conditions, at the first event ("entry") or now ("current")

    Table "stages": segment, stage, reached, n, share, low, high, current (in it at the as-of), fell_out, fell_out_share (of
    current) with low and high, stays, median_days with low and high, p90_days.
    "transitions": segment, from, to, n (times), customers, of (who ever was in `from`), share (customers of those), low, high,
    median_days in `from` before; "(start)" before the first stage, "(still there)" at the as-of.
    "touchpoints": segment, order (first, each), side (before, after), event, stage, customers, of (with an observed order),
    share, low, high, n (times), orders, per_order.
    People: stage="evaluation", what="reached" | "current" | "fell out"; stage="(start)" for everyone; or
    **{"from": …, "to": …}; or order="first", side="after", event="Product Viewed"; segment=… if several.
    """

    stages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    days: int = REACH_DAYS
    gone_after: int | None = None
    reviewed: date | str | None = None
    show: Show = "stages"
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("stages", "transitions", "touchpoints"))
        for name in ("days", "gone_after"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 36_500:
                raise UsageError(f"{name} cannot be {value}", "give whole days, 1 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once and count."""
        step, resolved = self.step(timelines)
        counts = counts_of(timelines.walk(step), step.scope.labels(timelines))
        meta, stages = timelines.meta, step.laid.stages
        named = stages.named(meta)
        tables = {
            "stages": stages_table(counts, step.precision),
            "transitions": transitions_table(counts, step.precision),
            "touchpoints": touchpoints_table(counts, meta.events, stages),
        }
        said = words(tables["stages"], tables["touchpoints"], named["purchase"], self.days, step.gone_after)
        noted = notes(counts, named, resolved, timelines.settings.small_group, self._review(timelines, step.as_of))
        return Answer(
            question=self,
            words=said,
            table=tables.pop(self.show),
            definition=self._definition(timelines, step, resolved, sum(one.n for one in counts)),
            source=timelines,
            notes=noted,
            extra=tables,
        )

    def step(self, timelines: Timelines) -> tuple[StageStep, Resolved]:
        """The step that counts, without anyone to name, and after how many days one has fallen out."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        groups = len(scope.labels(timelines))
        if groups > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {groups:,} values", f"split by a property of at most {MOST_SEGMENTS}")
        meta, laid = timelines.meta, laid_for(timelines, as_of, self.stages)
        resolved = resolve_gone_after(timelines, as_of, self.gone_after)
        span = max(as_of.until - meta.first_second, 1)
        precision = _precision(timelines.events, groups, span)
        return StageStep(
            *(scope, as_of, Naming().nodes(meta), laid, groups, precision, bin_of(span, precision) + 1),
            *(day_of(as_of.last), resolved.days, self.days, meta.first_second, len(meta.events)),
        ), resolved

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind one number; see the class for the keys."""
        step, _ = self.step(timelines)
        checked_cell(cell, "stage", "what", "from", "to", "order", "side", "event", "segment")
        only = segment_code(step.scope, timelines, cell.get("segment"))
        wanted: Person | Touched
        if {"order", "side", "event"} & set(cell):
            wanted = _touched(timelines, cell)
        else:
            wanted = _moved(cell) if {"from", "to"} & set(cell) else _person(cell)
        rows = timelines.walk(replace(step, wanted=wanted, only=only)).rows
        return People(tuple(sorted(rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The stages as bars with the ways between them, side by side for segments; or what happens near the first order."""
        from holdfast.charts.stages import segment_bars, stage_bars, touch_bars

        tables = {**answer.extra, self.show: answer.table}
        rows = {name: table.to_pylist() for name, table in tables.items()}
        if self.show == "touchpoints":
            title = f"What happens in the {self.days} days before and after the first order"
            if self.by is not None and rows["touchpoints"]:
                title += f": {self.by} {rows['touchpoints'][0]['segment']}"
            return touch_bars(rows["touchpoints"], title=title, subtitle=answer.words)
        if len({row["segment"] for row in rows["stages"]}) > 1:
            return segment_bars(rows["stages"], title="How far they came", subtitle=answer.words)
        return stage_bars(rows["stages"], rows["transitions"], title="The way to loyalty", subtitle=answer.words)

    def _review(self, timelines: Timelines, as_of: AsOf) -> tuple[date | None, int | None]:
        """When the map was last looked over, and how many days before the as-of."""
        said = self.reviewed if self.reviewed is not None else timelines.settings.stages_reviewed
        if said is None:
            return None, None
        try:
            when = date.fromisoformat(said) if isinstance(said, str) else said
        except ValueError as error:
            raise UsageError(f"{said!r} is no date", "write it as 2024-09-01") from error
        return when, (as_of.last - when).days

    def _definition(self, timelines: Timelines, step: StageStep, resolved: Resolved, n: int) -> Definition:
        own = self.stages or timelines.settings.stages
        rules = {"clock": "elapsed", "stage map": "own and default" if own else "default"}
        rules |= {"map reviewed": review_rule(*self._review(timelines, step.as_of)), "gone_after": resolved.rule()}
        rules |= {
            "touchpoints within": f"{self.days} days",
            "refunds": step.laid.mode,
            **scope_rules(step.scope, "first event"),
        }
        names = timelines.meta.events[1:]
        title = "How far do customers come, and where do they fall out?"
        return defined(timelines, step.as_of, title=title, text=TEXT, rules=rules, n=n, names=names)


def _precision(events: int, groups: int, span: int) -> int:
    """How many bits of a length of stay are kept, from what is asked alone: threads and machines change no answer."""
    shards = 4 + events // EVENTS_A_SHARD
    for bits in range(MOST_BITS, FEWEST_BITS, -1):
        if groups * len(STAGES) * (len(STAGES) + 1) * (bin_of(span, bits) + 1) * 4 * shards <= MOST_BYTES:
            return bits
    return FEWEST_BITS


def laid_for(timelines: Timelines, as_of: AsOf, own: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> Laid:
    """How stages are laid to events: those of the question, then of the settings, then the default."""
    settings = timelines.settings
    stages: StageMap = stage_map(timelines.meta, (*own, *settings.stages))
    return Laid(stages, as_of.until, settings.refunds)


def _person(cell: dict[str, Any]) -> Person:
    what, stage = cell.get("what", "reached"), cell.get("stage")
    if what not in ("reached", "current", "fell out"):
        raise UnknownName("number of a stage", str(what), ("reached", "current", "fell out"))
    if stage is None:
        raise UsageError("whose people? no stage is named", "give stage=purchase, or from=evaluation to=purchase")
    if stage == START:
        return Person("seen", NOWHERE)
    if stage not in (*STAGES, NO_STAGE_YET):
        raise UnknownName("stage", str(stage), (*STAGES, NO_STAGE_YET))
    return Person(what, NOWHERE if stage == NO_STAGE_YET else STAGES.index(stage))


def _moved(cell: dict[str, Any]) -> Person:
    if not {"from", "to"} <= set(cell) or {"stage", "what"} & set(cell):
        raise UsageError("a way needs its two ends alone", 'give from=evaluation to=purchase, or to="(still there)"')
    if cell["from"] not in (START, *STAGES):
        raise UnknownName("stage", str(cell["from"]), (START, *STAGES))
    if cell["to"] not in (*STAGES, STILL):
        raise UnknownName("stage", str(cell["to"]), (*STAGES, STILL))
    start = NOWHERE if cell["from"] == START else STAGES.index(cell["from"])
    return Person("current", start) if cell["to"] == STILL else Person("moved", start, STAGES.index(cell["to"]))


def _touched(timelines: Timelines, cell: dict[str, Any]) -> Touched:
    side = (cell.get("order", "first"), cell.get("side", "after"))
    for value, choices in zip(side, (("first", "each"), ("before", "after")), strict=True):
        if value not in choices:
            raise UnknownName("side of an order", str(value), choices)
    names = timelines.meta.events
    if cell.get("event") not in names[1:]:
        raise UnknownName("event", str(cell.get("event")), names[1:])
    return Touched(SIDES.index(side), names.index(cell["event"]))
