"""ClickHouse in a process (chDB): MergeTree sorted by customer and time, coded texts, local dates worked out beforehand."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from chdb.session import Session

from benchmarks.engine import SHARED, Rows, by_segment

__all__ = ["Peer"]

LOAD = (
    "CREATE DATABASE shop",
    """
CREATE TABLE shop.events (customer UInt32, event LowCardinality(String), ms Int64, day UInt16, month UInt16, number UInt32,
                          cents Int32, country LowCardinality(String)) ENGINE = MergeTree ORDER BY (customer, ms)
""",
    """
INSERT INTO shop.events
SELECT customer_id, event, toUnixTimestamp64Milli(time), toUInt16(toDate(time, 'Europe/London')),
       toRelativeMonthNum(toDate(time, 'Europe/London')) - toRelativeMonthNum(toDate('1970-01-01')), coalesce(order_id, 0),
       toInt32(coalesce(revenue, 0) * 100), country
FROM file('events.parquet', Parquet)
""",
    "OPTIMIZE TABLE shop.events FINAL",
)

SETTLED = """
SELECT o.customer AS customer, o.day AS day, o.month AS month, o.cents - r.cents AS cents
FROM (SELECT customer, day, month, number, cents FROM shop.events WHERE event = 'Order Completed') o
LEFT JOIN (SELECT number, sum(cents) AS cents FROM shop.events WHERE event = 'Order Refunded' GROUP BY number) r USING (number)
WHERE r.cents = 0 OR o.cents > r.cents
"""

PREPARE = {
    "clickhouse": ("CREATE VIEW shop.orders AS " + SETTLED,),
    "clickhouse-orders": (
        """CREATE TABLE shop.orders (customer UInt32, day UInt16, month UInt16, cents Int64)
           ENGINE = MergeTree ORDER BY (customer, day)""",
        "INSERT INTO shop.orders " + SETTLED,
        "OPTIMIZE TABLE shop.orders FINAL",
    ),
}

# Months 636 to 659 are 2023 and 2024. Each month or snapshot is one bit of a customer, as in DuckDB; of weeks, sets are faster.
FIRST_ORDERS = """
SELECT cohort, toInt32(month) - cohort AS k, count()
FROM (SELECT toInt32(min(month)) AS cohort, groupBitOr(bitShiftLeft(toUInt32(1), month - 636)) AS months
      FROM shop.orders GROUP BY customer)
ARRAY JOIN arrayMap(b -> toInt32(b) + 636, bitPositionsToArray(months)) AS month GROUP BY cohort, k
"""

ANY_EVENT = """
SELECT cohort, week - cohort AS k, count()
FROM (SELECT toInt32(min(intDiv(day + 3, 7))) AS cohort, groupUniqArray(toInt32(intDiv(day + 3, 7))) AS weeks
      FROM shop.events GROUP BY customer)
ARRAY JOIN weeks AS week GROUP BY cohort, k SETTINGS optimize_aggregation_in_order = 1
"""

RFM = """
WITH (SELECT max(day) FROM shop.events) AS last,
one AS (SELECT toInt64(last) - max(day) AS recency, toInt64(count()) AS frequency, toInt64(sum(cents)) AS money
        FROM shop.orders GROUP BY customer),
cuts AS (SELECT arrayMap(x -> floor(round(x, 4)), quantilesExactInclusive(0.2, 0.4, 0.6, 0.8)(recency)) AS r,
                arrayMap(x -> floor(round(x, 4)), quantilesExactInclusive(0.2, 0.4, 0.6, 0.8)(frequency)) AS f,
                arrayMap(x -> floor(round(x, 4)), quantilesExactInclusive(0.2, 0.4, 0.6, 0.8)(money)) AS m FROM one)
SELECT 5 - ((recency > c.r[1]) + (recency > c.r[2]) + (recency > c.r[3]) + (recency > c.r[4])) AS rs,
       1 + (frequency > c.f[1]) + (frequency > c.f[2]) + (frequency > c.f[3]) + (frequency > c.f[4]) AS fs,
       1 + (money > c.m[1]) + (money > c.m[2]) + (money > c.m[3]) + (money > c.m[4]) AS ms,
       count(), sum(frequency), sum(money)
