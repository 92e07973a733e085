"""Is the server well? /healthz: the process is up. /readyz: it can do its work. /metrics: how much of it it did.

Whether it is ready anybody may know; each check and the numbers are for whoever asks from this machine itself (not through a
proxy), with a token of scope look, or signed in.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from time import time

from django.http import HttpRequest, HttpResponse, JsonResponse

from holdfast.server.people.access import may

__all__ = ["CHECKS", "Check", "healthz", "metrics", "readyz"]

LEAST_FREE_BYTES = 200_000_000
LONGEST_WAIT_SECONDS = 60.0
"""An event that waits longer for the digester says that it does not work."""

PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")

log = logging.getLogger(__name__)

_migrated = False
"""Once the migrations are in they stay in: asked until then."""


@dataclass(frozen=True)
class Check:
    """One thing that must be so. `say` gives a word about it; it raises when it is not so."""

    name: str
    say: Callable[[], str]


class NotReadyError(Exception):
    """A check that fails; the text says why."""


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process is up: 200, always."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything that must be so is so, else 503; each check for those who may see it."""
    told = {check.name: _told(check) for check in CHECKS}
    ready = all(one["ok"] for one in told.values())
    body = {"ready": ready} | ({"checks": told} if _may_see(request) else {})
    return JsonResponse(body, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """What is counted, as Prometheus reads it; 403 for those who may not see it."""
    from holdfast.server.process.metrics import exposition

    if not _may_see(request):
        return HttpResponse(
            "from this machine, with a token of scope look, or signed in\n", status=403, content_type="text/plain"
        )
    return HttpResponse(exposition() + _now(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _told(check: Check) -> dict[str, str | bool]:
    try:
        return {"ok": True, "says": check.say()}
    except NotReadyError as error:
        return {"ok": False, "says": str(error)}
    except Exception as error:  # whatever it is, it is not ready; its words may name addresses and passwords
        return {"ok": False, "says": type(error).__name__}


def _may_see(request: HttpRequest) -> bool:
    return _from_here(request) or _with_token(request) or may(request.user, "look")


def _from_here(request: HttpRequest) -> bool:
    """Whether the caller is on this machine itself: a proxy is, too, but says for whom it asks."""
    try:
        here = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return here and not any(name in request.META for name in PROXIED)


def _with_token(request: HttpRequest) -> bool:
    from holdfast.server.people.keys import token_may, token_of

    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = token_of(secret.strip()) if kind.lower() == "bearer" else None
    return found is not None and token_may(found, "look")


# ---------------------------------------------------------------------------------------------------------------- checks


def _database() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return f"{connection.vendor} answers"


def _migrations() -> str:
    global _migrated
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if not _migrated:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if missing:
            raise NotReadyError(f"{missing} missing: start holdfast serve again")
        _migrated = True
    return "all in"


def _inbox() -> str:
    from holdfast.server.intake.inbox import inbox

    waiting = inbox().waiting()
    if waiting.oldest_received_us is not None:
        age = time() - waiting.oldest_received_us / 1e6
        if age > LONGEST_WAIT_SECONDS:
            raise NotReadyError(f"{waiting.rows} requests wait, the oldest for {age:.0f} s: the digester does not get on")
    return f"{waiting.rows} requests wait"


def _disk() -> str:
    from holdfast.server.place import folder, server_folder

    probe = server_folder("run") / "writable"
    probe.write_bytes(b"")
    free = shutil.disk_usage(folder()).free
    if free < LEAST_FREE_BYTES:
        raise NotReadyError(f"only {free // 1_000_000} MB are free")
    return f"{free // 1_000_000_000} GB free"


def _lake() -> str:
    from holdfast.server.process.lake_log import entry, log_folder, newest_version

    version = newest_version(log_folder())
    if version < 0:
        raise NotReadyError("there is no lake: holdfast doctor")
    entry(log_folder(), version).read_bytes()
    return f"version {version}"


def _worker() -> str:
    from holdfast.events.locking import held_by
    from holdfast.server.place import server_folder

    if held_by(server_folder("run") / "worker.lock") is None:
        raise NotReadyError("the worker does not run")
    return "runs"


CHECKS: tuple[Check, ...] = (
    Check("database", _database),
    Check("migrations", _migrations),
    Check("inbox", _inbox),
    Check("disk", _disk),
    Check("lake", _lake),
    Check("worker", _worker),
)
"""What must be so, in the order of a request's way."""


# --------------------------------------------------------------------------------------------------------------- numbers


def _now() -> bytes:
    """Numbers that are read rather than counted: what waits, how far the lake is."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    from holdfast.server.intake.inbox import inbox
    from holdfast.server.process.lake_log import last_sequence, log_folder, newest_version

    version = newest_version(log_folder())
    latest = last_sequence(log_folder(), version)
    try:
        waiting = inbox().waiting()
    except Exception as error:  # the database is away: what was counted is told all the same
        log.warning("the inbox could not be asked: %s", type(error).__name__)
        rows, age = None, None
    else:
        oldest = waiting.oldest_received_us
        rows, age = waiting.rows, 0.0 if oldest is None else time() - oldest / 1e6
    values = (
        ("holdfast_inbox_requests", "Requests that wait for the digester.", rows),
        ("holdfast_inbox_age_seconds", "Since when the oldest waits.", age),
        ("holdfast_lake_version", "The newest version of the lake.", version),
        ("holdfast_lake_events", "Events that ever came into the lake.", None if latest is None else latest + 1),
    )
    registry = CollectorRegistry()
    for name, words, value in values:
        if value is not None:  # a number that is not known is left out: nought would be a wrong one
            Gauge(name, words, registry=registry).set(value)
    return generate_latest(registry)
