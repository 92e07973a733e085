"""Cohort grids in plain SQL, written from SEMANTICS 5 to 10 alone: joins of entries and returns, no walk."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

_EVENTS = """
    CREATE TABLE tagged AS SELECT customer_id AS customer, time AS local, CAST(time AS DATE) AS day, sec, arrival,
        event, order_id AS id, CAST(revenue AS DECIMAL(18, 4)) AS amount, segment FROM events WHERE customer_id IS NOT NULL;
    CREATE TABLE tied AS SELECT r.*, o.customer IS NOT NULL AS known
        FROM (SELECT * FROM tagged WHERE event = 'Order Refunded') r
        LEFT JOIN (SELECT customer, id FROM tagged WHERE event = 'Order Completed') o
        ON o.customer = r.customer AND o.id = r.id;
    CREATE TABLE settled AS SELECT o.*, o.amount - coalesce(b.back, 0) AS net,
        NOT (b.back IS NOT NULL AND o.amount - b.back <= 0) AS counts
        FROM (SELECT * FROM tagged WHERE event = 'Order Completed') o
        LEFT JOIN (SELECT customer, id, sum(amount) AS back FROM tied WHERE known GROUP BY ALL) b
        ON b.customer = o.customer AND b.id = o.id;
    CREATE TABLE orders AS SELECT customer, local, day, sec, arrival, net AS amount, segment FROM settled WHERE counts;
    CREATE TABLE money AS SELECT customer, local, day, sec, amount FROM orders
        UNION ALL SELECT customer, local, day, sec, net FROM settled WHERE NOT counts
        UNION ALL SELECT customer, local, day, sec, -amount FROM tied WHERE NOT known;
"""

_ENTRY = {
    "first ever": "SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY sec, arrival) = 1",
    "first in window": "SELECT * FROM orders WHERE day BETWEEN $first AND $last "
    "QUALIFY row_number() OVER (PARTITION BY customer ORDER BY sec, arrival) = 1",
    "each period": "SELECT * FROM orders "
    "QUALIFY row_number() OVER (PARTITION BY customer, date_trunc('{unit}', day) ORDER BY sec, arrival) = 1",
}

_APART = "date_diff('month', date_trunc('month', e.local), date_trunc('month', r.local))"

_PASSED = {
    "calendar": "date_diff('{unit}', date_trunc('{unit}', e.day), date_trunc('{unit}', r.day))",
    "30 days": "(r.sec - e.sec) // (30 * 86400)",
    "months": f"{_APART} - CASE WHEN e.local + to_months(CAST({_APART} AS INT)) > r.local THEN 1 ELSE 0 END",
    "brackets": "CASE WHEN r.day - e.day < 1 THEN 0 WHEN r.day - e.day < 7 THEN 1 WHEN r.day - e.day < 30 THEN 2 ELSE 3 END",
}

_KEPT = {
    "on": "list_contains(ks, k)",
    "on or after": "len(list_filter(ks, lambda x: x >= k)) > 0",
    "on or before": "len(list_filter(ks, lambda x: x <= k)) > 0",
    "every": "len(list_filter(ks, lambda x: x >= 1 AND x <= k)) = k",
}

_CELLS = """
    WITH entry AS ({entry}), e AS (SELECT *, date_trunc('{unit}', day) AS cohort FROM entry),
    came AS (SELECT e.customer, e.cohort, list(DISTINCT {passed}) AS ks FROM e JOIN orders r
             ON r.customer = e.customer AND (r.sec, r.arrival) > (e.sec, e.arrival) GROUP BY ALL),
    member AS (SELECT e.*, coalesce(came.ks, []) AS ks FROM e LEFT JOIN came USING (customer, cohort))
    SELECT segment, cohort, k, count(*), count(*) FILTER ({kept}) FROM member, range($width) AS t(k) GROUP BY ALL
"""

_MONEY = """
    WITH entry AS ({entry}), e AS (SELECT *, date_trunc('{unit}', day) AS cohort FROM entry)
    SELECT e.segment, e.cohort, {passed} AS k, sum(r.amount)
    FROM e JOIN money r ON r.customer = e.customer AND r.sec >= e.sec GROUP BY ALL
"""


class Oracle:
    """An independent computation over events with their local times."""

    def __init__(self, events: pa.Table, zone: str, segment: str | None = None) -> None:
        utc = pc.cast(pc.assume_timezone(pc.cast(events["time"], pa.timestamp("us")), zone), pa.timestamp("us", tz="UTC"))
        events = events.append_column("sec", pc.cast(pc.cast(utc, pa.timestamp("s", tz="UTC"), safe=False), pa.int64()))
        events = events.append_column("arrival", pa.array(range(len(events)), pa.int64()))
        values = events[segment] if segment else pa.array(["everyone"] * len(events))
        self.connection = duckdb.connect(config={"threads": 2})
        self.connection.register("events", events.append_column("segment", values))
        self.connection.execute(_EVENTS)

    def cells(self, unit: str, entry: str, clock: str, rule: str, width: int, **window: Any) -> dict[Any, tuple[int, int]]:
        """(segment, first day of the cohort, k) → (size, retained)."""
        sql = _CELLS.format(
            entry=_ENTRY[entry].format(unit=unit), unit=unit, passed=_PASSED[clock].format(unit=unit), kept=_KEPT[rule]
        )
        rows = self.connection.execute(sql, {"width": width, **window}).fetchall()
        return {(segment, str(cohort)[:10], k): (size, kept) for segment, cohort, k, size, kept in rows}

    def money(self, unit: str, entry: str, clock: str, **window: Any) -> dict[Any, Any]:
        """(segment, first day of the cohort, k) → money, a decimal."""
        sql = _MONEY.format(entry=_ENTRY[entry].format(unit=unit), unit=unit, passed=_PASSED[clock].format(unit=unit))
        rows = self.connection.execute(sql, window).fetchall()
        return {(segment, str(cohort)[:10], k): amount for segment, cohort, k, amount in rows}
