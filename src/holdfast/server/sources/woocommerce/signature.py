"""WooCommerce signs the raw body: X-WC-Webhook-Signature is base64 of HMAC-SHA256 under the webhook's secret.

When a webhook is saved, WooCommerce greets its URL with the form `webhook_id=7`, unsigned by older versions, and switches the
webhook off unless that is answered with 200. The greeting says nothing and is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from holdfast.server.sources.source import signed_base64

__all__ = ["greeting", "signed"]


def signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], _now: float) -> bool:
    """Whether one of the secrets signed the body."""
    return signed_base64(headers.get("x-wc-webhook-signature", ""), body, secrets)


def greeting(_headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this is the greeting of a webhook that was just saved."""
    return re.fullmatch(rb"webhook_id=\d{1,12}", body) is not None
