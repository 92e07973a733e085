"""Of whom the personas are asked: everybody with an event, one segment, or those who touched one product (MISSION 3.47)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.scope import Scope, last_events, parse_where
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import property_name, value_labels
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Touched", "Who", "about_rules", "touched_of", "who_of"]

MOST_SEGMENTS = 200


@dataclass(frozen=True)
class Touched:
    """Customers with an event, before an instant, whose property has one of these values.

    name  the kept property · values  codes · until  UTC second, exclusive · words  as a person writes it
    """

    name: str
    values: tuple[int, ...]
    until: int
    words: str

    def held(self, shard: Shard) -> npt.NDArray[np.bool_]:
        """Who of the shard has such an event."""
        columns = shard.columns
        wanted = np.zeros(len(columns.meta.properties[self.name]), np.bool_)
        wanted[list(self.values)] = True
        out = np.zeros(shard.high - shard.low, np.bool_)
        _touch(shard.low, shard.high, columns.offsets, columns.second, columns.properties[self.name], wanted, self.until, out)
        return out


def touched_of(meta: Meta, about: str | None, until: int) -> Touched | None:
    """What a text such as category=Books means; None for None. UnknownName for a property or value that is not there."""
    if about is None:
        return None
    (condition,) = parse_where([about])
    if condition.negated:
        raise UsageError(f"{about!r} names what was not touched", "write it as category=Books; --where takes country!=France")
    name = property_name(meta, condition.name)
    labels = value_labels(meta, name)
    for value in condition.values:
        if value not in labels[1:]:
            raise UnknownName(f"value of {name}", value, labels[1:])
    codes = tuple(labels.index(value, 1) for value in condition.values)
    return Touched(name, codes, until, f"{name}={','.join(condition.values)}")


@dataclass(frozen=True)
class Who:
    """Who is asked about, and in which segment each stands; it travels with a step.

    scope  segments and conditions, at the first event or now · touched  what must have been touched; None: nothing
    as_of  the instant · groups  how many segments
    """

    scope: Scope
    touched: Touched | None
    as_of: AsOf
    groups: int

    def segments(self, shard: Shard) -> npt.NDArray[np.int32]:
        """The segment of each customer of the shard, -1 for those out of scope or without an event before the instant."""
        columns = shard.columns
        if self.scope.trivial:
            out = np.zeros(shard.high - shard.low, np.int32)
        else:
            entry = _first_events(shard.low, shard.high, columns.offsets, columns.code, columns.second, self.as_of.until)
            if self.scope.moment == "current":
                entry = last_events(shard, self.as_of, entry >= 0)
            out = self.scope.segments(shard, entry)
        if self.touched is not None:
            out[~self.touched.held(shard)] = -1
        return out


def who_of(timelines: Timelines, as_of: AsOf, scope: Scope, about: str | None) -> Who:
    """That scope made ready; UsageError when it has too many segments."""
    ready = scope.ready(timelines, as_of)
    groups = len(ready.labels(timelines))
    if groups > MOST_SEGMENTS:
        raise UsageError(f"{scope.by} has {groups:,} values", f"split by a property of at most {MOST_SEGMENTS}")
    return Who(ready, touched_of(timelines.meta, about, as_of.until), as_of, groups)


def about_rules(who: Who) -> dict[str, Any]:
    """What a definition says of a product or service that the personas are about."""
    return {} if who.touched is None else {"about": f"customers who touched {who.touched.words}"}


@njit(cache=True, nogil=True)
def _first_events(low: int, high: int, offsets: Any, code: Any, second: Any, until: int) -> Any:
    out = np.full(high - low, -1, np.int64)
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            if code[i] != 0:
                out[customer - low] = i - offsets[customer]
                break
    return out


@njit(cache=True, nogil=True)
def _touch(low: int, high: int, offsets: Any, second: Any, values: Any, wanted: Any, until: int, out: Any) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            if wanted[values[i]]:
                out[customer - low] = True
                break
