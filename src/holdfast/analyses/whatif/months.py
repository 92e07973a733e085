"""The monthly flows of a shop: from its own complete months, and resampled ones for the intervals.

The months are resampled whole (Efron 1979), so that good and bad ones keep their churn, newcomers and money together. With
fewer than four months there is nothing to resample: counts are then drawn as Poisson and binomial ones, which knows of chance
but not of seasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.whatif.projection import Flow, Path, projected

__all__ = ["FEW", "Months", "backcast", "flow_of", "months_of"]

FEW = 4
"""With fewer months than this there is nothing to resample."""


@dataclass(frozen=True)
class Months:
    """Complete months of one segment, in order; arrays [months].

    labels  their periods · start, new, returned, lost, end  customers · revenue  net money of the month
    filling  whether the base is still filling in them: churn is understated
    """

    labels: tuple[str, ...]
    start: npt.NDArray[np.float64]
    new: npt.NDArray[np.float64]
    returned: npt.NDArray[np.float64]
    lost: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]
    revenue: npt.NDArray[np.float64]
    filling: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, low: int, high: int) -> Months:
        """The months from `low` to before `high`."""
        start, new, returned, lost, end, revenue = (
            array[low:high] for array in (self.start, self.new, self.returned, self.lost, self.end, self.revenue)
        )
        return Months(self.labels[low:high], start, new, returned, lost, end, revenue, self.filling)


def months_of(bridge: list[dict[str, Any]], orders: list[dict[str, Any]]) -> Months:
    """The complete months of a segment that begin with a filled base, or with any where none is filled.

    bridge, orders  rows of one segment of `Bridge` and of `Orders`, by month
    """
    over = [row for row in bridge if row["state"] == "complete" and row["start"] > 0]
    filled = [row for row in over if "filling" not in row["note"]]
    used = filled or over
    money = {row["period"]: row["first_revenue"] + row["later_revenue"] for row in orders}
    labels = tuple(row["period"] for row in used)
    columns = {name: np.array([row[name] for row in used], np.float64) for name in ("start", "new", "returned", "lost", "end")}
    revenue = np.array([money.get(label, 0.0) for label in labels], np.float64)
    return Months(labels, revenue=revenue, filling=not filled, **columns)


def flow_of(months: Months, draws: int, seed: int) -> Flow:
    """The pooled flow of these months first, then as many resampled ones."""
    rng = np.random.default_rng(seed)
    size = len(months)
    if size < FEW:
        return _drawn(months, draws, rng)
    weight = np.ones((draws + 1, size))
    weight[1:] = rng.multinomial(size, np.full(size, 1 / size), draws)
    return _pooled(months, weight)


def _pooled(months: Months, weight: npt.NDArray[np.float64]) -> Flow:
    held = weight @ ((months.start + months.end) / 2)
    count = weight.sum(axis=1)
    return Flow(
        base=float(months.end[-1]), churn=(weight @ months.lost) / (weight @ months.start), new=(weight @ months.new) / count,
        returned=(weight @ months.returned) / count, revenue=(weight @ months.revenue) / held,
    )  # fmt: skip


def _drawn(months: Months, draws: int, rng: np.random.Generator) -> Flow:
    """A flow of few months: the counts vary as chance alone would have them."""
    one = _pooled(months, np.ones((1, len(months))))
    start, lost, count = months.start.sum(), months.lost.sum(), len(months)
    churn = rng.beta(lost + 0.5, start - lost + 0.5, draws)
    coming = [rng.poisson(flow.sum(), draws) / count for flow in (months.new, months.returned)]
    spread = np.full(draws, one.revenue[0])
    flows = ((one.churn, churn), (one.new, coming[0]), (one.returned, coming[1]), (one.revenue, spread))
    return Flow(one.base, *(np.concatenate(pair) for pair in flows))


def backcast(months: Months, draws: int, seed: int) -> tuple[Months, Path] | None:
    """What the first half of the months would have foretold of the second, and what came; None with too few.

    Each draw takes a whole month of the first half for each month to come.
    """
    half = (len(months) + 1) // 2
    if half < FEW - 1 or len(months) - half < 2:
        return None
    past, then = months.part(0, half), months.part(half, len(months))
    middle = projected(_pooled(past, np.ones((1, half))), len(then))
    rng = np.random.default_rng(seed)
    customers, revenue = np.empty((draws, len(then) + 1)), np.empty((draws, len(then)))
    customers[:, 0] = past.end[-1]
    churn, coming = past.lost / past.start, past.new + past.returned
    a_head = past.revenue / ((past.start + past.end) / 2)
    for month in range(len(then)):
        at = rng.integers(0, half, draws)
        customers[:, month + 1] = customers[:, month] * (1 - churn[at]) + coming[at]
        revenue[:, month] = a_head[at] * (customers[:, month] + customers[:, month + 1]) / 2
    return then, Path(np.vstack([middle.customers, customers]), np.vstack([middle.revenue, revenue]))
