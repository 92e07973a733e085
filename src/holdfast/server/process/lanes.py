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
from django.db import DatabaseError, InterfaceError, close_old_connections

from holdfast.server.process.bodies import Busy, Received, received

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
        except Busy:
            await _come_again(send)
            return
        try:
            async with (self._probes if scope["path"] in PROBES else self._usual).lent():
                await self.handle(scope, body, send)
        finally:
            body.close()

    async def read_body(self, receive: Any) -> Any:
        """The body that is here already."""
        assert isinstance(receive, Received)
        return receive.body

    async def _may_send_much(self, scope: dict[str, Any]) -> bool:
        async with self._usual.lent():
            return await sync_to_async(_steers)(self.request_class(scope, BytesIO()))

    async def get_response_async(self, request: Any) -> Any:
        """The whole of Django's synchronous way, in the lane's thread."""
        response = await sync_to_async(self.get_response)(request)
        if response.streaming and not response.is_async:
            response.streaming_content = _pulled(response.streaming_content)
        return response


def _steers(request: Any) -> bool:
    """Whether who sends may steer. Asked outside of Django's way of a request, which else minds the connections."""
    from holdfast.server.people.callers import may_steer

    close_old_connections()
    try:
        return may_steer(request)
    except (DatabaseError, InterfaceError) as away:
        raise Busy from away
    finally:
        close_old_connections()


async def _come_again(send: Send) -> None:
    body = b"This cannot be taken just now; send it again in a few seconds.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _pulled(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A synchronous stream, part by part from the lane's thread: Django would gather all of it in memory first."""
    source = iter(parts)

    def part() -> bytes | None:
        return next(source, None)

    pull = sync_to_async(part)
    while (read := await pull()) is not None:
        yield read
