"""The topics of WooCommerce, and what each of them says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.server.sources.messages import Told
from holdfast.server.sources.source import Ids
from holdfast.server.sources.woocommerce.customers import customer, ordered_by
from holdfast.server.sources.woocommerce.orders import order
from holdfast.server.sources.woocommerce.subscriptions import subscription

__all__ = ["TOPICS", "translate"]

Translation = Callable[[Mapping[str, Any], Ids], list[Told]]


def _created(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """A new order also tells who ordered."""
    return [*ordered_by(body, ids), *order(body, ids)]


_MEANING: dict[str, Translation] = {
    "order.created": _created,
    "order.updated": order,
    "order.restored": order,
    "customer.created": customer,
    "customer.updated": customer,
    "subscription.created": subscription,
    "subscription.updated": subscription,
    "subscription.switched": subscription,
}

TOPICS = ("order.created", "order.updated", "customer.created", "customer.updated", "subscription.updated")
"""What to subscribe to; the last with the plugin WooCommerce Subscriptions alone."""


def translate(topic: str, body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """What a webhook says; nothing where the topic is not read."""
    return _MEANING[topic](body, ids) if topic in _MEANING else []
