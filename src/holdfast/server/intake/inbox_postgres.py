"""The inbox as a table in PostgreSQL, beside the tables of the pages but over connections of its own."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from holdfast.server.intake.inbox import MOST_BYTES, Arrived, Inbox, Row, Waiting

__all__ = ["PostgresInbox", "connection_string"]

# Taken for the length of a writing transaction: ids are given and committed in the same order, whichever process writes, so
# that a reader never sees a later row before an earlier one.
LOCK = "SELECT pg_advisory_xact_lock(7205759403792793)"
THERE = "SELECT to_regclass('holdfast_inbox') IS NOT NULL"
TABLE = """
CREATE TABLE IF NOT EXISTS holdfast_inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_us bigint NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    body bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)
"""
# Bodies are stored as they are: compressing them costs more than it saves for rows that live seconds.
PLAIN = "ALTER TABLE holdfast_inbox ALTER COLUMN body SET STORAGE EXTERNAL"
DURABLE = "SET synchronous_commit = on"
# One statement whatever the number of rows, so that all of a transaction goes over in one breath.
INSERT = """
INSERT INTO holdfast_inbox (received_us, source, kind, body)
SELECT received_us, source, kind, body
FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bytea[]) WITH ORDINALITY AS one (received_us, source, kind, body, place)
ORDER BY place
"""
TAKE = "SELECT id, received_us, source, kind, body FROM holdfast_inbox WHERE id > %s ORDER BY id LIMIT %s"
DONE = "DELETE FROM holdfast_inbox WHERE id <= %s"
REPLACE = "UPDATE holdfast_inbox SET kind = %s, body = %s WHERE id = %s"
WIPE = "VACUUM holdfast_inbox"
# A comment belongs to its table: a table made anew has none, and gets another name.
NAME = "SELECT obj_description('holdfast_inbox'::regclass)"
NAMED = """
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE holdfast_inbox IS %L', replace(gen_random_uuid()::text, '-', '')); END $$
"""
WAITING = "SELECT count(*), (SELECT received_us FROM holdfast_inbox ORDER BY id LIMIT 1) FROM holdfast_inbox"
SIZE = "SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM holdfast_inbox"
# The body of a row can be half a megabyte: a server-side cursor brings them in small portions.
PORTION = 50

Connection = psycopg.Connection[Any]


def connection_string() -> str:
    """The database that Django uses, said as libpq says it (in tests that is the test's database)."""
    from django.db import connections

    settings = connections["default"].settings_dict
    said = {
        "dbname": settings["NAME"],
        "user": settings.get("USER"),
        "password": settings.get("PASSWORD"),
        "host": settings.get("HOST"),
        "port": settings.get("PORT"),
        "sslmode": settings.get("OPTIONS", {}).get("sslmode"),
    }
    return make_conninfo("", **{name: value for name, value in said.items() if value})


class PostgresInbox(Inbox):
    """Rows in a table of PostgreSQL. One connection writes, another reads and deletes; each is used by one thread at a time."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._reading = threading.RLock()

    def _commit(self, arrived: list[Arrived]) -> None:
        """A connection cut while idle is opened again; one cut during the commit is an error, and nobody is told yes."""
        connection = self._writer = _living(self._writer, self._where)
        columns = list(zip(*((one.received_us, one.source, one.kind, one.body) for one in arrived), strict=True))
        with connection.pipeline(), connection.transaction():
            connection.execute(LOCK)
            connection.execute(INSERT, [list(column) for column in columns])

    def take(self, after: int, limit: int, most_bytes: int = MOST_BYTES) -> list[Row]:
        """See Inbox."""
        taken: list[Row] = []
        with self._read() as connection, connection.transaction(), connection.cursor("inbox", binary=True) as cursor:
            cursor.itersize = PORTION
            for found in cursor.execute(TAKE, (after, limit)):
                taken.append(Row(*found))
                most_bytes -= len(found[4])
                if most_bytes <= 0:
                    break
        return taken

    def done(self, upto: int) -> None:
        """See Inbox."""
        with self._read() as connection:
            connection.execute(DONE, (upto,))

    def replace(self, row: int, kind: str, body: bytes) -> None:
        """See Inbox."""
        with self._read() as connection:
            connection.execute(REPLACE, (kind, body, row))

    def wipe(self) -> None:
        """See Inbox."""
        with self._read() as connection:
            connection.execute(WIPE)

    def name(self) -> str:
        """See Inbox."""
        with self._read() as connection, connection.transaction():
            connection.execute(LOCK)
            found = connection.execute(NAME).fetchone()
            if found is None or not found[0]:
                connection.execute(NAMED)
                found = connection.execute(NAME).fetchone()
            assert found is not None
            return str(found[0])

    def waiting(self) -> Waiting:
        """See Inbox."""
        return Waiting(*self._asked(WAITING))

    def size(self) -> int:
        """See Inbox."""
        return int(self._asked(SIZE)[0])

    def close(self) -> None:
        """See Inbox."""
        with self._writing, self._reading:
            for connection in (self._writer, self._reader):
                if connection is not None:
                    connection.close()
            self._writer = self._reader = None

    def _asked(self, question: Any) -> tuple[Any, ...]:
        with self._read() as connection:
            found = connection.execute(question).fetchone()
        assert found is not None
        return tuple(found)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._reading:
            self._reader = _living(self._reader, self._where)
            yield self._reader


def _living(connection: Connection | None, where: str) -> Connection:
    """The connection, or a new one when there is none or it was cut. A silent one is not asked: that costs a way and back."""
    if connection is None or connection.closed:
        return _opened(where)
    if not _speaks(connection):
        return connection
    try:
        connection.execute("")
        return connection
    except psycopg.OperationalError:
        connection.close()
        return _opened(where)


def _speaks(connection: Connection) -> bool:
    """Whether something has come that nobody asked for: a notice, or that the database goes."""
    listening = select.poll()
    listening.register(connection.fileno(), select.POLLIN)
    return bool(listening.poll(0))


def _opened(where: str) -> Connection:
    """A connection; the table is made when it is not there."""
    connection = psycopg.connect(where, autocommit=True, prepare_threshold=1)
    connection.execute(DURABLE)
    with connection.transaction():
        connection.execute(LOCK)
        found = connection.execute(THERE).fetchone()
        if found is None or not found[0]:
            connection.execute(TABLE)
            connection.execute(PLAIN)
    return connection
