"""Secrets of sources, encrypted at rest.

A signature can only be checked by whoever knows the secret, so that it cannot be kept as a hash, as keys and passwords are. It
is encrypted with a key made of the server's own secret key, which is not in the database: whoever gets hold of the database or
of its backup alone can forge nothing. Fernet (AES-128-CBC with HMAC-SHA256, of `cryptography`, which allauth brings along)
also tells when what was stored has been tampered with, or the server's key was changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

from holdfast.server.place import secret_key

__all__ = ["opened", "sealed"]

PURPOSE = b"holdfast.server.sources: secrets of webhooks"


def sealed(secrets: Sequence[str]) -> str:
    """Secrets as they are kept."""
    return _box().encrypt(json.dumps(list(secrets)).encode()).decode("ascii") if secrets else ""


def opened(kept: str) -> list[str]:
    """What was sealed; nothing where the server key is another one now: then secrets have to be given again."""
    try:
        return [str(one) for one in json.loads(_box().decrypt(kept.encode("ascii")))] if kept else []
    except (InvalidToken, ValueError):
        return []


def _box() -> Fernet:
    key = hmac.new(secret_key().encode(), PURPOSE, hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
