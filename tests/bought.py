"""Small stories as timelines, for the tests of RFM, concentration and stickiness.

A story is a line per customer: `ann 100@3 20@9 -5@12`: an order of 100 on day 3, of 20 on day 9, and 5 taken back on day 12
(of nobody knows which order). Day 0 is 1 January 2024, at noon.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)


def day(index: int) -> date:
    """The date of a story's day."""
    return (START + timedelta(days=index)).date()


def told(text: str, settings: Settings | None = None) -> Timelines:
    """The timelines of a story."""
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, *moves = line.split()
        for move in moves:
            amount, at = move.split("@")
            event = "Order Refunded" if amount.startswith("-") else "Order Completed"
            rows.append((name, event, Decimal(amount.lstrip("-")), START + timedelta(days=int(at))))
    names, events, amounts, times = zip(*rows, strict=True)
    table = {
        "customer_id": pa.array(names),
        "event": pa.array(events),
        "revenue": pa.array(amounts, pa.decimal128(18, 4)),
        "time": pa.array(times, pa.timestamp("us", tz="UTC")),
    }
    return Timelines.from_arrow(pa.table(table), settings)
