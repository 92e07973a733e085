"""The HTTP side of the intake: Segment's calls, on disk before they are acknowledged.

    request → authenticated → decompressed → checked → inbox → acknowledged

    call       which call it is, who says so, how its body comes
    body       received and decompressed, within the limits
    checked    JSON, and a list where there must be one
    keys       whose write key it is; pace: how often it may send
    gathering  written down together with what comes at the same time
    answers    what is said back, and to whom

What an event means, whether it is complete and whether it came before is judged by the digester. Logs hold no key and no event.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from holdfast.server.intake.answers import GOOD, Answer, NotTaken, preflight, sent
from holdfast.server.intake.body import decompressed, received
from holdfast.server.intake.call import Call, call_of, kind_of
from holdfast.server.intake.checked import checked
from holdfast.server.intake.gathering import Gathering
from holdfast.server.intake.inbox import Arrived, Inbox, inbox
from holdfast.server.intake.keys import Keys, KeysUnknown, read_keys, used
from holdfast.server.intake.pace import Pace
from holdfast.server.options import number
from holdfast.server.process.metrics import ACKNOWLEDGED

__all__ = ["Front", "front"]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MEGA = 1_000_000
ALLOW = ((b"allow", b"POST, OPTIONS"),)

log = logging.getLogger("holdfast.intake")


class Front:
    """The stations of one event loop; two threads wait for the disk and for the database.

    box    gives the inbox
    read   gives the ids of the living write keys by hash
    mark   writes down which keys were used
    clock  seconds, only growing
    """

    def __init__(
        self,
        box: Callable[[], Inbox] = inbox,
        read: Callable[[], dict[str, int]] = read_keys,
        mark: Callable[[frozenset[int]], None] = used,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="intake-disk")
        self._database = ThreadPoolExecutor(1, thread_name_prefix="intake-keys")
        self.gathering = Gathering(box, self._disk, number("INTAKE_WAITING_MB") * MEGA, clock)
        self.keys = Keys(self._database, clock, read, mark)
        self.pace = Pace(number("INTAKE_PER_SECOND"), clock)

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """What is answered to a request under /v1/."""
        try:
            kind_of(scope["path"])
            if scope["method"] != "POST":
                return _without_body(scope)
            await self._taken(call_of(scope), receive)
            return GOOD
        except NotTaken as no:
            return no.answer
        except Exception as error:
            log.error("a call was not answered: %s", type(error).__name__)
            return NotTaken(500, "error", "Something went wrong here.").answer

    async def _taken(self, call: Call, receive: Receive) -> None:
        """The way of a request through all stations; its events are on disk when this returns."""
        raw = await received(call, receive)
        key = await self._key(call.write_key) if call.write_key else None
        seen = checked(call.kind, decompressed(call, raw))
        if key is None:
            key = await self._key(seen.write_key)
        wait = self.pace.wait_seconds(key)
        if wait:
            raise NotTaken(429, "too_fast", "This write key sends more often than it may.", again_in=wait)
        await self._kept(Arrived(time.time_ns() // 1000, f"key:{key}", call.kind, seen.body))
        ACKNOWLEDGED.inc(seen.events)

    async def _key(self, secret: str | None) -> int:
        """The id of a write key. NotTaken when it is none."""
        if not secret:
            raise NotTaken(401, "unauthorized", "The write key is missing: as user name, or as writeKey in the body.")
        try:
            key = await self.keys.id_of(secret)
        except KeysUnknown:
            raise NotTaken(503, "unavailable", "The database does not answer.", again_in=5) from None
        if key is None:
            raise NotTaken(401, "unauthorized", "There is no such write key, or it was revoked.")
        return key

    async def _kept(self, arrived: Arrived) -> None:
        """Write a request down. NotTaken when it could not be."""
        if self.gathering.full:
            await self.gathering.look()
        if self.gathering.full:
            raise NotTaken(503, "full", "Too much waits to be digested.", again_in=10)
        if not await self.gathering.put(arrived):
            raise NotTaken(503, "unavailable", "It could not be written down; nothing was kept.", again_in=5)

    async def close(self) -> None:
        """Finish what is under way."""
        await self.gathering.settled()
        await self.keys.settled()
        self._disk.shutdown(wait=True)
        self._database.shutdown(wait=True)


def _without_body(scope: Scope) -> Answer:
    if scope["method"] == "OPTIONS":
        return preflight(dict(scope["headers"]))
    no = NotTaken(405, "method_not_allowed", "Send it by POST.", headers=ALLOW).answer
    return no if scope["method"] != "HEAD" else Answer(no.status, headers=no.headers)


_fronts: dict[asyncio.AbstractEventLoop, Front] = {}


def _mine() -> Front:
    """The stations of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _fronts:
        for gone in [one for one in _fronts if one.is_closed()]:
            del _fronts[gone]
        _fronts[loop] = Front()
    return _fronts[loop]


async def front(scope: Scope, receive: Receive, send: Send) -> None:
    """One call of the Segment HTTP API, or the life of the process (ASGI lifespan)."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    answer = await _mine().answer(scope, receive)
    origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
    await sent(answer, origin, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            stations = _fronts.pop(asyncio.get_running_loop(), None)
            if stations is not None:
                await stations.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
