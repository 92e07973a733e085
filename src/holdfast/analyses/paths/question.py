"""Paths: what customers do after a step, before a step, or between steps (SEMANTICS 22 to 24, 26).

1. Steps are events, or values of a property such as pages; names can be grouped by patterns and left out; loops are collapsed
   (the same step several times running is one) or kept.
2. A path opens at the first step that is the start (nothing given: the first step of all). Up to `steps` further steps are
   shown, a layer each. With an end it stops at the first end after that; through several anchors A > B > C: the first B after
   the first A, the first C after that. Between two anchors at most `steps` steps are shown, the others are one node, "(more)".
   Only an end: the `steps` steps that led to the first one, layers -steps to 0.
3. Units: a customer has one path, the first; a session that holds the start one; with transitions every occurrence of the
   start opens one, and they may overlap. With sessions a path ends with its session, otherwise with the timeline.
4. Each layer shows its most frequent names, and every anchor; the rest is "(other)". Where nothing follows, or the next anchor
   is not reached, the path drops off. Into a node = out of it + drop-off (+ what goes on unseen after the last layer).
5. Shares are of all customers (sessions, paths) in scope: also of those who never came to the start.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.pairs import checked_pair, pair_of
from holdfast.analyses.paths.layout import Layout, Shape, Shown
from holdfast.analyses.paths.tables import (
    Found,
    difference_table,
    link_table,
    node_table,
    path_table,
)
from holdfast.analyses.paths.target import target_of
from holdfast.analyses.paths.times import median_and_p90
from holdfast.analyses.paths.walk import UNITS, LinksStep, NamesStep, Unit, Ways, merged_sequences
from holdfast.analyses.paths.words import definition_of, notes_of, words_of
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.steps import SESSION_GAP_MINUTES, Loops, Naming, node_places
from holdfast.errors import UsageError
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

    from holdfast.timelines.timelines import Timelines
    from holdfast.timelines.walk import Tally

__all__ = ["Paths"]

MOST_STEPS = 100
MOST_SHOWN = 50
MOST_CELLS = 600_000
DURATIONS_AT_ONCE = 40_000_000
Anchor = str | tuple[str, ...]
Show = Literal["links", "nodes", "paths", "difference"]
SHOWS: tuple[Show, ...] = ("links", "nodes", "paths", "difference")


@dataclass(frozen=True)
class Paths(Question):
    """What customers do after, before or between steps.

    start, end    names or patterns of steps, any of which counts; a path opens at the first start, stops at the first end
    through       anchors between them, in order; each a name, a pattern, or several of them
    steps         how many steps are shown after the start, before the end, between two anchors (1 to 100)
    nodes         how many names a layer shows, the most frequent ones (1 to 50); the rest is "(other)"
    naming        which events are steps and what they are called
    gap_minutes   a session ends after so many minutes without a step; None or 0: it never ends
    loops         "collapsed": the same step several times running, within a session, is one step; or "kept"
    unit          what is counted: "customers", "sessions", "transitions" (every occurrence of the start)
    most_paths    how many whole paths are listed for each segment
    longest       how many steps of a whole path are told apart, where that is not `steps`
    as_of         the instant up to which rows count
    by, where, moment  segments and conditions, at the customer's first step ("entry") or now ("current")
    versus        two segments to set side by side (a, b); None: the two largest, of status the customers and the gone
    show          which table is the answer's: "links", "nodes", "paths" or "difference"; the others are extra tables

    Links: a row a link with segment, layer, from, to_layer, to, count (of the unit), customers, n in scope, share, low, high;
    from_count and onward_rate: the share of those at its beginning; median_seconds, p90_seconds.
    Nodes: what came in and went out. Paths: the most frequent whole paths. Difference: each link's share of two segments.
    People: layer=1, **{"from": "Cart Viewed", "to": "(drop-off)"}; or layer=1, node="(other)"; node="(no path)"; or
    path="A > B > C", path="(other paths)"; segment=… if several. Nothing named: everyone with a path.
    """

    start: Anchor = ()
    through: tuple[Anchor, ...] = ()
    end: Anchor = ()
    steps: int = 5
    nodes: int = 8
    naming: Naming = field(default_factory=Naming)
    gap_minutes: float | None = SESSION_GAP_MINUTES
    loops: Loops = "collapsed"
    unit: Unit = "customers"
    most_paths: int = 20
    longest: int | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    versus: tuple[str, str] | None = None
    show: Show = "links"

    def __post_init__(self) -> None:
        checked_choice("unit", self.unit, UNITS)
        checked_choice("loops", self.loops, ("collapsed", "kept"))
        checked_choice("show", self.show, SHOWS)
        for name, value, most in (("steps", self.steps, MOST_STEPS), ("nodes", self.nodes, MOST_SHOWN)):
            if not 1 <= value <= most:
                raise UsageError(f"{name} cannot be {value}", f"give 1 to {most}")
        if self.longest is not None and not 1 <= self.longest <= MOST_STEPS:
            raise UsageError(f"longest cannot be {self.longest}", f"give 1 to {MOST_STEPS}")
        if self.most_paths < 0:
            raise UsageError(f"most_paths cannot be {self.most_paths}", "give 0 or more")
        checked_pair(self.versus, self.by)

    def ways(self, timelines: Timelines) -> Ways:
        """Which paths there are and how they are laid out, for these timelines."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        nodes = self.naming.nodes(timelines.meta)
        given = [names for names in ((self.start,) if self.start else ()) + self.through if names]
        shape: Shape = "closed" if self.end and given else "backward" if self.end else "onward"
        anchors = tuple(node_places(nodes, _names(one)) for one in (*given, *((self.end,) if self.end else ())))
        for names, found in zip((*given, self.end), anchors, strict=False):
            if len(found) > 2 * MOST_SHOWN:
                raise UsageError(f"{', '.join(_names(names))} means {len(found):,} steps", "group them by a pattern")
        layout = Layout(nodes.labels, anchors, shape, self.steps)
        return Ways(
            *(scope, as_of, nodes, self.gap_minutes, self.loops, self.unit, len(scope.labels(timelines)), layout),
            longest=self.longest or self.steps,
        )

    def answer(self, timelines: Timelines) -> Answer:
        """Walk twice: what stands at each layer, then the links between what is shown."""
        ways = self.ways(timelines)
        first = timelines.walk(NamesStep(ways))
        sequences, wanted = self._whole(first)
        step = _roomy(LinksStep(ways, Shown.top(ways.layout, first.sums["names"], self.nodes), wanted=wanted))
        second, times = _linked(timelines, step, first.sums["names"])
        sums = {name: second.sums[name] for name in ("links", "link_people", "nodes", "node_people")}
        found = Found(ways.layout, step.shown, ways.scope.labels(timelines), first.sums["units"], **sums, times=times)
        spelled: dict[int, Any] = {}
        for place, entries in zip(second.rows["place"].tolist(), second.rows["spelled"].tolist(), strict=True):
            spelled.setdefault(int(wanted[place]), entries)
        tables = {
            "links": link_table(found),
            "nodes": node_table(found),
            "paths": path_table(found, sequences, spelled, second.sums["rest"]),
        }
        pair = pair_of(found.labels, found.units[:, 2], self.by, self.versus)
        if pair is not None:
            tables["difference"] = difference_table(found, *pair)
        return self._answer(timelines, ways, found, tables)

    def _answer(self, timelines: Timelines, ways: Ways, found: Found, tables: dict[str, pa.Table]) -> Answer:
        if self.show not in tables:
            raise UsageError("there are no two segments to set side by side", "split by a property with two values or more")
        return Answer(
            question=self,
            words=words_of(self, found, tables),
            table=tables[self.show],
            definition=definition_of(self, timelines, ways, found),
            source=timelines,
            notes=notes_of(self, timelines, found, tables),
            extra={name: table for name, table in tables.items() if name != self.show},
        )

    def _whole(self, first: Tally) -> tuple[dict[str, Any], Any]:
        """All whole paths, and the keys of those to show, ascending."""
        sequences = merged_sequences(first.rows)
        added = sequences["added"]
        order = np.lexsort((sequences["key"], -added[:, 1], -added[:, 0], sequences["group"]))
        groups = sequences["group"][order]
        rank = np.arange(len(order)) - np.searchsorted(groups, groups)
        return sequences, np.sort(sequences["key"][order[rank < self.most_paths]])

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of a link (layer=, from, to), a node (layer=, node=) or a whole path (path=); segment= if several."""
        checked_cell(cell, "segment", "layer", "from", "to", "node", "path")
        ways = self.ways(timelines)
        names = timelines.walk(NamesStep(ways))
        shown = Shown.top(ways.layout, names.sums["names"], self.nodes)
        step = _roomy(LinksStep(ways, shown, only=segment_code(ways.scope, timelines, cell.get("segment"))))
        if "path" in cell:
            step = replace(step, wanted=self._whole(names)[1])
        rows = timelines.walk(replace(step, target=target_of(step, cell))).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """A Sankey: layers from left to right, drop-off in clay red, orders and anchors green, the rest of a layer grey."""
        from holdfast.charts.sankey import sankey

        rows = (answer.table if self.show == "links" else answer.extra["links"]).to_pylist()
        segments = list(dict.fromkeys(row["segment"] for row in rows))
        shown = [row for row in rows if row["segment"] == segments[0]] if segments else []
        title = self.title if len(segments) < 2 else f"{self.title} · {segments[0]}"
        layout = self.ways(answer.source).layout
        ends = {layout.labels[node] for anchor in layout.anchors for node in anchor}
        return sankey(shown, anchors=ends, unit=self.unit, title=title, subtitle=answer.words)

    @property
    def title(self) -> str:
        """The question in words."""
        said = [" or ".join(_names(one)) for one in ((self.start,) if self.start else ()) + self.through]
        if self.end and said:
            return f"Where do people go from {' > '.join(said)} to {' or '.join(_names(self.end))}?"
        if self.end:
            return f"What leads to {' or '.join(_names(self.end))}?"
        return f"Where do people go from {' > '.join(said)}?" if said else "Where do people go from their first step?"


def _names(anchor: Anchor) -> tuple[str, ...]:
    return (anchor,) if isinstance(anchor, str) else tuple(anchor)


def _roomy(step: LinksStep) -> LinksStep:
    """The step, unless its table would be too large to be read by anyone."""
    if int(np.prod(step.cells)) > MOST_CELLS:
        raise UsageError(
            f"{step.ways.groups:,} segments with {step.ways.layout.layers} layers of {step.shown.size} names are too many",
            "show fewer nodes or steps, or split by a property with fewer values",
        )
    return step


def _linked(timelines: Timelines, step: LinksStep, names: Any) -> tuple[Tally, Any]:
    """The links, and the quantiles of their durations, gathered for as many layers at once as memory holds well."""
    layers = len(names)
    sizes = names[:, : len(step.ways.layout.labels) + 1].sum(axis=1)
    cells = int(np.prod(step.cells))
    times = np.full((2, cells), np.nan)
    whole: Tally | None = None
    low = 0
    while low < layers:
        high = low + 1
        while high < layers and sizes[low : high + 1].sum() <= DURATIONS_AT_ONCE:
            high += 1
        part = timelines.walk(replace(step, low=low, high=high))
        found = median_and_p90(part.rows["which"], part.rows["took"], cells)
        times = np.where(np.isnan(found), times, found)
        whole, low = whole or part, high
    assert whole is not None
    return whole, times
