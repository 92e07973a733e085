"""The bridge in money, by hand and against plain SQL: it closes to the cent (SEMANTICS 13, 17, 21)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orders_oracle import oracle
from people import told
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.errors import UnknownName
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

MOVES = ["start", "new", "returned", "expansion", "contraction", "lost", "end"]

STORY = """
    ann a1 100 @3  ann a2 160 @40
    ben b1 100 @4  ben b2 70 @41
    cleo c1 50 @5  cleo c2 60 @70
    dan d1 30.05 @42
"""
"""January 250. February: Ann 160 (expansion 60), Ben 70 (contraction 30), Cleo nothing (lost 50), Dan 30.05 (new): 260.05.
March:
Cleo 60 (returned); the others are lost."""


def row_of(timelines: Timelines, period: str) -> dict[str, Any]:
    """The row of a period."""
    return next(row for row in MoneyRetention().answer(timelines).table.to_pylist() if row["period"] == period)


def test_february_by_hand() -> None:
    """NRR (250 + 60 - 30 - 50) / 250 = 0.92; GRR (100 + 70 + 0) / 250 = 0.68; quick ratio (30.05 + 60) / 80."""
    row = row_of(told(STORY), "2024-02")
    assert [row[name] for name in MOVES] == [250, 30.05, 0, 60, 30, 50, 260.05]
    assert (row["nrr"], row["grr"], row["n"]) == (0.92, 0.68, 3)
    assert row["quick_ratio"] == pytest.approx(90.05 / 80, abs=1e-15)


def test_march_by_hand() -> None:
    row = row_of(told(STORY), "2024-03")
    assert [row[name] for name in MOVES] == [260.05, 0, 60, 0, 0, 260.05, 60]
    assert (row["nrr"], row["grr"]) == (0, 0)


def test_the_first_period_has_nothing_to_keep() -> None:
    row = row_of(told(STORY), "2024-01")
    assert (row["start"], row["nrr"], row["grr"], row["quick_ratio"]) == (0, None, None, None)
    assert row["note"] == "no money in the previous period"


def test_the_interval_of_nrr_is_that_of_a_ratio_of_sums() -> None:
    """A 100, 100, 50; B 160, 70, 0; R 0.92: residuals 68, -22, -46; 1.96 · sqrt(7224 · 3 / 2) / 250 = 0.81610."""
    row = row_of(told(STORY), "2024-02")
    assert row["nrr_high"] == pytest.approx(0.92 + 0.816103, abs=1e-5)
    assert row["nrr_low"] == pytest.approx(0.92 - 0.816103, abs=1e-5)


def test_ten_and_five_cents_stay() -> None:
    many = " ".join(f"p{place} o{place} 10.05 @3" for place in range(1000))
    assert row_of(told(many), "2024-01")["end"] == 10050.0


@pytest.mark.parametrize(("mode", "january", "february"), [("order", 60.0, 0.0), ("ledger", 100.0, -40.0)])
def test_a_refund_counts_in_its_orders_period_or_at_its_own_date(mode: Any, january: float, february: float) -> None:
    made = told("ann a1 100 @3  -ann a1 40 @35", Settings(refunds=mode))
    assert row_of(made, "2024-01")["end"] == january
    found = {row["period"]: row["end"] for row in MoneyRetention(last="2024-02").answer(made).table.to_pylist()}
    assert found["2024-02"] == february


def test_people_behind_the_money() -> None:
    answer = Bridge(measure="money").answer(told(STORY))
    assert answer.people(period="2024-02", what="expansion").ids == ("ann",)
    assert answer.people(period="2024-02", what="contraction").ids == ("ben",)
    assert answer.people(period="2024-02", what="lost").ids == ("cleo",)
    assert answer.people(period="2024-02", what="new").ids == ("dan",)
    assert answer.people(period="2024-02", what="n").ids == ("ann", "ben", "cleo")
    with pytest.raises(UnknownName, match="expansion"):
        answer.people(period="2024-02", what="expanded")


MONEY_SQL = """
    WITH paid AS (SELECT customer, date_trunc('month', day) AS month, amount FROM orders
                  UNION ALL SELECT customer, date_trunc('month', day), amount FROM adjusted),
    sums AS (SELECT customer, month, sum(amount) AS total FROM paid GROUP BY ALL),
    born AS (SELECT customer, date_trunc('month', min(day)) AS month FROM orders GROUP BY customer),
    pair AS (
        SELECT coalesce(a.customer, b.customer) AS customer, coalesce(b.month, a.month + INTERVAL 1 MONTH) AS month,
               coalesce(a.total, 0) AS a, coalesce(b.total, 0) AS b
        FROM sums a FULL JOIN sums b ON a.customer = b.customer AND b.month = a.month + INTERVAL 1 MONTH
    ),
    marked AS (SELECT pair.*, born.month IS NOT DISTINCT FROM pair.month AS fresh FROM pair LEFT JOIN born USING (customer))
    SELECT strftime(month, '%Y-%m'), sum(a),
           coalesce(sum(b - a) FILTER (a <= 0 AND b > 0 AND fresh), 0), coalesce(sum(b - a) FILTER (a <= 0 AND b > 0 AND NOT
           fresh), 0),
           coalesce(sum(b - a) FILTER ((a > 0) = (b > 0) AND b > a), 0), coalesce(sum(a - b) FILTER ((a > 0) = (b > 0) AND a
           > b), 0),
           coalesce(sum(a - b) FILTER (a > 0 AND b <= 0), 0), sum(b), count(*) FILTER (a > 0),
           sum(least(greatest(a, 0), greatest(b, 0))), sum(greatest(a, 0))
    FROM marked GROUP BY month ORDER BY month
