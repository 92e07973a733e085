"""Every request gets a number, and its seconds and status are counted; one that fails outside Django is logged and answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from secrets import token_hex
from time import perf_counter
from typing import Any

from holdfast.server.process import metrics
from holdfast.server.process.logs import REQUEST

__all__ = ["measured"]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
"""What a proxy may give as X-Request-ID."""

SLOW_SECONDS = 2.0

log = logging.getLogger(__name__)


def measured(application: Application, room_of: Callable[[str], str]) -> Application:
    """The application, measured.

    room_of  names the part of the application that answers a path, as a label
    """

    async def answered(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        begun, status = perf_counter(), 0
        number = _number(scope)
        token = REQUEST.set(number.decode())

        async def sent(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", number)]
            await send(message)

        try:
            await application(scope, receive, sent)
            if not status:
                await _said(400, b"The connection ended before the request did.\n", sent)
        except Exception:
            log.exception("a request failed")
            if not status:
                await _said(500, b"Something went wrong that should not have; it was logged.\n", sent)
        finally:
            _count(room_of(scope["path"]), scope["method"], status, perf_counter() - begun)
            REQUEST.reset(token)

    return answered


def _number(scope: dict[str, Any]) -> bytes:
    """The number that a proxy gave, else one of our own."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN.fullmatch(value):
            return bytes(value)
    return token_hex(8).encode()


async def _said(status: int, body: bytes, send: Send) -> None:
    """An answer of our own, where the application gave none: Django says nothing to whoever closed half of the connection."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _count(room: str, method: str, status: int, seconds: float) -> None:
    """Count it; status 0 is an answer that could not even be begun."""
    metrics.REQUESTS.labels(room, method if method in METHODS else "other", str(status)).inc()
    metrics.SECONDS.labels(room).observe(seconds)
    if seconds > SLOW_SECONDS:
        log.info("a slow answer", extra={"room": room, "status": status, "seconds": round(seconds, 2)})
