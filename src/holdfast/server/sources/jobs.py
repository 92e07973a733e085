"""Work for later of this room, done by the worker."""

from __future__ import annotations

from django.utils import timezone

from holdfast.server.jobs import huey, job

__all__ = ["erase_asked", "forsaken", "read_in"]


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
