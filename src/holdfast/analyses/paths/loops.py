"""The loops of paths: where a path opens, how it is laid out, what is counted along it.

Paths are never kept: each walk lays a path into a small buffer, counts it and goes on to the next.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

__all__ = [
    "ANY_PATH", "A_LINK", "A_NODE", "A_SEQUENCE", "CUSTOMERS", "NOTHING", "OTHER_SEQUENCE", "SESSIONS",
    "TRANSITIONS",
    "Counts", "Opened", "Plan", "Target", "Trail",
    "count_links", "count_names", "gathered", "next_anchors", "open_paths", "sequence_key",
]  # fmt: skip

CUSTOMERS, SESSIONS, TRANSITIONS = range(3)
ONWARD, CLOSED, BACKWARD = range(3)
MORE, DROP_OFF, GOES_ON, BEGINS, BACK = range(5)

NOTHING, ANY_PATH, A_NODE, A_LINK, A_SEQUENCE, OTHER_SEQUENCE = range(6)
"""Kinds of target."""


class Opened(NamedTuple):
    """The paths of a shard: whose each is (place in the shard), the step that opens it, and between which steps it lies."""

    who: Any
    at: Any
    begin: Any
    stop: Any


class Trail(NamedTuple):
    """The steps of a shard: node, event, the columns' seconds, which nodes each anchor means (uint8 [anchors, nodes]), and for
    each step the next one of each later anchor (see `next_anchors`; no steps: it is looked for each time)."""

    node: Any
    event: Any
    second: Any
    is_anchor: Any
    next: Any


class Plan(NamedTuple):
    """A layout in numbers: its shape, anchors, steps shown, and how many nodes there are."""

    shape: int
    anchors: int
    steps: int
    nodes: int


class Counts(NamedTuple):
    """Paths, customers, and the last customer seen, per cell."""

    paths: Any
    people: Any
    last: Any


class Target(NamedTuple):
    """What a wanted customer's path holds: the kind, the flat cell of a node or a link, or the key of a whole path."""

    kind: int
    cell: int
    key: Any


@njit(cache=True, nogil=True)
def open_paths(offsets: Any, fresh: Any, node: Any, group: Any, first: Any, unit: int, to: Any, units: Any, idle: Any) -> Any:
    """Find the step that opens each path, into `to`; how many.

    first  uint8 by node: whether it opens a path · units  int64 [groups, 3]: units, units without a path, customers
    idle   uint8 per customer: 1 where a unit of hers holds no path
    """
    opened = 0
    for customer in range(len(offsets) - 1):
        one, end = group[customer], offsets[customer + 1]
        begin = offsets[customer]
        if one < 0 or begin == end:
            continue
        units[one, 2] += 1
        while begin < end:
            stop = end
            if unit == SESSIONS:
                stop = begin + 1
                while stop < end and fresh[stop] == 0:
                    stop += 1
            before = opened
            for i in range(begin, stop):
                if first[node[i]]:
                    to.who[opened], to.at[opened], to.begin[opened], to.stop[opened] = customer, i, begin, stop
                    opened += 1
                    if unit != TRANSITIONS:
                        break
            if unit == TRANSITIONS:
                units[one, 0] += opened - before
            else:
                units[one, 0] += 1
                if opened == before:
                    units[one, 1] += 1
                    idle[customer] = 1
            begin = stop
    return opened


@njit(cache=True, nogil=True)
def next_anchors(node: Any, is_anchor: Any) -> Any:
    """int64 [later anchors, steps + 1]: the first step at or after a place that is that anchor."""
    steps = len(node)
    out = np.full((len(is_anchor) - 1, steps + 1), steps, np.int64)
    for anchor in range(1, len(is_anchor)):
        for i in range(steps - 1, -1, -1):
            out[anchor - 1, i] = i if is_anchor[anchor, node[i]] else out[anchor - 1, i + 1]
    return out


@njit(cache=True, nogil=True)
def _room(plan: Any, whole: Any) -> Any:
    """Room for the longest path: what, layer, when it came, when it left, its cell, the cell of the link from it."""
    steps = max(plan.steps, whole.steps)
    return np.zeros((plan.anchors * (steps + 2) + steps + 4, 6), np.int64)


@njit(cache=True, nogil=True)
def _put(size: int, what: int, layer: int, came: Any, left: Any, path: Any) -> int:
    path[size, 0], path[size, 1], path[size, 2], path[size, 3] = what, layer, came, left
    return size + 1


@njit(cache=True, nogil=True)
def _put_steps(size: int, low: int, high: int, layer: int, trail: Any, path: Any) -> int:
    """Put steps `low` to `high` (exclusive), a layer each."""
    for i in range(low, high):
        moment = np.int64(trail.second[trail.event[i]])
        size = _put(size, trail.node[i], layer + i - low, moment, moment, path)
    return size


