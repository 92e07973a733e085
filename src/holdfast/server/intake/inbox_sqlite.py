"""The inbox in a SQLite file of its own: write-ahead log, every commit forced to the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.server.intake.inbox import MOST_BYTES, Arrived, Inbox, Row, Waiting

__all__ = ["SqliteInbox"]

BUSY_SECONDS = 20.0
OPENING = (
    "PRAGMA page_size=16384",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA wal_autocheckpoint=2000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-4000",
)
# AUTOINCREMENT: an id is never given again, not even after all rows are gone. Exactly-once rests on it.
TABLE = """
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
)
"""
INSERT = "INSERT INTO inbox (received_us, source, kind, body) VALUES (?, ?, ?, ?)"
TAKE = "SELECT id, received_us, source, kind, body FROM inbox WHERE id > ? ORDER BY id LIMIT ?"
# In portions, so that what arrives meanwhile never waits long for the right to write.
DONE = "DELETE FROM inbox WHERE id <= min(?, (SELECT min(id) FROM inbox) + 1000)"
# Ids have no gaps, and rows go in the order in which they came: no need to count them.
REPLACE = "UPDATE inbox SET kind = ?, body = ? WHERE id = ?"
WIPING = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
NAME = "SELECT name FROM inbox_name"
NAMES = "CREATE TABLE IF NOT EXISTS inbox_name (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), name TEXT NOT NULL)"
NAMED = "INSERT OR IGNORE INTO inbox_name VALUES (1, lower(hex(randomblob(8))))"
WAITING = """
SELECT coalesce((SELECT max(id) FROM inbox) - (SELECT min(id) FROM inbox) + 1, 0),
       (SELECT received_us FROM inbox ORDER BY id LIMIT 1)
"""
SIZE = """
SELECT (pages.page_count - free.freelist_count) * size.page_size
FROM pragma_page_count AS pages, pragma_freelist_count AS free, pragma_page_size AS size
"""


class SqliteInbox(Inbox):
    """Rows in a SQLite file. One connection writes, another reads and deletes; each is used by one thread at a time."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = Path(path)
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.RLock()

    def _commit(self, arrived: list[Arrived]) -> None:
        if self._writer is None:
            self._writer = _opened(self._path)
        rows = [(one.received_us, one.source, one.kind, one.body) for one in arrived]
        with _transaction(self._writer):
            self._writer.executemany(INSERT, rows)

    def take(self, after: int, limit: int, most_bytes: int = MOST_BYTES) -> list[Row]:
        """See Inbox."""
        taken: list[Row] = []
        with self._read() as connection:
            cursor = connection.execute(TAKE, (after, limit))
            for found in cursor:
                taken.append(Row(*found))
                most_bytes -= len(found[4])
                if most_bytes <= 0:
                    break
            cursor.close()
        return taken

    def done(self, upto: int) -> None:
        """See Inbox."""
        with self._read() as connection:
            gone = 1
            while gone:
                with _transaction(connection):
                    gone = connection.execute(DONE, (upto,)).rowcount

    def replace(self, row: int, kind: str, body: bytes) -> None:
        """See Inbox."""
        with self._read() as connection, _transaction(connection):
            connection.execute(REPLACE, (kind, body, row))

    def wipe(self) -> None:
        """See Inbox."""
        with self._read() as connection:
            for pragma in WIPING:
                connection.execute(pragma).fetchall()

    def name(self) -> str:
        """See Inbox."""
        with self._read() as connection:
            connection.execute(NAMES)
            if connection.execute(NAME).fetchone() is None:
                with _transaction(connection):
                    connection.execute(NAMED)
            return str(connection.execute(NAME).fetchone()[0])

    def waiting(self) -> Waiting:
        """See Inbox."""
        with self._read() as connection:
            return Waiting(*connection.execute(WAITING).fetchone())

    def size(self) -> int:
        """See Inbox."""
        with self._read() as connection:
            return int(connection.execute(SIZE).fetchone()[0])

    def close(self) -> None:
        """See Inbox."""
        with self._writing, self._reading:
            for connection in (self._writer, self._reader):
                if connection is not None:
                    connection.close()
            self._writer = self._reader = None

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._reading:
            if self._reader is None:
                self._reader = _opened(self._path)
            yield self._reader


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that waits for others rather than fail; the table is made when it is not there."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for pragma in OPENING:
        connection.execute(pragma)
    connection.execute(TABLE)
    path.chmod(0o600)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. It asks for the right to write at once, so that waiting for another writer never deadlocks."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
