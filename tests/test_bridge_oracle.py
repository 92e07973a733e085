"""Base, bridge and gone_after against plain SQL in DuckDB, cell by cell, on the two real shops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from orders_oracle import oracle
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.gone_after import GoneAfter
from holdfast.timelines.timelines import Timelines

BRIDGE_SQL = """
    WITH edge AS (SELECT unnest(CAST($edges AS DATE[])) AS begins, generate_subscripts(CAST($edges AS DATE[]), 1) AS place),
    base AS (SELECT DISTINCT customer, place FROM orders JOIN edge ON day < begins AND day >= begins - CAST($gone AS INT)),
    born AS (SELECT customer, min(day) AS first FROM orders GROUP BY customer),
    move AS (
        SELECT coalesce(s.customer, e.customer) AS customer, coalesce(s.place, e.place - 1) AS place,
               s.customer IS NOT NULL AS there, e.customer IS NOT NULL AS still
        FROM base s FULL JOIN base e ON s.customer = e.customer AND e.place = s.place + 1
    )
    SELECT place, count(*) FILTER (there) AS start, count(*) FILTER (still AND NOT there AND first >= begins) AS new,
           count(*) FILTER (still AND NOT there AND first < begins) AS returned, count(*) FILTER (there AND NOT still) AS lost,
           count(*) FILTER (still) AS finish
    FROM move JOIN born USING (customer) JOIN edge USING (place)
    WHERE place < len(CAST($edges AS DATE[])) GROUP BY place ORDER BY place
"""

SHOP_EDGES = ["2010-12-01", *(f"2011-{month:02d}-01" for month in range(1, 13)), "2011-12-10"]
CDNOW_EDGES = [*(f"1997-{month:02d}-01" for month in range(1, 13)), *(f"1998-{month:02d}-01" for month in range(1, 8))]


@pytest.mark.parametrize("gone", [30, 90, 161])
@pytest.mark.parametrize(
    ("timelines", "events", "edges", "mode"),
    [
        (shop, shop_events, SHOP_EDGES, "order"),
        (lambda: shop(tied=True), lambda: shop_events(tied=True), SHOP_EDGES, "order"),
        (lambda: shop(tied=True), lambda: shop_events(tied=True), SHOP_EDGES, "ledger"),
        (cdnow, cdnow_events, CDNOW_EDGES, "order"),
    ],
)
def test_bridge_equals_sql(timelines: Any, events: Any, edges: list[str], mode: Any, gone: int) -> None:
    made: Timelines = timelines()
    asked = Timelines(made.source.columns, replace(made.settings, refunds=mode))
    found = Bridge(gone_after=gone).answer(asked).table.select(["start", "new", "returned", "lost", "end"])
    expected = oracle(events(), mode).execute(BRIDGE_SQL, {"edges": edges, "gone": gone}).fetchall()
    assert [tuple(row.values()) for row in found.to_pylist()] == [row[1:] for row in expected]


GAPS_SQL = """
    WITH gap AS (
        SELECT coalesce(lead(day) OVER (PARTITION BY customer ORDER BY time), CAST($last AS DATE)) - day AS wait,
               lead(day) OVER (PARTITION BY customer ORDER BY time) IS NOT NULL AS ended
        FROM orders
    ),
    days AS (SELECT wait, count(*) FILTER (ended) AS ended, count(*) AS leaving FROM gap GROUP BY wait),
    risk AS (SELECT wait, ended, sum(leaving) OVER (ORDER BY wait DESC) AS at_risk FROM days)
    SELECT wait, at_risk, ended, product(1 - ended / at_risk) OVER (ORDER BY wait) AS waiting FROM risk ORDER BY wait
"""


@pytest.mark.parametrize(
    ("timelines", "events", "last"), [(shop, shop_events, "2011-12-09"), (cdnow, cdnow_events, "1998-06-30")]
)
def test_gone_after_equals_sql(timelines: Any, events: Any, last: str) -> None:
    answer = GoneAfter().answer(timelines())
    rows = oracle(events()).execute(GAPS_SQL, {"last": last}).fetchall()
    horizon = max(row[0] for row in rows if row[1] >= 30)
    share = {row[0]: 1 - row[3] for row in rows}
    expected = next(day for day in sorted(share) if day >= 1 and share[day] >= 0.9 * share[horizon] - 1e-12)
    suggestion = answer.extra["suggestions"].to_pylist()[0]
    assert (suggestion["gone_after"], suggestion["how"]) == (expected, "suggested")
    assert suggestion["closed_gaps"] == sum(row[2] for row in rows)
    known = {row["day"]: row for row in answer.table.to_pylist()}
    for wait, at_risk, ended, waiting in rows:
        if wait <= horizon:
            assert (known[wait]["at_risk"], known[wait]["returned"]) == (at_risk, ended)
            assert known[wait]["waiting"] == pytest.approx(waiting, abs=1e-12)


def test_every_count_opens_to_exactly_its_people() -> None:
    answer = Bridge(gone_after=90).answer(shop())
    for row in answer.table.to_pylist():
        for what in ("start", "new", "returned", "lost", "end"):
            assert len(answer.people(period=row["period"], what=what)) == row[what]


def test_lost_of_november_are_those_sql_names() -> None:
    connection = oracle(shop_events())
    expected = connection.execute(
        "SELECT customer FROM orders WHERE day < '2011-11-01' GROUP BY customer HAVING max(day) >= DATE '2011-11-01' - 90 "
        "INTERSECT SELECT customer FROM (SELECT customer, max(day) FILTER (day < '2011-12-01') AS seen FROM orders "
        "GROUP BY ALL) "
        "WHERE seen < DATE '2011-12-01' - 90"
    ).fetchall()
    found = Bridge(gone_after=90).answer(shop()).people(period="2011-11", what="lost")
    assert found.ids == tuple(sorted(row[0] for row in expected))


def test_segments_add_up_to_everyone() -> None:
    everyone = Bridge(gone_after=90).answer(shop()).table.to_pylist()
    split = Bridge(gone_after=90, by="country").answer(shop()).table.to_pylist()
    for row in everyone:
        mine: list[dict[str, Any]] = [each for each in split if each["period"] == row["period"]]
        for what in ("start", "new", "returned", "lost", "end"):
            assert sum(each[what] for each in mine) == row[what]


def test_table_is_arrow_with_null_where_nobody_was() -> None:
    table: pa.Table = Bridge(gone_after=90).answer(shop()).table
    first = table.slice(0, 1).to_pylist()[0]
    assert first["start"] == 0
    assert first["crr"] is None
    assert "no customers at the start" in first["note"]
