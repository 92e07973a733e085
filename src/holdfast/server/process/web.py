"""The web: granian in this process, one event loop, on the socket that the parent holds."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Callable
from typing import Any

from granian import net
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

__all__ = ["run"]

BACKLOG = 1024
AT_ONCE = 2048
"""So many connections are held at once, also those of browsers at rest; further ones wait in the socket's queue."""

AT_REST_MS = 15_000
"""So long a connection may rest between two requests, or with half a request's head."""

HANDLES = 8192
"""Files and connections that may be open; systems often begin with 1024."""


class OnParentsSocket(Server):
    """Granian, listening where the parent listens: while this process starts anew, connections wait instead of failing."""

    def __init__(self, application: Any, listening: int) -> None:
        super().__init__(
            application,
            interface=Interfaces.ASGI,
            http=HTTPModes.auto,
            websockets=False,
            backlog=BACKLOG,
            backpressure=AT_ONCE,
            log_enabled=False,
            http1_settings=HTTP1Settings(header_read_timeout=AT_REST_MS),
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        holder: Any = getattr(net, "SocketHolder")  # noqa: B009 - Rust's class, which granian's stubs do not tell of
        granian: Any = self
        granian._ssp, granian._shd, granian._sfd = None, holder(self._listening, False, BACKLOG), self._listening


def run(listening: int, ready: Callable[[], None]) -> int:
    """Answer requests until SIGTERM; requests that have begun are finished."""
    import uvloop

    from holdfast.server.asgi import application

    _more_handles()
    uvloop.run(_serve(OnParentsSocket(application, listening), ready))
    return 0


def _more_handles() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES if hard == resource.RLIM_INFINITY else min(HANDLES, hard), hard))


async def _serve(server: Server, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, server.stop)
    serving = loop.create_task(server.serve())
    loop.call_later(0.05, ready)
    await serving
