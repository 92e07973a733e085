"""A base carried forward month by month.

    base(t + 1) = base(t) x (1 - churn) + new + returned
    revenue of a month = revenue per customer and month x mean of the base at its start and end

Assumptions: 1. Every customer of the base is lost at the same rate, whatever her age. 2. As many come and return each month as
in the months looked at, on average; who is kept does not come as new or returned. 3. A customer who is kept brings what the
average customer brings. 4. A lever moves at once and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["LEVERS", "Change", "Flow", "Lever", "Path", "moved", "projected"]

Numbers = npt.NDArray[np.float64]
Lever = Literal["retention", "yearly", "churn", "acquisition", "spend"]

YEAR = 12

LEVERS: dict[str, str] = {
    "retention": "retention +{:g} points",
    "yearly": "a year\u2019s retention +{:g} points",
    "churn": "churn −{:g} %",
    "acquisition": "new customers +{:g} %",
    "spend": "revenue a customer +{:g} %",
}
"""Levers and how their change is said. Retention is that of a month; a year's is twelve months of it in a row."""


@dataclass(frozen=True)
class Flow:
    """What happens to a base in a month; the first draw is the estimate, further ones are resampled.

    base      customers at the beginning
    churn     float64 [draws], or [draws, months] where months differ: share of the base lost in a month
    new, returned   the same: customers a month
    revenue   the same: money per customer of the base and month
    """

    base: float
    churn: Numbers
    new: Numbers
    returned: Numbers
    revenue: Numbers


@dataclass(frozen=True)
class Change:
    """A lever moved: by points of retention, or by per cent of what it is."""

    lever: Lever
    amount: float

    def __str__(self) -> str:
        said = LEVERS[self.lever].format(self.amount)
        return said.replace("+1 points", "+1 point")


@dataclass(frozen=True)
class Path:
    """Where a base goes.

    customers  float64 [draws, months + 1]: at the end of each month, the beginning first
    revenue    float64 [draws, months]: money of each month, discounted
    """

    customers: Numbers
    revenue: Numbers


def moved(flow: Flow, change: Change) -> Flow:
    """The flow with a lever moved; churn never falls below 0."""
    part = change.amount / 100
    match change.lever:
        case "retention":
            return replace(flow, churn=np.maximum(flow.churn - part, 0.0))
        case "yearly":
            kept = np.minimum((1 - flow.churn) ** YEAR + part, 1.0)
            return replace(flow, churn=1 - kept ** (1 / YEAR))
        case "churn":
            return replace(flow, churn=np.maximum(flow.churn * (1 - part), 0.0))
        case "acquisition":
            return replace(flow, new=flow.new * (1 + part))
        case "spend":
            return replace(flow, revenue=flow.revenue * (1 + part))


def projected(flow: Flow, months: int, discount: float = 0.0) -> Path:
    """A base carried forward.

    discount  yearly rate at which later money counts less, as 0.1; a month's money counts from its middle
    """
    churn, coming, revenue = (_monthly(one, months) for one in (flow.churn, flow.new + flow.returned, flow.revenue))
    rows = np.empty((months + 1, len(churn)))
    rows[0] = flow.base
    for month in range(months):
        rows[month + 1] = rows[month] * (1 - churn[:, month]) + coming[:, month]
    customers = np.ascontiguousarray(rows.T)
    worth = (1 + discount) ** (-(np.arange(months) + 0.5) / YEAR)
    return Path(customers, revenue * (customers[:, 1:] + customers[:, :-1]) / 2 * worth)


def _monthly(values: Numbers, months: int) -> Numbers:
    """The values of each month to come: [draws, months]."""
    return np.broadcast_to(values[:, None] if values.ndim == 1 else values, (len(values), months))
