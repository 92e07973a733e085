"""`holdfast restore`: a backup becomes a workspace again, all of it or nothing, compared with what was written down."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

from holdfast.errors import HoldfastError, WorkspaceError
from holdfast.server.process.archive import Manifest, manifest_of, opened, unpacked
from holdfast.server.process.backing import DATABASE, DUMP, INBOX

__all__ = ["restore"]

CHECK = "PRAGMA quick_check"


def restore(source: Path, folder: Path, *, database_url: str = "") -> Manifest:
    """Make a workspace of an archive; what the archive holds.

    folder        must not be there yet, or be empty
    database_url  where the database is PostgreSQL: one without tables

    InputError when the file is no backup; WorkspaceError when it is damaged, or the folder or the database holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is not empty", "restore into a new folder, then put it in the old one's place")
    with opened(source) as zipped:
        manifest = manifest_of(zipped)
        _check_database(manifest, database_url)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{folder.name}.restoring-", dir=folder.parent))
        try:
            unpacked(zipped, manifest, draft)
            _examined(draft, manifest)
            if manifest.database == "postgresql":
                from holdfast.server.process.postgres_dump import refilled

                refilled(database_url, draft / DUMP)
                (draft / DUMP).unlink()
            if folder.exists():
                folder.rmdir()
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _check_database(manifest: Manifest, database_url: str) -> None:
    """WorkspaceError when what is in the backup does not go with where it shall go."""
    if manifest.database == "postgresql" and not database_url:
        raise WorkspaceError("the backup holds a PostgreSQL database", "set DATABASE_URL to an empty database and run it again")
    if manifest.database == "sqlite" and database_url:
        raise WorkspaceError("the backup holds SQLite databases, DATABASE_URL names PostgreSQL", "run it without DATABASE_URL")
    if manifest.database == "postgresql":
        from holdfast.server.process.postgres_dump import is_empty

        if not is_empty(database_url):
            raise WorkspaceError("the database of DATABASE_URL has tables already", "make an empty one: createdb NAME")


def _examined(folder: Path, manifest: Manifest) -> None:
    """Open what was unpacked; WorkspaceError when it does not hold what the manifest says."""
    from holdfast.workspace import Workspace

    for name in ("timelines", "imports", "refusals"):
        (folder / name).mkdir(exist_ok=True)
    try:
        lake = Workspace.open(folder).lake
        found = lake.version(), lake.rows()
    except HoldfastError:
        raise
    except Exception as error:  # whatever the engine says of a log that is none
        raise WorkspaceError("the lake in the backup cannot be read", "give a file that holdfast backup wrote") from error
    if found != (manifest.lake_version, manifest.events):
        raise WorkspaceError("the lake in the backup is not the one that was written down", "fetch the file again")
    for name in (DATABASE, INBOX):
        if (folder / name).exists():
            with closing(sqlite3.connect(folder / name)) as connection:
                if connection.execute(CHECK).fetchone()[0] != "ok":
                    raise WorkspaceError(f"{name} in the backup is damaged", "fetch the file again; nothing was restored")
