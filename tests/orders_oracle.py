"""Counting orders and adjustments in plain SQL, written from SEMANTICS 17 alone: what the oracle tests stand on."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

_TAGGED = """
    CREATE TABLE tagged AS
    SELECT customer_id AS customer, time, instant, arrival, CAST(time AS DATE) AS day, event, order_id AS id, CAST(revenue AS
    DECIMAL(18, 4)) AS amount
    FROM events WHERE customer_id IS NOT NULL
"""

_TIED = """
    CREATE TABLE tied AS
    SELECT r.*, o.customer IS NOT NULL AS known FROM (SELECT * FROM tagged WHERE event = 'Order Refunded') r
    LEFT JOIN (SELECT customer, id FROM tagged WHERE event = 'Order Completed') o ON o.customer = r.customer AND o.id = r.id
"""

_SETTLED = """
    CREATE TABLE settled AS
    SELECT o.customer, o.time, o.instant, o.arrival, o.day, o.amount AS gross, o.amount - coalesce(b.back, 0) AS net,
           NOT (b.back IS NOT NULL AND o.amount - b.back <= 0) AS counts
    FROM (SELECT * FROM tagged WHERE event = 'Order Completed') o
    LEFT JOIN (SELECT customer, id, sum(amount) AS back FROM tied WHERE known AND $mode = 'order' GROUP BY ALL) b
    ON b.customer = o.customer AND b.id = o.id
"""

_ORDERS = """
    CREATE TABLE orders AS
    SELECT customer, time, instant, day, net AS amount, row_number() OVER (PARTITION BY customer ORDER BY instant, arrival)
    AS nth
    FROM settled WHERE counts
"""

_ADJUSTED = """
    CREATE TABLE adjusted AS
    SELECT customer, day, net AS amount FROM settled WHERE NOT counts
    UNION ALL SELECT customer, day, -amount FROM tied WHERE $mode = 'ledger' OR NOT known
"""


def oracle(events: pa.Table, mode: str = "order", zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """A connection with tables orders (customer, time, instant, day, amount, nth), adjusted (customer, day, amount), settled
    (gross).

    Two orders in the same second stand in the order of their arrival (SEMANTICS 3). zone is that of the local times in events.
    """
    connection = duckdb.connect(config={"threads": 2})
    instant = pc.cast(pc.cast(pc.assume_timezone(pc.cast(events["time"], pa.timestamp("us")), zone), pa.int64()), pa.int64())
    events = events.append_column("instant", pc.divide(instant, 1_000_000)).append_column(
        "arrival", pa.array(range(len(events)))
    )
    connection.register("events", events)
    connection.execute(_TAGGED)
    connection.execute(_TIED)
    connection.execute(_SETTLED, {"mode": mode})
    connection.execute(_ORDERS)
    connection.execute(_ADJUSTED, {"mode": mode})
    return connection
