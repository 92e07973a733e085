"""DuckDB: a native file sorted by customer and time, integer keys, an enum for the event, local dates worked out beforehand."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.engine import SHARED, Rows, by_segment

__all__ = ["Peer"]

LOAD = """
SET preserve_insertion_order = true;
CREATE TYPE event AS ENUM (SELECT DISTINCT event FROM raw ORDER BY 1);
CREATE TYPE country AS ENUM (SELECT DISTINCT country FROM raw ORDER BY 1);
CREATE TABLE events AS
SELECT customer_id::UINTEGER AS customer, event::VARCHAR::event AS event, epoch_ms(time)::BIGINT AS ms,
       date_diff('day', DATE '1970-01-01', (time AT TIME ZONE 'Europe/London')::DATE)::USMALLINT AS day,
       (date_diff('month', DATE '1970-01-01', (time AT TIME ZONE 'Europe/London')::DATE))::USMALLINT AS month,
       order_id::UINTEGER AS number, (revenue * 100)::INTEGER AS cents, country::VARCHAR::country AS country
FROM raw ORDER BY customer, ms;
"""

SETTLED = """
SELECT o.customer, o.day, o.month, o.cents - coalesce(r.cents, 0) AS cents
FROM (SELECT customer, day, month, number, cents FROM events WHERE event = 'Order Completed') o
LEFT JOIN (SELECT number, sum(cents) AS cents FROM events WHERE event = 'Order Refunded' GROUP BY number) r USING (number)
WHERE r.cents IS NULL OR o.cents > r.cents
"""

PREPARE = {
    "duckdb": "CREATE VIEW orders AS " + SETTLED,
    "duckdb-orders": "CREATE TABLE orders AS " + SETTLED + " ORDER BY customer, day",
}

# Months 636 to 659 are 2023 and 2024, weeks 2765 to 2870. Each month, week or snapshot is one bit of a customer: tried against
# counting distinct pairs, window functions and lists, this is DuckDB's fastest.
FIRST_ORDERS = """
WITH one AS (SELECT customer, min(month) AS cohort, bit_or(1::BIGINT << (month - 636)) AS months FROM orders GROUP BY customer)
SELECT cohort, 0, count(*) FROM one GROUP BY cohort
UNION ALL
SELECT cohort, k, sum(weight * ((months >> (cohort - 636 + k)) & 1))::BIGINT AS n
FROM (SELECT cohort, months, count(*) AS weight FROM one GROUP BY ALL) one, range(1, 24) t(k) GROUP BY ALL HAVING n > 0
"""

ANY_EVENT = """
WITH one AS (SELECT customer, min((day + 3) // 7) AS cohort, bit_or(1::HUGEINT << ((day + 3) // 7 - 2765)::INT) AS weeks
             FROM events GROUP BY customer)
SELECT cohort, 0, count(*) FROM one GROUP BY cohort
UNION ALL
SELECT cohort, k, sum(((weeks >> (cohort - 2765 + k)::INT) & 1)::INT)::BIGINT AS n
FROM one, range(1, 106) t(k) WHERE cohort + k <= 2870 GROUP BY ALL HAVING n > 0
"""

RFM = """
WITH last AS (SELECT max(day) AS day FROM events),
one AS (SELECT customer, (SELECT day FROM last) - max(day) AS recency, count(*) AS frequency, sum(cents) AS money
        FROM orders GROUP BY customer),
cuts AS (SELECT quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) AS f,
                quantile_cont(money, [0.2, 0.4, 0.6, 0.8]) AS m FROM one),
bounds AS (SELECT list_transform(r, lambda x: floor(round(x, 4))) AS r, list_transform(f, lambda x: floor(round(x, 4))) AS f,
                  list_transform(m, lambda x: floor(round(x, 4))) AS m FROM cuts)
SELECT 5 - ((recency > r[1])::INT + (recency > r[2])::INT + (recency > r[3])::INT + (recency > r[4])::INT) AS r,
       1 + (frequency > f[1])::INT + (frequency > f[2])::INT + (frequency > f[3])::INT + (frequency > f[4])::INT AS f,
       1 + (money > m[1])::INT + (money > m[2])::INT + (money > m[3])::INT + (money > m[4])::INT AS m,
       count(*), sum(frequency)::BIGINT, sum(money)::BIGINT
