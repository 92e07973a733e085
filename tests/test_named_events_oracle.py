"""Questions of other events than orders against plain SQL: named cohorts, other activity, contracts with pauses.

The events are invented once, with a fixed seed: 300 people who look, order, take back, subscribe, pause and end.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from orders_oracle import oracle

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts import Cohorts
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

NAMES = (
    "Product Viewed",
    "Order Completed",
    "Order Refunded",
    "Subscription Started",
    "Subscription Paused",
    "Subscription Ended",
)
SCHEMA = pa.schema(
    [
        *(("customer_id", pa.string()), ("time", pa.timestamp("us")), ("event", pa.string()), ("order_id", pa.string())),
        ("revenue", pa.decimal128(18, 4)),
    ]
)
EDGES = [*(f"2024-{month:02}-01" for month in range(1, 13)), "2025-01-01"]


@cache
def events() -> pa.Table:
    """About 2,700 events of the year 2024, each at a second of its own for its customer; the last one on 31 December."""
    chance, rows = random.Random(7), [("last", datetime(2024, 12, 31, 23, 59, 59), "Product Viewed", None, None)]
    for person in range(300):
        begin = chance.random() * 300
        seconds = sorted({int((begin + chance.random() * (365 - begin)) * 86_400) for _ in range(chance.choice((1, 3, 8, 20)))})
        orders: list[str] = []
        for second in seconds:
            name = chance.choices(NAMES, (5, 4, 1.5, 1.5, 0.7, 1))[0]
            known, amount = None, None
            if name == "Order Completed":
                known, amount = f"{person}-{second}", Decimal(chance.choice(("10.05", "20", "3.3333")))
                orders.append(known)
            elif name == "Order Refunded" and orders:
                known, amount = chance.choice(orders), Decimal(chance.choice(("20", "1.5")))
            elif name == "Order Refunded":
                amount = Decimal("2.5")
            rows.append((f"p{person}", datetime(2024, 1, 1) + timedelta(seconds=second), name, known, amount))
    return pa.Table.from_arrays(
        [pa.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), SCHEMA, strict=True)], schema=SCHEMA
    )


def asked(question: Any, **chosen: Any) -> list[dict[str, Any]]:
    """The rows of a question's table."""
    rows: list[dict[str, Any]] = Timelines.from_arrow(events(), Settings(**chosen)).ask(question).table.to_pylist()
    return rows


COUNTED = """
    CREATE TABLE counted AS
    SELECT customer, instant, day, event FROM tagged WHERE event NOT IN ('Order Completed', 'Order Refunded')
    UNION ALL SELECT customer, instant, day, 'Order Completed' FROM orders
"""

GRID_SQL = """
    WITH entry AS (
        SELECT customer, min(instant) AS instant, min(day) AS day FROM counted WHERE event = 'Product Viewed' GROUP BY ALL
    ),
    came AS (
        SELECT DISTINCT customer, date_diff('month', date_trunc('month', entry.day), date_trunc('month', counted.day)) AS k
        FROM entry JOIN counted USING (customer) WHERE counted.event = 'Order Completed' AND counted.instant > entry.instant
    )
    SELECT strftime(entry.day, '%Y-%m'), k.k, count(*), count(came.k)
    FROM entry CROSS JOIN range(12) AS k(k) LEFT JOIN came ON came.customer = entry.customer AND came.k = k.k GROUP BY ALL
"""


def counted() -> duckdb.DuckDBPyConnection:
    """The oracle with a table of the events that count: orders after their refunds, and all but refunds else."""
    connection = oracle(events())
    connection.execute(COUNTED)
    return connection


def test_who_ordered_after_first_looking_equals_sql() -> None:
    """Cohorts by the first product viewed; the return is an order that counts."""
    found = {
        (row["cohort"], row["period"]): (row["size"], row["customers"])
        for row in asked(Cohorts(start=("Product Viewed",), back=("Order Completed",)))
        if row["cohort"] != "all" and row["customers"] is not None
    }
    expected = {(cohort, k): (size, kept) for cohort, k, size, kept in counted().execute(GRID_SQL).fetchall()}
    assert found == {key: value for key, value in expected.items() if key in found}
    assert len(found) == 12 * 13 // 2
    assert sum(kept for _, kept in found.values()) > 100


