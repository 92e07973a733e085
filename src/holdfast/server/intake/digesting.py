"""The digester at work: a loop for a thread of the worker. Others follow the lake when `moved` is set."""

from __future__ import annotations

import logging
import traceback
from contextlib import AbstractContextManager
from threading import Event
from time import monotonic

from holdfast.errors import WorkspaceError
from holdfast.events.locking import holding
from holdfast.server.intake.digester import Digested, Digester
from holdfast.server.intake.inbox import inbox
from holdfast.server.place import server_folder, workspace

__all__ = ["GATHER_SECONDS", "moved", "run", "stepping"]

log = logging.getLogger(__name__)

moved = Event()
"""Set when the lake has moved; whoever follows clears it before looking."""

POLL_SECONDS = 0.05
GATHER_SECONDS = 0.3
"""A commit has a price however few events it brings: so long is gathered for the next one, from the start of the last."""

LONGEST_PAUSE = 30.0


def stepping() -> AbstractContextManager[None]:
    """Held for the length of a step; who holds it meanwhile may change rows that wait."""
    return holding(server_folder("run") / "digester-step.lock")


def run(stop: Event) -> None:
    """Digest until `stop` is set. What fails outside (disk, database, another writer) is tried again, after longer and longer
    pauses; nothing is lost meanwhile."""
    while not stop.is_set():
        try:
            with holding(server_folder("run") / "digester.lock", patience_seconds=1.0):
                _until(stop)
        except WorkspaceError:
            continue  # the worker before this one is still at its last step


def _until(stop: Event) -> None:
    failures = 0
    while not stop.is_set():
        begun = monotonic()
        try:
            _digest(stop)
        except Exception as error:
            failures = 1 if monotonic() - begun > LONGEST_PAUSE else failures + 1  # it had been at work: a new trouble
            pause = min(LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10))
            places = "".join(traceback.format_tb(error.__traceback__)[-3:])
            what = str(error) if isinstance(error, WorkspaceError) else type(error).__name__
            log.error("the digester failed and tries again in %.1f s: %s\n%s", pause, what, places)
            _connections_closed()
            stop.wait(pause)


def _digest(stop: Event) -> None:
    """Digest until `stop` is set or something fails."""
    from holdfast.server.process import metrics

    digester = Digester(inbox(), workspace())
    moved.set()
    try:
        while not stop.is_set():
            begun = monotonic()
            with stepping():
                digested = digester.step()
            metrics.DIGESTED.inc(digested.events)
            metrics.REFUSED.inc(digested.refused)
            if digested.events:
                moved.set()
            stop.wait(_pause(digested, monotonic() - begun))
    finally:
        digester.close()


def _pause(digested: Digested, took: float) -> float:
    """Seconds until the next look: none while more waits than one step takes."""
    if not digested.requests:
        return POLL_SECONDS
    return 0.0 if digested.more else max(0.0, GATHER_SECONDS - took)


def _connections_closed() -> None:
    """Let go of connections that may be broken."""
    from django.db import connections

    connections.close_all()
    inbox().close()
