"""How long transitions take: exact median and 90 % quantile per cell, by rounds of counting (`narrowing`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.narrowing import Ranges, place_value, quantiles
from holdfast.analyses.step_scope import step_groups
from holdfast.analyses.transitions.walk import NONE, FlowStep
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["QUANTILES", "transition_times"]

QUANTILES = (0.5, 0.9)
U = np.uint64


@dataclass(frozen=True)
class TimesStep:
    """A step that counts the seconds of transitions within ranges.

    flow    which steps, sessions and loops · ranges  by group and cell
    """

    flow: FlowStep
    ranges: Ranges

    def __call__(self, shard: Shard) -> Tally:
        """Sum "counts" int64 [ranges, bins]."""
        flow, ranges, columns = self.flow, self.ranges, shard.columns
        counts = ranges.counts()
        asked: tuple[Any, ...] = (
            *(shard.low, shard.high, columns.offsets, columns.code, *flow.named(shard), flow.collapsed),
            *(step_groups(flow.scope, shard, flow.as_of, flow.nodes), U(flow.square.shift)),
            *(ranges.cell_of.reshape(flow.groups, -1).astype(np.uint64), *ranges.asked(), counts),
        )
        _times(*asked)
        return Tally({"counts": counts}, {})


def transition_times(timelines: Timelines, step: FlowStep, flow: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Seconds from one step to the next: float64 [QUANTILES, groups, cells], not-a-number where no step follows another.

    flow  int64 [groups, cells]: how many transitions
    """
    square = step.square
    columns = np.arange(square.cells) & ((1 << square.shift) - 1)
    timed = np.where((columns < square.ends) & (np.arange(square.cells) >> square.shift < square.ends), flow, 0)
    span = max(timelines.meta.last_second - timelines.meta.first_second, 0)
    bare = replace(step, target=np.zeros(0, np.uint8))
    found = quantiles(*(timed.ravel(), QUANTILES, span), lambda ranges: timelines.walk(TimesStep(bare, ranges)).sums["counts"])
    return found.reshape(len(QUANTILES), *flow.shape)


@njit(cache=True, nogil=True)
def _times(
    low: int, high: int, offsets: Any, code: Any, second: Any, values: Any, by_code: Any, by_value: Any, fold: Any, until: int,
    gap: int, collapse: bool, group: Any, shift: Any, cell_of: Any, first: Any, start: Any, bits: Any, bins: Any,
    counts: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        where = 0 if len(group) == 0 else group[customer - low]
        if where < 0:
            continue
        last, node, before, since = U(0), NONE, np.int64(-1), np.int64(0)
        mine = cell_of[where]
        for i in range(U(offsets[customer]), U(offsets[customer + 1])):
            now = np.int64(second[i])
            if now >= until:
                break
            what = by_code[code[i]]
            if what != NONE and len(values) > 0 and values[i] != 0:
                what = by_value[values[i]]
            if what == NONE:
                continue
            fresh = before < 0 or now - before >= gap
            before = now
            if collapse and what == node and not fresh:
                continue
            node = what
            if not fresh:
                place_value(mine[(last << shift) | fold[what]], U(now - since), first, start, bits, bins, counts)
            last, since = fold[what], now
