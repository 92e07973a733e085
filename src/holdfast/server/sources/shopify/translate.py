"""The topics of Shopify, and what each of them says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.server.sources.messages import Told
from holdfast.server.sources.shopify.checkouts import checkout
from holdfast.server.sources.shopify.customers import consent, customer
from holdfast.server.sources.shopify.orders import order, ordered_by
from holdfast.server.sources.source import Ids

__all__ = ["TOPICS", "translate"]

Translation = Callable[[Mapping[str, Any], Ids], list[Told]]


def _created(body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """A new order also tells who ordered."""
    return [*ordered_by(body, ids), *order(body, ids)]


_MEANING: dict[str, Translation] = {
    "orders/create": _created,
    "orders/updated": order,
    "orders/paid": order,
    "orders/cancelled": order,
    "orders/fulfilled": order,
    "orders/partially_fulfilled": order,
    "orders/edited": lambda _body, _ids: [],
    "customers/create": customer,
    "customers/update": customer,
    "customers/enable": customer,
    "customers/disable": customer,
    "customers/email_marketing_consent_update": consent,
    "customers/marketing_consent_update": consent,
    "checkouts/create": checkout,
    "checkouts/update": checkout,
}

TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "customers/create",
    "customers/update",
    "customers/email_marketing_consent_update",
    "checkouts/create",
    "checkouts/update",
)
"""What to subscribe to; the others of `_MEANING` are understood too."""


def translate(topic: str, body: Mapping[str, Any], ids: Ids) -> list[Told]:
    """What a webhook says; nothing where the topic is not read."""
    return _MEANING[topic](body, ids) if topic in _MEANING else []
