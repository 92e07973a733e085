"""Coverage: what share of the orders, and of their money, belongs to a customer (SEMANTICS 29)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from shops import shop, shop_events

from holdfast.analyses.orders import Orders
from holdfast.analyses.stickiness import Stickiness
from holdfast.timelines import walk
from holdfast.timelines.timelines import Timelines

ROWS = [("ann", "Order Completed", 30, 1), ("ben", "Order Completed", 20, 2), (None, "Order Completed", 150, 3)]


def told(rows: list[tuple[Any, ...]]) -> Timelines:
    """Orders and other events on days of January 2024."""
    people, names, money, days = zip(*rows, strict=True)
    time = pa.array([datetime(2024, 1, day, tzinfo=UTC) for day in days], pa.timestamp("us", tz="UTC"))
    revenue = pa.array([None if one is None else Decimal(one) for one in money], pa.decimal128(18, 4))
    return Timelines.from_arrow(
        pa.table({"customer_id": pa.array(people, pa.string()), "event": names, "revenue": revenue, "time": time})
    )


def test_of_orders_and_of_their_money() -> None:
    """Two of three orders, 50 of 200; a refund of nobody's changes neither, and what comes after the as-of does not count."""
    rows = [*ROWS, (None, "Order Refunded", 40, 4), ("ann", "Product Viewed", None, 5), (None, "Order Completed", 800, 9)]
    found = told(rows).ask(Orders(as_of="2024-01-06")).definition
    assert (found.coverage, found.money_coverage) == (2 / 3, 0.25)
    assert "coverage 66.7 % (25.0 % of the money)" in found.line()


def test_without_orders_there_is_no_money_to_cover() -> None:
    found = told([("ann", "Product Viewed", None, 5), (None, "Product Viewed", None, 6)]).ask(Stickiness()).definition
    assert (found.coverage, found.money_coverage) == (0.5, None)


def test_the_shop_equals_sql_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "EVENTS_A_SHARD", 5_000)
    events = shop_events()
    connection = duckdb.connect()
    connection.register("events", events)
    expected = connection.execute(
        "SELECT CAST(sum(revenue) FILTER (customer_id IS NOT NULL) AS DOUBLE) / CAST(sum(revenue) AS DOUBLE) FROM events "
        "WHERE event = 'Order Completed'"
    ).fetchone()
    assert (Timelines.from_arrow(events, shop().settings).ask(Orders()).definition.money_coverage,) == pytest.approx(expected)


def test_the_small_print_holds_all_that_a_number_depends_on() -> None:
    """Version, zone, week start, chosen rules, as-of, data version, coverage and n (SEMANTICS 30)."""
    line = told(ROWS).ask(Orders(period=None)).definition.line()
    assert line == (
        "definition v1 · UTC · weeks from Monday · clock calendar · period all · refunds order · money revenue, "
        "net of refunds · as of 2024-01-03 · data to row 2 · coverage 66.7 % (25.0 % of the money) · n 2"
    )
