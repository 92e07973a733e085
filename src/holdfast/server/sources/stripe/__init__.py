"""Stripe: subscriptions (with trial, pause, cancellation, change of plan), paid and failed invoices, refunds, customers.

Setting up, in Stripe (Workbench or Developers → Webhooks → Add destination): the connection's URL, the events of `topics`; then
its signing secret (whsec_…) goes into the connection.

An order is a paid invoice, or a one-off payment of Checkout. Since API version 2025-03-31 a charge names its invoice no more:
`invoice_payment.paid` tells which invoice a payment paid, so subscribe to it, or refunds stay without their order; one that
comes first waits for it (`awaiting`).
A customer is her Stripe id (cus_…). Where the business keeps its own id in the customer's metadata as user_id, both are joined.

Payloads: https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from holdfast.server.sources.source import Source
from holdfast.server.sources.stripe.signature import signed
from holdfast.server.sources.stripe.translate import TOPICS, topic, translate

__all__ = ["STRIPE"]

STRIPE = Source(
    kind="stripe",
    label="Stripe",
    secret_by="them",
    steps=(
        _("In Stripe open Developers → Webhooks (Workbench) and add a destination for events of your account."),
        _("Choose these events: {topics}."),
        _("Destination type: webhook endpoint. Endpoint URL: the URL above."),
        _("Reveal the signing secret (whsec_…) of the new destination, and paste it below."),
    ),
    topics=TOPICS,
    numbers="of the world",
    signed=signed,
    topic=topic,
    translate=translate,
)
