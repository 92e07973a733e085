"""The life cycle: who is new, kept, returned, lost and dormant in each period, in customers and in money (SEMANTICS 13, 15).

new       the first-ever counting event lies in the period
kept      active in this period and in the one before
returned  active in this period, not in the one before, but earlier
lost      active in the period before, not in this one
dormant   was a customer before, active in neither
active(t) = new + kept + returned; active(t − 1) = kept(t) + lost(t); pulse = (new + returned) / lost
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge import span_of
from holdfast.analyses.bridge_walks import Counting, counting_of
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.lifecycle.tables import (
    POOLED,
    Shown,
    money_table,
    money_words,
    notes,
    states_table,
    transitions_table,
    words,
)
from holdfast.analyses.lifecycle.walk import KEPT, LOST, NEW, RETURNED, STATES, TRANSITIONS, LifeStep, StatesAt
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.walk import Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LifeCycle", "counting_for"]

MOST_SEGMENTS = 1_000

_GROUPS = {"active": (NEW, KEPT, RETURNED), "before": (KEPT, LOST)}
_NAMED = {name: (code,) for code, name in enumerate(STATES) if code} | _GROUPS


@dataclass(frozen=True)
class LifeCycle(Question):
    """Who is new, kept, returned and lost in each period, by the periods in which they were active.

    period      day, week, month, quarter, year
    events      names of the events that count as activity; None: as the settings say (orders, unless `active` names others)
    first, last label or date of the first and last period; None: where the data begin, and the as-of's period
    show        which table comes first: "customers", "transitions" or "money"; the others are extra tables of these names
    as_of       the instant up to which rows count
    by, where, moment  segments and conditions, at the first counting event ("entry") or now ("current")

    Table "customers": a row per segment and period with segment, period, state (complete, in progress), active, before (active
    in the period before), new, kept, returned, lost, dormant; kept_share and lost_share (of before), new_share and
    returned_share (of active), pulse, each with its low and high, null where there is none; note.
    "transitions": segment, period ("all" is all complete periods together), from, to, n, of, share, low, high, customers.
    "money": start + new + returned + expansion − contraction − lost = end, and kept_before and kept_now, what the kept ones
    spent in the period before and in this one.
    People: period="2011-03", state="new" | "kept" | "returned" | "lost" | "dormant" | "active" | "before"; or
    period="2011-03" (or "all"), **{"from": "lost", "to": "returned"}; with from alone, who was so in the period before;
    segment=… if several.
    """

    period: Unit = "month"
    events: str | tuple[str, ...] | None = None
    first: str | date | None = None
    last: str | date | None = None
    show: Literal["customers", "transitions", "money"] = "customers"
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("customers", "transitions", "money"))

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once and count."""
        step, shown = self.step(timelines)
        tally = timelines.walk(step)
        labels = step.scope.labels(timelines)
        shown = shown if self.first is not None else _trimmed(shown, tally)
        tables = {
            "customers": states_table(tally, labels, shown),
            "transitions": transitions_table(tally, labels, shown),
            "money": money_table(tally, labels, shown),
        }
        states, currency = tables["customers"], timelines.settings.currency
        names = step.counting.names
        rules = {"counting events": step.counting.words(), "clock": "calendar", "period": self.period}
        rules |= {"refunds": step.counting.mode, **scope_rules(step.scope, "first counting event" if names else "first order")}
        return Answer(
            question=self,
            words=money_words(tables["money"], currency) if self.show == "money" else words(states),
            table=tables.pop(self.show),
            definition=defined(
                timelines, step.as_of, title="Who came, stayed, came back and left?", text=_TEXT, rules=rules,
                n=int(tally.sums["n"]), names=names or (ORDER,),
            ),
            source=timelines,
            notes=notes(states, shown, timelines.settings.small_group, self.show, timelines.meta.events),
            extra=tables,
        )  # fmt: skip

    def step(self, timelines: Timelines) -> tuple[LifeStep, Shown]:
        """The step that counts, without anyone to name, and which periods are shown."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        if segments > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {segments:,} values", f"split by a property of at most {MOST_SEGMENTS:,}")
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        every = Periods.covering(self.period, span.first_day, day_of(as_of.last), timelines.settings.week_start)
        low = int(np.searchsorted(every.starts, span.periods.starts[0]))
        shown = Shown(tuple(every.labels()), low, low + len(span.periods) - 1, every.closed(max(as_of.day, 0)))
        over = shown.over()
        counting = counting_for(timelines, as_of, self.events)
        return LifeStep(counting, scope, as_of, every.of_day(), len(every), segments, over.start, over.stop - 1), shown

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers in a state, or on one way between two states; see the class for the keys."""
        checked_cell(cell, "period", "state", "from", "to", "segment")
        step, shown = self.step(timelines)
        step = replace(step, only=segment_code(step.scope, timelines, cell.get("segment")))
        finder = _way(step, shown, cell) if {"from", "to"} & set(cell) else _state(step, shown, cell)
        return People(tuple(sorted(timelines.walk(finder).rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Active customers (or their money) above the line and lost ones below it, with the pulse; segments as pulses."""
        from holdfast.charts.lifecycle import life_bars, money_rows
        from holdfast.charts.lines import series_lines

        rows = (answer.table if self.show == "customers" else answer.extra["customers"]).to_pylist()
        if len({row["segment"] for row in rows}) > 1:
            over = [row | {"n": row["active"]} for row in rows if row["state"] == "complete"]
            title = "New and returned customers for each one lost"
            return series_lines(over, "period", "pulse", "segment", title=title, subtitle=answer.words)
        if self.show == "money":
            unit = answer.source.settings.currency
            return life_bars(
                money_rows(answer.table.to_pylist()), title=f"Money by {self.period}", subtitle=answer.words, unit=unit
            )
        return life_bars(rows, title=f"Active customers by {self.period}", subtitle=answer.words)


def counting_for(timelines: Timelines, as_of: AsOf, events: str | tuple[str, ...] | None) -> Counting:
    """Which events count: the named ones, or those of the settings; UnknownName for a name that never happened."""
    if events is None:
        return counting_of(timelines.settings, timelines.meta, as_of.until)
    names = (events,) if isinstance(events, str) else events
    for name in names:
        if name not in timelines.meta.events[1:]:
            raise UnknownName("event", name, timelines.meta.events[1:])
    return Counting(as_of.until, timelines.settings.refunds, () if names == (ORDER,) else names)


def _trimmed(shown: Shown, tally: Tally) -> Shown:
    """Without the periods before anyone was active."""
    busy = np.flatnonzero(tally.sums["moves"].any(axis=(0, 2)))
    return replace(shown, low=max(shown.low, min(int(busy[0]), shown.high))) if len(busy) else shown


def _place(shown: Shown, cell: dict[str, Any]) -> int:
    """The period of a cell; the last complete one where none is named."""
    labels = shown.labels[shown.low : shown.high + 1]
    if "period" not in cell:
        return shown.over()[-1] if shown.over() else shown.high
    if str(cell["period"]) not in labels:
        raise UnknownName("period", str(cell["period"]), labels)
    return shown.labels.index(str(cell["period"]), shown.low)


def _state(step: LifeStep, shown: Shown, cell: dict[str, Any]) -> StatesAt:
    name = cell.get("state", "active")
    if name not in _NAMED:
        raise UnknownName("state", str(name), tuple(_NAMED))
    place = _place(shown, cell)
    return StatesAt(step.counting, step.scope, step.as_of, step.of_day, place, _NAMED[name], (), step.only)


def _way(step: LifeStep, shown: Shown, cell: dict[str, Any]) -> LifeStep | StatesAt:
    pooled = cell.get("period", POOLED) == POOLED
    if "state" in cell or "from" not in cell or (pooled and "to" not in cell):
        raise UsageError("a way needs its two ends alone", "give from=lost to=returned, or state=returned")
    for key in ("from", "to"):
        if key not in cell:
            continue
        if cell[key] not in STATES:
            raise UnknownName("state", str(cell[key]), STATES)
    if "to" not in cell:
        return _from(step, shown, cell)
    way = (STATES.index(cell["from"]), STATES.index(cell["to"]))
    if way not in TRANSITIONS:
        raise UsageError(f"nobody can go from {cell['from']} to {cell['to']}", "the transitions table names every way")
    if pooled:
        return replace(step, wanted=TRANSITIONS.index(way))
    return StatesAt(
        step.counting, step.scope, step.as_of, step.of_day, _place(shown, cell), (way[1],), (way[0],), step.only
    )  # fmt: skip


def _from(step: LifeStep, shown: Shown, cell: dict[str, Any]) -> StatesAt:
    """Who was in a state in the period before, wherever they went."""
    before = (STATES.index(cell["from"]),)
    return StatesAt(step.counting, step.scope, step.as_of, step.of_day, _place(shown, cell), (), before, step.only)


_TEXT = (
    "A customer is active in a period with a counting event in it. New: the first-ever counting event lies in the period. "
    "Kept: active in the period before too. Returned: not in the one before, but earlier. Lost: active in the period before, "
    "not in this one. Dormant: a customer before, active in neither. active = new + kept + returned; active in the period "
    "before = kept + lost. Pulse = (new + returned) / lost, with the interval of a ratio of two counts; shares with Wilson "
    "95 % intervals. In money: expansion and contraction compare each kept customer's two periods, and hold what refunds "
    "without an order move in periods without activity; lost is what the lost ones spent in the period before."
)
