"""The loops of a funnel: the best chain of steps along each line (SEMANTICS 25).

A *line* is one customer's steps, or those of them that share a value of the key. A *run* looks for the best chain of a line, or
of those of its chains that start in one period.

Ordered and strict: for each step the *latest* start of a chain that has reached it, updated from the last step to the first. A
later start can do whatever an earlier one can, so no better chain is missed, and a run costs events × steps. In any order: a
window that slides along the steps and counts which of them lie within.

The chain that counts reaches the deepest step that any chain reaches, and reaches it first; of those the one that starts last;
its steps in between are each taken as early as possible (in any order: as late as possible).

A call with arrays counts references to them, which two threads would dispute: in the innermost loops there are none but the
smallest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["NEVER", "by_key", "picked", "runs_by_period", "seconds_between", "sequences", "slides", "still_open"]

NEVER = 1 << 40
"""A window that no timeline outlasts, in seconds."""

LONG_AGO = -(1 << 50)
"""The second of a chain that never began: no window reaches back to it."""


@njit(cache=True, nogil=True)
def picked(
    low: int, high: int, offsets: Any, code: Any, second: Any, by_code: Any, until: int, to: Any, node: Any, event: Any
) -> Any:  # fmt: skip
    """The steps of a range of customers that a funnel reads, where neither sessions nor neighbours matter; how many.

    by_code  int32 by event code: the node, -1 for events to pass over; out: as `steps_of` lays them
    """
    kept = 0
    for customer in range(low, high):
        stop = offsets[customer + 1]
        while stop > offsets[customer] and second[stop - 1] >= until:
            stop -= 1
        for i in range(offsets[customer], stop):
            what = by_code[code[i]]
            node[kept], event[kept] = what, i  # written always and kept only if it counts: no branch to guess
            kept += what >= 0
        to[customer - low + 1] = kept
    return kept


@njit(cache=True, nogil=True)
def _within(start: Any, end: Any, second: Any, micro: Any, window: int) -> Any:
    """Whether the event `end` lies at most a window after the event `start`, exact to the microsecond."""
    passed = np.int64(second[end]) - np.int64(second[start])
    return passed < window or (passed == window and (len(micro) == 0 or micro[end] <= micro[start]))


@njit(cache=True, nogil=True)
def _in_period(event: Any, day: Any, period: Any, wanted: Any) -> Any:
    return len(period) == 0 or period[day[event]] == wanted


@njit(cache=True, nogil=True)
def sequences(
    low: Any, high: Any, wanted: Any, node: Any, event: Any, room: Any, second: Any, micro: Any, day: Any, matches: Any,
    bottom: Any, top: Any, breaking: Any, size: int, window: int, strict: bool, period: Any, depth: Any, begin: Any, end: Any,
    live: Any,
) -> None:  # fmt: skip
    """The best chain of each run, with the steps in order.

    low, high  int64 by run: its places in node int32, event int64 and room int32 (a chain stays in its room; empty: one room)
    wanted     int32 by run: the period in which a chain starts · period int32 by local day, empty: any time
    second, micro, day  by event · matches int64 by node: a bit for each step that it is · bottom, top int32 by node: the steps
               to look at lie above bottom and up to top, all of them when strict · breaking uint8 by node
    size       steps of the funnel · window seconds
    Out, by run: depth, begin and end (places of the first and last step, -1), live (the last start that could go on, -1).
    """
    latest, when = np.full(size + 1, -1, np.int64), np.full(size + 1, LONG_AGO, np.int64)
    for run in range(len(low)):
        deep, first, last = 0, np.int64(-1), np.int64(-1)
        for k in range(1, size + 1):
            latest[k], when[k] = -1, LONG_AGO
        for i in range(low[run], high[run]):
            what, now = node[i], np.int64(second[event[i]])
            if breaking[what] or (len(room) > 0 and i > low[run] and room[i] != room[i - 1]):
                latest[1:], when[1:] = -1, LONG_AGO
            opens = len(period) == 0 or period[day[event[i]]] == wanted[run]
            latest[0], when[0] = i, now if opens else LONG_AGO
            for k in range(top[what], bottom[what], -1):
                # Which events come is anyone's guess: values are chosen, not branched to.
                begun, since, old, old_since = latest[k - 1], when[k - 1], latest[k], when[k]
                comes = (now - since <= window) & ((matches[what] >> (k - 1)) & 1 == 1)
                if now - since == window and len(micro) > 0:
                    comes = comes and micro[event[i]] <= micro[event[begun]]
                latest[k] = begun if comes else np.int64(-1) if strict else old
                when[k] = since if comes else np.int64(LONG_AGO) if strict else old_since
                if comes and k > deep:
                    deep, first, last = k, begun, np.int64(i)
            if deep == size:
                break
        depth[run], begin[run], end[run], live[run] = deep, first, last, -1
        if 0 < deep < size:
            for k in range(1, size):
                live[run] = max(live[run], latest[k])


@njit(cache=True, nogil=True)
def still_open(live: Any, event: Any, second: Any, until: int, window: int, alive: Any) -> None:
    """Set alive for the runs whose last start lies at most a window before the as-of."""
    for run in range(len(live)):
        if live[run] >= 0 and until - np.int64(second[event[live[run]]]) <= window:
            alive[run] = 1


@njit(cache=True, nogil=True)
def _leaves(left: Any, j: Any, node: Any, event: Any, group: Any, second: Any, micro: Any, window: int, opens: Any) -> Any:
    """Whether a window that ends with j cannot begin with `left`."""
    return group[node[left]] < 0 or not opens or not _within(event[left], event[j], second, micro, window)


@njit(cache=True, nogil=True)
def slides(
    low: Any, high: Any, wanted: Any, node: Any, event: Any, room: Any, second: Any, micro: Any, day: Any, group: Any,
    need: Any, breaking: Any, size: int, window: int, period: Any, depth: Any, begin: Any, end: Any, live: Any,
) -> None:  # fmt: skip
    """The same with the steps in any order; a chain starts with its earliest step, and `begin` is left for later.

    group  int32 by node: which of the alike steps it is, -1 for none · need int32 by group: how often that step is asked for
    """
    count = np.zeros(len(need), np.int64)
    for run in range(len(low)):
        have, deep, left, latest = 0, 0, low[run], np.int64(-1)
        begin[run] = end[run] = live[run] = -1
        count[:] = 0
        for j in range(low[run], high[run]):
            what = group[node[j]]
            if breaking[node[j]] or (len(room) > 0 and j > low[run] and room[j] != room[j - 1]):
                count[:] = 0
                have, left, latest = 0, j, np.int64(-1)
            if what < 0:
                continue
            if _in_period(event[j], day, period, wanted[run]):
                latest = np.int64(j)
            count[what] += 1
            have += count[what] <= need[what]
            while left <= j and _leaves(
                left, j, node, event, group, second, micro, window, _in_period(event[left], day, period, wanted[run])
            ):
                old = group[node[left]]
                if old >= 0:
                    have -= count[old] <= need[old]
                    count[old] -= 1
                left += 1
            if have > deep:
                deep, end[run] = have, j
            if deep == size:
                break
        depth[run] = deep
        if deep < size:
            live[run] = latest


@njit(cache=True, nogil=True)
def runs_by_period(
    lines: Any, node: Any, event: Any, second: Any, micro: Any, day: Any, starts: Any, window: Any, period: Any, line: Any,
    low: Any, high: Any, wanted: Any,
) -> Any:  # fmt: skip
    """A run a line and period in which a chain may start, from its first start to the end of the window of its last; how many.

    starts  uint8 by node: whether a chain may start with it · out, by run: line, low, high, wanted
    """
    made = 0
    for each in range(len(lines) - 1):
        first = made
        for i in range(lines[each], lines[each + 1]):
            place = period[day[event[i]]] if starts[node[i]] else -1
            if place < 0:
                continue
            run = made - 1
            while run >= first and wanted[run] != place:
                run -= 1
            if run < first:
                run = made
                made += 1
                line[run], low[run], wanted[run] = each, i, place
            high[run] = i + 1
        for run in range(first, made):
            last = event[high[run] - 1]
            while high[run] < lines[each + 1] and _within(last, event[high[run]], second, micro, window):
                high[run] += 1
    return made


@njit(cache=True, nogil=True)
def seconds_between(
    runs: Any, any_order: Any, node: Any, event: Any, second: Any, matches: Any, group: Any, need: Any, depth: Any, begin: Any,
    end: Any, waits: Any,
) -> None:  # fmt: skip
    """The seconds from step to step of the chains of some runs, into waits uint32 [runs, size - 1].

    any_order  the chains are windows: their `begin` is found here
    """
    count = np.zeros(len(need), np.int64)
    path = np.zeros(waits.shape[1] + 1, np.int64)
    for place in range(len(runs)):
        run = runs[place]
        k, deep = 0, depth[run]
        if any_order:
            count[:] = 0
            i = end[run]
            while k < deep:
                g = group[node[i]]
                if g >= 0 and count[g] < need[g]:
                    count[g] += 1
                    k += 1
                    path[deep - k] = i
                i -= 1
            begin[run] = path[0]
        else:
            for i in range(begin[run], end[run] + 1):
                if k < deep and (matches[node[i]] >> k) & 1:
                    path[k] = i
                    k += 1
        for k in range(deep - 1):
            waits[place, k] = second[event[path[k + 1]]] - second[event[path[k]]]


@njit(cache=True, nogil=True)
def by_key(
    offsets: Any, node: Any, event: Any, room: Any, keys: Any, breaking: Any, to_node: Any, to_event: Any, to_room: Any,
    lines: Any, owner: Any, last_room: Any,
) -> Any:  # fmt: skip
    """Each customer's steps as lines that share a value of the key; how many lines.

    keys  uint16 by event, 0 for none: such a step is in no line; one that breaks chains begins a new room for all lines
    Out: to_node, to_event, to_room and the lines' offsets; owner int32 by line: the customer; last_room int64 by customer
    """
    head, tail, seen = np.zeros(65_536, np.int32), np.zeros(65_536, np.int32), np.zeros(65_536, np.int32)
    used = np.zeros(65_536, np.uint8)
    following, within = np.zeros(len(node), np.int32), np.zeros(len(node), np.int32)
    kept = made = 0
    for customer in range(len(offsets) - 1):
        values, broken, now = 0, 0, 0
        for i in range(offsets[customer], offsets[customer + 1]):
            value = keys[event[i]]
            if value == 0:
                broken += breaking[node[i]]
            now = broken + (room[i] if len(room) > 0 else 0)
            within[i] = now
            if value == 0:
                continue
            following[i] = -1
            if used[value]:
                following[tail[value]] = i
            else:
                used[value], head[value], seen[values] = 1, i, value
                values += 1
            tail[value] = i
        last_room[customer] = now
        for place in range(values):
            i = head[seen[place]]
            used[seen[place]] = 0
            while i >= 0:
                to_node[kept], to_event[kept], to_room[kept] = node[i], event[i], within[i]
                kept += 1
                i = following[i]
            owner[made] = customer
            made += 1
            lines[made] = kept
    return made
