"""Who takes steps, and in which segment: a customer enters a question about ways with her first step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.steps import Nodes
from holdfast.errors import UsageError
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.analyses.scope import Scope
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["MOST_SEGMENTS", "first_steps", "segment_labels", "step_groups"]

MOST_SEGMENTS = 200


def segment_labels(scope: Scope, timelines: Timelines) -> tuple[str, ...]:
    """The segments by code; UsageError when a property has too many values to be segments."""
    labels = scope.labels(timelines)
    if len(labels) > MOST_SEGMENTS:
        raise UsageError(f"{scope.by} has {len(labels):,} values", f"split by a property of at most {MOST_SEGMENTS}")
    return labels


def step_groups(scope: Scope, shard: Shard, as_of: AsOf, nodes: Nodes) -> npt.NDArray[np.int32]:
    """The segment of each customer of the shard at her first step, -1 out of scope; empty where everyone is in one."""
    if scope.trivial:
        return np.zeros(0, np.int32)
    return scope.at(shard, as_of, first_steps(shard, nodes, as_of.until))


def first_steps(shard: Shard, nodes: Nodes, until: int) -> npt.NDArray[np.int64]:
    """The place in the timeline of each customer's first step before an instant; -1 for those without."""
    columns = shard.columns
    places: npt.NDArray[np.int64] = _first(
        *(shard.low, shard.high, columns.offsets, columns.code, columns.second, nodes.values(shard)),
        *(nodes.by_code, nodes.by_value, until),
    )
    return places


@njit(cache=True, nogil=True)
def _first(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, until: int
) -> Any:
    out = np.full(high - low, -1, np.int64)
    for customer in range(low, high):
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            what = by_code[code[i]]
            if what >= 0 and len(values) > 0 and values[i] != 0:
                what = by_value[values[i]]
            if what >= 0:
                out[customer - low] = i - offsets[customer]
                break
    return out
