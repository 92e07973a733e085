"""The walks of paths: one counts what stands at each layer and the whole paths, the next the links between what is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.paths import loops as path_loops
from holdfast.analyses.paths.layout import SHAPES, Layout, Shown
from holdfast.analyses.scope import Scope
from holdfast.analyses.steps import Loops, Nodes, Steps, steps_of
from holdfast.events.schema import ORDER
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["UNITS", "LinksStep", "NamesStep", "Unit", "Ways", "merged_sequences"]

Unit = Literal["customers", "sessions", "transitions"]
UNITS: tuple[Unit, ...] = ("customers", "sessions", "transitions")

NO_KEYS = np.zeros(0, np.uint64)
NOBODY = path_loops.Target(path_loops.NOTHING, 0, np.uint64(0))


@dataclass(frozen=True)
class Ways:
    """Which paths there are and how they are laid out; it travels with a step.

    groups  how many segments · layout  of the paths as they are shown · longest  steps of whole paths, as layout.steps
    """

    scope: Scope
    as_of: AsOf
    nodes: Nodes
    gap_minutes: float | None
    loops: Loops
    unit: Unit
    groups: int
    layout: Layout
    longest: int

    def laid(self, shard: Shard) -> Laid:
        """The steps of a shard and the paths that open in it."""
        steps = steps_of(shard, self.nodes, self.as_of.until, self.gap_minutes, self.loops)
        group = self._groups(shard, steps)
        first = self.layout.is_anchor()
        room = shard.high - shard.low if self.unit == "customers" else len(steps.node)
        to = path_loops.Opened(np.empty(room, np.int32), *(np.empty(room, np.int64) for _ in range(3)))
        units, idle = np.zeros((self.groups, 3), np.int64), np.zeros(shard.high - shard.low, np.uint8)
        kind = UNITS.index(self.unit)
        opened = path_loops.open_paths(steps.offsets, steps.fresh, steps.node, group, first[0], kind, to, units, idle)
        # Every step may open a path: looking for the next anchor from each would take the square of a long timeline.
        many = self.unit == "transitions" and len(first) > 1
        onward = path_loops.next_anchors(steps.node, first) if many else np.zeros((0, 0), np.int64)
        trail = path_loops.Trail(steps.node, steps.event, shard.columns.second, first, onward)
        return Laid(path_loops.Opened(*(array[:opened] for array in to)), trail, group, units, idle)

    def _groups(self, shard: Shard, steps: Steps) -> npt.NDArray[np.int32]:
        """The segment of each customer at her first step, -1 out of scope or without a step."""
        begins = steps.offsets[:-1]
        some = np.diff(steps.offsets) > 0
        if self.scope.trivial:
            return np.where(some, 0, -1).astype(np.int32)
        entry = np.full(len(some), -1, np.int64)
        entry[some] = steps.event[begins[some]] - shard.columns.offsets[shard.low : shard.high][some]
        return self.scope.at(shard, self.as_of, entry)

    def plan(self, steps: int | None = None) -> path_loops.Plan:
        """The layout in numbers, with so many steps shown."""
        layout = self.layout
        shown = layout.steps if steps is None else steps
        return path_loops.Plan(SHAPES.index(layout.shape), max(len(layout.anchors), 1), shown, len(layout.labels))

    @property
    def room(self) -> int:
        """How many entries a whole path can have."""
        return replace(self.layout, steps=self.longest).layers + 1


@dataclass(frozen=True)
class Laid:
    """A shard's paths: where they open, their steps, each customer's segment; units int64 [groups, 3]; idle per customer."""

    opened: path_loops.Opened
    trail: path_loops.Trail
    group: npt.NDArray[np.int32]
    units: npt.NDArray[np.int64]
    idle: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class NamesStep:
    """The first walk: what stands at each layer, and which whole paths there are."""

    ways: Ways

    def __call__(self, shard: Shard) -> Tally:
        """Sums "units" int64 [groups, 4] (units, without a path, customers, of these with one without), "names" int64
        [layers, what]; rows "key", "group", "added" int64 [whole paths, 3] (paths, customers, with an order)."""
        laid = self.ways.laid(shard)
        layout = self.ways.layout
        names = np.zeros((layout.layers, len(layout.what)), np.int64)
        many = len(laid.opened.at)
        key, ordered = np.empty(many, np.uint64), np.zeros(many, np.int64)
        plan, whole = self.ways.plan(), self.ways.plan(self.ways.longest)
        path_loops.count_names(laid.opened, plan, whole, laid.trail, laid.group, *_orders(shard), names, key, ordered)
        one = np.ones(many, np.int64)
        who = laid.opened.who
        found = path_loops.gathered(key, laid.group[who], who.astype(np.int64), one, one, ordered)
        idle = np.bincount(laid.group[laid.idle > 0], minlength=self.ways.groups)
        return Tally({"units": np.column_stack([laid.units, idle]), "names": names}, _sequence_rows(found))


def _orders(shard: Shard) -> tuple[npt.NDArray[Any], int]:
    """The events' codes, and that of an order, -1 where there are none."""
    names = shard.columns.meta.events
    return shard.columns.code, names.index(ORDER) if ORDER in names else -1


