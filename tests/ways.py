"""Clicks of a few people, told in a small notation, and paths laid out the slow way, for the tests of paths.

`ann home@0 cart@60 Order@90` is Ann's click on home at second 0, on cart a minute later, and an order at second 90, of
1 January 2024. "Order" is short for Order Completed; `ann/fr` gives her the country fr.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, tzinfo=UTC)


def clicks(story: str, settings: Settings | None = None) -> Timelines:
    """The timelines of a story."""
    rows = []
    for line in filter(None, map(str.strip, story.splitlines())):
        who, *moves = line.split()
        name, _, country = who.partition("/")
        for move in moves:
            event, _, second = move.rpartition("@")
            when = START + timedelta(seconds=int(second))
            event = "Order Completed" if event == "Order" else event
            rows.append({"customer_id": name, "event": event, "time": when, "country": country or None})
    kinds = [
        ("customer_id", pa.string()),
        ("event", pa.string()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("country", pa.string()),
    ]
    return Timelines.from_arrow(pa.Table.from_pylist(rows, pa.schema(kinds)), settings or Settings())


Steps = list[tuple[str, int]]
MORE, DROP, ON, BEGINS, BACK = "(more)", "(drop-off)", "(goes on)", "(begins)", "(goes back)"
Entry = tuple[int, str, int | None, int | None]
"""Layer, name, when it came, when it left."""


def stretches(steps: Steps, gap: int | None, collapsed: bool, unit: str) -> list[Steps]:
    """A customer's sessions, or her whole timeline; loops collapsed within sessions."""
    sessions: list[Steps] = []
    last = None
    for name, second in steps:
        fresh = last is None or (gap is not None and second - last >= gap)
        last = second
        if fresh:
            sessions.append([])
        if not (collapsed and sessions[-1] and sessions[-1][-1][0] == name):
            sessions[-1].append((name, second))
    return sessions if unit == "sessions" else [[step for session in sessions for step in session]] if sessions else []


def opened(part: Steps, first: set[str] | None, unit: str) -> list[int]:
    """Where the paths of a stretch open."""
    found = [at for at, (name, _) in enumerate(part) if first is None or name in first]
    return found if unit == "transitions" else found[:1]


def laid(part: Steps, at: int, anchors: list[set[str]], shape: str, steps: int) -> list[Entry]:
    """One path, with its markers."""
    if shape == "backward":
        shown = part[max(at - steps, 0) : at + 1]
        entries: list[Entry] = [(-len(shown), BACK if at > steps else BEGINS, None, None)]
        return entries + [(place - len(shown) + 1, name, when, when) for place, (name, when) in enumerate(shown)]
    name, when = part[at]
    entries, layer = [(0, name, when, when)], 0
    for wanted in anchors[1:]:
        there = next((place for place in range(at + 1, len(part)) if part[place][0] in wanted), None)
        between = part[at + 1 : there]
        entries += [(layer + 1 + place, one, second, second) for place, (one, second) in enumerate(between[:steps])]
        if len(between) > steps:
            entries.append((layer + steps + 1, MORE, between[steps][1], between[-1][1]))
        if there is None:
            return [*entries, (entries[-1][0] + 1, DROP, None, None)]
        layer, at = layer + steps + 2, there
        entries.append((layer, part[at][0], part[at][1], part[at][1]))
    if shape == "closed":
        return entries
    after = part[at + 1 :]
    entries += [(layer + 1 + place, one, second, second) for place, (one, second) in enumerate(after[:steps])]
    return [*entries, (entries[-1][0] + 1, ON if len(after) > steps else DROP, None, None)]


def slow_paths(
    people: dict[str, Steps],
    *,
    anchors: list[set[str]],
    shape: str,
    steps: int,
    nodes: int,
    gap: int | None,
    loops: str,
    unit: str,
) -> dict[str, Any]:
    """Links, nodes and whole paths, counted path by path: n, links {(layer, from, to layer, to): (count, who, median, p90)},
    nodes {(layer, name): (count, who)}, paths {text: (count, who)}, idle (units, who)."""
    paths, n, idle = [], 0, []
    for who, own in people.items():
        for part in stretches(own, gap, loops == "collapsed", unit):
            found = opened(part, anchors[0] if anchors else None, unit)
            n += len(found) if unit == "transitions" else 1
            idle += [who] if unit != "transitions" and not found else []
            paths += [(who, laid(part, at, anchors, shape, steps)) for at in found]
    at_layer: dict[int, Counter[str]] = defaultdict(Counter)
    for _, path in paths:
        for layer, name, _, _ in path:
            at_layer[layer][name] += 1
    fixed = {0: anchors[-1]} if shape == "backward" else {place * (steps + 2): one for place, one in enumerate(anchors)}
    shown = {}
    for layer, names in at_layer.items():
        usual = sorted((name for name in names if not name.startswith("(")), key=lambda name: (-names[name], name))
        shown[layer] = set(fixed.get(layer, usual[:nodes]))

    def called(layer: int, name: str) -> str:
        return name if name.startswith("(") or name in shown[layer] else "(other)"

    links: dict[Any, list[Any]] = defaultdict(list)
    places: dict[Any, list[str]] = defaultdict(list)
    whole: dict[str, list[str]] = defaultdict(list)
    for who, path in paths:
        for layer, name, _, _ in path:
            places[layer, called(layer, name)].append(who)
        for (layer, name, _, left), (onto, other, came, _) in pairwise(path):
            took = None if left is None or came is None else came - left
            links[layer, called(layer, name), onto, called(onto, other)].append((who, took))
        whole[" > ".join(name for _, name, _, _ in path if name not in (DROP, BEGINS))].append(who)
    return {
        "n": n, "idle": (len(idle), set(idle)),
        "links": {cell: _summed(rows) for cell, rows in links.items()},
        "nodes": {cell: (len(who), set(who)) for cell, who in places.items() if cell[1] not in (DROP, ON, BEGINS, BACK)},
        "paths": {text: (len(who), set(who)) for text, who in whole.items()},
    }  # fmt: skip


def _summed(rows: list[tuple[str, int | None]]) -> tuple[int, set[str], float | None, float | None]:
    took = [second for _, second in rows if second is not None]
    median, p90 = (float(np.quantile(took, level)) for level in (0.5, 0.9)) if took else (None, None)
    return len(rows), {who for who, _ in rows}, median, p90
