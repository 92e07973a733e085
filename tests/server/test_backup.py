"""`holdfast backup` and `restore`: whole or not at all, under writing, nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from base64 import b64encode
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from urllib.request import Request, urlopen

import pytest
from serving import until
from shells import holdfast, orders_file

from holdfast.errors import HoldfastError, InputError, WorkspaceError
from holdfast.server.process import archive
from holdfast.server.process.archive import MANIFEST
from holdfast.server.process.backing import backup
from holdfast.server.process.restoring import restore
from holdfast.settings import Settings
from holdfast.workspace import Workspace

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


@pytest.fixture
def shop(served) -> Workspace:
    """The small shop: nine orders of four people, two rows refused."""
    text = (
        orders_file(served.path.parent).read_text("utf-8") + "eve,not a date,e1,5.00,France\n,2024-01-01 10:00,f1,5.00,France\n"
    )
    file = orders_file(served.path.parent, text)
    assert holdfast("import", file, "-w", served.path, "--yes").code == 0
    return served


@pytest.fixture
def saved(shop) -> Path:
    target = shop.path.parent / "shop.backup"
    backup(shop, target, now=NOW)
    return target


def changed(source: Path, name: str, content: bytes | None) -> Path:
    """The archive with one file changed, or left out."""
    target = source.with_name(f"{source.stem}-changed.backup")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        if content is not None:
            new.writestr(name, content)
    return target


def test_what_comes_back_is_what_was_there(shop, saved, tmp_path):
    again = tmp_path / "again"
    held = restore(saved, again)
    assert (held.events, held.name, held.database) == (shop.lake.rows(), shop.settings.name, held.database)
    back = Workspace.open(again)
    assert back.settings == shop.settings
    assert back.imports() == shop.imports()
    assert [path.read_bytes() for path in back.refusals()] == [path.read_bytes() for path in shop.refusals()]
    assert sorted(map(str, events(back))) == sorted(map(str, events(shop)))
    assert back.timelines.events == shop.timelines.events
    repeated = holdfast("import", orders_file(tmp_path), "-w", again, "--yes")
    assert Workspace.open(again).lake.rows() == shop.lake.rows(), repeated.out


def events(workspace: Workspace) -> list[dict]:
    return [row for batch in workspace.lake.scan() for row in batch.to_pylist()]


def test_it_comes_back_after_a_checkpoint_of_the_log(shop, tmp_path):
    """After fifty commits the log begins at a checkpoint; what is before it is not needed."""
    shop.lake.table().create_checkpoint()
    (shop.path / "more.csv").write_text("customer,time,order,revenue\nzoe,2024-05-01 10:00,z1,1.00\n", "utf-8")
    assert holdfast("import", shop.path / "more.csv", "-w", shop.path, "--yes").code == 0
    backup(shop, tmp_path / "b", now=NOW)
    with zipfile.ZipFile(tmp_path / "b") as zipped:
        log = [name for name in zipped.namelist() if "_delta_log" in name]
    assert any("checkpoint" in name for name in log)
    assert len(log) < shop.lake.version() + 2
    restore(tmp_path / "b", tmp_path / "again")
    back = Workspace.open(tmp_path / "again")
    assert back.lake.rows() == shop.lake.rows()
    assert all(back.lake.knows(one.fingerprint) for one in shop.imports())


@pytest.mark.one_database
def test_the_key_goes_along_only_when_it_is_asked_for(shop, tmp_path):
    (shop.path / "server").mkdir(exist_ok=True)
    (shop.path / "server" / "secret.key").write_text("very secret", "ascii")
    told = holdfast("backup", tmp_path / "without", "-w", shop.path)
    assert told.code == 0, told.err
    assert "--with-secrets" in told.out + told.err
    holdfast("backup", tmp_path / "with", "-w", shop.path, "--with-secrets")
    assert b"very secret" not in (tmp_path / "without").read_bytes()
    assert (tmp_path / "without").stat().st_mode & 0o077 == 0
    restore(tmp_path / "with", tmp_path / "again")
    assert (tmp_path / "again" / "server" / "secret.key").read_text("ascii") == "very secret"


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["imports", "lake/events/part", "holdfast.toml"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_backup_restores_nothing(saved, tmp_path, name, how):
    with zipfile.ZipFile(saved) as zipped:
        chosen = next(one for one in zipped.namelist() if one.startswith(name.split("/part")[0]) and "_delta_log" not in one)
        content = zipped.read(chosen)
    broken = changed(saved, chosen, content[:-1] + b"?" if how == "changed" else None)
    with pytest.raises((WorkspaceError, InputError)):
        restore(broken, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".again*"))


@pytest.mark.parametrize("cut", [10, 1000, -30])
def test_a_backup_that_was_cut_off_is_none(saved, tmp_path, cut):
    saved.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(InputError):
        restore(saved, tmp_path / "again")


@pytest.mark.one_database
def test_a_file_that_was_broken_anywhere_says_so_in_plain_words(saved, tmp_path):
    """Bytes are changed at random places: what comes of it is a refusal with words, or exactly what was kept."""
    whole, refused = saved.read_bytes(), 0
    for seed in range(40):
        chance, broken = random.Random(seed), bytearray(whole)
        for _ in range(chance.choice((1, 3, 40))):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        saved.write_bytes(broken)
        try:
            restore(saved, tmp_path / f"again-{seed}")
        except HoldfastError:
            refused += 1
            assert not (tmp_path / f"again-{seed}").exists()
    assert refused > 20
    assert not list(tmp_path.glob(".again*"))


@pytest.mark.one_database
def test_a_manifest_of_another_kind_is_refused(saved, tmp_path):
    nameless = b'{"files": {"": {"bytes": 1, "sha256": "x"}}}'
    for said in (b"[]", b"{}", b'{"files": []}', nameless, b"\xff", b'{"files": {}, "format": "x"}'):
        with pytest.raises(InputError):
            restore(changed(saved, MANIFEST, said), tmp_path / "again")


@pytest.mark.one_database
def test_what_unfolds_into_more_than_it_says_does_not_fill_the_disk(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "CHUNK", 1000)
    bomb = changed(saved, "holdfast.toml", b"#" * 50_000_000)
    written, copied = [], archive._copied
    monkeypatch.setattr(archive, "_copied", lambda *given: written.append(copied(*given)) or written[-1])
    with pytest.raises(WorkspaceError, match=r"holdfast\.toml in the backup is damaged"):
        restore(bomb, tmp_path / "again")
    assert max(one.bytes for one in written[-1:]) < 10_000


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "server/../../evil", "c:\\evil"])
def test_nothing_is_written_outside_the_folder(saved, tmp_path, name):
    with zipfile.ZipFile(saved) as zipped:
        manifest = json.loads(zipped.read(MANIFEST))
    manifest["files"][name] = {"bytes": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
    evil = changed(changed(saved, MANIFEST, json.dumps(manifest).encode()), name, b"x")
    with pytest.raises(InputError):
        restore(evil, tmp_path / "again")
    assert not (tmp_path / "evil").exists()


@pytest.mark.one_database
def test_a_backup_without_the_servers_database_is_none(shop, tmp_path):
    """The server has PostgreSQL; a terminal (or cron) that was not told so would leave accounts and profiles out in silence."""
    (shop.path / "server").mkdir(exist_ok=True)
    (shop.path / "server" / "database").write_text("postgresql", "ascii")
    told = holdfast("backup", tmp_path / "half", "-w", shop.path)
    assert (told.code, "DATABASE_URL is not set" in told.err) == (1, True)
    assert not (tmp_path / "half").exists()
    (shop.path / "server" / "database").write_text("sqlite", "ascii")
    assert holdfast("backup", tmp_path / "whole", "-w", shop.path).code == 0


def test_what_is_there_is_never_overwritten(shop, saved, tmp_path):
    with pytest.raises(WorkspaceError, match="not empty"):
        restore(saved, shop.path)
    with pytest.raises(InputError, match="there already"):
        backup(shop, saved, now=NOW)
    told = holdfast("restore", saved, "-w", shop.path)
    assert told.code == 1


def test_a_backup_that_fails_leaves_nothing(shop, tmp_path, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("holdfast.server.process.backing._papers", full)
    with pytest.raises(OSError, match="No space"):
        backup(shop, tmp_path / "b", now=NOW)
    assert [path.name for path in tmp_path.iterdir() if "b" in path.name and "partial" in path.name] == []
    assert not list(shop.path.glob(".backup-*"))


def test_customers_erased_meanwhile_are_not_in_it(shop, tmp_path, monkeypatch):
    """Ann is erased after the snapshot was taken: her file has gone, the backup begins anew and does not hold her."""
    from holdfast.server.process import backing

    before = backing._add_log
    times = []

    def then_erased(archive, folder, lake):
        before(archive, folder, lake)
        times.append(1)
        if len(times) == 1:
            threading.Thread(target=lambda: shop.erase(["ann"])).start()
            monkeypatch.setattr(backing, "_papers", slow_papers)

    def slow_papers(_folder, _secrets):
        return iter((shop.path / "holdfast.toml",))

    def add_when_erased(self, path, name, add=backing.Archive.add):
        if path.suffix == ".parquet" and "_delta_log" not in name:
            until(lambda: shop.lake.erasures() == 1)
            until(lambda: not path.exists() or len(times) > 1)
        add(self, path, name)

    monkeypatch.setattr(backing, "_add_log", then_erased)
    monkeypatch.setattr(backing.Archive, "add", add_when_erased)
    backup(shop, tmp_path / "b", now=NOW)
    monkeypatch.undo()
    assert len(times) == 2
    restore(tmp_path / "b", tmp_path / "again")
    assert {row["customer_id"] for row in events(Workspace.open(tmp_path / "again"))} == {"ben", "cleo", "dan", None}


def test_the_database_while_it_is_written(shop, tmp_path):
    """A copy is of one instant: two tables that are always written together agree in it."""
    path = shop.path / "server" / "holdfast.sqlite"
    path.parent.mkdir(exist_ok=True)
    stop = threading.Event()
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.executescript("CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER);")

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            while not stop.is_set():
                with connection:
                    connection.execute("INSERT INTO a VALUES (1)")
                    connection.execute("INSERT INTO b VALUES (1)")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: path.with_name("holdfast.sqlite-wal").exists())
        for number in range(5):
            backup(shop, tmp_path / f"b{number}", now=NOW, database_url="")
            restore(tmp_path / f"b{number}", tmp_path / f"again{number}")
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"again{number}" / "server" / "holdfast.sqlite")) as copy:
            (a,), (b,) = copy.execute("SELECT count(*) FROM a UNION ALL SELECT count(*) FROM b").fetchall()
        assert a == b


SEND = 120
"""Batches of ten that are sent while the backup is made."""


def test_under_writing_nothing_acknowledged_is_missing_and_nothing_is_doubled(tmp_path, running):
    """A real server takes events; a backup is made meanwhile; the restored server has each of them once."""
    place = Workspace.create(tmp_path / "shop", Settings(zone="Europe/London", currency="GBP")).path
    server = running(place)
    key = server.shell("from holdfast.server.people.models import WriteKey\nprint(WriteKey.make('till')[1])")
    acknowledged: list[str] = []
    stop = threading.Event()

    def send() -> None:
        for number in range(SEND):
            if stop.is_set():
                return
            acknowledged.extend(sent(server.address, key, number))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        until(lambda: len(acknowledged) > 200, 30)
        before = set(acknowledged)
        target = tmp_path / "b"
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", "backup", str(target), "-w", str(place), "--with-secrets"],
            env=server.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    finally:
        stop.set()
        sender.join()
    assert server.stop() == 0
    again = tmp_path / "again"
    second = restored(target, again, running)
    until(lambda: second.get("/readyz")[0] == 200, 20)
    until(lambda: before <= set(ids(again)), 20)
    sleep(1)
    counted = Counter(ids(again))
    assert set(counted.values()) == {1}
    assert before <= set(counted) <= set(acknowledged)
    more = sent(second.address, key, SEND + 1)
    until(lambda: set(more) <= set(ids(again)), 10)


def restored(source: Path, folder: Path, running):
    """A server on the restored workspace; on PostgreSQL the database is filled by the restore itself."""
    import os

    if os.environ.get("DATABASE_URL"):
        pytest.skip("the way back into PostgreSQL has its own test")
    restore(source, folder)
    return running(folder)


def sent(address: str, key: str, number: int) -> list[str]:
    """Send ten events of one batch; their message ids, once they are acknowledged."""
    names = [f"m-{number}-{one}" for one in range(10)]
    batch = [
        {
            "type": "track",
            "event": "Page Viewed",
            "userId": f"u{number % 7}",
            "messageId": name,
            "timestamp": "2024-05-01T10:00:00Z",
        }
        for name in names
    ]
    token = b64encode(f"{key}:".encode()).decode()
    request = Request(
        f"{address}v1/batch",
        json.dumps({"batch": batch}).encode(),
        {"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    return names


def ids(folder: Path) -> list[str]:
    """The message ids in the lake."""
    lake = Workspace.open(folder).lake
    return [one for batch in lake.scan(["event_id"]) for one in batch["event_id"].to_pylist()]


def test_postgresql_there_and_back(shop, tmp_path, needs):
    """The whole database of one instant, into an empty one and into no other."""
    needs("postgresql")
    import psycopg
    from postgres_cluster import postgres

    with postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE people (name text)")
            connection.execute("INSERT INTO people VALUES ('Ann'), ('Ben')")
            connection.execute("CREATE DATABASE other")
        other = url.replace("/postgres", "/other") if url.endswith("/postgres") else url
        held = backup(shop, tmp_path / "b", now=NOW, database_url=url)
        assert held.database == "postgresql"
        with pytest.raises(WorkspaceError, match="tables already"):
            restore(tmp_path / "b", tmp_path / "again", database_url=url)
        with pytest.raises(WorkspaceError, match="DATABASE_URL"):
            restore(tmp_path / "b", tmp_path / "again")
        restore(tmp_path / "b", tmp_path / "again", database_url=other)
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT name FROM people ORDER BY name").fetchall() == [("Ann",), ("Ben",)]
        assert not (tmp_path / "again" / "server" / "database.dump").exists()
    shutil.rmtree(tmp_path / "again")