FROM one CROSS JOIN cuts AS c GROUP BY rs, fs, ms
"""

# A customer is in the base at the beginning of day s when she ordered on a day d with s - 90 <= d < s.
BRIDGE = """
WITH (SELECT min(month) FROM shop.events) AS low, (SELECT max(month) FROM shop.events) AS high,
     (SELECT max(day) + 1 FROM shop.events) AS last,
     arrayMap(m -> least(toInt32(last), toInt32(addMonths(toDate('1970-01-01'), m))), range(low, high + 2)) AS marks,
     (SELECT min(day) FROM shop.events) AS first,
     arrayMap(d -> toUInt32(arraySum(arrayMap((s, i) -> if(s > d AND s <= d + 90, bitShiftLeft(toUInt64(1), i), 0), marks,
              range(length(marks))))), range(first, last)) AS masks
SELECT low + i - 1 AS month, sum(n * before),
       sum(n * after * (1 - before) * fresh), sum(n * after * (1 - before) * (1 - fresh)),
       sum(n * before * (1 - after)), sum(n * after)
FROM (SELECT n, i, bitTest(base, i - 1) AS before, bitTest(base, i) AS after, born >= marks[i] AS fresh
      FROM (SELECT base, born, count() AS n
            FROM (SELECT min(day) AS born, groupBitOr(masks[day - first + 1]) AS base FROM shop.orders GROUP BY customer)
            GROUP BY base, born)
      ARRAY JOIN range(1, toUInt64(length(marks))) AS i)
GROUP BY month
"""

TRANSITIONS = """
SELECT event, next, count()
FROM (SELECT event, leadInFrame(toNullable(event)) OVER (PARTITION BY customer ORDER BY ms
                                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next FROM shop.events)
WHERE next IS NOT NULL GROUP BY event, next
"""

FUNNEL = """
SELECT step, count()
FROM (SELECT windowFunnel(86400000)(toUInt64(ms), event = 'Product Viewed', event = 'Product Added',
                                    event = 'Order Completed') AS depth
      FROM shop.events WHERE event IN ('Product Viewed', 'Product Added', 'Order Completed') GROUP BY customer)
ARRAY JOIN range(1, toUInt64(depth) + 1) AS step GROUP BY step
"""

TREE = """
SELECT step - 1, path[step], if(step < length(path), path[step + 1], '(drop-off)'), count()
FROM (SELECT arraySlice(groupArray(toString(event)) AS line, indexOf(line, 'Checkout Started'), 6) AS path
      FROM shop.events GROUP BY customer HAVING has(line, 'Checkout Started'))
ARRAY JOIN range(1, least(toUInt64(6), length(path) + 1)) AS step GROUP BY ALL SETTINGS optimize_aggregation_in_order = 1
"""

SQL = {
    "first_orders": FIRST_ORDERS, "any_event": ANY_EVENT, "rfm": RFM, "bridge": BRIDGE, "transitions": TRANSITIONS,
    "funnel": FUNNEL, "tree": TREE,
}  # fmt: skip


class Peer:
    """ClickHouse, with its orders as a view of the events or as a table of their own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.questions = SHARED if name == "clickhouse" else ("first_orders", "rfm", "bridge")

    def load(self, parquet: Path) -> None:
        """Sort the events into a MergeTree of one part."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        (self.folder / "events.parquet").symlink_to(parquet)
        os.chdir(self.folder)
        session = Session(str(self.folder / "store"))
        for statement in (*LOAD, *PREPARE[self.name]):
            session.query(statement)
        session.close()

    def open(self) -> None:
        """Attach the store."""
        self.session = Session(str(self.folder / "store"))

    def ask(self, question: str) -> str:
        """Run the SQL."""
        return str(self.session.query(SQL[question], "JSONCompactEachRow"))

    def rows(self, question: str, answer: str) -> Rows:
        """The printed lines as rows; the 125 codes put into segments."""
        rows: Rows = [tuple(_number(cell) for cell in json.loads(line)) for line in answer.splitlines()]
        return by_segment(rows) if question == "rfm" else rows


def _number(cell: int | str) -> int | str:
    """ClickHouse writes 64-bit numbers as text."""
    return int(cell) if isinstance(cell, str) and cell.lstrip("-").isdigit() else cell