FROM one, bounds GROUP BY 1, 2, 3
"""

# A customer is in the base at the beginning of day s when she ordered on a day d with s - 90 <= d < s.
BRIDGE = """
WITH ends AS (SELECT min(day) AS first, max(day) + 1 AS last, min(month) AS low, max(month) AS high FROM events),
marks AS (SELECT low + i AS month, i,
                 least(last, date_diff('day', DATE '1970-01-01', DATE '1970-01-01' + to_months((low + i)::INT))) AS day
          FROM ends, range(0, high - low + 2) t(i)),
days AS (SELECT d AS day, bit_or(1::BIGINT << i) AS mask FROM ends, range(first, last) t(d)
         JOIN marks s ON s.day > d AND s.day <= d + 90 GROUP BY d),
one AS (SELECT customer, min(o.day) AS born, bit_or(mask) AS base FROM orders o JOIN days USING (day) GROUP BY customer),
kinds AS (SELECT base, born, count(*) AS n FROM one GROUP BY ALL),
flags AS (SELECT month, n, (base >> i) & 1 AS before, (base >> (i + 1)) & 1 AS after, (born >= day)::INT AS fresh
          FROM kinds, marks WHERE i < (SELECT max(i) FROM marks))
SELECT month, sum(n * before)::BIGINT, sum(n * after * (1 - before) * fresh)::BIGINT,
       sum(n * after * (1 - before) * (1 - fresh))::BIGINT,
       sum(n * before * (1 - after))::BIGINT, sum(n * after)::BIGINT
FROM flags GROUP BY month
"""

TRANSITIONS = """
SELECT event::VARCHAR, next::VARCHAR, count(*)
FROM (SELECT event, lead(event) OVER (PARTITION BY customer ORDER BY ms) AS next FROM events)
WHERE next IS NOT NULL GROUP BY ALL
"""

# The latest start of a chain that has reached each step, carried forward by window functions.
FUNNEL = """
WITH one AS (SELECT customer, event, ms, max(CASE WHEN event = 'Product Viewed' THEN ms END) OVER line AS start
             FROM events WHERE event IN ('Product Viewed', 'Product Added', 'Order Completed')
             WINDOW line AS (PARTITION BY customer ORDER BY ms)),
two AS (SELECT customer, event, ms, start,
               max(CASE WHEN event = 'Product Added' AND ms - start <= 86400000 THEN start END) OVER line AS further
        FROM one WINDOW line AS (PARTITION BY customer ORDER BY ms)),
depths AS (SELECT max(CASE WHEN event = 'Order Completed' AND ms - further <= 86400000 THEN 3
                           WHEN event = 'Product Added' AND ms - start <= 86400000 THEN 2
                           WHEN event = 'Product Viewed' THEN 1 ELSE 0 END) AS depth FROM two GROUP BY customer)
SELECT step, count(*) FROM depths, range(1, 4) t(step) WHERE step <= depth GROUP BY step
"""

TREE = """
WITH begun AS (SELECT customer, min(ms) AS start FROM events WHERE event = 'Checkout Started' GROUP BY customer),
path AS (SELECT customer, event, row_number() OVER line - 1 AS step, lead(event) OVER line AS next
         FROM events JOIN begun USING (customer) WHERE ms >= start
         WINDOW line AS (PARTITION BY customer ORDER BY ms) QUALIFY step < 5)
SELECT step, event::VARCHAR, coalesce(next::VARCHAR, '(drop-off)'), count(*) FROM path GROUP BY ALL
"""

SQL = {
    "first_orders": FIRST_ORDERS, "any_event": ANY_EVENT, "rfm": RFM, "bridge": BRIDGE, "transitions": TRANSITIONS,
    "funnel": FUNNEL, "tree": TREE,
}  # fmt: skip


class Peer:
    """DuckDB, with its orders as a view of the events or as a table of their own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.file = folder / "events.duckdb"
        self.questions = SHARED if name == "duckdb" else ("first_orders", "rfm", "bridge")

    def load(self, parquet: Path) -> None:
        """Sort the events into a table of a database file."""
        self.file.unlink(missing_ok=True)
        with duckdb.connect(self.file) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.from_parquet(str(parquet)).create_view("raw")
            con.execute(LOAD)
            con.execute(PREPARE[self.name])
            con.execute("DROP VIEW raw; CHECKPOINT")

    def open(self) -> None:
        """Connect."""
        self.con = duckdb.connect(self.file, read_only=True)

    def ask(self, question: str) -> Rows:
        """Run the SQL."""
        rows: Rows = self.con.execute(SQL[question]).fetchall()
        return rows

    def rows(self, question: str, answer: Rows) -> Rows:
        """The 125 codes put into segments."""
        return by_segment(answer) if question == "rfm" else answer
