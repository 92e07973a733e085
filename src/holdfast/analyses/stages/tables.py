"""The stages as tables: who reached each and is in it, the ways between them, what happens near orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.stages.loops import bin_values
from holdfast.analyses.stages.map import PURCHASE, StageMap
from holdfast.analyses.stages.walk import DAY, NOWHERE, SIDES
from holdfast.analyses.statistics import kaplan_meier, wilson
from holdfast.settings import STAGES
from holdfast.timelines.walk import Tally

__all__ = ["NO_STAGE_YET", "START", "STILL", "Counts", "counts_of", "stages_table", "touchpoints_table", "transitions_table"]

NO_STAGE_YET, START, STILL = "(no stage)", "(start)", "(still there)"
"""Those without any staged event; where a customer's first stay comes from; where a stay goes that is open at the as-of."""


@dataclass(frozen=True)
class Counts:
    """The sums of `StageStep` of one segment, with the segment's name."""

    segment: str
    sums: dict[str, npt.NDArray[Any]]

    @property
    def n(self) -> int:
        """How many customers are in scope."""
        return int(self.sums["n"])


def counts_of(tally: Tally, labels: tuple[str, ...]) -> list[Counts]:
    """Each segment with anyone in it; the only one always."""
    found = []
    for code, label in enumerate(labels):
        if len(labels) == 1 or tally.sums["n"][code]:
            found.append(Counts(label, {name: value[code] for name, value in tally.sums.items()}))
    return found


def stages_table(counts: list[Counts], precision: int) -> pa.Table:
    """A row per segment and stage, and one for those without a stage where there are any."""
    rows = []
    for one in counts:
        for place, stage in enumerate(STAGES):
            rows.append(_stage(one, place, stage) | _stay(one.sums["stays"][place], precision))
        if one.sums["reached"][NOWHERE]:
            rows.append(_stage(one, NOWHERE, NO_STAGE_YET))
    return pa.Table.from_pylist(rows, STAGE_SCHEMA)


def _stage(one: Counts, place: int, name: str) -> dict[str, Any]:
    reached, current, fell = (int(one.sums[key][place]) for key in ("reached", "current", "fell"))
    low, high = wilson(reached, one.n)
    row = {"segment": one.segment, "stage": name, "reached": reached, "n": one.n, "share": reached / one.n if one.n else None}
    row |= {"low": low, "high": high, "current": current}
    if place == NOWHERE:
        return row
    low, high = wilson(fell, current)
    share = fell / current if current else None
    return row | {"fell_out": fell, "fell_out_share": share, "fell_out_share_low": low, "fell_out_share_high": high}


def _stay(stays: npt.NDArray[Any], precision: int) -> dict[str, Any]:
    """How long stays in a stage last, in days: Kaplan-Meier's median and 90 % point, the open ones censored."""
    values = bin_values(precision)[: stays.shape[1]] / DAY
    ended, still = stays[:NOWHERE].sum(axis=0, dtype=np.int64), stays[NOWHERE].astype(np.int64)
    some = np.flatnonzero(ended + still)
    happened = np.repeat([1, 0], len(some))
    curve = kaplan_meier(np.tile(values[some], 2), happened, np.concatenate([ended[some], still[some]]))
    median, low, high = curve.quantile(0.5)
    return {
        "stays": curve.n, "median_days": median, "median_days_low": low, "median_days_high": high,
        "p90_days": curve.quantile(0.9)[0],
    }  # fmt: skip


STAGE_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "stage")),
        *((name, pa.int64()) for name in ("reached", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        *((name, pa.int64()) for name in ("current", "fell_out")),
        *((name, pa.float64()) for name in ("fell_out_share", "fell_out_share_low", "fell_out_share_high")),
        ("stays", pa.int64()),
        *((name, pa.float64()) for name in ("median_days", "median_days_low", "median_days_high", "p90_days")),
    ]
)


def transitions_table(counts: list[Counts], precision: int) -> pa.Table:
    """A row per segment and way that someone went: into a stage as often as out of it or still there."""
    rows = []
    for one in counts:
        moves, movers, reached = one.sums["moves"], one.sums["movers"], one.sums["reached"]
        rows += [
            _way(one, START, name, int(moves[NOWHERE, to]), int(movers[NOWHERE, to]), one.n, None)
            for to, name in enumerate(STAGES)
            if moves[NOWHERE, to]
        ]
        for place, stage in enumerate(STAGES):
            of, stays = int(reached[place]), one.sums["stays"][place]
            rows += [
                _way(one, stage, name, int(moves[place, to]), int(movers[place, to]), of, _median(stays[to], precision))
                for to, name in enumerate(STAGES)
                if moves[place, to]
            ]
            here = int(one.sums["current"][place])
            rows += [_way(one, stage, STILL, here, here, of, None)] if here else []
    return pa.Table.from_pylist(rows, WAY_SCHEMA)


def _way(one: Counts, start: str, end: str, n: int, customers: int, of: int, median: float | None) -> dict[str, Any]:
    low, high = wilson(customers, of)
    return {
        "segment": one.segment, "from": start, "to": end, "n": n, "customers": customers, "of": of,
        "share": customers / of if of else None, "low": low, "high": high, "median_days": median,
    }  # fmt: skip


def _median(stays: npt.NDArray[Any], precision: int) -> float | None:
    """The median of counted lengths in days, linear between ranks."""
    upto = stays.cumsum(dtype=np.int64)
    size = int(upto[-1])
    if not size:
        return None
    values = bin_values(precision)[np.searchsorted(upto, [(size - 1) // 2, size // 2], side="right")]
    return float(values.mean() / DAY)


WAY_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "from", "to")),
        *((name, pa.int64()) for name in ("n", "customers", "of")),
        *((name, pa.float64()) for name in ("share", "low", "high", "median_days")),
    ]
)


def touchpoints_table(counts: list[Counts], events: tuple[str, ...], stages: StageMap) -> pa.Table:
    """A row per segment, order, side and event that lies near an order, the most common first.

    events  the events' names by code; an order after an order has the stage loyalty, an event without a stage none
    """
    rows = []
    for one in counts:
        for place, (order, side) in enumerate(SIDES):
            orders, of = (int(value) for value in one.sums["near"][place])
            touches, touchers = one.sums["touches"][place], one.sums["touchers"][place]
            for code in sorted(np.flatnonzero(touches), key=lambda code: (-touchers[code], events[code])):
                customers, times = int(touchers[code]), int(touches[code])
                low, high = wilson(customers, of)
                stage = _stage_near(stages, int(code), side)
                rows.append(
                    {
                        "segment": one.segment, "order": order, "side": side, "event": events[code], "stage": stage,
                        "customers": customers, "of": of, "share": customers / of, "low": low, "high": high,
                        "n": times, "orders": orders, "per_order": times / orders,
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, TOUCH_SCHEMA)


def _stage_near(stages: StageMap, code: int, side: str) -> str | None:
    place = int(stages.stage[code])
    if place == PURCHASE and side == "after":
        return STAGES[-1]
    return STAGES[place] if place >= 0 else None


TOUCH_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "order", "side", "event", "stage")),
        *((name, pa.int64()) for name in ("customers", "of")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        *((name, pa.int64()) for name in ("n", "orders")),
        ("per_order", pa.float64()),
    ]
)
