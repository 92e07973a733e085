"""Writing into the audit log."""

from __future__ import annotations

from typing import Any

from holdfast.server.people.models import AuditEntry

__all__ = ["record"]


def record(actor: Any, action: str, subject: str = "", **details: Any) -> AuditEntry:
    """Keep that somebody did something.

    actor    a User, an ApiToken, or the name of a program ("digester")
    action   room and verb, such as "customer.erase"
    subject  whom or what it was done to: an id, never a name or an address
    details  plain values; no secrets, no personal data
    """
    from holdfast.server.people.models import ApiToken, User

    name, user = str(actor), None
    if isinstance(actor, User):
        name, user = actor.email, actor
    elif isinstance(actor, ApiToken):  # two may have one name: which of them it was, and whose, is kept, too
        name, user, details = f"token {actor.name}", actor.created_by, {"token": actor.pk} | details
    return AuditEntry.objects.create(user=user, actor=name, action=action, subject=str(subject)[:254], details=details)