def _sequence_rows(found: Any) -> dict[str, Any]:
    return dict(zip(("key", "group", "added"), found, strict=True))


def merged_sequences(rows: dict[str, Any]) -> dict[str, Any]:
    """The whole paths of all shards, each key and group once."""
    added = rows["added"]
    own = np.arange(len(added))
    return _sequence_rows(path_loops.gathered(rows["key"], rows["group"], own, *(added[:, place] for place in range(3))))


@dataclass(frozen=True)
class LinksStep:
    """The second walk: links between what the layers show, how long they took, and the wanted whole paths spelled out.

    shown   which names each layer shows · low, high  the layers whose durations are gathered
    wanted  uint64 ascending: the keys of whole paths to spell out; None: whole paths are not looked at
    target  whose customers are named, of segment `only` (-1: all); None names nobody, "idle" those with a unit without a path
    """

    ways: Ways
    shown: Shown
    low: int = 0
    high: int = 0
    wanted: npt.NDArray[np.uint64] | None = None
    target: path_loops.Target | Literal["idle"] | None = None
    only: int = -1

    @property
    def jumps(self) -> int:
        """2 where a link can skip layers, on its way to an anchor."""
        return 2 if len(self.ways.layout.anchors) > 1 else 1

    @property
    def cells(self) -> tuple[int, int, int, int, int]:
        """The shape of the links: group, layer, from, jump, to."""
        size = self.shown.size
        return self.ways.groups, self.ways.layout.layers, size, self.jumps, size

    def __call__(self, shard: Shard) -> Tally:
        """Sums "links", "link_people" [groups, layers, from, jump, to], "nodes", "node_people" [groups, layers, slots],
        "rest" [groups, 2] (other whole paths, their customers); rows "which" (flat link), "took"
        seconds, "place" (in wanted), "spelled" int32 [found, room], "customer"."""
        laid = self.ways.laid(shard)
        shape = self.cells
        links, nodes = _counts(shape), _counts(shape[:3])
        room = _durations(laid, self.ways.layout) if self.high > self.low else 0
        which, took = np.empty(room, np.int32), np.empty(room, np.uint32)
        wanted = NO_KEYS if self.wanted is None else self.wanted
        spelled = np.full((len(wanted), self.ways.room), -1, np.int32)
        rest = _counts((0 if self.wanted is None else self.ways.groups,))
        mark = np.zeros(shard.high - shard.low, np.uint8)
        target = NOBODY if self.target is None or self.target == "idle" else self.target
        written = path_loops.count_links(
            *(laid.opened, self.ways.plan(), self.ways.plan(self.ways.longest), laid.trail, laid.group, self.shown.slot),
            *((self.shown.size, self.jumps), links, nodes),
            *(self.low, self.high, which, took, wanted, spelled, rest, target, mark),
        )
        rows: dict[str, Any] = {"which": which[:written], "took": took[:written], "place": np.flatnonzero(spelled[:, 0] >= 0)}
        rows["spelled"] = spelled[rows["place"]]
        if self.target is not None:
            chosen = (laid.idle if self.target == "idle" else mark) > 0
            rows["customer"] = shard.ids(chosen & (laid.group == self.only) if self.only >= 0 else chosen)
        sums = {
            "links": links.paths.reshape(shape),
            "link_people": links.people.reshape(shape),
            "nodes": nodes.paths.reshape(shape[:3]),
            "node_people": nodes.people.reshape(shape[:3]),
            "rest": np.column_stack([rest.paths, rest.people]),
        }
        return Tally(sums, rows)


def _counts(shape: tuple[int, ...]) -> path_loops.Counts:
    size = int(np.prod(shape))
    return path_loops.Counts(np.zeros(size, np.int64), np.zeros(size, np.int64), np.full(size, -1, np.int32))


def _durations(laid: Laid, layout: Layout) -> int:
    """At most so many durations can be written."""
    return len(laid.opened.at) * layout.layers
