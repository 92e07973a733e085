"""What a path is made of: which events are steps, what each step is called, where a session begins (SEMANTICS 22).

Every question about ways (sessions, paths, transitions, funnels, stages) lays a shard's events down as steps in one manner:

    Naming   what the user says: named by event or by a property, grouped by patterns, some left out
    Nodes    the same as lookup tables, by event code and by property value, so that a loop needs no text
    Steps    the steps of a shard's customers, one after the other, each with its node and the event it stands for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.answer import checked_choice
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import property_name
from holdfast.timelines.columns import Meta
from holdfast.timelines.walk import Shard

__all__ = [
    "BY_EVENT",
    "NO_STEP",
    "NO_VISITS",
    "SESSION_GAP_MINUTES",
    "Loops",
    "Naming",
    "Nodes",
    "Steps",
    "gap_seconds",
    "no_visits",
    "node_places",
    "steps_of",
]

Loops = Literal["kept", "collapsed"]

BY_EVENT = "event"
SESSION_GAP_MINUTES = 30.0
"""After so many minutes without a step a new session begins; the web's usual measure."""

NO_STEP = -1

RESERVED = frozenset(
    {
        "(start)",
        "(drop-off)",
        "(other)",
        "(more)",
        "(goes on)",
        "(begins)",
        "(goes back)",
        "(no path)",
        "(other paths)",
        "(all pages)",
    }
)
"""What answers call what is no step of the data; a step of such a name stands in quotation marks."""

NO_VISITS = (
    *("Order Refunded", "Order Cancelled", "Order Shipped", "Order Fulfilled", "Order Delivered", "Unsubscribed"),
    *("Email *", "Push Notification *", "SMS *", "Message *", "Ticket *", "Conversation *", "Subscription *"),
    *("Experiment Viewed", "Survey *", "Application Installed", "Application Updated"),
)
"""Patterns of events that happen to a customer or elsewhere: they are no steps of a visit."""


