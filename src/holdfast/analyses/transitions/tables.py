"""The tables of transitions: edges, steps, and two segments side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.clustered import Shares, clustered, difference
from holdfast.analyses.statistics import benjamini_hochberg, wilson_arrays
from holdfast.analyses.transitions.walk import Square

__all__ = ["Flows", "difference_table", "edge_table", "node_table"]

START, DROP_OFF = "(start)", "(drop-off)"
COUNTED = {"transitions": 0, "customers": 1, "sessions": 4}
"""Which of the walk's flows a unit is."""


@dataclass(frozen=True)
class Flows:
    """What the walk counted.

    names     of the steps by place, "(other)" last · square  where each cell is · segments  labels by code
    flow      int64 [segments, FLOWS, cells] · out  int64 [segments, OUTS, steps and ends] · n  customers by segment
    times     float64 [2, segments, cells] or None · compared  codes of two segments side by side, or None
    """

    names: tuple[str, ...]
    square: Square
    segments: tuple[str, ...]
    flow: npt.NDArray[np.int64]
    out: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64] | None
    compared: tuple[int, int] | None

    def cells(self, group: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The cells that a segment has, the most frequent first, with the places they lead from and to."""
        count = self.flow[group, 0]
        some = np.flatnonzero(count)
        some = some[np.argsort(-count[some], kind="stable")]
        return some, some >> self.square.shift, some & ((1 << self.square.shift) - 1)

    def left(self, group: int) -> npt.NDArray[np.int64]:
        """All transitions that leave each place: int64 [steps and ends]."""
        total: npt.NDArray[np.int64] = self.flow[group, 0].reshape(-1, 1 << self.square.shift).sum(axis=1)
        return total

    def paths(self) -> tuple[int, int]:
        """How many paths there are, and of how many steps."""
        square = self.square
        begun = self.flow[:, 0].reshape(len(self.segments), -1, 1 << square.shift)
        return int(begun[:, square.ends].sum()), int(begun[:, :, : square.ends].sum())

    def probability(self, group: int, cells: Any) -> Shares:
        """The probability of each cell among all that leave its step."""
        flow, row = self.flow[group][:, cells], cells >> self.square.shift
        out = self.out[group][:, row]
        return clustered(flow[0], self.left(group)[row], flow[2], flow[3], out[0], out[1])

    def sources(self, places: Any) -> list[str]:
        """The names of the steps left."""
        return [(*self.names, START)[place] for place in places]

    def targets(self, places: Any) -> list[str]:
        """The names of the steps taken next."""
        return [(*self.names, DROP_OFF)[place] for place in places]


EDGES = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "from", "to")),
        *((name, pa.int64()) for name in ("count", "transitions", "customers")),
        *((name, pa.float64()) for name in ("probability", "low", "high")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("share", "share_low", "share_high")),
        ("share_n", pa.int64()),
        *((name, pa.float64()) for name in ("median_seconds", "p90_seconds")),
    ]
)


def edge_table(flows: Flows, unit: str) -> pa.Table:
    """A row per segment and transition, the most frequent first."""
    parts = [_edges(flows, group, unit) for group in range(len(flows.segments)) if flows.n[group]]
    return pa.concat_tables(parts) if parts else EDGES.empty_table()


def _edges(flows: Flows, group: int, unit: str) -> pa.Table:
    cells, rows, columns = flows.cells(group)
    flow = flows.flow[group][:, cells]
    chance = flows.probability(group, cells)
    whole = np.full(len(cells), flows.n[group])
    low, high = wilson_arrays(flow[1], whole)
    times = np.full((2, len(cells)), np.nan) if flows.times is None else flows.times[:, group][:, cells]
    values = [
        *([flows.segments[group]] * len(cells), flows.sources(rows), flows.targets(columns)),
        *(flow[COUNTED[unit]], flow[0], flow[1], chance.share, chance.low, chance.high, flows.left(group)[rows]),
        *(flow[1] / whole, low, high, whole, times[0], times[1]),
    ]
    return _typed(EDGES, values)


NODES = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "node")),
        *((name, pa.int64()) for name in ("visits", "customers")),
        *((name, pa.float64()) for name in ("share", "share_low", "share_high")),
        *((name, pa.int64()) for name in ("share_n", "starts", "drop_offs")),
        *((name, pa.float64()) for name in ("drop_off_rate", "low", "high")),
    ]
)


def node_table(flows: Flows) -> pa.Table:
    """A row per segment and step: how often and by how many it was taken, how often a path began or ended with it."""
    parts = [_nodes(flows, group) for group in range(len(flows.segments)) if flows.n[group]]
    return pa.concat_tables(parts) if parts else NODES.empty_table()


def _nodes(flows: Flows, group: int) -> pa.Table:
    square = flows.square
    visits = flows.left(group)[: square.ends]
    some = np.flatnonzero(visits)
    some = some[np.argsort(-visits[some], kind="stable")]
    starts, ends = square.ends << square.shift | some, some << square.shift | square.ends
    gone, customers = flows.probability(group, ends), flows.out[group, 1][some]
    whole = np.full(len(some), flows.n[group])
    low, high = wilson_arrays(customers, whole)
    values = [
        *([flows.segments[group]] * len(some), flows.sources(some), visits[some], customers, customers / whole, low, high),
        *(whole, flows.flow[group, 0, starts], flows.flow[group, 0, ends], gone.share, gone.low, gone.high),
    ]
    return _typed(NODES, values)


DIFFERENCE = pa.schema(
    [
        *((name, pa.string()) for name in ("from", "to", "segment_a", "segment_b")),
        *(
            (f"{name}_{side}", pa.int64() if name in ("n", "customers") else pa.float64())
            for side in ("a", "b")
            for name in ("probability", "n", "customers")
        ),
        *((name, pa.float64()) for name in ("difference", "low", "high", "p", "p_adjusted")),
    ]
)


def difference_table(flows: Flows) -> pa.Table:
    """Each transition whose step both segments took: its probability in one, in the other, and the difference; surest first.

    p_adjusted is Benjamini and Hochberg's over all rows.
    """
    if flows.compared is None:
        return DIFFERENCE.empty_table()
    one, other = flows.compared
    either = np.flatnonzero(flows.flow[one, 0] + flows.flow[other, 0])
    both = np.minimum(flows.left(one), flows.left(other))[either >> flows.square.shift] > 0
    cells = either[both]
    sides = [flows.probability(group, cells) for group in (one, other)]
    tested = [difference(*((s.share[i], s.low[i], s.high[i], s.trials[i]) for s in sides)) for i in range(len(cells))]
    adjusted = benjamini_hochberg([row[3] for row in tested])
    rows, columns = cells >> flows.square.shift, cells & ((1 << flows.square.shift) - 1)
    values: list[Any] = [flows.sources(rows), flows.targets(columns), *([flows.segments[g]] * len(cells) for g in (one, other))]
    for group, side in zip((one, other), sides, strict=True):
        values += [side.share, flows.left(group)[rows], flows.flow[group, 1][cells]]
    values += [[row[place] for row in tested] for place in range(4)] + [adjusted]
    order = np.lexsort([-np.abs([row[0] for row in tested]), np.array(adjusted, np.float64)])
    return _typed(DIFFERENCE, values).take(pa.array(order))


def _typed(schema: pa.Schema, values: list[Any]) -> pa.Table:
    """The table of these columns; not-a-number is null."""
    made = [pa.array(value, item.type, from_pandas=True) for item, value in zip(schema, values, strict=True)]
    return pa.table(made, schema=schema)
