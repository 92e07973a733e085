"""The inbox, on SQLite and PostgreSQL alike: in order, durable, each id once."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres_cluster import postgres
from serving import until

from holdfast.server.intake.inbox import Arrived, Inbox, InboxRefused, Waiting
from holdfast.server.intake.inbox_postgres import PostgresInbox
from holdfast.server.intake.inbox_sqlite import SqliteInbox


def one(number: int, body: bytes = b"{}") -> Arrived:
    return Arrived(number, "key:1", "track", body)


@pytest.fixture(scope="module")
def cluster(needs):
    needs("postgresql")
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request, tmp_path):
    """`opened()` opens the inbox once more, as another process would."""
    url = request.getfixturevalue("cluster") if request.param == "postgresql" else ""
    made: list[Inbox] = []

    def again() -> Inbox:
        made.append(PostgresInbox(url) if url else SqliteInbox(str(tmp_path / "inbox.sqlite")))
        return made[-1]

    again().done(2**62)
    yield again
    for box in made:
        box.done(2**62)
        box.close()


def test_what_was_put_is_taken_in_order_and_gone_when_done(opened):
    web, worker = opened(), opened()
    assert worker.waiting() == Waiting(0, None)
    web.put([one(5, b'{"a":"\xc3\xa9"}'), one(6)])
    web.put([one(7)])
    rows = worker.take(0, 10)
    assert [(row.received_us, row.source, row.kind, row.body) for row in rows] == [
        (5, "key:1", "track", b'{"a":"\xc3\xa9"}'),
        (6, "key:1", "track", b"{}"),
        (7, "key:1", "track", b"{}"),
    ]
    assert worker.take(rows[0].id, 1) == rows[1:2]
    assert worker.waiting() == Waiting(3, 5)
    worker.done(rows[1].id)
    assert worker.waiting() == Waiting(1, 7)
    assert web.take(0, 10) == rows[2:]


def test_an_id_is_never_given_twice(opened):
    """The worker has digested everything, both processes end, a new one begins: it counts on."""
    last = 0
    for _ in range(3):
        box = opened()
        box.put([one(1), one(2)])
        ids = [row.id for row in box.take(0, 10)]
        assert min(ids) > last
        last = max(ids)
        box.done(last)
        box.close()


def test_no_more_is_taken_than_memory_should_hold(opened):
    box = opened()
    box.put([one(number, b"x" * 1000) for number in range(10)])
    assert len(box.take(0, 10, most_bytes=2500)) == 3
    assert len(box.take(0, 10, most_bytes=1)) == 1
    assert box.size() >= 10_000


def test_several_threads_and_two_processes_put_at_once_and_nothing_is_lost_or_skipped(opened):
    """A reader that follows by id while others write sees every row, none twice."""
    boxes, reader = [opened(), opened()], opened()
    stop = threading.Event()
    seen: list[int] = []

    def follow():
        after = 0
        while True:
            ended = stop.is_set()
            rows = reader.take(after, 7)
            seen.extend(row.received_us for row in rows)
            if rows:
                after = rows[-1].id
            elif ended:
                return

    following = threading.Thread(target=follow)
    following.start()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: boxes[number % 2].put([one(number)]), range(300)))
    stop.set()
    following.join(30)
    assert sorted(seen) == list(range(300))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.binary(max_size=40), max_size=5), max_size=6), st.integers(0, 9))
def test_the_inbox_is_a_list(opened, puts, cut):
    box = opened()
    box.done(2**62)
    for bodies in puts:
        box.put([one(1, body) for body in bodies])
    expected = [body for bodies in puts for body in bodies]
    rows = box.take(0, 100)
    assert [row.body for row in rows] == expected
    if rows:
        cut = min(cut, len(rows) - 1)
        box.done(rows[cut].id)
        assert [row.body for row in box.take(0, 100)] == expected[cut + 1 :]
    assert box.waiting().rows == len(box.take(0, 100))
    box.close()


@pytest.mark.parametrize("name", ["", "a\0b", "line\n", "x" * 201])
def test_a_name_that_no_table_keeps_is_refused_alone(opened, name):
    box = opened()
    with pytest.raises(ValueError, match="not the name"):
        box.put([one(1), Arrived(2, "key:1", name, b"{}")])
    assert box.waiting().rows == 0


def test_a_disk_that_refuses_is_said_so_to_all_who_waited(tmp_path):
    """Somebody holds the file for ever; here only the wait is cut short."""
    box = SqliteInbox(str(tmp_path / "inbox.sqlite"))
    box.put([one(1)])
    assert box._writer is not None
    box._writer.execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(tmp_path / "inbox.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(4) as threads:
        outcomes = [threads.submit(box.put, [one(number)]) for number in range(4)]
    assert all(isinstance(outcome.exception(), InboxRefused) for outcome in outcomes)
    other.execute("ROLLBACK")
    box.put([one(9)])
    assert [row.received_us for row in box.take(0, 9)] == [1, 9]
    other.close()
    box.close()


def test_postgresql_that_went_away_is_asked_again(cluster):
    """A restart of the database cuts all connections; the next put opens new ones."""
    import psycopg

    box = PostgresInbox(cluster)
    box.done(2**62)
    box.put([one(1)])
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    with psycopg.connect(cluster, autocommit=True) as other:
        other.execute(f"SELECT pg_terminate_backend(pid) {others}")
        until(lambda: not other.execute(f"SELECT pid {others}").fetchall())
    box.put([one(2)])
    assert [row.received_us for row in box.take(0, 9)] == [1, 2]
    box.done(2**62)
    box.close()
