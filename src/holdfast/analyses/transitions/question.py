"""Transitions: which step follows which, how often, by how many customers, how surely and how fast (SEMANTICS 22 to 24).

1. A session's steps in time order are a path; without a session gap all of a customer's are one. A path begins at (start) and
   ends in (drop-off), so that for every step all that comes in goes out: in = out + drop-off.
2. The probability of a transition is its share of all transitions that leave its step, drop-offs included.
3. One customer can pass a step many times. The interval therefore follows customers, not transitions (`clustered`).
4. The share is of all customers in scope, not of those shown. Steps beyond the `most` frequent are shown as (other).
5. Median and 90 % quantile of the whole seconds from one step to the next, exact, interpolated linearly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.pairs import checked_pair, pair_of
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.step_scope import segment_labels
from holdfast.analyses.steps import SESSION_GAP_MINUTES, Loops, Naming, Nodes, gap_seconds
from holdfast.analyses.transitions.tables import Flows, difference_table, edge_table, node_table
from holdfast.analyses.transitions.times import transition_times
from holdfast.analyses.transitions.walk import FlowStep, Frequencies, Square
from holdfast.analyses.transitions.words import TEXT, notes, words
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["DROP_OFF", "OTHER", "START", "Transitions"]

START, DROP_OFF, OTHER = "(start)", "(drop-off)", "(other)"
MOST_CELLS = 200_000
"""Cells of all segments together; with more, fewer steps have a place of their own."""

Unit = Literal["transitions", "sessions", "customers"]


@dataclass(frozen=True)
class Transitions(Question):
    """Which step follows which.

    naming       which events are steps and what they are called
    gap_minutes  a path ends where so many minutes pass without a step (a session); None or 0: a customer's life is one
    loops        "kept", or "collapsed": the same step several times running, within a session, is one, from its first time on
    unit         what `count` counts: transitions, sessions that have one, or customers who have one
    times        "exact" median and 90 % quantile, or "none" (faster)
    most         how many steps, the most frequent, have a row of their own; the others are (other)
    as_of        the instant up to which rows count
    by, where, moment  segments and conditions, at the first step ("entry") or now ("current")
    versus       two segments to set side by side (a, b); None: the two largest, of status the customers and the gone

    Table: a row per segment and transition with segment, from, to, count, transitions, customers, probability, low, high, n
    (all that left `from`), share, share_low, share_high, share_n (customers in scope), median_seconds, p90_seconds (None for
    starts and ends). Extra tables: nodes (visits, starts, drop-offs per step), difference (the two segments side by side).
    People: from=, to= (or source=, target=), or node=; segment= if several.
    """

    naming: Naming = field(default_factory=Naming)
    gap_minutes: float | None = SESSION_GAP_MINUTES
    loops: Loops = "kept"
    unit: Unit = "transitions"
    times: Literal["exact", "none"] = "exact"
    most: int = 200
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    versus: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        checked_choice("loops", self.loops, ("kept", "collapsed"))
        checked_choice("unit", self.unit, ("transitions", "sessions", "customers"))
        checked_choice("times", self.times, ("exact", "none"))
        gap_seconds(self.gap_minutes)
        if self.unit == "sessions" and not self.gap_minutes:
            raise UsageError("sessions cannot be counted without a session gap", "give one: gap_minutes=30 (--gap 30)")
        if self.most < 1:
            raise UsageError(f"most cannot be {self.most}", "give how many steps are shown by name, such as 50")
        checked_pair(self.versus, self.by)

    def step(self, timelines: Timelines) -> FlowStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        groups = len(segment_labels(scope, timelines))
        nodes = self.naming.nodes(timelines.meta)
        room = max(int((MOST_CELLS // groups) ** 0.5) - 2, 1)
        square = _square(timelines, nodes, as_of.until, min(self.most, room))
        gap = gap_seconds(self.gap_minutes) if self.gap_minutes else None
        cut = as_of.until <= timelines.meta.last_second
        return FlowStep(
            *(scope, as_of, nodes, square, groups, gap, self.loops == "collapsed", cut), sessions=self.unit == "sessions"
        )

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once for the counts, and a few times for the exact times."""
        step = self.step(timelines)
        flows = self._flows(timelines, step)
        table, nodes = edge_table(flows, self.unit), node_table(flows)
        extra = {"nodes": nodes}
        if flows.compared is not None:
            extra["difference"] = difference_table(flows)
        return Answer(
            question=self,
            words=words(flows, table, nodes, extra.get("difference"), self.by),
            table=table,
            definition=self._definition(timelines, step, int(flows.n.sum())),
            source=timelines,
            notes=notes(flows, table, timelines.settings.small_group, _folded(step), self.by, self.gap_minutes),
            extra=extra,
        )

    def _flows(self, timelines: Timelines, step: FlowStep) -> Flows:
        sums = timelines.walk(step).sums
        flow = sums["flow"].view(np.int64)
        times = None if self.times == "none" else transition_times(timelines, step, flow[:, 0])
        labels = step.scope.labels(timelines)
        compared = pair_of(labels, sums["n"], self.by, self.versus)
        return Flows(_names(step), step.square, labels, flow, sums["out"].view(np.int64), sums["n"], times, compared)

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers with a transition from= … to= …, or with a step node= …; segment= if several."""
        step = self.step(timelines)
        checked_cell(cell, "from", "to", "source", "target", "node", "segment")
        named = {"from": cell.get("from", cell.get("source")), "to": cell.get("to", cell.get("target"))}
        if "node" in cell:
            named["from"] = cell["node"]
        only = segment_code(step.scope, timelines, cell.get("segment"))
        rows = timelines.walk(replace(step, sessions=False, target=_target(step, named), only=only)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A heat map of probabilities; of two segments, of their difference."""
        from holdfast.charts.transitions import difference_map, probability_map

        order = [row["node"] for row in answer.extra["nodes"].to_pylist()]
        if "difference" in answer.extra:
            rows = answer.extra["difference"].to_pylist()
            sides = f": {rows[0]['segment_a']} less {rows[0]['segment_b']}, in points" if rows else ", side by side"
            return difference_map(rows, order, title=f"What follows what{sides}", subtitle=answer.words)
        return probability_map(answer.table.to_pylist(), order, title="What follows what", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: FlowStep, n: int) -> Any:
        gap = f"{self.gap_minutes:g} minutes" if self.gap_minutes else "none, a customer's path is one"
        rules = self.naming.rules() | {"session gap": gap, "loops": self.loops, "unit": self.unit}
        rules |= {"steps of their own": step.square.kept, "times": "linear between ranks" if self.times == "exact" else "none"}
        rules |= scope_rules(step.scope, "first step")
        names = self.naming.only or timelines.meta.events[1:]
        return defined(timelines, step.as_of, title="Which step follows which?", text=TEXT, rules=rules, n=n, names=names)


