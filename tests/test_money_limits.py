"""Money at its limits: what is no amount is counted as none, what cannot be summed exactly is refused, never a wrong sum."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from holdfast.analyses.orders import Orders
from holdfast.errors import InputError
from holdfast.timelines.timelines import Timelines

NOON = [datetime(2024, 1, 5, 12, tzinfo=UTC), datetime(2024, 2, 5, 12, tzinfo=UTC)]


def paid(revenue: Any) -> Timelines:
    """Two orders of Ann's with these amounts."""
    time = pa.array(NOON, pa.timestamp("us", tz="UTC"))
    return Timelines.from_arrow(pa.table({"customer_id": ["Ann", "Ann"], "time": time, "revenue": revenue}))


@pytest.mark.parametrize("nothing", [float("nan"), float("inf"), float("-inf")])
def test_a_float_that_is_no_number_is_an_order_without_revenue(nothing: float) -> None:
    """An order that is not known to have brought anything counts with 0, and is counted as such."""
    shop = paid(pa.array([nothing, 10.05]))
    row = shop.ask(Orders(period=None)).table.to_pylist()[0]
    assert (row["orders"], row["revenue"], shop.meta.no_revenue) == (2, 10.05, 1)


def test_finer_decimals_are_rounded_to_ten_thousandths() -> None:
    """3.333333 + 1.50005 = 3.3333 + 1.5000 (half to even), as a float column is."""
    shop = paid(pa.array([Decimal("3.333333"), Decimal("1.500050")], pa.decimal128(20, 6)))
    assert shop.ask(Orders(period=None)).table.to_pylist()[0]["revenue"] == 4.8333


@pytest.mark.parametrize("amounts", [pa.array([1e15, 1.0]), pa.array([10**15, 1]), pa.array([2**64 - 1, 1], pa.uint64())])
def test_an_amount_beyond_the_limit_is_refused(amounts: Any) -> None:
    """64 bits of ten-thousandths end at 922 million millions."""
    with pytest.raises(InputError, match="too large"):
        paid(amounts)


def test_a_sum_beyond_the_limit_is_refused_when_built_and_when_merged() -> None:
    """Each amount fits, their sum does not: 2 x 600 million millions."""
    with pytest.raises(InputError, match="more than can be summed"):
        paid(pa.array([6e14, 6e14]))
    time = pa.array(NOON[:1], pa.timestamp("us", tz="UTC"))
    late = pa.table({"customer_id": ["Ben"], "time": time, "event": ["Order Completed"], "revenue": [6e14]})
    with pytest.raises(InputError, match="more than can be summed"):
        paid(pa.array([6e14, 1.0])).merge(late.to_batches())


def test_a_column_that_is_no_money_is_refused_with_a_word() -> None:
    """True and False are no amounts."""
    with pytest.raises(InputError, match="no amount of money"):
        paid(pa.array([True, False]))