@njit(cache=True, nogil=True)
def _next(anchor: int, here: int, stop: int, trail: Any) -> Any:
    """The first step from `here` that is a later anchor; `stop` when there is none before it."""
    if trail.next.shape[1] > 0:
        return min(trail.next[anchor, here], stop)
    while here < stop and trail.is_anchor[anchor + 1, trail.node[here]] == 0:
        here += 1
    return here


@njit(cache=True, nogil=True)
def _lay(at: int, begin: int, stop: int, plan: Any, trail: Any, path: Any) -> Any:
    """Lay a path into `path`, int64 [room, 6] (see `_room`); (entries, first step, last step)."""
    if plan.shape == BACKWARD:
        shown = min(at - begin, plan.steps)
        marker = BACK if at - begin > plan.steps else BEGINS
        size = _put(0, plan.nodes + marker, plan.steps - shown, 0, 0, path)
        return _put_steps(size, at - shown, at + 1, plan.steps + 1 - shown, trail, path), at - shown, at
    size = _put_steps(0, at, at + 1, 0, trail, path)
    base, here = 0, at
    for anchor in range(plan.anchors - 1):
        there = _next(anchor, here + 1, stop, trail)
        shown = min(there - here - 1, plan.steps)
        size = _put_steps(size, here + 1, here + 1 + shown, base + 1, trail, path)
        if there - here - 1 > shown:
            came, left = trail.second[trail.event[here + 1 + shown]], trail.second[trail.event[there - 1]]
            size = _put(size, plan.nodes + MORE, base + shown + 1, np.int64(came), np.int64(left), path)
        if there == stop:
            return _put(size, plan.nodes + DROP_OFF, path[size - 1, 1] + 1, 0, 0, path), at, stop - 1
        base, here = base + plan.steps + 2, there
        size = _put_steps(size, here, here + 1, base, trail, path)
    if plan.shape == CLOSED:
        return size, at, here
    shown = min(stop - here - 1, plan.steps)
    size = _put_steps(size, here + 1, here + 1 + shown, base + 1, trail, path)
    marker = GOES_ON if stop - here - 1 > shown else DROP_OFF
    return _put(size, plan.nodes + marker, base + shown + 1, 0, 0, path), at, here + shown


@njit(cache=True, nogil=True)
def _mixed(key: Any, what: Any) -> Any:
    """A 64-bit key with one more entry stirred in (multiply and shift, after SplitMix64)."""
    letter = np.uint64(what + 1) * np.uint64(0xBF58476D1CE4E5B9)
    letter ^= letter >> np.uint64(31)
    key = (key ^ letter) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(29))


@njit(cache=True, nogil=True)
def _key(size: int, path: Any, nodes: int) -> Any:
    """The key of a whole path; that it ended or began adds nothing, that it goes on does."""
    key = np.uint64(0x9E3779B97F4A7C15)
    for entry in range(size):
        what = path[entry, 0]
        if what != nodes + DROP_OFF and what != nodes + BEGINS:
            key = _mixed(key, what)
    return key


@njit(cache=True, nogil=True)
def sequence_key(what: Any) -> Any:
    """The key of a whole path given by its entries (int64), without drop-off and begin."""
    key = np.uint64(0x9E3779B97F4A7C15)
    for one in what:
        key = _mixed(key, one)
    return key


@njit(cache=True, nogil=True)
def count_names(
    opened: Any, plan: Any, whole: Any, trail: Any, group: Any, code: Any, order: int, names: Any, key: Any, ordered: Any
) -> None:
    """Count what stands at each layer, and give each path the key of its whole sequence and its segment.

    whole    the plan of whole paths · code, order  events' codes, that of an order · names  int64 [layers, nodes and markers]
    key      uint64 per path · ordered  int64 per path: 1 where an order lies between its first and last step
    """
    path = _room(plan, whole)
    for p in range(len(opened.at)):
        size, first, last = _lay(opened.at[p], opened.begin[p], opened.stop[p], plan, trail, path)
        for entry in range(size):
            names[path[entry, 1], path[entry, 0]] += 1
        if whole.steps != plan.steps:
            size, first, last = _lay(opened.at[p], opened.begin[p], opened.stop[p], whole, trail, path)
        key[p] = _mixed(_key(size, path, plan.nodes), np.int64(group[opened.who[p]]))
        for i in range(first, last + 1):
            if code[trail.event[i]] == order:
                ordered[p] = 1
                break


@njit(cache=True, nogil=True)
def _seen(counts: Any, cell: Any, who: Any) -> None:
    counts.paths[cell] += 1
    if counts.last[cell] != who:
        counts.last[cell] = who
        counts.people[cell] += 1


@njit(cache=True, nogil=True)
def _place(size: int, path: Any, slot: Any, slots: int, jumps: int) -> None:
    """The flat cell of each entry and of the link from it, -1 after the last, into columns 4 and 5 of the path."""
    for entry in range(size):
        layer = path[entry, 1]
        path[entry, 4] = layer * slots + slot[layer, path[entry, 0]]
        path[entry, 5] = -1
        if entry > 0:
            before = path[entry - 1]
            skipped = slots if layer != before[1] + 1 else 0
            before[5] = before[4] * jumps * slots + path[entry, 4] - layer * slots + skipped


