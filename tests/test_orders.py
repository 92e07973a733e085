"""Orders, their value and who repeats them: by hand and against plain SQL (MISSION 1.2; SEMANTICS 17, 21)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from orders_oracle import oracle
from people import told
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.orders import Orders
from holdfast.errors import UnknownName
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

STORY = "ann a1 10.05 @0  ann a2 20 @10  ann a3 30 @40  ben b1 40 @1  -ben b1 15 @50  cleo c1 8 @2  -cleo c1 8 @3"


def test_january_by_hand() -> None:
    """Ann 10.05 and 20, Ben 40 - 15; Cleo's order was taken back in full and leaves every count: 55.05 of 78.05 gross."""
    row = Orders(last="2024-01").answer(told(STORY)).table.to_pylist()[0]
    assert (row["orders"], row["customers"], row["revenue"]) == (3, 2, 55.05)
    assert (row["aov"], row["aov_median"], row["orders_per_customer"]) == (18.35, 20.0, 1.5)
    assert (row["first_orders"], row["later_orders"], row["first_revenue"], row["later_revenue"]) == (2, 1, 35.05, 20.0)
    assert row["refunded"] == 23.0
    assert row["refund_rate"] == pytest.approx(23 / 78.05, abs=1e-15)


def test_the_ledger_keeps_the_orders_and_dates_the_refunds() -> None:
    """January: orders 10.05, 20, 40, 8 and Cleo's refund of 8 on day 3; February: 30 and Ben's refund of 15 on day 50."""
    rows = Orders().answer(told(STORY, Settings(refunds="ledger"))).table.to_pylist()
    assert [(row["orders"], row["customers"], row["revenue"]) for row in rows] == [(4, 3, 70.05), (1, 1, 15.0)]


def test_first_and_later_orders_side_by_side() -> None:
    """First: Ann 10.05, Ben 25. Later: Ann 20, 30."""
    kinds = {row["kind"]: row for row in Orders().answer(told(STORY)).extra["new_and_returning"].to_pylist()}
    assert [(kinds[kind]["orders"], kinds[kind]["customers"]) for kind in ("all", "first", "later")] == [(4, 2), (2, 2), (2, 1)]
    assert (kinds["first"]["aov"], kinds["later"]["aov"], kinds["later"]["aov_median"]) == (17.525, 25.0, 25.0)
    assert kinds["later"]["revenue_share"] == pytest.approx(50 / 85.05, abs=1e-15)


def test_people_of_a_period() -> None:
    answer = Orders().answer(told(STORY))
    assert answer.people(period="2024-01", what="first").ids == ("ann", "ben")
    assert answer.people(period="2024-02", what="later").ids == ("ann",)
    assert answer.people(period="2024-02", what="first").ids == ()
    with pytest.raises(UnknownName, match="2024-01"):
        answer.people(period="2025-01")


def test_a_value_without_spread_has_no_interval_of_one() -> None:
    row = Orders(period=None).answer(told("ann a1 5 @0")).table.to_pylist()[0]
    assert (row["aov"], row["aov_low"], row["aov_high"]) == (5.0, None, None)


ORDERS_SQL = """
    WITH cell AS (
        SELECT strftime(day, '%Y-%m') AS period, count(*) AS orders, count(DISTINCT customer) AS customers, sum(amount) AS net,
               avg(amount) AS aov, stddev_samp(amount) AS spread, median(CAST(amount AS DOUBLE)) AS middle,
               count(*) FILTER (nth = 1) AS first_orders, coalesce(sum(amount) FILTER (nth = 1), 0) AS first_revenue,
               coalesce(sum(amount) FILTER (nth > 1), 0) AS later_revenue
        FROM orders GROUP BY ALL
    ),
    more AS (SELECT strftime(day, '%Y-%m') AS period, sum(amount) AS adjusted FROM adjusted GROUP BY ALL),
    whole AS (SELECT strftime(day, '%Y-%m') AS period, sum(gross) AS gross FROM settled GROUP BY ALL)
    SELECT period, orders, customers, net + coalesce(adjusted, 0), aov, spread, middle, first_orders, first_revenue,
    later_revenue, gross
    FROM cell LEFT JOIN more USING (period) LEFT JOIN whole USING (period) ORDER BY period
"""


@pytest.mark.parametrize(
    ("timelines", "events", "mode"),
    [
        (lambda: shop(tied=True), lambda: shop_events(tied=True), "order"),
        (lambda: shop(tied=True), lambda: shop_events(tied=True), "ledger"),
        (cdnow, cdnow_events, "order"),
    ],
)
def test_every_cell_equals_sql(timelines: Any, events: Any, mode: Any) -> None:
    made = timelines()
    answer = Orders().answer(Timelines(made.source.columns, replace(made.settings, refunds=mode)))
    expected = oracle(events(), mode).execute(ORDERS_SQL).fetchall()
    found = answer.table.to_pylist()
    assert len(found) == len(expected)
    for row, (period, orders, customers, revenue, aov, spread, middle, first, first_money, later_money, gross) in zip(
        found, expected, strict=True
    ):
        assert (row["period"], row["orders"], row["customers"], row["first_orders"]) == (period, orders, customers, first)
        assert Decimal(str(row["revenue"])) == revenue
        assert (Decimal(str(row["first_revenue"])), Decimal(str(row["later_revenue"]))) == (first_money, later_money)
        assert row["aov"] == pytest.approx(aov, abs=5.1e-5)
        assert row["aov_median"] == pytest.approx(middle, abs=5.1e-5)
        assert row["aov_high"] - row["aov"] == pytest.approx(1.959963984540054 * spread / orders**0.5, abs=2e-4)
        assert row["refund_rate"] == pytest.approx(float(gross - revenue) / float(gross), abs=1e-12)
        assert len(answer.people(period=period)) == customers


def test_segments_add_up() -> None:
    everyone = Orders(period=None).answer(shop()).table.to_pylist()[0]
    split = Orders(period=None, by="country").answer(shop()).table.to_pylist()
    assert sum(row["orders"] for row in split) == everyone["orders"]
    assert sum(row["customers"] for row in split) == everyone["customers"]
