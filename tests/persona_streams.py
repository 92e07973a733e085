"""Three real shops as events for the personas: two clickstreams whose orders stand under another name, and Online Retail."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from shops import SHOP_SETTINGS, shop_events

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
SHOPS = ("simple shop", "retentioneering", "online retail")

SIMPLE = """
    SELECT CAST(client_id AS VARCHAR) AS customer_id, CAST("timestamp" AS TIMESTAMP) AS time,
           CASE event WHEN 'payment_done' THEN 'Order Completed' ELSE event END AS event, CAST(NULL AS VARCHAR) AS order_id,
           CAST(CASE event WHEN 'payment_done' THEN 10 + CAST(client_id AS HUGEINT) % 90 END AS DECIMAL(18, 4)) AS revenue
    FROM read_csv($path) ORDER BY time
"""
ECOM = """
    SELECT user_id AS customer_id, CAST("timestamp" AS TIMESTAMP) AS time,
           CASE event WHEN 'purchase' THEN 'Order Completed' ELSE event END AS event, CAST(NULL AS VARCHAR) AS order_id,
           CAST(CASE event WHEN 'purchase' THEN 10 + hash(user_id) % 90 END AS DECIMAL(18, 4)) AS revenue,
           platform, acquisition_channel AS channel
    FROM read_csv($path) ORDER BY time
"""


@cache
def events_of(shop: str) -> pa.Table:
    """The events of a shop; skips where the data are not here."""
    if shop == "online retail":
        return shop_events(tied=True)
    path, sql = {
        "simple shop": (DATA / "clickstream-simple-shop" / "simple-onlineshop_2020-05_MPL2.csv", SIMPLE),
        "retentioneering": (DATA / "clickstream-retentioneering-ecom" / "ecom.csv.gz", ECOM),
    }[shop]
    if not path.exists():
        pytest.skip("the data is not here")
    return duckdb.sql(sql, params={"path": str(path)}).to_arrow_table()


@cache
def timelines_of(shop: str) -> Timelines:
    """The timelines of a shop."""
    settings = SHOP_SETTINGS if shop == "online retail" else Settings()
    return Timelines.from_arrow(events_of(shop), settings)