"""


@pytest.mark.parametrize(
    ("timelines", "events", "mode"),
    [
        (shop, shop_events, "order"),
        (lambda: shop(tied=True), lambda: shop_events(tied=True), "order"),
        (lambda: shop(tied=True), lambda: shop_events(tied=True), "ledger"),
        (cdnow, cdnow_events, "order"),
    ],
)
def test_every_cent_equals_sql(timelines: Any, events: Any, mode: Any) -> None:
    made = timelines()
    asked = Timelines(made.source.columns, replace(made.settings, refunds=mode))
    found = MoneyRetention().answer(asked).table.to_pylist()
    rows = oracle(events(), mode).execute(MONEY_SQL).fetchall()
    for row, (period, *expected) in zip(found, rows, strict=False):
        assert row["period"] == period
        assert [Decimal(str(row[name])) for name in MOVES] == [Decimal(value) for value in expected[:7]]
        start, n, kept, known = (float(expected[place]) for place in (0, 7, 8, 9))
        assert row["n"] == n
        if start > 0:
            kept_money = float(expected[0] + expected[3] - expected[4] - expected[5])
            assert row["nrr"] == pytest.approx(kept_money / start, abs=1e-12)
            assert row["grr"] == pytest.approx(kept / known, abs=1e-12)
    assert len(found) >= 13


moves = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 120), st.integers(1, 5000), st.booleans()), min_size=1, max_size=30
)


@given(moves, st.sampled_from(["order", "ledger"]), st.sampled_from(["week", "month"]))
@settings(max_examples=60)
def test_money_closes_to_the_cent_whatever_was_taken_back(rows: list[Any], mode: Any, unit: Any) -> None:
    told_rows = [
        f"{'-' if back else ''}p{who} o{place // 2} {cents / 100:.2f} @{day}"
        for place, (who, day, cents, back) in enumerate(rows)
    ]
    made = told("  ".join(told_rows), Settings(refunds=mode))
    before = None
    for row in MoneyRetention(period=unit).answer(made).table.to_pylist():
        start, new, returned, more, less, lost, end = (Decimal(str(row[name])) for name in MOVES)
        assert start + new + returned + more - less - lost == end
        assert before is None or start == before
        assert all(Decimal(str(row[name])) >= 0 for name in MOVES[1:6])
        before = end
