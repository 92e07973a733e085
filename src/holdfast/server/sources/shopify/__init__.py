"""Shopify: orders, refunds, shipments, checkouts, customers, consent, and what it asks about privacy.

Setting up, in the shop's admin (Settings → Notifications → Webhooks; the secret stands under the list) or in an app of one's
own (its client secret signs): a webhook in JSON for each of `topics`, all with the connection's URL. Apps name the three
privacy webhooks in their own place (compliance webhooks), with the same URL.

An order's payload holds its refunds, shipments and customer, so that `orders/…` alone tell all of an order, whichever of them
arrive: `refunds/create` and `fulfillments/create` name no customer and are left aside.

Payloads: https://shopify.dev/docs/api/webhooks and https://shopify.dev/docs/api/admin-rest/latest/resources/order
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from holdfast.server.sources.shopify.privacy import asked
from holdfast.server.sources.shopify.signature import signed
from holdfast.server.sources.shopify.translate import TOPICS, translate
from holdfast.server.sources.source import Source

__all__ = ["SHOPIFY"]

SHOPIFY = Source(
    kind="shopify",
    label="Shopify",
    secret_by="them",
    steps=(
        _("In the shop's admin open Settings → Notifications → Webhooks."),
        _("Copy the secret that stands under the list of webhooks, and paste it below."),
        _("Create a webhook, format JSON, with the URL above, for each of: {topics}."),
        _("Press “Send test notification” at one of them: this page tells when it came."),
    ),
    topics=TOPICS,
    numbers="of the world",
    signed=signed,
    topic=lambda headers, _body: headers.get("x-shopify-topic", ""),
    translate=translate,
    asked=asked,
)
