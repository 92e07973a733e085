"""`holdfast backup`: everything that cannot be rebuilt, as one archive, while the server runs.

For as long as the snapshot takes, the lake's writer lock is held: events are acknowledged into the inbox all the while, the
digester waits. So inbox, database and lake stand to each other as after a sudden end of the machine, which the digester mends:

    inbox → database → log of the lake at its newest version → imports and refusals      under the lock
    data files of that version                                                           without it, they do not change

The inbox comes before the lake: what was acknowledged is in one of them. The timelines are not in it; they are built anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from holdfast.errors import WorkspaceError
from holdfast.events.locking import holding
from holdfast.server.place import check_database
from holdfast.server.process.archive import Archive, Manifest, writing
from holdfast.server.process.lake_log import entry

if TYPE_CHECKING:
    from holdfast.events.lake import Lake
    from holdfast.workspace import Workspace

__all__ = ["DATABASE", "DUMP", "INBOX", "SECRET", "backup"]

DATABASE, INBOX, DUMP, SECRET = "server/holdfast.sqlite", "server/inbox.sqlite", "server/database.dump", "server/secret.key"
LAKE = "lake/events"
SNAPSHOT_PATIENCE_SECONDS = 600.0
TRIES = 3
WAITING = "SELECT count(*) FROM inbox"


def backup(workspace: Workspace, target: Path, *, now: datetime, database_url: str = "", secrets: bool = False) -> Manifest:
    """Write the archive; what it holds.

    target        the file; it must not be there yet
    database_url  where the database is PostgreSQL
    secrets       whether the key that signs sessions and seals second factors goes with it

    InputError when the file cannot be made; WorkspaceError when customers are erased all the time, or the database is
    PostgreSQL and it is not said which; EngineMissing without pg_dump.
    """
    check_database(workspace.path, database_url)
    for _ in range(TRIES):
        try:
            with writing(target) as archive:
                manifest = _written(workspace, archive, now=now, database_url=database_url, secrets=secrets)
                archive.close_with(manifest)
            return manifest
        except FileNotFoundError:
            continue  # customers were erased meanwhile, and their files with them: the archive must not hold them either
    raise WorkspaceError("files of the lake went away during the backup", "run it again when erasing is done")


def _written(workspace: Workspace, archive: Archive, *, now: datetime, database_url: str, secrets: bool) -> Manifest:
    from holdfast import __version__

    folder = workspace.path
    with TemporaryDirectory(prefix=".backup-", dir=folder) as scratch:
        copies = Path(scratch)
        with holding(folder / LAKE / "_writer.lock", patience_seconds=SNAPSHOT_PATIENCE_SECONDS):
            kind, requests = _databases(folder, copies, database_url)
            lake = workspace.lake.pinned()
            _add_log(archive, folder, lake)
            for path in _papers(folder, secrets):
                archive.add(path, path.relative_to(folder).as_posix())
        for path in sorted(copies.iterdir()):
            archive.add(path, f"server/{path.name}")
    for file in lake.files():
        archive.add(folder / LAKE / file.name, f"{LAKE}/{file.name}")
    return Manifest(
        holdfast=__version__,
        made_at=now.isoformat(timespec="seconds"),
        name=workspace.settings.name,
        lake_version=lake.version(),
        events=lake.rows(),
        requests=requests,
        database=kind,
        secrets=secrets and SECRET in archive.files,
        files=archive.files,
    )


def _databases(folder: Path, copies: Path, database_url: str) -> tuple[str, int]:
    """Copy inbox and database, the inbox first; which kind they are, and how many requests wait."""
    if database_url:
        from holdfast.server.process.postgres_dump import dumped

        return "postgresql", dumped(database_url, copies / Path(DUMP).name)
    requests = 0
    if (folder / INBOX).exists():
        requests = _copied(folder / INBOX, copies / Path(INBOX).name, WAITING)
    if not (folder / DATABASE).exists():
        return "none", requests
    _copied(folder / DATABASE, copies / Path(DATABASE).name)
    return "sqlite", requests


def _copied(source: Path, target: Path, count: str = "") -> int:
    """A consistent copy of a SQLite database that is being written to; what a counting query gives there."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True, timeout=30)) as live,
        closing(sqlite3.connect(target)) as made,
    ):
        live.backup(made)
        return int(made.execute(count).fetchone()[0]) if count else 0


def _add_log(archive: Archive, folder: Path, lake: Lake) -> None:
    """The log of the lake, as much of it as its newest version needs."""
    log, version = folder / LAKE / "_delta_log", lake.version()
    marked = [int(path.name[:20]) for path in log.glob("*.checkpoint.parquet") if path.name[:20].isdigit()]
    start = max((number for number in marked if number <= version), default=0)
    if start in marked:
        archive.add(log / f"{start:020d}.checkpoint.parquet", f"{LAKE}/_delta_log/{start:020d}.checkpoint.parquet")
    for number in range(start, version + 1):
        if entry(log, number).exists() or number not in marked:
            archive.add(entry(log, number), f"{LAKE}/_delta_log/{number:020d}.json")


def _papers(folder: Path, secrets: bool) -> Iterator[Path]:
    """The settings, what was imported, what was refused; the key when it is wanted."""
    yield folder / "holdfast.toml"
    for name in ("imports", "refusals"):
        yield from sorted(path for path in (folder / name).rglob("*") if path.is_file())
    if secrets and (folder / SECRET).exists():
        yield folder / SECRET
