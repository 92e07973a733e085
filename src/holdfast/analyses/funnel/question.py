"""Funnels: of the customers who took the first step, how many went on, step by step, within a window (SEMANTICS 25).

1. The unit is the customer. Her depth is the longest run of first steps that *any* choice of start can reach within the window,
   never the first start alone: A A B within the window of the second A counts.
2. *ordered*: other events may lie between. *strict*: the steps are neighbours. *any*: the steps in any order; depth k means
   that k of them happened within one window.
3. The window is elapsed time from the first step to the last, its end included, or one session.
4. An event in `broken_by` between the first step and the last breaks a chain. With a key all steps have the same value of it,
   and a breaking event breaks the chains of its value, or all when it has none.
5. The chain that counts reaches the deepest step first, and of those starts last. It gives the times and the segment.
6. Reached next + dropped = reached. A customer who is not through and has a chain whose window is open is *in progress*.
7. The trend counts each customer in every period in which she began, with the best chain that begins in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.funnel.tables import (
    by_period_table,
    conversion_table,
    difference_table,
    funnel_notes,
    funnel_words,
    step_table,
)
from holdfast.analyses.funnel.walk import ORDERS, Chain, FunnelStep, Wanted
from holdfast.analyses.pairs import checked_pair, groups_by_steps, pair_of
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.steps import SESSION_GAP_MINUTES, Naming, Nodes, node_places
from holdfast.analyses.windows import window_of
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment, property_name
from holdfast.timelines.periods import UNITS, Periods, Unit
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["USUAL_STEPS", "Funnel", "step_nodes"]

USUAL_STEPS = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
"""The way to an order by the names of Segment's e-commerce events; those that the data know are asked about."""

EVERY_EVENT = Naming()
MOST_STEPS = 20
MOST_SEGMENTS = 200
WHATS = ("reached", "dropped", "in progress", "converted", "not converted")


