"""How many webhooks came in, by hour; a month is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import F, Sum

from holdfast.server.sources.models import Connection, Hour

__all__ = ["count", "last_day", "since"]

KEPT = timedelta(days=31)


def count(connection: Connection, what: Literal["received", "refused"], now: datetime) -> None:
    """One more."""
    start = now.replace(minute=0, second=0, microsecond=0)
    last = "last_at" if what == "received" else "last_refused_at"
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(**{what: F(what) + 1, last: now})
        if not Hour.objects.filter(connection=connection, start=start).update(**{what: F(what) + 1}):
            made, fresh = Hour.objects.get_or_create(connection=connection, start=start, defaults={what: 1})
            if not fresh:
                Hour.objects.filter(pk=made.pk).update(**{what: F(what) + 1})
            Hour.objects.filter(connection=connection, start__lt=now - KEPT).delete()


def since(connections: list[Connection], start: datetime) -> dict[int, int]:
    """Connection → how many were received in the hours since `start` (the hour of `start` is counted whole)."""
    first = start.replace(minute=0, second=0, microsecond=0)
    rows = Hour.objects.filter(connection__in=connections, start__gte=first).values("connection").annotate(n=Sum("received"))
    return {row["connection"]: row["n"] for row in rows}


def last_day(connection: Connection, now: datetime) -> list[tuple[datetime, int, int]]:
    """The last 24 hours, oldest first: when it began, received, refused."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    found = {one.start: one for one in connection.hours.filter(start__gte=first)}
    hours = [first + timedelta(hours=place) for place in range(24)]
    return [(one, found[one].received if one in found else 0, found[one].refused if one in found else 0) for one in hours]
