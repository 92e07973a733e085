"""Who sends: write keys, kept in memory so that no event waits for the database.

The keys are read again every two seconds while events arrive, so that a revoked one is refused within five. A key that is not
known makes them be read at once, so that a new one works from the first event on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import close_old_connections, connection

from holdfast.server.people.models import WriteKey, hashed

__all__ = ["Keys", "KeysUnknown", "read_keys", "used"]

FRESH_SECONDS = 2.0
TOO_OLD_SECONDS = 4.0
STRANGER_SECONDS = 0.25
USED_SECONDS = 60.0

log = logging.getLogger("holdfast.intake")


class KeysUnknown(Exception):
    """The keys could not be read from the database yet."""


def read_keys() -> dict[str, int]:
    """The ids of all keys that are not revoked, by their hash."""
    with _living_connection():
        return dict(WriteKey.objects.filter(revoked_at=None).values_list("hash", "id"))


def used(ids: frozenset[int]) -> None:
    """Write down that keys were used now."""
    with _living_connection():
        WriteKey.objects.filter(id__in=ids).update(last_used_at=datetime.now(UTC))


@contextmanager
def _living_connection() -> Iterator[None]:
    """The thread keeps no connection that the database has cut; inside a transaction it is left alone."""
    if not connection.in_atomic_block:
        close_old_connections()
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            close_old_connections()


@dataclass(frozen=True)
class _Known:
    """The keys as read at an instant (seconds of the clock that was given)."""

    ids: Mapping[str, int]
    at: float


class Keys:
    """The write keys of one event loop.

    read   gives the ids of the living keys by hash; runs in `thread`
    mark   writes down which keys were used; runs in `thread`
    clock  seconds, only growing
    """

    def __init__(
        self,
        thread: Executor,
        clock: Callable[[], float],
        read: Callable[[], dict[str, int]],
        mark: Callable[[frozenset[int]], None],
    ) -> None:
        self._thread, self._clock, self._read, self._mark = thread, clock, read, mark
        self._known: _Known | None = None
        self._reading: asyncio.Task[None] | None = None
        self._marked: dict[int, float] = {}
        self._marking: set[asyncio.Task[None]] = set()

    async def id_of(self, secret: str) -> int | None:
        """The id of a living key; None when there is no such key. KeysUnknown when the database cannot be asked."""
        key = hashed(secret)
        known = await self._fresh()
        if key not in known.ids and self._clock() - known.at > STRANGER_SECONDS:
            await self._again()
            known = await self._fresh()
        found = known.ids.get(key)
        if found is not None:
            self._note(found)
        return found

    async def _fresh(self) -> _Known:
        """The keys, at most TOO_OLD_SECONDS old where the database answers; read anew aside before they are."""
        age = self._clock() - self._known.at if self._known else TOO_OLD_SECONDS
        if age >= TOO_OLD_SECONDS:
            await self._again()
        elif age >= FRESH_SECONDS:
            self._begin()
        if self._known is None:
            raise KeysUnknown
        return self._known

    async def _again(self) -> None:
        await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[None]:
        """The reading under way, or a new one."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_now())
        return self._reading

    async def _read_now(self) -> None:
        """Where the database does not answer nobody can have revoked a key either: those known hold until it does."""
        begun = self._clock()
        ids: Mapping[str, int] | None
        try:
            ids = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        except Exception as error:
            log.warning("write keys could not be read: %s", type(error).__name__)
            ids = self._known.ids if self._known else None
        if ids is not None:
            self._known = _Known(ids, begun)

    def _note(self, key: int) -> None:
        """A key was used: written down at most once a minute, aside."""
        now = self._clock()
        if now - self._marked.get(key, -USED_SECONDS) < USED_SECONDS:
            return
        self._marked[key] = now
        task = asyncio.create_task(self._mark_now(key))
        self._marking.add(task)
        task.add_done_callback(self._marking.discard)

    async def _mark_now(self, key: int) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._mark, frozenset({key}))
        except Exception as error:
            log.warning("the last use of a write key was not written down: %s", type(error).__name__)

    async def settled(self) -> None:
        """Until nothing is being written down any more."""
        await asyncio.gather(*self._marking)
