"""The second and third station: the body, received and decompressed, never more of it than is allowed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from holdfast.server.intake.answers import NotTaken
from holdfast.server.intake.call import KILO, Call

__all__ = ["decompressed", "received"]

Receive = Callable[[], Awaitable[dict[str, Any]]]

PATIENCE_SECONDS = 30
DRAINED = 4 * KILO * KILO
"""So much of a body that is too large is still read, so that its sender hears the answer rather than a broken connection."""
GZIP = 16 + zlib.MAX_WBITS


async def received(call: Call, receive: Receive) -> bytes:
    """The body as it came. NotTaken when it is too large, cut off, or takes too long."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await _whole(call, receive)
    except TimeoutError:
        raise NotTaken(408, "timeout", "The body did not come in time.") from None


async def _whole(call: Call, receive: Receive) -> bytes:
    if call.length is not None and call.length > DRAINED:
        raise _too_large(call)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotTaken(400, "cut_off", "The connection ended before the body did.")
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > DRAINED:
            break
        if size <= call.most_bytes:
            parts.append(part)
    if size > call.most_bytes:
        raise _too_large(call)
    return b"".join(parts)


def decompressed(call: Call, raw: bytes) -> bytes:
    """The body in plain. A small body that would unfold into a large one is refused before it does."""
    if call.encoding != "gzip":
        return raw
    unfolding = zlib.decompressobj(GZIP)
    try:
        plain = unfolding.decompress(raw, call.most_bytes + 1)
    except zlib.error:
        raise NotTaken(400, "bad_gzip", "The body is not gzip, though Content-Encoding says so.") from None
    if len(plain) > call.most_bytes:
        raise _too_large(call)
    if not unfolding.eof or unfolding.unused_data:
        raise NotTaken(400, "bad_gzip", "The gzip body is cut off, or something follows it.")
    return plain


def _too_large(call: Call) -> NotTaken:
    return NotTaken(400, "too_large", f"A {call.kind} call may have {call.most_bytes // KILO} KB, decompressed.")
