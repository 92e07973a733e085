"""The inbox: what has arrived and waits for the digester, one row a request, on disk when `put` returns.

Every thread that puts takes part in a *group commit*: whoever comes first commits for all who wait, in one transaction, so that
the disk is asked to be sure once for many. Ids only grow, in the order in which transactions are committed, and none is given
twice: `take(after=…)` never misses a row and the digester can say by one number how far it has come.

    inbox_sqlite     server/inbox.sqlite, a file of its own, so that events never wait for pages
    inbox_postgres   the table holdfast_inbox, where DATABASE_URL names a PostgreSQL
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from holdfast.errors import HoldfastError
from holdfast.server.options import option
from holdfast.server.place import server_folder

__all__ = ["Arrived", "Inbox", "InboxRefused", "Row", "Waiting", "inbox"]

MOST_BYTES = 64_000_000
LONGEST_NAME = 200


class InboxRefused(HoldfastError):
    """The disk or the database does not take what arrived; nothing of it may be acknowledged."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request as it came.

    received_us  microseconds since 1970, UTC
    source       who sent it: "key:" and the id of the write key, or the name of a source
    kind         a Segment call ("track", "identify", …, "batch", "import") or "webhook:<source>:<topic>"
    body         JSON as received, decompressed
    """

    received_us: int
    source: str
    kind: str
    body: bytes


class Row(NamedTuple):
    """One request in the inbox."""

    id: int
    received_us: int
    source: str
    kind: str
    body: bytes


class Waiting(NamedTuple):
    """How much waits: requests, and when the oldest of them came (None: nothing waits)."""

    rows: int
    oldest_received_us: int | None


@dataclass(eq=False, slots=True)
class _Ticket:
    """What one caller of `put` waits for."""

    arrived: list[Arrived]
    done: bool = False
    error: BaseException | None = field(default=None)


class Inbox(ABC):
    """Rows in the order of arrival. Safe to use from several threads, and from several processes at once."""

    def __init__(self) -> None:
        self._queue: list[_Ticket] = []
        self._queueing = threading.Lock()
        self._writing = threading.Lock()

    def put(self, arrived: list[Arrived]) -> None:
        """Keep what arrived: it is on disk when this returns. InboxRefused when it could not be kept."""
        for one in arrived:
            _checked(one)
        if not arrived:
            return
        ticket = _Ticket(arrived)
        with self._queueing:
            self._queue.append(ticket)
        with self._writing:
            if not ticket.done:
                self._commit_all()
        if ticket.error is not None:
            raise InboxRefused(
                "what arrived could not be written down", "look at the server's disk and database"
            ) from ticket.error

    def _commit_all(self) -> None:
        """Commit everything that waits, as one transaction."""
        with self._queueing:
            tickets, self._queue = self._queue, []
        error: BaseException | None = None
        try:
            self._commit([one for ticket in tickets for one in ticket.arrived])
        except Exception as raised:
            error = raised
        for ticket in tickets:
            ticket.error, ticket.done = error, True

    @abstractmethod
    def _commit(self, arrived: list[Arrived]) -> None:
        """Write rows in one durable transaction. Called by one thread at a time."""

    @abstractmethod
    def take(self, after: int, limit: int, most_bytes: int = MOST_BYTES) -> list[Row]:
        """The next rows with an id above `after`, by id.

        At most `limit`, and no more once their bodies pass `most_bytes`: fewer than `limit` does not mean that no more wait.
        """

    @abstractmethod
    def done(self, upto: int) -> None:
        """Forget the rows up to this id: they are in the lake."""

    @abstractmethod
    def replace(self, row: int, kind: str, body: bytes) -> None:
        """Put another body in the place of a row's, where the row still waits (an erased person is taken out of it)."""

    @abstractmethod
    def wipe(self) -> None:
        """Leave nothing on the disk of rows that are gone."""

    @abstractmethod
    def name(self) -> str:
        """What this inbox is called, made once with its table: ids of another inbox are other ids.

        The lake keeps how far it came under this name, so that an inbox that was lost and made anew begins at its beginning.
        """

    @abstractmethod
    def waiting(self) -> Waiting:
        """How much waits, and since when."""

    @abstractmethod
    def size(self) -> int:
        """Bytes on disk that what waits takes up, nearly."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; the next use opens them again."""


def _checked(arrived: Arrived) -> None:
    """ValueError for a name that no table could keep, before it can spoil the transaction of others."""
    for name in (arrived.source, arrived.kind):
        if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
            raise ValueError(f"not the name of a source or a call: {name[:40]!r}")


_OPEN: dict[tuple[int, str], Inbox] = {}
_OPENING = threading.Lock()


def inbox() -> Inbox:
    """The inbox of the workspace that is served: in PostgreSQL where DATABASE_URL says so, else in its own SQLite file."""
    made: Callable[[str], Inbox]
    if option("DATABASE_URL"):
        from holdfast.server.intake.inbox_postgres import PostgresInbox, connection_string

        where, made = connection_string(), PostgresInbox
    else:
        from holdfast.server.intake.inbox_sqlite import SqliteInbox

        where, made = str(server_folder() / "inbox.sqlite"), SqliteInbox
    key = (os.getpid(), where)
    with _OPENING:
        if key not in _OPEN:
            _OPEN[key] = made(where)
        return _OPEN[key]
