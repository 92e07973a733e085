"""Making and revoking write keys and tokens."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from holdfast.server.people.access import NEEDS
from holdfast.server.people.audit import record
from holdfast.server.people.models import ApiToken, User, WriteKey

__all__ = ["make_token", "make_write_key", "revoke"]


def make_write_key(name: str, by: User | None, actor: object = None) -> tuple[WriteKey, str]:
    """A new write key and its secret, which is not kept."""
    key, secret = WriteKey.make(name, by)
    record(actor or by, "key.make", subject=f"write key {key.pk}")
    return key, secret


def make_token(
    name: str, scopes: list[str], by: User | None, expires_at: datetime | None = None, actor: object = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is not kept. Scopes that there are not are left out."""
    kept: list[str] = [need for need in NEEDS if need in scopes]
    token, secret = ApiToken.make(name, kept, by, expires_at)
    record(actor or by, "token.make", subject=f"token {token.pk}", scopes=" ".join(kept))
    return token, secret


def revoke(one: WriteKey | ApiToken, by: object, now: datetime | None = None) -> None:
    """It stops working at once; what it did stays in the audit log."""
    if one.revoked_at is None:
        one.revoked_at = now or timezone.now()
        one.save(update_fields=["revoked_at"])
        kind = "key" if isinstance(one, WriteKey) else "token"
        record(by, f"{kind}.revoke", subject=f"{'write key' if kind == 'key' else 'token'} {one.pk}")