def _square(timelines: Timelines, nodes: Nodes, until: int, most: int) -> Square:
    """A place for each step, or for the most frequent ones when there are too many."""
    if len(nodes) <= most:
        return Square(np.arange(len(nodes), dtype=np.int32), len(nodes))
    steps = timelines.walk(Frequencies(nodes, until)).sums["steps"]
    kept = np.sort(np.argsort(-steps, kind="stable")[:most])
    fold = np.full(len(nodes), most, np.int32)
    fold[kept] = np.arange(most)
    return Square(fold, most)


def _names(step: FlowStep) -> tuple[str, ...]:
    """The names by place, "(other)" last."""
    square = step.square
    places = np.flatnonzero(square.fold < square.kept)
    return (*(step.nodes.labels[place] for place in places), OTHER)


def _folded(step: FlowStep) -> tuple[str, ...]:
    return tuple(step.nodes.labels[place] for place in np.flatnonzero(step.square.fold == step.square.kept))


def _target(step: FlowStep, named: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """Which cells are meant; one side alone means all transitions from it, or to it."""
    if named["from"] is None and named["to"] is None:
        raise UsageError("no transition is named", "name it: from=Cart, to=Order Completed, or node=Cart")
    square, target = step.square, np.ones(step.square.cells, np.uint8)
    cells = np.arange(square.cells)
    for side, end, at in (("from", START, cells >> square.shift), ("to", DROP_OFF, cells & ((1 << square.shift) - 1))):
        if named[side] is not None:
            target[at != _place(step, named[side], end)] = 0
    return target


def _place(step: FlowStep, name: str, end: str) -> int:
    names = _names(step)
    if name == end:
        return step.square.ends
    if name in names:
        return names.index(name)
    if name in step.nodes.labels:
        raise UsageError(
            f"{name!r} is among the rarer steps and counted in {OTHER}", "ask for more steps of their own: most=200"
        )
    raise UnknownName("step", str(name), (end, *names[: len(names) if _folded(step) else -1]))
