"""Shops of a few people, told in a small notation; day 0 is 1 January 2024, at noon.

`ann o1 100 @5` is Ann's order o1 of 100 on day 5, `-ann o1 30 @9` takes back 30 of it on day 9, `ann ? 5 @9` an order without
id, `ann Login @3` any other event.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)

_TOLD = re.compile(r"(-?)(\w+) (?:(\w+|\?) (-?[\d.]+)|([A-Z][\w ]*?)) ?@(\d+)")


def told(story: str, settings: Settings | None = None) -> Timelines:
    """The timelines of a story."""
    rows: list[dict[str, Any]] = []
    for sign, who, order, amount, event, day in _TOLD.findall(story):
        money = None if event else Decimal(amount)
        name = event or ("Order Refunded" if sign else "Order Completed")
        rows.append(
            {
                "customer_id": who, "event": name, "order_id": None if event or order == "?" else order,
                "revenue": money, "time": START + timedelta(days=int(day)),
            }
        )  # fmt: skip
    schema = pa.schema(
        [("customer_id", pa.string()), ("event", pa.string()), ("order_id", pa.string()), ("revenue", pa.decimal128(18, 4)),
         ("time", pa.timestamp("us", tz="UTC"))]
    )  # fmt: skip
    return Timelines.from_arrow(pa.Table.from_pylist(rows, schema), settings or Settings())
