"""Looking for traces of a person in every table and every file of the workspace, and wiping what deleting alone leaves behind.

Ids and addresses of LEAST signs and more are looked for as bytes, anywhere; short ids ("17") only where ids stand, since a
number of two digits is found in any file.
"""

from __future__ import annotations

import gzip
import logging
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from holdfast.server.customers.removing import held_in_database
from holdfast.server.place import server_folder

__all__ = ["LEAST", "cleared", "cleared_of", "everywhere", "in_files", "in_tables", "wiped"]

LEAST = 6
"""A shorter text is found by chance."""

PIECE = 1 << 20
PACKED = 200_000_000
"""So many unpacked bytes of an upload are looked at; what is larger is deleted unseen."""

LAKE = ("lake", "timelines", "accounts")
"""Folders of which the lake itself proves that nobody is left in them (they are compressed: bytes would prove nothing)."""

log = logging.getLogger(__name__)


def everywhere(workspace: Path, ids: list[str], needles: list[str]) -> set[str]:
    """The places that still name her, but for the row of the erasure itself: tables with field, files."""
    return {*held_in_database(ids), *in_tables(needles), *(str(path) for path in in_files(workspace, needles))}


def in_tables(needles: list[str]) -> set[str]:
    """Table and field wherever one of the texts stands, in any column of text of any table."""
    found: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if not _texts(field) or model._meta.label_lower == "customers.erasure":
                continue
            rows = model.objects.order_by()
            if isinstance(field, models.JSONField):
                rows, name = rows.annotate(as_text=Cast(field.name, TextField())), "as_text"
            else:
                name = field.attname
            wanted = Q()
            for needle in needles:
                wanted |= Q(**{f"{name}__contains": needle})
            if needles and rows.filter(wanted).exists():
                found.add(f"{model._meta.label}.{field.name}")
    return found


def in_files(workspace: Path, needles: list[str]) -> Iterator[Path]:
    """Files outside the lake that hold one of the texts; the SQLite files of the server are looked at as bytes too."""
    sought = [needle.encode() for needle in needles]
    for path in sorted(workspace.rglob("*")):
        inside = path.relative_to(workspace).parts
        if path.is_file() and inside[0] not in LAKE and not _queued(path) and _holds(path, sought):
            yield path


def cleared(folder: Path, *, besides: str) -> int:
    """Delete all files of a folder of answers that can be worked out again; how many.

    besides  a folder in it that stays: hashes of message ids, which name nobody and which the digester is using
    """
    paths = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != besides]
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def cleared_of(folder: Path, needles: list[str]) -> int:
    """Delete the uploads that hold one of the texts, also packed ones; how many."""
    sought = [needle.encode() for needle in needles]
    gone = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (_holds(path, sought) or _packed(path, sought)):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def wiped(needles: list[str]) -> list[str]:
    """Leave nothing of deleted rows in the bytes of the database: SQLite's log and free pages, PostgreSQL's dead rows.

    SQLite overwrites what is deleted (secure_delete); a file that holds one of the texts all the same is written anew. The
    names of the files that still hold one, since somebody else has the same address.
    """
    if connection.in_atomic_block:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sought = [needle.encode() for needle in needles]
    files = [path for path in sorted(server_folder().glob("*.sqlite*")) if _holds(path, sought)]
    for name in sorted({path.name.partition("-")[0] for path in files}):
        _vacuumed(server_folder() / name)
    return [path.name for path in files if _holds(path, sought)]


def _vacuumed(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as opened:
        try:
            opened.execute("VACUUM")
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as busy:
            log.warning("%s could not be wiped: %s", path.name, busy)


def _texts(field: Any) -> bool:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return isinstance(field, kinds) and not field.choices


def _queued(path: Path) -> bool:
    """The database file itself holds the id in the row of the erasure until that is done; its tables are looked at instead."""
    return path.name.startswith("holdfast.sqlite")


def _holds(path: Path, sought: Iterable[bytes]) -> bool:
    try:
        with path.open("rb") as file:
            return _in_stream(file, list(sought))
    except OSError:
        return False


def _in_stream(file: Any, sought: list[bytes], most: int | None = None) -> bool:
    """Whether a stream holds one of the texts; what is longer than `most` is taken to hold one."""
    overlap = max((len(one) for one in sought), default=1) - 1
    before, read = b"", 0
    while piece := file.read(PIECE):
        window = before + piece
        read += len(piece)
        if any(one in window for one in sought) or (most is not None and read > most):
            return bool(sought)
        before = window[-overlap:] if overlap else b""
    return False


def _packed(path: Path, sought: list[bytes]) -> bool:
    """Whether a packed file holds one of the texts (Excel files are ZIP archives)."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(_in_stream(archive.open(name), sought, PACKED) for name in archive.namelist())
        with gzip.open(path) as file:
            return _in_stream(file, sought, PACKED)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError):
        return False
