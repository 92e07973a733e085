"""Bodies of requests, received before a lane is lent: whoever sends slowly keeps nobody waiting but herself.

A small body anybody may send; a large one, such as a file of orders, takes who may steer. What is larger than that is answered
413 without being kept; what does not come on for a while is broken off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core.exceptions import RequestAborted

from holdfast.server.options import number

__all__ = ["PATIENCE_SECONDS", "SMALL_BYTES", "TOO_LARGE", "Received", "received"]

SMALL_BYTES = 6_000_000
"""More than any form or JSON that Django would take (DATA_UPLOAD_MAX_MEMORY_SIZE)."""

PATIENCE_SECONDS = 30.0
"""So long may a body stand still."""

IN_MEMORY_BYTES = 262_144
"""What is larger waits in a file: many come at once."""

DRAINED_BYTES = 4_000_000
"""So much beyond what is allowed is still read, so that its sender hears the answer rather than a broken connection."""

TOO_LARGE = "holdfast.too_large"
"""In the scope of a request whose body was not kept."""

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Received:
    """A body that is here, and whatever the connection says after it.

    body  the whole of it, at its beginning; empty where it was too large
    """

    def __init__(self, body: IO[bytes], receive: Receive, *, whole: bool) -> None:
        self.body = body
        self._receive = receive
        self._whole = whole

    async def __call__(self) -> dict[str, Any]:
        """The next message: that the connection ended. Never, where the rest of the body was left unread."""
        if not self._whole:
            await asyncio.Event().wait()
        return await self._receive()


async def received(
    scope: dict[str, Any], receive: Receive, may_send_much: Callable[[dict[str, Any]], Awaitable[bool]]
) -> Received:
    """The body of a request. RequestAborted when the connection ends, or stands still, before it is whole."""
    said = _length(scope)
    most = await _most(scope, may_send_much) if said is None or said > SMALL_BYTES else SMALL_BYTES
    kept = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+b")  # noqa: SIM115 - Django closes it with the request
    try:
        if said is not None and said > most + DRAINED_BYTES:
            whole, size = False, said
        else:
            whole, size = await _filled(kept, receive, most)
    except BaseException:
        kept.close()
        raise
    if size > most:
        scope[TOO_LARGE] = True
        kept.truncate(0)
    kept.seek(0)
    return Received(kept, receive, whole=whole)


async def _most(scope: dict[str, Any], may_send_much: Callable[[dict[str, Any]], Awaitable[bool]]) -> int:
    """So many bytes this caller may send."""
    if scope["method"] in ("GET", "HEAD") or not await may_send_much(scope):
        return SMALL_BYTES
    return SMALL_BYTES + number("UPLOAD_MEGABYTES") * 1_000_000


async def _filled(kept: IO[bytes], receive: Receive, most: int) -> tuple[bool, int]:
    """Fill a file with the body; whether all of the body was read, and how much came."""
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                message = await receive()
        except TimeoutError:
            raise RequestAborted from None
        if message["type"] == "http.disconnect":
            raise RequestAborted
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > most + DRAINED_BYTES:
            return False, size
        if size <= most:
            kept.write(part)
    return True, size


def _length(scope: dict[str, Any]) -> int | None:
    """How long the body is said to be; None where it comes in pieces and its length is not said."""
    named = {name: value for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")}
    if b"transfer-encoding" in named:
        return None
    value = named.get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0
