"""Shops with products, told in a small notation; day 0 is 1 January 2024, at noon.

`ann a1 soap,lamp @3` is Ann's order a1 of a soap and a lamp on day 3, `-ann a1 lamp @5` takes the lamp back on day 5, `-ann a1
@5` the whole order. Everything costs 10 a piece unless a price stands with it (`lamp:25`), and is of no category unless one
does (`lamp:25:light`).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from shops import SHOP_SETTINGS

from holdfast import datasets
from holdfast.settings import Settings
from holdfast.timelines.order_lines import OrderLines
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "event", "order_id", "products")),
        ("revenue", pa.decimal128(18, 4)),
        ("time", pa.timestamp("us", tz="UTC")),
    ]
)

_TOLD = re.compile(r"(-?)(\w+) (\w+)(?: +([\w:.,]+))? *@(\d+)")


def events(story: str) -> pa.Table:
    """The events of a story."""
    rows: list[dict[str, Any]] = []
    worth: dict[str, Decimal] = {}
    for sign, who, order, products, day in _TOLD.findall(story):
        lines = [_line(one) for one in products.split(",")] if products else []
        money = sum((Decimal(str(line["price"])) for line in lines), Decimal(0)) if lines else worth.get(order, Decimal(10))
        if not sign:
            worth[order] = money
        rows.append(
            {
                "customer_id": who, "event": "Order Refunded" if sign else "Order Completed", "order_id": order,
                "products": json.dumps(lines) if lines else None, "revenue": money, "time": START + timedelta(days=int(day)),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def sold(story: str, settings: Settings | None = None) -> tuple[Timelines, OrderLines]:
    """The timelines of a story, and what was in its orders."""
    table = events(story)
    settings = settings or Settings()
    return Timelines.from_arrow(table.drop_columns(["products"]), settings), OrderLines.from_arrow(table, settings)


def _line(text: str) -> dict[str, Any]:
    name, _, rest = text.partition(":")
    price, _, category = rest.partition(":")
    line: dict[str, Any] = {"product_id": name, "quantity": 1, "price": float(price or 10)}
    return line | ({"category": category} if category else {})


_INVOICES = """
    SELECT InvoiceNo AS order_id, CAST(CustomerID AS VARCHAR) AS customer_id, min(InvoiceDate) AS time,
           CASE WHEN sum(Quantity * UnitPrice) < 0 THEN 'Order Refunded' ELSE 'Order Completed' END AS event,
           CAST(to_json(list({
               'product_id': StockCode, 'name': Description,
               'quantity': CASE WHEN InvoiceNo LIKE 'C%' THEN -Quantity ELSE Quantity END,
               'price': CAST(UnitPrice AS DECIMAL(18, 4))
           })) AS VARCHAR) AS products
    FROM read_parquet($path) GROUP BY InvoiceNo, CustomerID ORDER BY time, order_id
"""


@cache
def shop_lines() -> OrderLines:
    """What was in the invoices and credit notes of the Online Retail shop (`shops.shop`)."""
    table = duckdb.sql(_INVOICES, params={"path": str(datasets.path("online_retail"))}).to_arrow_table()
    return OrderLines.from_arrow(table, SHOP_SETTINGS)
