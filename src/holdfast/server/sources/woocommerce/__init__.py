"""WooCommerce: orders, refunds, customers, and the subscriptions of the plugin WooCommerce Subscriptions.

Setting up, in WordPress (WooCommerce → Settings → Advanced → Webhooks): a webhook for each of `topics`, status Active, delivery
URL and secret as this server shows them, API version WP REST API v3. Saving it sends a greeting, which is answered.

A guest (customer 0) is her e-mail address. Orders hold their refunds, without the products that were given back.

Payloads: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties (and #webhooks)
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from holdfast.server.sources.source import Source
from holdfast.server.sources.woocommerce.signature import greeting, signed
from holdfast.server.sources.woocommerce.translate import TOPICS, translate

__all__ = ["WOOCOMMERCE"]

WOOCOMMERCE = Source(
    kind="woocommerce",
    label="WooCommerce",
    secret_by="us",
    steps=(
        _("In WordPress open WooCommerce → Settings → Advanced → Webhooks."),
        _("Add a webhook for each of: {topics}."),
        _("Status: Active. Delivery URL: the URL above. Secret: the secret that is shown once when you connect."),
        _("API version: WP REST API Integration v3. Save it; place or change an order to see the first event here."),
    ),
    topics=TOPICS,
    signed=signed,
    topic=lambda headers, _body: headers.get("x-wc-webhook-topic", ""),
    translate=translate,
    greeting=greeting,
)
