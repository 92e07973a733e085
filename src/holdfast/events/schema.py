"""The one schema of everything that happens.

An event says who, what and when. Names and properties follow the Segment specification (identify, track, page, screen,
group, alias; e-commerce v2: `Order Completed` with `order_id`, `revenue`, `currency`, `products`; `Order Refunded` with the
`order_id` of the order that is taken back).

Source: https://segment.com/docs/connections/spec/ (spec) and .../spec/ecommerce/v2/ (commerce events).
"""

from __future__ import annotations

import pyarrow as pa

from holdfast.events.names import ORDER, REFUND

__all__ = ["EVENTS", "MONEY", "MONEY_UNITS", "ORDER", "REFUND", "TYPES", "empty_events"]

MONEY_UNITS = 10_000
"""Money is a whole number of ten-thousandths of the currency from file to answer, so 10.05 stays 10.05."""

MONEY = pa.decimal128(18, 4)

TYPES = ("track", "page", "screen", "identify", "group", "alias")
"""Kinds of call. `identify`, `group` and `alias` tell about a person; they are no activity."""

EVENTS = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("event", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("customer_id", pa.string()),
        pa.field("anonymous_id", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("revenue", MONEY),
        pa.field("currency", pa.string()),
        pa.field("products", pa.string()),
        pa.field("properties", pa.string()),
        pa.field("source", pa.string()),
        pa.field("batch", pa.string()),
    ]
)
"""Columns of the lake and of every frame of events, in this order.

event_id      what makes two arrivals the same event (stable for the same content)
type          one of TYPES
event         the name: "Order Completed", "Product Viewed", ...
time          when it happened, UTC, microseconds
sequence      arrival number, growing over the life of the lake; breaks ties of `time`
customer_id   the known person, or null
anonymous_id  the browser or device, or null; both null: nobody, counted in coverage
order_id      the order; of a refund: the order it takes back, null where that could not be found
revenue       money of an order, or taken back by a refund (positive), in the workspace's currency
currency      ISO 4217 code
products      JSON list of {"product_id", "category", "quantity", "price"} in the order's row order
properties    JSON object of everything else, values as text
source        the file or source it came from
batch         the import that brought it
"""


def empty_events() -> pa.Table:
    """A table of no events."""
    return EVENTS.empty_table()
