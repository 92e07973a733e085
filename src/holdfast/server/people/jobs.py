"""Work for later about people: what is over is thrown away."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from holdfast.server.jobs import crontab, every

__all__ = ["swept", "tidy"]

KEPT = timedelta(days=7)
"""So long a link that lets in once is remembered after its end."""

FORGOTTEN = "DELETE FROM kept_for_a_while WHERE expires < %s"
"""What was kept for a while, longer than that while: lock-outs, rates, Idempotency-Keys."""


@every(crontab(minute="40"))
def tidy() -> None:
    """Each hour."""
    swept(timezone.now())


def swept(now: datetime) -> None:
    """Throw away sessions, one-time links and what was kept for a while, where they are over."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    from holdfast.server.people.models import OneTimeLink

    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    OneTimeLink.objects.filter(expires_at__lt=now - KEPT).delete()
    with connection.cursor() as cursor:
        cursor.execute(FORGOTTEN, [connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))])
