"""Connecting a shop or a biller, changing its secret, disconnecting it."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.errors import UsageError
from holdfast.server.people import audit
from holdfast.server.sources.models import Connection
from holdfast.server.sources.registry import SOURCES
from holdfast.server.sources.sealing import opened, sealed

__all__ = ["change_secret", "connect", "connected", "disconnect", "public_url", "secrets_of"]

KEPT_SECRETS = 2
"""The new one, and the one before it, so that webhooks signed meanwhile are still known."""


def connect(kind: str, name: str, prefix: str, by: Any) -> tuple[Connection, str]:
    """A new connection, and the secret that was made for it (empty where the shop makes it).

    UsageError where another one has this name, or the same ids.
    """
    name, prefix = name.strip(), prefix.strip()
    if not name or ":" in name or len(name) > 80 or not name.isprintable():
        raise UsageError(
            _("A name of 1 to 80 signs is needed, without a colon and without signs that cannot be seen"),
            _("call it what you call the shop"),
        )
    if not re.fullmatch(r"[a-z0-9-]{0,12}", prefix):
        raise UsageError(_("The beginning of ids may hold a to z, 0 to 9 and -, at most 12"), _("write for example de-"))
    same = Connection.objects.filter(kind=kind, prefix=prefix, disconnected_at=None).first()
    if same is not None and SOURCES[kind].numbers == "its own":
        raise UsageError(
            _("%(name)s has order numbers like these already, and the two would be mixed up") % {"name": same.name},
            _("let the ids of this shop begin with something of its own, such as de-"),
        )
    secret = secrets.token_urlsafe(32) if SOURCES[kind].secret_by == "us" else ""
    try:
        with transaction.atomic():
            made = Connection.objects.create(
                kind=kind,
                name=name,
                prefix=prefix,
                token=secrets.token_urlsafe(24),
                sealed=sealed([secret] if secret else []),
                created_by=by,
            )
    except IntegrityError as error:
        raise UsageError(_("There is a source of that name already"), _("choose another name")) from error
    audit.record(by, "source.connect", subject=str(made.pk), kind=kind)
    return made, secret


def change_secret(connection: Connection, secret: str, by: Any) -> str:
    """Takes a new secret; without one, makes it. The one before stays good until the next change. Gives the secret."""
    said = secret.strip() or (secrets.token_urlsafe(32) if SOURCES[connection.kind].secret_by == "us" else "")
    if not said or len(said) > 400:
        raise UsageError(_("There is no secret"), _("paste the one that the shop shows"))
    before = [one for one in secrets_of(connection) if one != said]
    connection.sealed = sealed([said, *before][:KEPT_SECRETS])
    connection.save(update_fields=["sealed"])
    audit.record(by, "source.secret", subject=str(connection.pk))
    return said


def disconnect(connection: Connection, by: Any) -> None:
    """Its URL takes nothing any more and its secrets are gone; what it sent stays."""
    connection.disconnected_at = timezone.now()
    connection.sealed = ""
    connection.name = f"{connection.name[:60]} ({connection.disconnected_at:%Y-%m-%d %H%M%S})"
    connection.save(update_fields=["disconnected_at", "sealed", "name"])
    audit.record(by, "source.disconnect", subject=str(connection.pk))


def connected() -> QuerySet[Connection]:
    """Those that are connected. One whose folder is not in this version of Holdfast waits until it is."""
    return Connection.objects.filter(disconnected_at=None, kind__in=SOURCES)


def secrets_of(connection: Connection) -> list[str]:
    """The secrets that sign its webhooks, the newest first."""
    return opened(connection.sealed)


def public_url(connection: Connection) -> str:
    """The address that the shop sends to."""
    return f"{settings.SITE_URL}{reverse('hooks', args=[connection.token])}"
