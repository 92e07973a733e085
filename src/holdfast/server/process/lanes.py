"""Django's synchronous views under an event loop: a fixed number of threads, each lent to one request at a time.

Django makes a thread for every request, and with it a new connection to the database. Here threads stay, and so do their
connections. A whole request, middleware included, runs in its thread: one hop instead of one a middleware. It gets one when its
body is here (`bodies`). Whether the server is well has a lane of its own: it answers also when all others are lent.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

from holdfast.server.process.bodies import Received, received

__all__ = ["LANES", "PROBES", "Pages"]

LANES = 8
"""Requests that run side by side; those that wait for the analyst hold their thread meanwhile."""

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What asks whether the server is well."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Lanes:
    """Threads that are lent, each to one request at a time."""

    def __init__(self, number: int, name: str) -> None:
        self._free = [ThreadPoolExecutor(1, thread_name_prefix=f"{name}-{place}") for place in range(number)]
        self._gate = Semaphore(number)

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """Have one; wait for it when all are lent."""
        async with self._gate:
            lane = self._free.pop()  # the one that was used last: at rest only few of them hold connections
            try:
                async with ThreadSensitiveContext(executor=lane):
                    yield
            finally:
                self._free.append(lane)


class Pages(ASGIHandler):
    """Django as an ASGI application, its requests in lanes."""

    def __init__(self, lanes: int = LANES) -> None:
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        self._usual, self._probes = _Lanes(lanes, "lane"), _Lanes(1, "probe")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request: its body, then a lane of its own; it waits for one when all are lent."""
        try:
            body = await received(scope, receive, self._may_send_much)
        except RequestAborted:
            return
        async with (self._probes if scope["path"] in PROBES else self._usual).lent():
            await self.handle(scope, body, send)

    async def read_body(self, receive: Any) -> Any:
        """The body that is here already."""
        assert isinstance(receive, Received)
        return receive.body

    async def _may_send_much(self, scope: dict[str, Any]) -> bool:
        from holdfast.server.people.callers import may_steer

        async with self._usual.lent():
            return await sync_to_async(may_steer)(self.request_class(scope, BytesIO()))

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
