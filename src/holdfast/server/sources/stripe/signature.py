"""Stripe signs time and raw body: Stripe-Signature is t=<seconds>,v1=<hex of HMAC-SHA256 of "<t>.<body>">, v1 several times.

A signature older than five minutes is none: whoever listened in cannot send it again later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

__all__ = ["TOLERANCE_SECONDS", "signed"]

TOLERANCE_SECONDS = 300


def signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float) -> bool:
    """Whether one of the secrets signed the body within the last five minutes."""
    parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        return False
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        return False
    told = times[0].encode() + b"." + body
    macs = [hmac.new(one.encode(), told, hashlib.sha256).hexdigest().encode() for one in secrets if one]
    found = [hmac.compare_digest(mac, one.encode()) for mac in macs for one in given]
    return any(found)
