"""What stands beside the customers' values: what a new one is worth, and what the plain formula says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.value.doubt import bounds, slopes_of
from holdfast.analyses.value.horizon import Horizon, discounted
from holdfast.analyses.value.paying import OwnPaying
from holdfast.analyses.value.tables import Told, known
from holdfast.events.schema import MONEY_UNITS

if TYPE_CHECKING:
    import numpy.typing as npt

    from holdfast.analyses.value.valuer import Valuer
    from holdfast.timelines.timelines import Timelines

__all__ = ["FORMULA", "MODEL", "SAME", "first_values", "later_value", "new_table", "plain_table"]

YEARS = (12, 24, 36)
"""Months for which a new customer's worth is always told."""

NEW = pa.schema(
    [
        *((name, pa.int64()) for name in ("months", "n")),
        *((name, pa.float64()) for name in ("value", "low", "high", "first_value", "later_value", "repeat_orders")),
        ("order_value", pa.float64()),
    ]
)


def new_table(told: Told) -> pa.Table:
    """A customer acquired today: what she brings with her first order and, discounted, after it, by months from now.

    The interval is that of the mean of many such customers: of the first order by the spread of all first orders, of the rest
    by the doubt about the parameters, or about the mean of repeaters' means.
    """
    spending, found, share = told.valuer.spending, told.found, told.valuer.share
    rows: list[dict[str, Any]] = []
    if spending is None or not len(found):
        return pa.Table.from_pylist(rows, NEW)
    firsts = first_values(told)
    first, error = float(firsts.mean()), float(firsts.var(ddof=1) / len(firsts)) if len(firsts) > 1 else 0.0
    for months in sorted({*YEARS, told.valuer.horizon.months}):
        later, orders = _later(told.valuer, months)
        slopes, covariance = slopes_of(told.valuer, partial(later_value, months))
        variance = error + (float(slopes @ covariance @ slopes) if len(slopes) else 0.0)
        variance += (later * spending.error) ** 2 if isinstance(spending, OwnPaying) else 0.0
        low, high = bounds(np.array([first + later]), np.array([variance]))
        rows.append(
            {
                "months": months, "n": len(found), "value": known(first + later), "low": known(low[0]), "high": known(high[0]),
                "first_value": known(first), "later_value": known(later), "repeat_orders": known(orders),
                "order_value": known(spending.population_mean * share),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, NEW)


def first_values(told: Told) -> npt.NDArray[np.float64]:
    """What each customer's first occasion brought, in the money of the answer. [customers]"""
    return np.asarray((told.found.money - told.found.repeat_money) / MONEY_UNITS * told.valuer.share)


def later_value(months: int, valuer: Valuer) -> float:
    """What a new customer brings after her first order within so many months, discounted as the valuer's horizon says."""
    return _later(valuer, months)[0]


def _later(valuer: Valuer, months: int) -> tuple[float, float]:
    """What a new customer brings after her first order, discounted, and with how many orders."""
    assert valuer.spending is not None
    ahead = Horizon(months, valuer.horizon.discount)
    expected: npt.NDArray[np.float64] = np.asarray(valuer.buying.new(ahead.times(valuer.buying.fit.unit_days)), np.float64)
    return float(discounted(expected, ahead.monthly)) * valuer.spending.population_mean * valuer.share, float(expected[-1])


PLAIN = pa.schema(
    [
        *((name, pa.string()) for name in ("method", "customers_are")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("months", "value", "low", "high", "total_value")),
        ("misleads", pa.string()),
    ]
)

MODEL, FORMULA, SAME = "the model", "plain formula", "plain formula, same months"

_MISLEADS = {
    MODEL: "where the coming months differ from the past: prices, seasons, a campaign; it knows only orders and their money",
    FORMULA: "for single customers; where few bring most of the money; where churn falls with age; where history is short",
    SAME: "as the plain formula; but ends with the model's horizon",
}


def plain_table(told: Told | None, plain: PlainClv, timelines: Timelines, months: int) -> pa.Table:
    """The model's mean beside the plain formula's, each with the customers it speaks of, and when it misleads."""
    row = plain.answer(timelines).table.to_pylist()[0]
    base = _base(plain, timelines)
    rows = []
    if told is not None and told.paid:
        total, n = float(told.worth.value.sum()), len(told.found)
        inside = told.doubt.of(np.zeros(n, np.int64), 1)
        low, high = bounds(np.array([total]), inside)
        rows.append((MODEL, "all who ever ordered", n, months, total / max(n, 1), low[0] / max(n, 1), high[0] / max(n, 1)))
    rows.append((FORMULA, "all in the base", base, row["lifespan_months"], row["clv"], row["clv_low"], row["clv_high"]))
    if row["clv"] is not None and row["churn"] is not None:
        rows.append((SAME, "all in the base", base, months, *_within(row, months)))
    return pa.Table.from_pylist([_said(*each) for each in rows], PLAIN)


def _said(method: str, who: str, n: int, months: Any, value: Any, low: Any, high: Any) -> dict[str, Any]:
    return {
        "method": method, "customers_are": who, "n": n, "months": known(months), "value": known(value), "low": known(low),
        "high": known(high), "total_value": None if value is None else known(value * n), "misleads": _MISLEADS[method],
    }  # fmt: skip


def _base(plain: PlainClv, timelines: Timelines) -> int:
    """How many are in the base at the end of the last period of the bridge."""
    bridge = Bridge("month", None, None, plain.as_of, plain.gone_after, where=plain.where, moment=plain.moment)
    rows = bridge.answer(timelines).table.to_pylist()
    return int(rows[-1]["end"]) if rows else 0


def _within(row: dict[str, Any], months: int) -> tuple[float, None, None]:
    """The plain formula's value of the first months alone: who churns by c a month is there for (1 − (1 − c)^M) / c of M."""
    churn = row["churn"]
    lived = (1 - (1 - churn) ** months) / churn if churn else float(months)
    return row["clv"] / row["lifespan_months"] * lived, None, None
