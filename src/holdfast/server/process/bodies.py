"""Bodies of requests, received before a lane is lent: whoever sends slowly keeps nobody waiting but herself.

A small body anybody may send; a large one, such as a file of orders, takes who may steer. What is larger than that is answered
413 without being kept; what does not come on for a while is broken off, and so is a small one that takes too long as a whole.
What all small bodies together take on the disk is limited: whoever comes beyond that is asked to come again (`Busy`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import Any

from django.core.exceptions import RequestAborted

from holdfast.server.options import number
from holdfast.server.place import server_folder

__all__ = ["PATIENCE_SECONDS", "SMALL_BYTES", "TOO_LARGE", "Busy", "Received", "received"]

SMALL_BYTES = 6_000_000
"""More than any form or JSON that Django would take (DATA_UPLOAD_MAX_MEMORY_SIZE)."""

PATIENCE_SECONDS = 30.0
"""So long may a body stand still."""

SMALL_SECONDS = 120.0
"""So long may a small body take as a whole: else one byte every now and then would keep a connection for weeks."""

IN_MEMORY_BYTES = 16_384
"""What is larger waits in a file: two thousand come at once."""

SHARED_BYTES = 300_000_000
"""So much may the small bodies that are not answered yet take on the disk together; those in memory are always taken."""

DRAINED_BYTES = 4_000_000
"""So much beyond what is allowed is still read, so that its sender hears the answer rather than a broken connection."""

TOO_LARGE = "holdfast.too_large"
"""In the scope of a request whose body was not kept."""

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Busy(Exception):
    """The body cannot be taken just now: come again in a few seconds."""


class _Kept:
    """Where a body is kept: in memory while it is short, then in a file without a name in server/uploads.

    shared  whether what it takes on the disk counts as one of the small bodies
    """

    taken = 0
    """By all small bodies. There is one event loop."""

    def __init__(self, *, shared: bool) -> None:
        self.file = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+b", dir=str(server_folder("uploads")))  # noqa: SIM115 - see `close`
        self._shared = shared
        self._size = self._counted = 0

    async def write(self, part: bytes) -> None:
        """Add a part; not in the event loop once it is a file, for a disk may be slow. Busy where there is no room."""
        self._size += len(part)
        if self._size <= IN_MEMORY_BYTES:
            self.file.write(part)
            return
        if self._shared:
            if _Kept.taken + self._size - self._counted > SHARED_BYTES:
                raise Busy
            _Kept.taken += self._size - self._counted
            self._counted = self._size
        try:
            await asyncio.to_thread(self.file.write, part)
        except OSError as error:
            raise Busy from error

    def close(self) -> None:
        """It is answered, or will not be."""
        try:
            self.file.close()
        except OSError:
            pass  # a full disk: what was still to be written is not wanted any more
        finally:
            _Kept.taken -= self._counted
            self._counted = 0


class Received:
    """A body that is here, and whatever the connection says after it.

    body   the whole of it, at its beginning; empty where it was too large
    close  to be called once it is answered
    """

    def __init__(self, kept: _Kept, receive: Receive, *, whole: bool) -> None:
        self.body = kept.file
        self.close = kept.close
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
    """The body of a request. RequestAborted when the connection ends, or is too slow, before it is whole; Busy: not now."""
    said = _length(scope)
    most = await _most(scope, may_send_much) if said is None or said > SMALL_BYTES else SMALL_BYTES
    small = most == SMALL_BYTES
    kept = _Kept(shared=small)
    try:
        if said is not None and said > most + DRAINED_BYTES:
            whole, size = False, said
        else:
            async with asyncio.timeout(SMALL_SECONDS if small else None):
                whole, size = await _filled(kept, receive, most)
        if size > most:
            scope[TOO_LARGE] = True
            kept.file.truncate(0)
        kept.file.seek(0)
    except TimeoutError:
        kept.close()
        raise RequestAborted from None
    except OSError as error:
        kept.close()
        raise Busy from error
    except BaseException:
        kept.close()
        raise
    return Received(kept, receive, whole=whole)


async def _most(scope: dict[str, Any], may_send_much: Callable[[dict[str, Any]], Awaitable[bool]]) -> int:
    """So many bytes this caller may send."""
    if scope["method"] in ("GET", "HEAD") or not await may_send_much(scope):
        return SMALL_BYTES
    return SMALL_BYTES + number("UPLOAD_MEGABYTES") * 1_000_000


async def _filled(kept: _Kept, receive: Receive, most: int) -> tuple[bool, int]:
    """Fill a file with the body; whether all of the body was read, and how much came."""
    size, more = 0, True
    while more:
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > most + DRAINED_BYTES:
            return False, size
        if size <= most:
            await kept.write(part)
    return True, size


def _length(scope: dict[str, Any]) -> int | None:
    """How long the body is said to be; None where it comes in pieces and its length is not said."""
    named = {name: value for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")}
    if b"transfer-encoding" in named:
        return None
    value = named.get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0
