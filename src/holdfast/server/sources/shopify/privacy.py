"""What Shopify asks about privacy: customers/redact, customers/data_request, shop/redact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.server.sources.messages import plain
from holdfast.server.sources.source import Asked, Ids

__all__ = ["asked"]


def asked(topic: str, body: Mapping[str, Any], ids: Ids) -> Asked | None:
    """What is asked; None where the topic is another."""
    person = ids.one(plain(body, "customer", "id")) or ""
    if topic == "customers/redact":
        return Asked("erase", person)
    if topic == "customers/data_request":
        return Asked("tell", person)
    return Asked("erase all") if topic == "shop/redact" else None
