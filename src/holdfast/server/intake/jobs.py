"""Work for later of this room, done by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from holdfast.server.jobs import crontab, every, job

__all__ = ["old_refusals_deleted", "replay_chosen"]

PORTION = 5_000


@job()
def replay_chosen(query: str) -> None:
    """Send in again the refused events of a choice, told as the query of its URL."""
    from django.http import QueryDict

    from holdfast.server.intake.inbox import inbox
    from holdfast.server.intake.replaying import replay
    from holdfast.server.intake.sifting import Choice

    replay(Choice.of(QueryDict(query)).events(), inbox())


@every(crontab(hour="3", minute="20"))
def old_refusals_deleted() -> None:
    """Delete refused events that were kept for REFUSED_DAYS.

    Not a refund that waits for its order: it is sent in by itself. Nor what was sent in again since and is on its way: refused
    once more, it would be lost.
    """
    from holdfast.server.intake.models import RefusedEvent
    from holdfast.server.options import number
    from holdfast.server.sources.awaiting import AWAITED

    since = timezone.now() - timedelta(days=number("REFUSED_DAYS"))
    old = RefusedEvent.objects.filter(received_at__lt=since).order_by()
    old = old.exclude(code=AWAITED, outcome="").exclude(outcome="again", replayed_at__gte=since)
    while ids := list(old.values_list("id", flat=True)[:PORTION]):
        RefusedEvent.objects.filter(id__in=ids).delete()
