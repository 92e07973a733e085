"""Figures that are estimated, not counted, against independent computations: medians of waits, intervals of ratios, plain CLV.

Waits: the Kaplan-Meier product in SQL. Ratios: the variance of the residuals B - r A, customer by customer, in SQL.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from orders_oracle import oracle
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.clv import PlainClv
from holdfast.analyses.cohorts.year import OneYear
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.analyses.repeat import Repeat

SHOPS = [
    (lambda: shop(tied=True), lambda: shop_events(tied=True), "Europe/London"),
    (cdnow, cdnow_events, "America/New_York"),
]

MEDIAN_SQL = """
    WITH gap AS (
        SELECT nth, lead(day) OVER w IS NOT NULL AS ended,
               coalesce(lead(day) OVER w, (SELECT max(day) FROM tagged)) - day AS wait
        FROM orders WINDOW w AS (PARTITION BY customer ORDER BY nth)
    ),
    days AS (SELECT wait, count(*) FILTER (ended) AS ended, count(*) AS leaving FROM gap WHERE nth <= $most GROUP BY wait),
    risk AS (SELECT wait, ended, sum(leaving) OVER (ORDER BY wait DESC) AS at_risk FROM days),
    stay AS (SELECT wait, product(1 - ended / at_risk) OVER (ORDER BY wait) AS waiting FROM risk)
    SELECT min(wait) FILTER (waiting <= 0.5 + 1e-12), 1 - min(waiting) FILTER (wait <= 90) FROM stay
"""


@pytest.mark.parametrize(("timelines", "events", "zone"), SHOPS)
def test_the_medians_of_waits_equal_sql(timelines: Any, events: Any, zone: str) -> None:
    """Over the first gap of each customer, and over all; the share with a second order by day 90 beside them."""
    answer, connection = Repeat().answer(timelines()), oracle(events(), zone=zone)
    summary = answer.extra["summary"].to_pylist()[0]
    first, share = connection.execute(MEDIAN_SQL, {"most": 1}).fetchone()  # type: ignore[misc]
    every, _ = connection.execute(MEDIAN_SQL, {"most": 10_000_000}).fetchone()  # type: ignore[misc]
    assert (summary["first_to_second_days"], summary["gap_days"]) == (first, every)
    row = next(row for row in answer.table.to_pylist() if row["days"] == 90)
    assert row["km_rate"] == pytest.approx(share, abs=1e-12)


RATIO_SQL = """
    WITH paid AS (SELECT customer, date_trunc('month', day) AS month, amount FROM orders
                  UNION ALL SELECT customer, date_trunc('month', day), amount FROM adjusted),
    sums AS (SELECT customer, month, CAST(sum(amount) AS DOUBLE) AS total FROM paid GROUP BY ALL),
    pair AS (
        SELECT a.total AS a, coalesce(b.total, 0) AS b FROM sums a
        LEFT JOIN sums b ON a.customer = b.customer AND b.month = a.month + INTERVAL 1 MONTH
        WHERE a.month = CAST($month AS DATE) - INTERVAL 1 MONTH AND a.total > 0
    ),
    kept AS (SELECT a, CASE WHEN $capped THEN least(a, greatest(b, 0)) ELSE b END AS x FROM pair),
    ratio AS (SELECT sum(x) / sum(a) AS r, sum(a) AS whole, count(*) AS n FROM kept)
    SELECT any_value(r), sqrt(sum((x - r * a) * (x - r * a)) * any_value(n) / (any_value(n) - 1)) / any_value(whole)
    FROM kept, ratio
