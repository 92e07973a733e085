"""The last station: requests that come while the disk is busy are gathered and written down together.

An answer waits for its own transaction. When more waits than the disk should hold, nothing further is taken.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import Executor

from holdfast.server.intake.inbox import Arrived, Inbox

__all__ = ["Gathering"]

CHECK_SECONDS = 1.0
CHECK_SHARE = 20
"""Looking at the size takes at most one part in so many of the time."""

PAUSE_SHARE = 0.2
LONGEST_PAUSE_SECONDS = 0.01
"""Between two writes those who were just answered may send again and come along: the slower the disk, the more that saves."""

log = logging.getLogger("holdfast.intake")


class Gathering:
    """Writes into the inbox from one event loop.

    box         gives the inbox; called in `thread`
    thread      where the disk is waited for
    most_bytes  that may wait in the inbox; 0: no limit
    clock       seconds, only growing
    """

    def __init__(self, box: Callable[[], Inbox], thread: Executor, most_bytes: int, clock: Callable[[], float]) -> None:
        self._box, self._thread, self._most_bytes, self._clock = box, thread, most_bytes, clock
        self._waiting: list[tuple[Arrived, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._check_at = -math.inf
        self.full = False
        """Whether so much waits that nothing may be put."""

    async def put(self, arrived: Arrived) -> bool:
        """Whether it is on disk now."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await written

    async def look(self) -> None:
        """Bring `full` up to date, when nothing is written that would."""
        if self._clock() >= self._check_at:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._measure)

    async def settled(self) -> None:
        """Until nothing is being written any more."""
        if self._writing is not None:
            await self._writing

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            begun = loop.time()
            bundle, self._waiting = self._waiting, []
            kept = await loop.run_in_executor(self._thread, self._write, [arrived for arrived, _ in bundle])
            for _, written in bundle:
                if not written.done():
                    written.set_result(kept)
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, PAUSE_SHARE * (loop.time() - begun)))

    def _write(self, arrived: list[Arrived]) -> bool:
        try:
            self._box().put(arrived)
        except Exception as error:
            log.error("%d requests could not be written down: %s", len(arrived), _cause(error))
            return False
        self._measure()
        return True

    def _measure(self) -> None:
        """Look at how much waits, now and then."""
        begun = self._clock()
        if self._most_bytes <= 0 or begun < self._check_at:
            return
        try:
            full = self._box().size() > self._most_bytes
        except Exception as error:
            log.warning("the size of the inbox is not known: %s", _cause(error))
            full = False
        if full and not self.full:
            log.error("the inbox is full: nothing is taken until the worker has digested some of it")
        self.full = full
        ended = self._clock()
        self._check_at = ended + max(CHECK_SECONDS, CHECK_SHARE * (ended - begun))


def _cause(error: BaseException) -> str:
    """What went wrong, in words that name no data."""
    return f"{type(error).__name__}: {type(error.__cause__).__name__}" if error.__cause__ else type(error).__name__
