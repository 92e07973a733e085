"""The HTTP side of the intake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["front"]


async def front(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """One call of the Segment HTTP API, or the life of the process (ASGI lifespan)."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