"""


@pytest.mark.parametrize(("name", "capped"), [("nrr", False), ("grr", True)])
def test_the_intervals_of_money_retention_equal_sql_on_cdnow(name: str, capped: bool) -> None:
    """CDNOW has no refunds, so every customer of the month before has money and counts in the variance."""
    connection = oracle(cdnow_events(), zone="America/New_York")
    rows = {row["period"]: row for row in MoneyRetention().answer(cdnow()).table.to_pylist()}
    for month in ("1997-03", "1997-08", "1998-02", "1998-06"):
        found = connection.execute(RATIO_SQL, {"month": f"{month}-01", "capped": capped}).fetchone()
        assert found is not None
        ratio, error = found
        assert rows[month][name] == pytest.approx(ratio, abs=1e-9)
        assert rows[month][f"{name}_high"] == pytest.approx(ratio + 1.959963984540054 * error, abs=1e-8)
        assert rows[month][f"{name}_low"] == pytest.approx(max(ratio - 1.959963984540054 * error, 0), abs=1e-8)


CLV_SQL = """
    WITH edge AS (SELECT CAST(unnest(range(DATE '1997-01-01', DATE '1998-08-01', INTERVAL 1 MONTH)) AS DATE) AS begins),
    base AS (SELECT DISTINCT customer, begins FROM orders JOIN edge ON day < begins AND day >= begins - 90),
    month AS (SELECT begins, CAST(begins + INTERVAL 1 MONTH AS DATE) AS ends FROM edge
              WHERE begins >= DATE '1997-01-01' + 90 AND begins + INTERVAL 1 MONTH <= DATE '1998-06-01'),
    here AS (SELECT month.begins, count(*) AS n FROM month JOIN base USING (begins) GROUP BY ALL),
    there AS (SELECT month.begins, count(*) AS n FROM month JOIN base ON base.begins = month.ends GROUP BY ALL),
    kept AS (SELECT month.begins, count(*) AS n FROM month JOIN base s ON s.begins = month.begins
             JOIN base e ON e.begins = month.ends AND e.customer = s.customer GROUP BY ALL),
    sold AS (SELECT count(*) AS orders, sum(amount) AS money FROM orders JOIN month ON day >= begins AND day < ends)
    SELECT CAST(money AS DOUBLE) / orders, orders / customer_months, starts / lost FROM sold,
        (SELECT (sum(here.n) + sum(there.n)) / 2 AS customer_months, sum(here.n) AS starts, sum(here.n - kept.n) AS lost
         FROM here JOIN there USING (begins) JOIN kept USING (begins))
"""


def test_plain_clv_equals_sql_on_cdnow() -> None:
    """Order value x orders per customer-month x 1 / churn over the months from April 1997, gone after 90 days.

    The data end on 30 June 1998, so June is in progress; May is the last month.
    """
    found = oracle(cdnow_events(), zone="America/New_York").execute(CLV_SQL).fetchone()
    assert found is not None
    row = PlainClv(gone_after=90).answer(cdnow()).table.to_pylist()[0]
    assert (row["aov"], row["orders_per_month"], row["lifespan_months"]) == pytest.approx(found, abs=1e-9)
    assert row["clv"] == pytest.approx(math.prod(found), abs=1e-6)


YEAR_SQL = """
    WITH seen AS (SELECT max(day) AS until FROM tagged),
    life AS (SELECT min(day) AS first, max(day) AS last FROM orders GROUP BY customer),
    span AS (SELECT until - last > 90 AS gone, CASE WHEN until - last > 90 THEN last - first + 91 ELSE until - first END AS days
             FROM life, seen),
    days AS (SELECT days, count(*) FILTER (gone) AS gone, count(*) AS leaving FROM span GROUP BY days),
    risk AS (SELECT days, gone, sum(leaving) OVER (ORDER BY days DESC) AS at_risk FROM days)
    SELECT product(1 - gone / at_risk) FROM risk WHERE days <= 365
"""


@pytest.mark.parametrize(("timelines", "events", "zone"), SHOPS)
def test_still_customers_after_a_year_equals_sql(timelines: Any, events: Any, zone: str) -> None:
    """A lifetime is over when 90 days have passed since the last order, and censored while they have not."""
    row = OneYear(gone_after=90).answer(timelines()).table.to_pylist()[0]
    (still,) = oracle(events(), zone=zone).execute(YEAR_SQL).fetchone()  # type: ignore[misc]
    assert row["still"] == pytest.approx(still, abs=1e-12)