@njit(cache=True, nogil=True)
def _write(size: int, path: Any, nodes: int, shift: int, low: int, high: int, written: int, which: Any, took: Any) -> int:
    """Write the durations of the links that leave layers `low` to `high`; how many are written by now."""
    for entry in range(size - 1):
        both = path[entry, 0] <= nodes and path[entry + 1, 0] <= nodes
        if both and low <= path[entry, 1] < high:
            which[written], took[written] = path[entry, 5] + shift, path[entry + 1, 2] - path[entry, 3]
            written += 1
    return written


@njit(cache=True, nogil=True)
def _holds(size: int, path: Any, target: Any) -> bool:
    if target.kind == ANY_PATH:
        return True
    column = 4 if target.kind == A_NODE else 5
    if target.kind == A_NODE or target.kind == A_LINK:
        for entry in range(size):
            if path[entry, column] == target.cell:
                return True
    return False


@njit(cache=True, nogil=True)
def _spell(size: int, path: Any, key: Any, wanted: Any, sequences: Any) -> bool:
    """Write the entries of a wanted whole path, unless another path has written them; whether it is wanted."""
    place = np.searchsorted(wanted, key)
    if place == len(wanted) or wanted[place] != key:
        return False
    if sequences[place, 0] < 0:
        for entry in range(size):
            sequences[place, entry] = path[entry, 0]
    return True


@njit(cache=True, nogil=True)
def count_links(
    opened: Any, plan: Any, whole: Any, trail: Any, group: Any, slot: Any, shape: Any, links: Any, nodes: Any,
    low: Any, high: Any, which: Any, took: Any, wanted: Any, sequences: Any, rest: Any, target: Any, mark: Any,
) -> int:  # fmt: skip
    """Count links and nodes; how many durations were written.

    slot        int16 [layers, nodes and markers]: the place at its layer · shape  slots a layer, 2 where layers are skipped
    links       Counts by flat cell [group, layer, from, jump, to] · nodes  Counts by flat cell [group, layer, slot]
    low, high   layers whose links' durations are written: the flat link into `which`, seconds into `took`
    wanted      uint64 ascending: keys of whole paths to spell out · sequences  int32 [wanted, room], -1 where not found
    rest        Counts by group of all other whole paths; empty: whole paths are not looked at
    target      whom to mark, in `mark`, uint8 per customer
    """
    slots, jumps = shape
    node_cells, link_cells = len(slot) * slots, len(slot) * slots * jumps * slots
    path = _room(plan, whole)
    written = 0
    for p in range(len(opened.at)):
        who = opened.who[p]
        one = np.int64(group[who])
        size, _, _ = _lay(opened.at[p], opened.begin[p], opened.stop[p], plan, trail, path)
        _place(size, path, slot, slots, jumps)
        for entry in range(size):
            _seen(nodes, one * node_cells + path[entry, 4], who)
            if path[entry, 5] >= 0:
                _seen(links, one * link_cells + path[entry, 5], who)
        written = _write(size, path, plan.nodes, one * link_cells, low, high, written, which, took)
        if _holds(size, path, target):
            mark[who] = 1
        if len(rest.last) == 0:
            continue
        if whole.steps != plan.steps:
            size, _, _ = _lay(opened.at[p], opened.begin[p], opened.stop[p], whole, trail, path)
        key = _key(size, path, plan.nodes)
        known = _spell(size, path, _mixed(key, one), wanted, sequences)
        if not known:
            _seen(rest, one, who)
        if (target.kind == A_SEQUENCE and key == target.key) or (target.kind == OTHER_SEQUENCE and not known):
            mark[who] = 1
    return written


@njit(cache=True, nogil=True)
def gathered(key: Any, group: Any, who: Any, count: Any, people: Any, ordered: Any) -> Any:
    """Rows of the same key and group added up, in the order of their first: (key, group, count, people, ordered).

    who  rows of one customer stand together; her people count once a key. A row of its own number each: all are added
    """
    room = 16
    while room < 2 * len(key):
        room *= 2
    table = np.full(room, -1, np.int64)
    keys, groups = np.empty(len(key), np.uint64), np.empty(len(key), np.int32)
    added, last = np.zeros((len(key), 3), np.int64), np.full(len(key), -1, np.int64)
    kept = 0
    for row in range(len(key)):
        at = np.int64((key[row] ^ (key[row] >> np.uint64(32)) ^ np.uint64(group[row] * 7919)) & np.uint64(room - 1))
        while table[at] >= 0 and (keys[table[at]] != key[row] or groups[table[at]] != group[row]):
            at = (at + 1) & (room - 1)
        if table[at] < 0:
            table[at], keys[kept], groups[kept] = kept, key[row], group[row]
            kept += 1
        one = table[at]
        added[one, 0] += count[row]
        added[one, 2] += ordered[row]
        if last[one] != who[row]:
            last[one] = who[row]
            added[one, 1] += people[row]
    return keys[:kept].copy(), groups[:kept].copy(), added[:kept].copy()