@dataclass(frozen=True)
class Funnel(Question):
    """Of those who began, how many went on, step by step, within a window?

    steps      names or patterns, one a step; a step of several names is a tuple or "Product Added|Cart Viewed"; the same step
               may come again. Empty: the usual way to an order, as far as the data know its events
    order      "ordered" (others may lie between), "strict" (the very next steps), "any" (in any order)
    window     elapsed time from first step to last: "7 days", "24 hours", "30 minutes"; "session"; None: as long as it takes
    broken_by  events or patterns that break a chain between its first step and its last
    key        a property whose value all steps of a chain share, such as product_id
    naming     which events are steps and what they are called
    gap_minutes  after so many minutes without a step a session ends
    period     "day", "week", "month", …: conversion by period of entry; None: no trend
    versus     two segments to set side by side (a, b); None: the two largest, of status the customers and the gone
    as_of      the instant up to which rows count
    by, where, moment  segments and conditions, at the first step of the chain that counts ("entry") or now ("current")

    Table: a row per segment and step with segment, step, name, reached, previous, share_of_previous and its interval, entered,
    share_of_first and its interval, dropped (after this step), in_progress (of those), timed, median_seconds and p90_seconds
    (from the step before). Extra tables: conversion, by_period, difference. People: step=2, what="reached" | "dropped" |
    "in progress"; or what="converted" | "not converted"; segment= and period= where there are any.
    """

    steps: tuple[str | tuple[str, ...], ...] = ()
    order: str = "ordered"
    window: str | None = "7 days"
    broken_by: tuple[str, ...] = ()
    key: str | None = None
    naming: Naming = EVERY_EVENT
    gap_minutes: float | None = SESSION_GAP_MINUTES
    period: Unit | None = None
    versus: tuple[str, str] | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("order", self.order, ORDERS)
        checked_choice("period", self.period, (None, *UNITS))
        window_of(self.window)
        if len(self.steps) > MOST_STEPS:
            raise UsageError(f"a funnel of {len(self.steps)} steps", f"ask about at most {MOST_STEPS}")
        checked_pair(self.versus, self.by)

    def chain(self, timelines: Timelines) -> tuple[Nodes, tuple[str, ...], Chain]:
        """The nodes of the data, the names of the steps, and what a chain is."""
        nodes = self.naming.nodes(timelines.meta)
        asked = self.steps or tuple(name for name in USUAL_STEPS if name in nodes.labels)
        found = tuple(step_nodes(nodes, step) for step in asked)
        broken = tuple(int(place) for place in node_places(nodes, self.broken_by))
        self._checked(nodes, found, broken)
        key = None if self.key is None else property_name(timelines.meta, self.key)
        names = tuple(step if isinstance(step, str) else "|".join(step) for step in asked)
        return nodes, names, Chain(found, broken, self.order, window_of(self.window), self.gap_minutes, key)

    def _checked(self, nodes: Nodes, steps: tuple[tuple[int, ...], ...], broken: tuple[int, ...]) -> None:
        both = sorted({place for step in steps for place in step} & set(broken))
        if both:
            raise UsageError(f"{nodes.labels[both[0]]} is a step and breaks the chain", "name it in one of the two only")
        distinct = set(steps)
        if self.order == "any" and len({place for step in distinct for place in step}) < sum(map(len, distinct)):
            raise UsageError(
                "two steps share a name, and their order does not matter", "let steps be the same or share no name"
            )

    def step(self, timelines: Timelines) -> FunnelStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        nodes, _, chain = self.chain(timelines)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        labels = scope.labels(timelines)
        if len(labels) > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {len(labels):,} values", f"split by a property of at most {MOST_SEGMENTS}")
        periods = self._periods(timelines, as_of)
        table = None if periods is None else (periods.of_day(), len(periods))
        return FunnelStep(scope, as_of, nodes, chain, len(labels), table)

    def _periods(self, timelines: Timelines, as_of: AsOf) -> Periods | None:
        if self.period is None:
            return None
        last = day_of(as_of.last)
        first = min(timelines.zone.day_at(max(timelines.meta.first_second, 0)), last)
        return Periods.covering(self.period, first, last, timelines.settings.week_start)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once: a customer's best chain, and for the trend the best of each period."""
        step = self.step(timelines)
        _, names, chain = self.chain(timelines)
        tally = timelines.walk(step)
        labels = step.scope.labels(timelines)
        small = timelines.settings.small_group
        table = step_table(tally, labels, names)
        extra = {"conversion": conversion_table(tally, labels, len(names))}
        pair = pair_of(labels, tally.sums["depth"][:, 1:].sum(axis=(1, 2)), self.by, self.versus)
        if pair is not None:
            extra["difference"] = difference_table(table, labels[pair[0]], labels[pair[1]])
        periods = self._periods(timelines, step.as_of)
        if periods is not None:
            extra["by_period"] = by_period_table(tally.sums["periods"], labels, periods, step)
        return Answer(
            question=self,
            words=funnel_words(table, extra["conversion"], chain.window, self.order),
            table=table,
            definition=self._definition(timelines, step, names, int(np.sum(tally.sums["depth"][:, 1:]))),
            source=timelines,
            notes=(
                *funnel_notes(table, extra, chain, names, small, usual=not self.steps),
                *groups_by_steps(self.by if pair is not None else None),
            ),
            extra=extra,
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one number; see the class."""
        checked_cell(cell, "segment", "step", "name", "what", "period")
        step = self.step(timelines)
        wanted = self._wanted(timelines, step, cell)
        rows = timelines.walk(replace(step, wanted=wanted, periods=step.periods if wanted.period >= 0 else None)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def _wanted(self, timelines: Timelines, step: FunnelStep, cell: dict[str, Any]) -> Wanted:
        size, what = len(step.chain.steps), cell.get("what", "reached")
        checked_choice("what", what, WHATS)
        at = self._place(timelines, cell, size)
        least, most = {
            "reached": (at, size),
            "dropped": (at, min(at, size - 1)),
            "in progress": (at, min(at, size - 1)),
            "converted": (size, size),
            "not converted": (1, size - 1),
        }[what]
        if what == "in progress" and "step" not in cell and "name" not in cell:
            least, most = 1, size - 1
        segment = segment_code(step.scope, timelines, cell.get("segment"))
        period = -1
        if "period" in cell:
            periods = self._periods(timelines, step.as_of)
            if periods is None:
                raise UsageError("this funnel was not asked by period", "ask it with period='month' (--period month)")
            period = periods.find(str(cell["period"]))
        return Wanted(max(least, 1), most, what == "in progress", segment, period)

    def _place(self, timelines: Timelines, cell: dict[str, Any], size: int) -> int:
        """Which step is meant, by its number or its name (the first of that name); the first where none is named."""
        if "step" in cell:
            place = cell["step"]
            if not isinstance(place, int) or not 1 <= place <= size:
                raise UsageError(f"there is no step {place!r}", f"the steps are numbered 1 to {size}")
            return place
        if "name" not in cell:
            return 1
        _, names, _ = self.chain(timelines)
        if cell["name"] not in names:
            raise UnknownName("step", str(cell["name"]), names)
        return names.index(cell["name"]) + 1

    def figure(self, answer: Answer) -> go.Figure:
        """A bar a step with those who dropped out, and the time between; several segments side by side."""
        from holdfast.charts.funnel import funnel_bars

        return funnel_bars(answer.table.to_pylist(), title="How far do they come?", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: FunnelStep, names: tuple[str, ...], n: int) -> Any:
        chain = step.chain
        rules: dict[str, Any] = {
            "steps": " → ".join(names),
            "order": self.order,
            "window": chain.window.said,
            "clock": "elapsed",
        }
        if chain.window.session:
            rules["session gap"] = "none" if not self.gap_minutes else f"{self.gap_minutes:g} minutes"
        for said, value in (("broken by", ", ".join(self.broken_by)), ("same", chain.key), ("trend by", self.period)):
            if value:
                rules[said] = value
        rules |= self.naming.rules() | scope_rules(step.scope, "the first step of the chain")
        events = tuple(name for name in timelines.meta.events[1:] if name in names) or timelines.meta.events[1:]
        return defined(timelines, step.as_of, title="How far do customers come?", text=_TEXT, rules=rules, n=n, names=events)


def step_nodes(nodes: Nodes, step: str | tuple[str, ...]) -> tuple[int, ...]:
    """The nodes that a step means: names or patterns, as a tuple or with bars between; UnknownName when one is not there."""
    if isinstance(step, str):
        step = (step,) if step in nodes.labels else tuple(part.strip() for part in step.split("|"))
    return tuple(int(place) for place in node_places(nodes, step))


_TEXT = (
    "Of the customers who took the first step, those who took each further one within the window that begins with it, by the "
    "best choice of where to begin. Dropped: came to this step and in no window to the next. Of previous and of first: shares "
    "with Wilson's interval. In progress: of the dropped, those with a beginning whose window is still open. Seconds: from the "
    "step before, along the chain that reaches the deepest step first. What goes together with a segment is not because of it."
)
