"""The tables of the question: customers, and groups of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.value.doubt import Doubt, bounds, doubt
from holdfast.analyses.value.futures import picked, value_bounds
from holdfast.analyses.value.groups import Group
from holdfast.events.schema import MONEY_UNITS
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.occasions import Occasions
    from holdfast.analyses.value.valuer import Valuer, Worth

__all__ = ["Told", "customers_table", "group_table", "known", "own_bounds"]

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """All that is known of the customers in scope.

    found   what they bought · valuer  the models · worth  what is to be expected of each
    labels  of the segments, by the code in `found.segment`
    """

    found: Occasions
    valuer: Valuer
    worth: Worth
    labels: tuple[str, ...]

    @cached_property
    def doubt(self) -> Doubt:
        """How surely it is to be expected."""
        return doubt(self.valuer, self.found, self.worth)

    @property
    def paid(self) -> bool:
        """Whether there is money in the data."""
        return self.valuer.spending is not None

    @property
    def so_far(self) -> Numbers:
        """What each customer brought up to the as-of, in the money of the answer. [customers]"""
        return np.asarray(self.found.money / MONEY_UNITS * self.valuer.share)


def known(value: Any, digits: int | None = 4) -> float | None:
    """A number, None where it is none."""
    return None if value is None or not np.isfinite(value) else float(value) if digits is None else round(float(value), digits)


CUSTOMERS = pa.schema(
    [
        *((name, pa.string()) for name in ("customer", "segment")),
        ("orders", pa.int64()),
        ("last_order", pa.date32()),
        *((name, pa.float64()) for name in ("expected_orders", "p_alive", "order_value", "value", "low", "high")),
        *((name, pa.float64()) for name in ("value_if_here", "value_at_risk")),
    ]
)


def customers_table(told: Told, by: Numbers, limit: int | None, among: npt.NDArray[np.bool_] | None = None) -> pa.Table:
    """A row a customer, those with most of `by` first, then by id.

    by  float64 [customers] · limit  how many; None: all · among  who of them is listed; None: all
    """
    listed = np.arange(len(by)) if among is None else np.flatnonzero(among)
    chosen = listed[_first(by[listed], told.found.ids.take(pa.array(listed)), limit)]
    low, high = own_bounds(told, chosen)
    worth, found = told.worth, told.found
    margin = 1.0 if told.valuer.margin is None else told.valuer.margin
    columns: dict[str, Any] = {
        "customer": found.ids.take(pa.array(chosen)),
        "segment": pa.array(told.labels).take(pa.array(found.segment[chosen])),
        "orders": found.orders[chosen],
        "last_order": pa.array([date_of(int(day)) for day in found.last[chosen]], pa.date32()),
        "expected_orders": _numbers(worth.orders[chosen]),
        "p_alive": _numbers(worth.alive[chosen], 6),
        "order_value": _numbers(worth.order_value[chosen] * margin),
        "value": _numbers(worth.value[chosen]),
        "low": _numbers(low),
        "high": _numbers(high),
        "value_if_here": _numbers(worth.if_here[chosen]),
        "value_at_risk": _numbers(worth.at_risk[chosen]),
    }
    return pa.table([_typed(columns[item.name], item.type) for item in CUSTOMERS], CUSTOMERS)


def _typed(values: Any, kind: pa.DataType) -> Any:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)


def _numbers(values: Numbers, digits: int = 4) -> pa.Array:
    return pa.array(np.round(values, digits), pa.float64(), mask=~np.isfinite(values))


def _first(by: Numbers, ids: Any, limit: int | None) -> npt.NDArray[np.int64]:
    """The places of the first customers: most of `by`, equal ones by id."""
    wanted = len(by) if limit is None else min(limit, len(by))
    if not wanted:
        return np.zeros(0, np.int64)
    most = np.nan_to_num(by, nan=-1.0)
    least = np.partition(most, len(most) - wanted)[len(most) - wanted]
    places = np.flatnonzero(most >= least)
    named = pa.chunked_array([ids]) if isinstance(ids, pa.Array) else ids
    rows = pa.table({"by": most[places], "id": named.take(pa.array(places)), "place": places})
    laid = rows.sort_by([("by", "descending"), ("id", "ascending")])
    return np.asarray(laid["place"].to_numpy()[:wanted], np.int64)


def own_bounds(told: Told, chosen: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """The interval of each chosen customer's own future value, 90 %; nan where there is no money."""
    spending, worth = told.valuer.spending, told.worth
    if spending is None or not len(chosen):
        return np.full(len(chosen), np.nan), np.full(len(chosen), np.nan)
    histories, row = worth.histories, worth.histories.place[chosen]
    mean = told.found.mean_value[chosen]
    paid = mean > 0
    each, place = np.unique(2 * row + paid, return_inverse=True)
    part = picked(histories, each // 2)
    t = float(told.valuer.horizon.times(histories.unit_days)[-1])
    shape, _ = spending.law(part.x, np.where(each % 2 == 1, 1.0, 0.0))
    _, rate = spending.law(told.found.x[chosen], mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(worth.orders > 0, worth.discounted / worth.orders, 1.0)[chosen] * told.valuer.share
    low, high = value_bounds(told.valuer.buying, spending.p, shape, part, t)
    return low[place] * kept * rate, high[place] * kept * rate


GROUPED = [
    ("n", pa.int64()),
    *((name, pa.float64()) for name in ("value", "low", "high", "total_value", "total_value_low", "total_value_high")),
    *((name, pa.float64()) for name in ("share", "value_at_risk", "expected_orders", "p_alive", "value_so_far")),
]


def group_table(told: Told, group: Group) -> pa.Table:
    """A row a group that has customers: n, the mean value with its interval, the total with its, the share of all value, the
    value at risk (total), expected orders, P(alive) and the value so far (means)."""
    some, size = group.codes >= 0, len(group.labels)
    member = group.codes[some]
    n = np.bincount(member, minlength=size)

    def summed(values: Numbers) -> Numbers:
        return np.bincount(member, values[some], size).astype(np.float64)

    worth = told.worth
    total, risk = summed(worth.value), summed(worth.at_risk)
    orders, alive, before = summed(worth.orders), summed(worth.alive), summed(told.so_far)
    low, high = bounds(total, told.doubt.of(group.codes, size)) if told.paid else (total, total)
    whole = total.sum()
    kind = pa.int64() if group.labels and isinstance(group.labels[0], int) else pa.string()
    rows = [
        {
            group.name: group.labels[place], "n": int(n[place]),
            "value": known(total[place] / n[place]), "low": known(low[place] / n[place]), "high": known(high[place] / n[place]),
            "total_value": known(total[place]), "total_value_low": known(low[place]), "total_value_high": known(high[place]),
            "share": known(total[place] / whole, 6) if whole > 0 else None,
            "value_at_risk": known(risk[place]), "expected_orders": known(orders[place] / n[place]),
            "p_alive": known(alive[place] / n[place], 6),
            "value_so_far": known(before[place] / n[place]) if told.paid else None,
        }
        for place in np.flatnonzero(n)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, pa.schema([(group.name, kind), *GROUPED]))
