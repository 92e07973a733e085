"""The stages against plain SQL in DuckDB, written from the rules, on the retentioneering stream and the two real shops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from orders_oracle import oracle
from shops import CDNOW_SETTINGS, SHOP_SETTINGS, cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.stages import Stages
from holdfast.analyses.statistics import kaplan_meier
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

STREAM = Path(__file__).parent.parent.parent / "shared" / "data" / "clickstream-retentioneering-ecom" / "ecom.csv.gz"

MAP = {
    "home": 0, "promo_page": 0, "catalog": 1, "search": 1, "filter_results": 1, "product_view": 1, "add_to_cart": 2, "cart": 2,
    "wishlist_add": 2, "compare": 2, "shipping_details": 2, "payment_details": 2, "payment_error": 2, "checkout_bug": 2,
    "purchase": 3, "review_page": 4, "support_chat": 4,
}  # fmt: skip
STAGES = ("awareness", "consideration", "evaluation", "purchase", "after purchase", "loyalty")

STAYS = """
    CREATE TABLE laid AS
    SELECT e.who, e.second, e.row, m.stage AS own, e.event,
           count(*) FILTER (m.stage = 3) OVER (PARTITION BY e.who ORDER BY e.row) AS orders
    FROM happened e LEFT JOIN map m ON m.event = e.event;
    CREATE TABLE staged AS
    SELECT who, second, row, CASE WHEN own = 3 AND orders > 1 THEN 5 ELSE own END AS stage
    FROM laid WHERE own < 4 OR (own >= 4 AND orders > 0);
    CREATE TABLE stays AS
    SELECT who, second, row, stage, came, lead(stage) OVER w AS goes, lead(second) OVER w AS left_at FROM
        (SELECT *, lag(stage) OVER (PARTITION BY who ORDER BY row) AS came FROM staged)
    WHERE came IS NULL OR came <> stage WINDOW w AS (PARTITION BY who ORDER BY row)
"""

TOUCHES = """
    WITH bought AS (SELECT who, second, row, row_number() OVER (PARTITION BY who ORDER BY row) AS nth FROM laid WHERE own = 3),
    observed AS (
        SELECT *, 'before' AS side FROM bought WHERE second - $reach >= (SELECT min(second) FROM happened)
        UNION ALL SELECT *, 'after' FROM bought WHERE second + $reach <= (SELECT max(second) FROM happened)),
    asked AS (SELECT *, 'each' AS which FROM observed UNION ALL SELECT *, 'first' FROM observed WHERE nth = 1),
    base AS (SELECT which, side, count(*) AS orders, count(DISTINCT who) AS of FROM asked GROUP BY ALL)
    SELECT which, side, event, count(*), count(DISTINCT asked.who), any_value(base.of), any_value(base.orders)
    FROM asked JOIN base USING (which, side) JOIN laid e ON e.who = asked.who AND abs(e.second - asked.second) <= $reach
         AND CASE side WHEN 'before' THEN e.row < asked.row ELSE e.row > asked.row END
    GROUP BY ALL
"""


def stream() -> tuple[Timelines, duckdb.DuckDBPyConnection]:
    """The retentioneering stream, as timelines and as table happened (who, event, second, row)."""
    if not STREAM.exists():
        pytest.skip("the data is not here")
    sql = duckdb.connect(config={"threads": 2})
    read = "SELECT user_id AS customer_id, event, timestamp AS time FROM read_csv($1)"
    table = sql.sql(read, params=[str(STREAM)]).to_arrow_table()
    sql.register("read", table.append_column("arrival", pa.array(range(len(table)))))
    sql.execute(
        "CREATE TABLE happened AS SELECT customer_id AS who, event, CAST(epoch(time) AS BIGINT) AS second, "
        "row_number() OVER (ORDER BY time, arrival) AS row FROM read"
    )
    return Timelines.from_arrow(table, Settings()), sql


def of_shop(events: pa.Table, zone: str) -> duckdb.DuckDBPyConnection:
    """A shop's counting orders and its refunds as table happened: an order taken back in full did not happen."""
    sql = oracle(events, "order", zone)
    sql.execute(
        "CREATE TABLE happened AS SELECT customer AS who, event, instant AS second, "
        "row_number() OVER (ORDER BY instant, arrival) AS row FROM "
        "(SELECT customer, 'Order Completed' AS event, instant, arrival FROM settled WHERE counts "
        "UNION ALL SELECT customer, event, instant, arrival FROM tagged WHERE event = 'Order Refunded')"
    )
    return sql


