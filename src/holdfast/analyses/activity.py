"""Which events count as activity, and on which local days a customer was active: shared by stickiness and early signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.scope import Scope
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf

__all__ = ["Activity", "own_days"]


@dataclass(frozen=True)
class Activity:
    """Which events count as activity before an instant.

    names  events; None: counting orders
    cut    whether rows after the as-of exist and must be left out
    """

    as_of: AsOf
    mode: RefundMode
    names: tuple[str, ...] | None
    cut: bool

    def columns(self, shard: Shard) -> tuple[Any, Any, Any, Any, Any]:
        """Offsets, days, codes (empty: all count), which codes count, seconds (empty: none is too late)."""
        columns = shard.columns
        nothing = np.zeros(0, np.uint32)
        if self.names is None:
            bought = shard.source.purchases(self.as_of.until, self.mode)
            return bought.offsets, bought.day, columns.code[:0], np.zeros(0, np.bool_), nothing
        counted = np.zeros(max(len(columns.meta.events), 1), np.bool_)
        counted[1:] = np.isin(np.array(columns.meta.events[1:]), self.names)
        code = columns.code[:0] if counted[1:].all() and columns.meta.ignored == 0 else columns.code
        return columns.offsets, columns.day, code, counted, columns.second if self.cut else nothing

    def segments(self, shard: Shard, scope: Scope) -> npt.NDArray[np.int32]:
        """The segment of each customer at the first counting event (or now), -1 for those out of scope."""
        if self.names is None:
            return scope.by_first_order(shard, self.as_of, self.mode)
        offsets, _, code, counted, second = self.columns(shard)
        entry = _first_counting(shard.low, shard.high, offsets, code, counted, second, self.as_of.until)
        if scope.trivial:
            return np.where(entry >= 0, 0, -1).astype(np.int32)
        return scope.at(shard, self.as_of, entry)


@njit(cache=True, nogil=True)
def _first_counting(low: int, high: int, offsets: Any, code: Any, counted: Any, second: Any, until: int) -> Any:
    out = np.full(high - low, -1, np.int64)
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if len(second) > 0 and second[i] >= until:
                break
            if len(code) == 0 or counted[code[i]]:
                out[customer - low] = i - offsets[customer]
                break
    return out


@njit(cache=True, nogil=True)
def own_days(start: int, stop: int, day: Any, code: Any, counted: Any, second: Any, until: int, own: Any) -> int:
    """The distinct counting days of one customer, ascending, into `own`; how many. The columns are those of `Activity`."""
    size = 0
    for i in range(start, stop):
        if len(second) > 0 and second[i] >= until:
            break
        if len(code) > 0 and not counted[code[i]]:
            continue
        d = np.int64(day[i])
        if size == 0 or own[size - 1] < d:
            own[size] = d
            size += 1
        elif own[size - 1] > d:
            size = _insert(own, size, d)
    return size


@njit(cache=True, nogil=True)
def _insert(own: Any, size: int, d: Any) -> int:
    """A clock put back at midnight makes a day come after its successor's first event: put it where it belongs."""
    at = size
    while at > 0 and own[at - 1] > d:
        at -= 1
    if at > 0 and own[at - 1] == d:
        return size
    for j in range(size, at, -1):
        own[j] = own[j - 1]
    own[at] = d
    return size + 1
