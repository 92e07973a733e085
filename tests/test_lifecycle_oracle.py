"""The life cycle against plain SQL in DuckDB, cell by cell, money to the cent, on the two real shops, by month and week."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from orders_oracle import oracle
from shops import CDNOW_SETTINGS, SHOP_SETTINGS, cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.lifecycle import LifeCycle
from holdfast.timelines.timelines import Timelines

GRID = """
    CREATE TEMP TABLE grid AS
    WITH spent AS (SELECT customer, date_trunc($unit, day) AS period, sum(amount) AS amount FROM
        (SELECT customer, day, amount FROM orders UNION ALL SELECT customer, day, amount FROM adjusted) GROUP BY ALL),
    active AS (SELECT DISTINCT customer, date_trunc($unit, day) AS period FROM orders),
    born AS (SELECT customer, min(period) AS first FROM active GROUP BY customer),
    span AS (SELECT unnest(generate_series(date_trunc($unit, min(CAST(time AS DATE))), date_trunc($unit, CAST($last AS DATE)),
        CASE $unit WHEN 'month' THEN interval 1 month ELSE interval 7 day END)) AS period FROM events),
    everyone AS (SELECT DISTINCT customer FROM tagged)
    SELECT c.customer, CAST(s.period AS DATE) AS period, coalesce(spent.amount, 0) AS amount,
           CASE WHEN born.first IS NULL OR s.period < born.first THEN 'not yet' WHEN s.period = born.first THEN 'new'
                WHEN active.customer IS NOT NULL THEN 'active' ELSE 'quiet' END AS seen
    FROM everyone c CROSS JOIN span s LEFT JOIN born USING (customer)
    LEFT JOIN active ON active.customer = c.customer AND active.period = s.period
    LEFT JOIN spent ON spent.customer = c.customer AND spent.period = s.period
"""

STATES = """
    CREATE TEMP TABLE states AS
    SELECT customer, period, amount, before,
           CASE seen WHEN 'active' THEN CASE WHEN b IN ('new', 'active') THEN 'kept' ELSE 'returned' END
           WHEN 'quiet' THEN CASE WHEN b IN ('new', 'active') THEN 'lost' ELSE 'dormant' END ELSE seen END AS state
    FROM (SELECT *, lag(seen) OVER w AS b, coalesce(lag(amount) OVER w, 0) AS before FROM grid
          WINDOW w AS (PARTITION BY customer ORDER BY period))
"""

WAYS = """
    SELECT CAST(period AS VARCHAR), came, state, count(*) FROM
        (SELECT *, coalesce(lag(state) OVER (PARTITION BY customer ORDER BY period), 'not yet') AS came FROM states)
    WHERE state <> 'not yet' GROUP BY ALL
"""

POOLED = """
    SELECT came, state, count(*), count(DISTINCT customer) FROM
        (SELECT *, coalesce(lag(state) OVER (PARTITION BY customer ORDER BY period), 'not yet') AS came FROM states)
    WHERE state <> 'not yet' AND period < CAST($open AS DATE) GROUP BY ALL
"""

MONEY = """
    WITH moved AS (SELECT *, CASE WHEN state IN ('new', 'returned') THEN -before WHEN state = 'lost' THEN amount
                   ELSE amount - before END AS rest FROM states)
    SELECT CAST(period AS VARCHAR), sum(before), sum(amount) FILTER (state = 'new'), sum(amount) FILTER (state = 'returned'),
           sum(greatest(rest, 0)), sum(greatest(-rest, 0)), sum(before) FILTER (state = 'lost'), sum(amount)
    FROM moved GROUP BY period ORDER BY period
"""

CASES = [
    (shop, shop_events, SHOP_SETTINGS, "month", "2011-12-09", "2011-12-01"),
    (shop, shop_events, SHOP_SETTINGS, "week", "2011-12-09", "2011-12-05"),
    (None, lambda: shop_events(tied=True), SHOP_SETTINGS, "month", "2011-12-09", "2011-12-01"),
    (None, lambda: shop_events(tied=True), replace(SHOP_SETTINGS, refunds="ledger"), "month", "2011-12-09", "2011-12-01"),
    (cdnow, cdnow_events, CDNOW_SETTINGS, "month", "1998-06-30", "1998-06-01"),
    (cdnow, cdnow_events, CDNOW_SETTINGS, "week", "1998-06-30", "1998-06-29"),
]


@pytest.mark.parametrize(("made", "events", "own", "unit", "last", "open_"), CASES)
def test_life_cycle_equals_sql(made: Any, events: Any, own: Any, unit: Any, last: str, open_: str) -> None:
    sql = oracle(events(), own.refunds, own.zone)
    sql.execute(GRID, {"unit": unit, "last": last})
    sql.execute(STATES)
    timelines = made() if made else Timelines.from_arrow(events(), own)
    answer = timelines.ask(LifeCycle(unit))
    periods = answer.table["period"].to_pylist()
    starts = [str(row[0]) for row in sql.execute("SELECT DISTINCT period FROM states ORDER BY 1").fetchall()]
    assert len(periods) == len(starts)
    label = dict(zip(starts, periods, strict=True))

    counts = sql.execute("SELECT CAST(period AS VARCHAR), state, count(*) FROM states GROUP BY ALL").fetchall()
    expected = {(label[period], state): n for period, state, n in counts if state != "not yet"}
    names = ("new", "kept", "returned", "lost", "dormant")
    rows = answer.table.to_pylist()
    assert {(row["period"], name): row[name] for row in rows for name in names if row[name]} == expected

    ways = answer.extra["transitions"].to_pylist()
    found = {(row["period"], row["from"], row["to"]): row["n"] for row in ways if row["n"] and row["period"] != "all"}
    assert found == {(label[period], came, state): n for period, came, state, n in sql.execute(WAYS).fetchall()}
    pooled = {(row["from"], row["to"]): (row["n"], row["customers"]) for row in ways if row["period"] == "all" and row["n"]}
    assert pooled == {(came, state): (n, who) for came, state, n, who in sql.execute(POOLED, {"open": open_}).fetchall()}

    columns = ("start", "new", "returned", "expansion", "contraction", "lost", "end")
    money = [tuple(row[name] for name in columns) for row in answer.extra["money"].to_pylist()]
    assert money == [tuple(float(value or 0) for value in row[1:]) for row in sql.execute(MONEY).fetchall()]

    period = periods[len(periods) // 2]
    for state in names:
        said = sql.execute(
            "SELECT customer FROM states WHERE period = CAST($at AS DATE) AND state = $state ORDER BY 1",
            {"at": starts[len(periods) // 2], "state": state},
        )
        assert answer.people(period=period, state=state).ids == tuple(row[0] for row in said.fetchall())
    for row in ways[:11]:
        assert len(answer.people(**{"from": row["from"], "to": row["to"]})) == row["customers"]