@dataclass(frozen=True)
class Naming:
    """Which events are steps, and what a step is called.

    by       "event": the name of the event; or a property, such as path: its value where the event has one, else its name
    groups   patterns such as "/product/*": all names that match are one step of the pattern's name; the first that matches
             counts
    only     events that are steps; empty: all
    exclude  names, or patterns of names, that are left out as though they had not happened (events and values alike)

    An event that is called (other) or (drop-off), as answers call what is no step, is the step "(other)" with quotation marks.
    """

    by: str = BY_EVENT
    groups: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def nodes(self, meta: Meta) -> Nodes:
        """The lookup tables for columns of that meaning; UnknownName for an event or property that is not there."""
        for name in self.only:
            if name not in meta.events[1:]:
                raise UnknownName("event", name, meta.events[1:])
        by_property = None if self.by == BY_EVENT else property_name(meta, self.by)
        values = () if by_property is None else meta.properties[by_property]
        of_event = [self._called(name) if place and self._is_step(name) else None for place, name in enumerate(meta.events)]
        of_value = [self._called(name) if place else None for place, name in enumerate(values)]
        labels = tuple(sorted({name for name in (*of_event, *of_value) if name is not None}))
        at = {name: place for place, name in enumerate(labels)}
        by_code, by_value = (
            np.array([NO_STEP if name is None else at[name] for name in names], np.int32) for names in (of_event, of_value)
        )
        return Nodes(labels, by_property, by_code, by_value)

    def _is_step(self, event: str) -> bool:
        return (not self.only or event in self.only) and not _matches(event, self.exclude)

    def _called(self, name: str) -> str | None:
        """The step's name, in quotation marks where it would be taken for another thing; None when that name is left out."""
        if _matches(name, self.exclude):
            return None
        group = next((pattern for pattern in self.groups if _matches(name, (pattern,))), name)
        if _matches(group, self.exclude):
            return None
        return f'"{group}"' if group in RESERVED else group

    def rules(self) -> dict[str, Any]:
        """What the definition of an answer says about it."""
        said: dict[str, Any] = {"steps named by": self.by}
        for key, values in (("grouped", self.groups), ("only", self.only), ("left out", self.exclude)):
            if values:
                said[key] = ", ".join(values)
        return said


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is one of the patterns, by letter (names may hold brackets) or as a pattern."""
    return name in patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def no_visits(meta: Meta) -> tuple[str, ...]:
    """The events of the data that are no steps of a visit (`NO_VISITS`), however they are spelled: email_opened too."""
    patterns = [pattern.lower() for pattern in NO_VISITS]
    return tuple(name for name in meta.events[1:] if _matches(name.lower().replace("_", " "), patterns))


@dataclass(frozen=True)
class Nodes:
    """Steps' names by lookup; it travels with a question's step.

    labels    the names, in alphabetical order; a node is a place in it
    property  the property that names steps, None for event names
    by_code   int32 by event code: the node, -1 for events that are no steps
    by_value  int32 by property value: the node, -1 for values left out; empty without a property
    """

    labels: tuple[str, ...]
    property: str | None
    by_code: npt.NDArray[np.int32]
    by_value: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.labels)

    def values(self, shard: Shard) -> npt.NDArray[np.uint16]:
        """The column that names steps, one value an event; empty without a property."""
        return np.zeros(0, np.uint16) if self.property is None else shard.columns.properties[self.property]


def node_places(nodes: Nodes, names: Sequence[str]) -> npt.NDArray[np.int32]:
    """The nodes that are meant by names or patterns of names, ascending; UnknownName lists the steps when one matches none."""
    found: set[int] = set()
    for name in names:
        exact = [place for place, label in enumerate(nodes.labels) if label == name]
        places = exact or [place for place, label in enumerate(nodes.labels) if fnmatchcase(label, name)]
        if not places:
            raise UnknownName("step", name, nodes.labels)
        found.update(places)
    return np.array(sorted(found), np.int32)


@dataclass(frozen=True)
class Steps:
    """The steps of a shard's customers, in time order.

    offsets  int64 [customers of the shard + 1] into the others
    node     int32: which node
    event    int64: the event's place in the columns; of a collapsed run the first
    fresh    uint8: 1 where a session begins (a customer's first step always does)
    """

    offsets: npt.NDArray[np.int64]
    node: npt.NDArray[np.int32]
    event: npt.NDArray[np.int64]
    fresh: npt.NDArray[np.uint8]


def steps_of(shard: Shard, nodes: Nodes, until: int, gap_minutes: float | None, loops: Loops = "kept") -> Steps:
    """The steps of a shard before an instant.

    until        UTC second, exclusive
    gap_minutes  a session ends where so many minutes or more pass without a step; None: sessions never end
    loops        "collapsed": the same step several times running, within a session, is one step
    """
    checked_choice("loops", loops, ("kept", "collapsed"))
    columns = shard.columns
    room = int(columns.offsets[shard.high] - columns.offsets[shard.low])
    made = Steps(
        np.zeros(shard.high - shard.low + 1, np.int64),
        *(np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.uint8)),
    )
    kept = _lay(
        *(shard.low, shard.high, columns.offsets, columns.code, columns.second, nodes.values(shard), nodes.by_code),
        *(nodes.by_value, until, gap_seconds(gap_minutes), loops == "collapsed"),
        *(made.offsets, made.node, made.event, made.fresh),
    )
    return Steps(made.offsets, made.node[:kept], made.event[:kept], made.fresh[:kept])


def gap_seconds(gap_minutes: float | None) -> int:
    """The session gap in whole seconds, for the loops; a gap that no timeline reaches where there is none (None or 0)."""
    if gap_minutes is None or gap_minutes == 0:
        return 1 << 40
    if not 1 / 60 <= gap_minutes < 1e9:
        raise UsageError(f"a session gap of {gap_minutes:g} minutes", "give minutes, a second or more, such as 30, or none")
    return round(gap_minutes * 60)


@njit(cache=True, nogil=True)
def _lay(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int, gap: int,
    collapse: bool, to: Any, node: Any, event: Any, fresh: Any,
) -> Any:  # fmt: skip
    named = len(values) > 0
    kept = 0
    for customer in range(low, high):
        last = NO_STEP
        before = np.int64(-1)
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            what = by_code[code[i]]
            if what >= 0 and named and values[i] != 0:
                what = by_value[values[i]]
            if what < 0:
                continue
            begins = before < 0 or np.int64(second[i]) - before >= gap
            before = np.int64(second[i])
            if collapse and what == last and not begins:
                continue
            last = what
            node[kept], event[kept], fresh[kept] = what, i, begins
            kept += 1
        to[customer - low + 1] = kept
    return kept
