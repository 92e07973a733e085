"""Baskets on the Online Retail shop against plain SQL over its invoice lines, written from the definitions (SEMANTICS 17)."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from shops import SHOP_SETTINGS, shop, shop_events

from holdfast import datasets
from holdfast.analyses.baskets import Baskets
from holdfast.analyses.scope import parse_where
from holdfast.timelines.order_lines import OrderLines

_PRODUCTS = """
    SELECT InvoiceNo AS order_id, CAST(to_json(list({
        'product_id': StockCode, 'name': Description, 'quantity': Quantity, 'price': CAST(UnitPrice AS DECIMAL(18, 4))
    })) AS VARCHAR) AS products
    FROM read_parquet($path) GROUP BY InvoiceNo
"""

_ORDERS = """
    CREATE TABLE orders AS
    WITH back AS (
        SELECT customer_id, order_id, sum(revenue) AS back FROM events
        WHERE event = 'Order Refunded' AND order_id IS NOT NULL GROUP BY ALL
    )
    SELECT customer_id AS who, order_id AS id, revenue - coalesce(back, 0) AS net, country,
           row_number() OVER (PARTITION BY customer_id ORDER BY time, place) > 1 AS later,
           first(country) OVER (PARTITION BY customer_id ORDER BY time, place) AS home
    FROM events LEFT JOIN back USING (customer_id, order_id)
    WHERE event = 'Order Completed' AND customer_id IS NOT NULL AND NOT (back IS NOT NULL AND revenue - back <= 0)
"""

_SOLD = """
    CREATE TABLE sold AS
    SELECT orders.*, StockCode AS product, Quantity AS pieces, CAST(UnitPrice AS DECIMAL(18, 4)) AS price
    FROM orders JOIN read_parquet($path) ON InvoiceNo = id
    WHERE Quantity > 0 AND UnitPrice >= 0 AND StockCode <> 'POST'
"""

_PREMIUM = """
    CREATE TABLE premium AS
    WITH medians AS (SELECT product, median(CAST(price AS DOUBLE)) AS price FROM sold GROUP BY product)
    SELECT product FROM medians one
    WHERE (SELECT count(*) FROM medians other WHERE other.price > one.price) < 0.25 * (SELECT count(*) FROM medians)
"""

_KIND = """
    WITH chosen AS (SELECT * FROM orders WHERE ($kind = 'all' OR later = ($kind = 'later')) AND ($home = '' OR home = $home)),
    bits AS (
        SELECT who, id, sum(pieces) AS items, count(DISTINCT product) AS products, sum(pieces * price) AS money,
               coalesce(sum(pieces * price) FILTER (product IN (FROM premium)), 0) AS dear
        FROM sold WHERE id IN (SELECT id FROM chosen) GROUP BY ALL
    ),
    people AS (SELECT who, count(*) AS n, sum(items) AS items, sum(money) AS money, sum(dear) AS dear FROM bits GROUP BY who),
    whole AS (SELECT count(*) AS m, sum(n) AS n, sum(items) AS items, sum(money) AS money, sum(dear) AS dear FROM people)
    SELECT (SELECT count(*) FROM chosen) AS orders, (SELECT count(DISTINCT who) FROM chosen) AS customers,
           (SELECT count(*) FROM bits) AS with_lines, (SELECT avg(items) FROM bits) AS items,
           (SELECT median(items) FROM bits) AS items_median, (SELECT avg(products) FROM bits) AS products,
           (SELECT CAST(money AS DOUBLE) / items FROM whole) AS unit_price,
           (SELECT CAST(dear AS DOUBLE) / CAST(money AS DOUBLE) FROM whole) AS premium_share,
           (SELECT CAST(sum(net) AS DOUBLE) FROM chosen) AS revenue,
           (SELECT 1.959963984540054 * sqrt(any_value(m) / (any_value(m) - 1.0) * sum(pow(p.items - w.items / w.n * p.n, 2)))
                   / any_value(w.n) FROM people p, whole w) AS items_half,
           (SELECT 1.959963984540054 * sqrt(count(*) / (count(*) - 1.0) * sum(pow(
                CAST(p.dear AS DOUBLE) - CAST(w.dear AS DOUBLE) / CAST(w.money AS DOUBLE) * CAST(p.money AS DOUBLE), 2
            ))) / CAST(any_value(w.money) AS DOUBLE) FROM people p, whole w WHERE p.money > 0) AS share_half
"""


@cache
def lined() -> OrderLines:
    """What was in the invoices."""
    events = shop_events(tied=True)
    products = duckdb.sql(_PRODUCTS, params={"path": str(datasets.path("online_retail"))}).to_arrow_table()
    joined = events.append_column("sequence", pa.array(range(len(events)))).join(products, "order_id")
    return OrderLines.from_arrow(joined.sort_by("sequence"), SHOP_SETTINGS)


@cache
def oracle() -> duckdb.DuckDBPyConnection:
    events = shop_events(tied=True)
    engine = duckdb.connect(config={"threads": 2})
    engine.register("events", events.append_column("place", pa.array(range(len(events)))))
    engine.execute(_ORDERS)
    engine.execute(_SOLD, {"path": str(datasets.path("online_retail"))})
    engine.execute(_PREMIUM)
    return engine


@cache
def answer(home: str) -> Any:
    where = parse_where([f"country={home}"]) if home else ()
    return shop(tied=True).ask(Baskets(lines=lined(), without=("POST",), where=where))


@pytest.mark.parametrize("home", ["", "France"])
@pytest.mark.parametrize("kind", ["first", "later", "all"])
def test_every_cell_is_that_of_plain_sql(kind: str, home: str) -> None:
    row = next(one for one in answer(home).table.to_pylist() if one["kind"] == kind)
    said = oracle().execute(_KIND, {"kind": kind, "home": home}).df().iloc[0]
    for name in ("orders", "customers", "with_lines", "items_median"):
        assert row[name] == said[name], name
    assert row["revenue"] == pytest.approx(said["revenue"], abs=1e-4)
    for name in ("items", "products", "unit_price", "premium_share"):
        assert row[name] == pytest.approx(said[name], rel=1e-12), name
    assert row["items_high"] - row["items"] == pytest.approx(said["items_half"], rel=1e-9)
    assert row["premium_share_high"] - row["premium_share"] == pytest.approx(said["share_half"], rel=1e-9)


@pytest.mark.parametrize("kind", ["first", "later", "all"])
def test_people_are_as_many_as_the_number_says(kind: str) -> None:
    row = next(one for one in answer("").table.to_pylist() if one["kind"] == kind)
    assert len(set(answer("").people(kind=kind).ids)) == row["customers"]


def test_the_interval_covers_what_it_should() -> None:
    """The normal interval of first orders, one a customer, is that of a plain mean."""
    row = answer("").table.to_pylist()[0]
    spread = (
        oracle()
        .execute("SELECT stddev_samp(n) / sqrt(count(*)) FROM (SELECT sum(pieces) AS n FROM sold WHERE NOT later GROUP BY id)")
        .fetchall()[0][0]
    )
    assert row["items_high"] - row["items"] == pytest.approx(1.959963984540054 * spread, rel=1e-9)
