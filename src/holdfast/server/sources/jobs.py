"""Work for later of this room, done by the worker."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from holdfast.server.jobs import crontab, every, huey, job

__all__ = ["erase_asked", "forsaken", "old_checkouts_forgotten", "orders_awaited_no_longer", "read_in"]

CHECKOUT_DAYS = 90
"""So long after its last change it is known that a checkout was told."""

PORTION = 5_000


@job(retries=5, retry_delay=300)
def erase_asked(request: int) -> None:
    """Erase the customer whom a shop asks to erase."""
    from holdfast.server.sources.models import PrivacyRequest
    from holdfast.server.sources.privacy import carry_out

    carry_out(PrivacyRequest.objects.get(pk=request))


@job()
def read_in(upload: int) -> None:
    """Read an uploaded file into the lake."""
    from holdfast.server.sources.importing import alive
    from holdfast.server.sources.reading_apart import read_apart

    alive(upload)  # from here on nothing but its beat tells of it: the queue has forgotten it
    read_apart(upload)


@huey.on_startup()
def forsaken() -> None:
    """Have uploads that wait for a turn which never comes counted as stopped, in a minute.

    The worker was killed when it had just begun with one, or the queue is not the one that it stood in (a backup is restored).
    """
    from holdfast.server.sources.models import Upload

    waiting = {task.args[0] for task in huey.pending() if task.name == read_in.task_class.__name__}
    Upload.objects.filter(state="reading", beat_at=None).exclude(pk__in=waiting).update(beat_at=timezone.now())


@every(crontab(minute="50"))
def orders_awaited_no_longer() -> None:
    """Send in as they are the refunds whose order nobody told."""
    from holdfast.server.sources.awaiting import send_overdue

    send_overdue(timezone.now())


@every(crontab(hour="3", minute="40"))
def old_checkouts_forgotten() -> None:
    """Delete what is remembered of checkouts that ended long ago: there are more of them than of orders."""
    from holdfast.server.sources.messages import CHECKOUT, instant
    from holdfast.server.sources.models import Newest

    since = (timezone.now() - timedelta(days=CHECKOUT_DAYS)).isoformat()
    old = Newest.objects.filter(of__startswith=f"{CHECKOUT}-", version__lt=instant(since))
    while ids := list(old.values_list("id", flat=True)[:PORTION]):
        Newest.objects.filter(id__in=ids).delete()
