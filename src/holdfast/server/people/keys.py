"""Making and revoking write keys and tokens, and whose token a secret is."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from holdfast.server.people.access import NEEDS, Need, may
from holdfast.server.people.audit import record
from holdfast.server.people.models import ApiToken, User, WriteKey, hashed

__all__ = ["make_token", "make_write_key", "revoke", "token_may", "token_of"]


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


def token_of(secret: str, now: datetime | None = None) -> ApiToken | None:
    """The token of a secret; None when there is none such, it is over or revoked, or who made it may not come in any more."""
    now = now or timezone.now()
    found = ApiToken.objects.select_related("created_by").filter(hash=hashed(secret), revoked_at=None).first()
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        return None
    return found if found.created_by is not None and found.created_by.is_active else None


def token_may(token: ApiToken, need: Need) -> bool:
    """Whether a token may: within its scopes, and never beyond what the person who made it may now."""
    return need in token.scopes and may(token.created_by, need)