ACTIVITY_SQL = """
    WITH act AS (SELECT customer, day FROM counted WHERE event IN (SELECT unnest(CAST($names AS VARCHAR[])))),
    edge AS (SELECT unnest(CAST($edges AS DATE[])) AS begins, generate_subscripts(CAST($edges AS DATE[]), 1) AS place),
    base AS (SELECT DISTINCT customer, place FROM act JOIN edge ON day < begins AND day >= begins - CAST($gone AS INT)),
    born AS (SELECT customer, min(day) AS first FROM act GROUP BY customer)
    SELECT edge.place, count(s.customer), count(e.customer) FILTER (s.customer IS NULL AND first >= begins),
           count(e.customer) FILTER (s.customer IS NULL AND first < begins), count(s.customer) FILTER (e.customer IS NULL),
           count(e.customer)
    FROM edge CROSS JOIN born LEFT JOIN base s ON s.customer = born.customer AND s.place = edge.place
    LEFT JOIN base e ON e.customer = born.customer AND e.place = edge.place + 1
    WHERE edge.place < len(CAST($edges AS DATE[])) GROUP BY edge.place ORDER BY edge.place
"""


@pytest.mark.parametrize("names", [("Product Viewed",), ("Product Viewed", "Order Completed")])
@pytest.mark.parametrize("gone", [20, 75])
def test_a_base_of_other_activity_equals_sql(names: tuple[str, ...], gone: int) -> None:
    """An order taken back in full is no activity; a view always is."""
    found = asked(Bridge(gone_after=gone), active=names)
    expected = counted().execute(ACTIVITY_SQL, {"names": list(names), "edges": EDGES, "gone": gone}).fetchall()
    counts = [tuple(row[name] for name in ("start", "new", "returned", "lost", "end")) for row in found]
    assert counts == [row[1:] for row in expected]
    assert sum(row[3] for row in counts) > 20


CONTRACT_SQL = """
    WITH turn AS (
        SELECT customer, instant, day, event FROM tagged WHERE event IN ('Subscription Started', 'Subscription Ended')
    ),
    edge AS (SELECT unnest(CAST($edges AS DATE[])) AS begins, generate_subscripts(CAST($edges AS DATE[]), 1) AS place),
    base AS (
        SELECT customer, place FROM turn JOIN edge ON day < begins GROUP BY ALL
        HAVING max_by(event, instant) = 'Subscription Started'
    ),
    born AS (SELECT customer, min(day) AS first FROM turn WHERE event = 'Subscription Started' GROUP BY customer)
    SELECT edge.place, count(s.customer), count(e.customer) FILTER (s.customer IS NULL AND first >= begins),
           count(e.customer) FILTER (s.customer IS NULL AND first < begins), count(s.customer) FILTER (e.customer IS NULL),
           count(e.customer)
    FROM edge CROSS JOIN born LEFT JOIN base s ON s.customer = born.customer AND s.place = edge.place
    LEFT JOIN base e ON e.customer = born.customer AND e.place = edge.place + 1
    WHERE edge.place < len(CAST($edges AS DATE[])) GROUP BY edge.place ORDER BY edge.place
"""


def test_a_base_of_contracts_with_pauses_equals_sql() -> None:
    """A pause neither starts nor ends: the last start or end before an instant says who is a customer then."""
    found = asked(Bridge(), base="contract")
    expected = oracle(events()).execute(CONTRACT_SQL, {"edges": EDGES}).fetchall()
    counts = [tuple(row[name] for name in ("start", "new", "returned", "lost", "end")) for row in found]
    assert counts == [row[1:] for row in expected]
    assert sum(row[2] for row in counts) > 5
