"""The worker: work for later (Huey), the digester and the followers of the lake, in threads of one process.

When one of them ends unasked the whole worker ends, and the parent starts it anew: each can be killed at any instant and go on.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from holdfast.server.process.ending import Ending
from holdfast.server.process.keeping import Follower
from holdfast.server.process.lean import give_back

__all__ = ["run"]

DIGESTING = "holdfast.server.intake.digesting"
JOBS_AT_ONCE = 2
JOB_POLL_SECONDS = 1.0
LOOK_SECONDS = 15.0
JOIN_SECONDS = 8.0
"""So long what has begun may take to be finished; each of them can be cut off at any instant."""

LOCK_SECONDS = 15.0

log = logging.getLogger(__name__)


def run(_listening: int, ready: Callable[[], None]) -> int:
    """Work until SIGTERM; what has begun is finished. 1 when a thread ended unasked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")
    import django

    django.setup(set_prefix=False)
    from holdfast.events.locking import holding
    from holdfast.server.place import server_folder

    ending = Ending()
    with holding(server_folder("run") / "worker.lock", patience_seconds=LOCK_SECONDS):
        return _work(ending, ready)


def _work(ending: Ending, ready: Callable[[], None]) -> int:
    died: list[str] = []
    consumer = _consumer()
    _queue_what_was_lost()
    consumer.start()
    threads = [
        Thread(target=_watched, args=(name, work, ending, died), name=name, daemon=True)
        for name, work in _labours(ending.told).items()
    ]
    for thread in threads:
        thread.start()
    ready()
    while not ending.wait(LOOK_SECONDS):
        consumer.check_worker_health()
        give_back()
    consumer.stop(graceful=True)
    end = monotonic() + JOIN_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    return 1 if died else 0


def _queue_what_was_lost() -> None:
    """A worker that was killed may have lost its jobs: nobody may wait for an erasure that nobody does."""
    from holdfast.server.customers import erasing
    from holdfast.server.sources import privacy

    for queue_again in (erasing.queue_again, privacy.queue_again):
        try:
            queue_again()
        except Exception:
            log.exception("erasures that are not done could not be queued again")


def _labours(stop: Event) -> dict[str, Callable[[], object]]:
    """What runs in a thread of its own, by name."""
    from holdfast.server.following import FOLLOWERS
    from holdfast.server.place import folder

    found: dict[str, Callable[[], object]] = {}
    if find_spec(DIGESTING):
        found["digester"] = partial(import_module(DIGESTING).run, stop)
    for place in FOLLOWERS:
        if find_spec(place.partition(":")[0]):
            follower = Follower.named(place)
            found[follower.name] = partial(follower.run, folder(), stop)
    return found


def _watched(name: str, work: Callable[[], object], ending: Ending, died: list[str]) -> None:
    """Work, and stop everything when the work ends before it is asked to."""
    try:
        work()
    except Exception:
        log.exception("%s died, the worker starts anew", name)
    if not ending.is_set():
        died.append(name)
        ending.tell()


def _consumer() -> Any:
    """Huey's threads; signals are ours."""
    from huey.consumer import Consumer

    from holdfast.server.jobs import huey

    for path in sorted(Path(__file__).parents[1].glob("*/jobs.py")):
        import_module(f"holdfast.server.{path.parent.name}.jobs")

    class Threads(Consumer):
        def _set_signal_handlers(self) -> None:
            return None

    return Threads(huey, workers=JOBS_AT_ONCE, max_delay=JOB_POLL_SECONDS, shutdown_timeout=JOIN_SECONDS)
