"""Shopify signs the raw body: X-Shopify-Hmac-Sha256 is base64 of HMAC-SHA256 under the app's secret (or the shop's)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.server.sources.source import signed_base64

__all__ = ["signed"]


def signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], _now: float) -> bool:
    """Whether one of the secrets signed the body."""
    return signed_base64(headers.get("x-shopify-hmac-sha256", ""), body, secrets)
