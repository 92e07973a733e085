"""Two real shops, made once a run: the UCI Online Retail shop and CDNOW, as events and as timelines."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from holdfast import datasets
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

SHOP_SETTINGS = Settings(zone="Europe/London", currency="GBP")
CDNOW_SETTINGS = Settings(zone="America/New_York", currency="USD")

SHOP_SQL = """
    WITH invoice AS (
        SELECT InvoiceNo AS id, CAST(CustomerID AS VARCHAR) AS customer_id, min(InvoiceDate) AS time,
               sum(Quantity * UnitPrice) AS total, any_value(Country ORDER BY Country) AS country
        FROM read_parquet($path) GROUP BY ALL
    )
    SELECT customer_id, time, CASE WHEN total < 0 THEN 'Order Refunded' ELSE 'Order Completed' END AS event,
           CASE WHEN total >= 0 THEN id WHEN $tied AND CAST(substr(id, 2) AS INT) % 2 = 0 THEN
               (SELECT max_by(o.id, CAST(o.time AS VARCHAR) || o.id) FROM invoice o
                WHERE o.customer_id = invoice.customer_id AND o.total >= 0 AND o.time < invoice.time)
           END AS order_id,
           CAST(abs(total) AS DECIMAL(18, 4)) AS revenue, country
    FROM invoice ORDER BY time, id
"""


@cache
def shop_events(tied: bool = False) -> pa.Table:
    """Invoices and credit notes with their local time; `tied`: every other credit note takes back the customer's order
    before it."""
    return duckdb.sql(SHOP_SQL, params={"path": str(datasets.path("online_retail")), "tied": tied}).to_arrow_table()


@cache
def shop(tied: bool = False) -> Timelines:
    """The Online Retail shop's timelines, with the country of each invoice."""
    return Timelines.from_arrow(shop_events(tied), SHOP_SETTINGS)


@cache
def cdnow_events() -> pa.Table:
    """CDNOW's purchases, an order each, at local midnight."""
    return duckdb.sql(
        "SELECT customer_id, CAST(date AS TIMESTAMP) AS time, 'Order Completed' AS event, CAST(NULL AS VARCHAR) AS order_id, "
        "CAST(dollar_value AS DECIMAL(18, 4)) AS revenue FROM read_parquet($path) ORDER BY time",
        params={"path": str(datasets.path("cdnow"))},
    ).to_arrow_table()


@cache
def cdnow() -> Timelines:
    """CDNOW's timelines."""
    return Timelines.from_arrow(cdnow_events(), CDNOW_SETTINGS)
