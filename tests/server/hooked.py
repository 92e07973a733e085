"""What the tests of sources share: signed webhooks, and what timelines make of the messages that they mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from holdfast.events.schema import MONEY_UNITS
from holdfast.server.sources.newest import Memory
from holdfast.server.sources.registry import translated
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.timelines import Timelines


def base64_mac(body: bytes, secret: str) -> str:
    """As Shopify and WooCommerce sign."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def stripe_mac(body: bytes, secret: str, at: float | None = None) -> str:
    """As Stripe signs."""
    seconds = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={mac}"


def told(source: str, deliveries: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The messages of deliveries (topic, body) in their order of arrival, each id once, as the digester takes them."""
    from holdfast.server.sources.models import Newest

    Newest.objects.all().delete()
    memory = Memory()
    every = [
        message
        for row, (topic, body) in enumerate(deliveries, start=1)
        for message in translated(source, topic, json.dumps(body).encode(), memory, row)
    ]
    return list({message["messageId"]: message for message in reversed(every)}.values())[::-1]


def named(messages: Iterable[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """The events of a name."""
    return [one for one in messages if one.get("event") == event]


def net(messages: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Order id → its revenue net of refunds, of the last telling that arrived."""
    orders: dict[str, float] = {}
    back: dict[str, float] = {}
    for one in messages:
        said = one.get("properties", {})
        if one.get("event") == "Order Completed":
            orders[said["order_id"]] = said["revenue"]
        elif one.get("event") == "Order Refunded":
            back[said["order_id"]] = back.get(said["order_id"], 0) + said["revenue"]
    return {order: round(revenue - back.get(order, 0), 4) for order, revenue in orders.items()}


def timelines(messages: Iterable[dict[str, Any]]) -> Timelines:
    """What the timelines make of messages in their order of arrival."""
    kept = [one for one in messages if one["type"] == "track"]
    times = pa.array([one["timestamp"].replace("Z", "") for one in kept], pa.string()).cast(pa.timestamp("us"))
    return Timelines.from_arrow(
        pa.table(
            {
                "customer_id": pa.array([one.get("userId") for one in kept], pa.string()),
                "event": [one["event"] for one in kept],
                "time": times.cast(pa.timestamp("us", tz="UTC")),
                "order_id": pa.array([one["properties"].get("order_id") for one in kept], pa.string()),
                "revenue": pa.array([one["properties"].get("revenue") for one in kept], pa.float64()),
            }
        )
    )


def money_kept(
    lines: Timelines, until: datetime = datetime(2100, 1, 1, tzinfo=UTC), mode: RefundMode = "order"
) -> dict[str, tuple[int, float]]:
    """Customer → orders that count, and all money net of refunds, as the timelines have it as of an instant."""
    bought = lines.source.purchases(int(until.timestamp()), mode)
    found = {}
    for place, customer in enumerate(lines.source.columns.ids().to_pylist()):
        own = bought.amount[bought.offsets[place] : bought.offsets[place + 1]]
        besides = bought.adjust_amount[bought.adjust_offsets[place] : bought.adjust_offsets[place + 1]]
        found[customer] = (len(own), float(own.sum() + besides.sum()) / MONEY_UNITS)
    return found