def checked(answer: Any, sql: duckdb.DuckDBPyConnection, stages: dict[str, int], customers: int, days: int) -> None:
    sql.register("map", pa.table({"event": list(stages), "stage": pa.array(list(stages.values()), pa.int32())}))
    sql.execute(STAYS)
    reached = dict(sql.execute("SELECT stage, count(DISTINCT who) FROM stays GROUP BY ALL").fetchall())
    current = dict(sql.execute("SELECT stage, count(*) FROM stays WHERE goes IS NULL GROUP BY ALL").fetchall())
    rows = {row["stage"]: row for row in answer.table.to_pylist()}
    for place, name in enumerate(STAGES):
        assert (rows[name]["reached"], rows[name]["current"]) == (reached.get(place, 0), current.get(place, 0))
        assert rows[name]["n"] == customers
        _days(rows[name], sql, place)
    people = sql.execute("SELECT DISTINCT who FROM stays WHERE stage = 5 ORDER BY who").fetchall()
    assert answer.people(stage="loyalty").ids == tuple(who for (who,) in people)

    ways = sql.execute(
        "SELECT stage, goes, count(*), count(DISTINCT who), median(left_at - second) FROM stays GROUP BY ALL"
    ).fetchall()
    ways += [
        (-1, *row, None)
        for row in sql.execute(
            "SELECT stage, count(*), count(DISTINCT who) FROM stays WHERE came IS NULL GROUP BY ALL"
        ).fetchall()
    ]
    found = {(row["from"], row["to"]): row for row in answer.extra["transitions"].to_pylist()}
    names = {-1: "(start)", None: "(still there)", **dict(enumerate(STAGES))}
    assert {way: (row["n"], row["customers"]) for way, row in found.items()} == {
        (names[start], names[end]): (n, who) for start, end, n, who, _ in ways
    }
    for start, end, _, who, median in ways:
        row = found[names[start], names[end]]
        assert row["median_days"] == (None if median is None else pytest.approx(median / 86_400, rel=1e-4))
        assert len(answer.people(**{"from": names[start], "to": names[end]})) == who

    touches = sql.execute(TOUCHES, {"reach": days * 86_400}).fetchall()
    rows = answer.extra["touchpoints"].to_pylist()
    assert {(row["order"], row["side"], row["event"]): tuple(row[name] for name in ("n", "customers", "of", "orders"))
            for row in rows} == {tuple(row[:3]): tuple(row[3:]) for row in touches}  # fmt: skip
    for row in rows[::9]:
        cell = {key: row[key] for key in ("order", "side", "event")}
        assert len(answer.people(**cell)) == row["customers"]


def _days(row: dict[str, Any], sql: duckdb.DuckDBPyConnection, place: int) -> None:
    """Kaplan-Meier over the exact seconds: within a ten-thousandth."""
    stays = sql.execute(
        "SELECT coalesce(left_at, (SELECT max(second) + 1 FROM happened)) - second AS took, goes IS NOT NULL AS ended "
        "FROM stays WHERE stage = $place",
        {"place": place},
    ).fetchnumpy()
    assert row["stays"] == len(stays["took"])
    curve = kaplan_meier(np.asarray(stays["took"], float) / 86_400, np.asarray(stays["ended"]))
    for name, share in (("median_days", 0.5), ("p90_days", 0.9)):
        exact = curve.quantile(share)[0]
        assert row[name] == (None if exact is None else pytest.approx(exact, rel=1e-4))


def test_stages_of_the_stream_equal_sql() -> None:
    timelines, sql = stream()
    checked(timelines.ask(Stages(days=14)), sql, MAP, 600, 14)


@pytest.mark.parametrize(
    ("made", "events", "own"),
    [(lambda: shop(tied=True), lambda: shop_events(tied=True), SHOP_SETTINGS), (cdnow, cdnow_events, CDNOW_SETTINGS)],
)
def test_stages_of_the_shops_equal_sql(made: Any, events: Any, own: Settings) -> None:
    sql = of_shop(events(), own.zone)
    customers = sql.execute("SELECT count(DISTINCT customer_id) FROM events WHERE customer_id IS NOT NULL").fetchall()
    stages = {"Order Completed": 3, "Order Refunded": 4}
    checked(made().ask(Stages()), sql, stages, customers[0][0], 30)
