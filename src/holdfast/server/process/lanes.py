"""Django's synchronous views under an event loop: a fixed number of threads, each lent to one request at a time.

Django makes a thread for every request, and with it a new connection to the database. Here threads stay, and so do their
connections. A whole request, middleware included, runs in its thread: one hop instead of one a middleware.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler

__all__ = ["LANES", "Pages"]

LANES = 8
"""Requests that run side by side; those that wait for the analyst hold their thread meanwhile."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Pages(ASGIHandler):
    """Django as an ASGI application, its requests in lanes."""

    def __init__(self, lanes: int = LANES) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        self._free = [ThreadPoolExecutor(1, thread_name_prefix=f"lane-{number}") for number in range(lanes)]
        self._gate = Semaphore(lanes)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request in a lane of its own; it waits for one when all are lent."""
        async with self._gate:
            lane = self._free.pop()  # the one that was used last: at rest only few of them hold connections
            try:
                async with ThreadSensitiveContext(executor=lane):
                    await self.handle(scope, receive, send)
            finally:
                self._free.append(lane)

    async def get_response_async(self, request: Any) -> Any:
        """The whole of Django's synchronous way, in the lane's thread."""
        response = await sync_to_async(self.get_response)(request)
        if response.streaming and not response.is_async:
            response.streaming_content = _pulled(response.streaming_content)
        return response


async def _pulled(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A synchronous stream, part by part from the lane's thread: Django would gather all of it in memory first."""
    source = iter(parts)

    def part() -> bytes | None:
        return next(source, None)

    pull = sync_to_async(part)
    while (read := await pull()) is not None:
        yield read
