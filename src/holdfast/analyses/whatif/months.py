"""The monthly flows of a shop: from its own complete months, and resampled ones for the intervals.

The months are resampled whole (Efron 1979), so that good and bad ones keep their churn, newcomers and money together; the
months to come then vary around the resampled level as those looked at did. With fewer than three months there is nothing to
resample: counts are then drawn as Poisson and binomial ones, which knows of chance but not of seasons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

import holdfast.analyses.models  # noqa: F401  # on the command line it lets scipy in
from holdfast.analyses.whatif.projection import Flow, Path, projected

__all__ = ["FEW", "Departures", "Months", "backcast", "departures", "flow_of", "months_of", "resampled", "tails", "varied"]

FEW = 3
"""With fewer months than this there is nothing to resample."""


@dataclass(frozen=True)
class Months:
    """Complete months of one segment, in order; arrays [months].

    labels  their periods · start, new, returned, lost, end  customers · revenue  net money of the month · orders  counting ones
    filling  whether the base is still filling in them: churn is understated
    """

    labels: tuple[str, ...]
    start: npt.NDArray[np.float64]
    new: npt.NDArray[np.float64]
    returned: npt.NDArray[np.float64]
    lost: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]
    revenue: npt.NDArray[np.float64]
    orders: npt.NDArray[np.float64]
    filling: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, low: int, high: int) -> Months:
        """The months from `low` to before `high`."""
        arrays = (self.start, self.new, self.returned, self.lost, self.end, self.revenue, self.orders)
        start, new, returned, lost, end, revenue, orders = (array[low:high] for array in arrays)
        return Months(self.labels[low:high], start, new, returned, lost, end, revenue, orders, self.filling)


def months_of(bridge: list[dict[str, Any]], orders: list[dict[str, Any]]) -> Months:
    """The complete months of a segment that begin with a filled base, or with any where none is filled.

    bridge, orders  rows of one segment of `Bridge` and of `Orders`, by month
    """
    over = [row for row in bridge if row["state"] == "complete" and row["start"] > 0]
    filled = [row for row in over if "filling" not in row["note"]]
    used = filled or over
    money = {row["period"]: (row["first_revenue"] + row["later_revenue"], row["orders"]) for row in orders}
    labels = tuple(row["period"] for row in used)
    columns = {name: np.array([row[name] for row in used], np.float64) for name in ("start", "new", "returned", "lost", "end")}
    sold = np.array([money.get(label, (0.0, 0)) for label in labels], np.float64).reshape(len(labels), 2)
    return Months(labels, revenue=sold[:, 0], orders=sold[:, 1], filling=not filled, **columns)


def flow_of(months: Months, draws: int, seed: int) -> Flow:
    """The pooled flow of these months first, then as many resampled ones; where nobody was lost, what chance may hide."""
    if len(months) < FEW:
        return _drawn(months, draws, np.random.default_rng(seed))
    found = _pooled(months, resampled(len(months), draws, seed))
    if not months.lost.any():
        found.churn[1:] = np.random.default_rng(seed).beta(0.5, months.start.sum() + 0.5, draws)
    return found


def resampled(size: int, draws: int, seed: int) -> npt.NDArray[np.float64]:
    """How often each of `size` months is taken: [draws + 1, size], once each first."""
    weight = np.ones((draws + 1, size))
    weight[1:] = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), draws)
    return weight


def _pooled(months: Months, weight: npt.NDArray[np.float64]) -> Flow:
    held = weight @ ((months.start + months.end) / 2)
    count = weight.sum(axis=1)
    return Flow(
        base=float(months.end[-1]), churn=(weight @ months.lost) / (weight @ months.start), new=(weight @ months.new) / count,
        returned=(weight @ months.returned) / count, revenue=(weight @ months.revenue) / held,
    )  # fmt: skip


def _drawn(months: Months, draws: int, rng: np.random.Generator) -> Flow:
    """A flow of few months: the counts, of orders too, vary as chance alone would have them."""
    one = _pooled(months, np.ones((1, len(months))))
    start, lost, count = months.start.sum(), months.lost.sum(), len(months)
    churn = rng.beta(lost + 0.5, start - lost + 0.5, draws)
    coming = [rng.poisson(flow.sum(), draws) / count for flow in (months.new, months.returned)]
    bought = months.orders.sum()
    spread = one.revenue[0] * (rng.poisson(bought, draws) / bought if bought else np.ones(draws))
    flows = ((one.churn, churn), (one.new, coming[0]), (one.returned, coming[1]), (one.revenue, spread))
    return Flow(one.base, *(np.concatenate(pair) for pair in flows))


@dataclass(frozen=True)
class Departures:
    """How months to come depart from the level, as factors float64 [draws, months]; the first draw is the level itself."""

    churn: npt.NDArray[np.float64]
    coming: npt.NDArray[np.float64]
    revenue: npt.NDArray[np.float64]


def departures(months: Months, ahead: int, draws: int, seed: int) -> Departures:
    """Each month to come departs from the level as a whole month of those looked at did, drawn with replacement.

    The departures are widened by √(n / (n − 1)), since n months lie closer to their own mean than to the true one. With too
    few months to resample no month departs.
    """
    size = len(months)
    at = np.random.default_rng(seed).integers(0, size, (draws, ahead))

    def drawn(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found = np.ones((draws + 1, ahead))
        mean = values.mean()
        if size >= FEW and mean > 0:
            found[1:] = np.maximum(1 + (values / mean - 1)[at] * math.sqrt(size / (size - 1)), 0.0)
        return found

    heads = (months.start + months.end) / 2
    a_head = np.divide(months.revenue, heads, out=np.zeros(size), where=heads > 0)
    return Departures(drawn(months.lost / months.start), drawn(months.new + months.returned), drawn(a_head))


def varied(flow: Flow, by: Departures) -> Flow:
    """The flow of each month to come: the level times how the month departs from it."""
    return replace(
        flow, churn=np.minimum(flow.churn[:, None] * by.churn, 1.0), new=flow.new[:, None] * by.coming,
        returned=flow.returned[:, None] * by.coming, revenue=flow.revenue[:, None] * by.revenue,
    )  # fmt: skip


def tails(months: int) -> tuple[float, float]:
    """The shares of the draws below and above which a 95 % interval ends.

    A mean of few resampled months varies too little, by √((n − 1) / n), and its spread is itself uncertain: the shares are
    taken further out, Φ(−√(n / (n − 1)) t(.975, n − 1)), the expanded percentile interval (Hesterberg 2015, The American
    Statistician 69, section 5.3). Below `FEW` months nothing is resampled, and the shares are 2.5 % and 97.5 %.
    """
    from scipy.special import ndtr, stdtrit

    if months < FEW:
        return 0.025, 0.975
    low = float(ndtr(-math.sqrt(months / (months - 1)) * stdtrit(months - 1, 0.975)))
    return low, 1 - low


def backcast(months: Months, draws: int, seed: int) -> tuple[Months, Path] | None:
    """What the first half of the months would have foretold of the second, and what came; None with too few.

    It is foretold just as the months to come are.
    """
    half = (len(months) + 1) // 2
    if half < FEW or len(months) - half < 2:
        return None
    past, then = months.part(0, half), months.part(half, len(months))
    flow = varied(flow_of(past, draws, seed), departures(past, len(then), draws, seed + 1))
    return then, projected(flow, len(then))
