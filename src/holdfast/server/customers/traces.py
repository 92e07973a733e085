"""Looking for traces of a person in every table and every file of the workspace, and wiping what deleting alone leaves behind.

Texts that name her (`naming.py`) are looked for as words, anywhere; short ids ("17") only where ids stand, since a number of
two digits is found in any file. Profiles of others are what the lake says of them, and stay.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import sqlite3
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from holdfast.server.customers.identity import chunks
from holdfast.server.customers.naming import ERASED_WORD, Sought, in_bytes, in_every_case, in_text, spellings
from holdfast.server.customers.removing import FIELDS, held_in_database
from holdfast.server.customers.whole import AROUND
from holdfast.server.place import server_folder

__all__ = ["blotted", "blotted_records", "cleared", "cleared_of", "everywhere", "in_files", "in_tables", "wiped"]

PIECE = 1 << 20
AT_ONCE = 200
"""Texts that are looked for at once: SQLite takes conditions to a depth of 1,000."""

PACKED = 200_000_000
"""So many unpacked bytes of an upload are looked at; what is larger is deleted unseen."""

LAKE = ("lake", "timelines", "accounts")
"""Folders of which the lake itself proves that nobody is left in them (they are compressed: bytes would prove nothing)."""

PACKED_ANSWERS = ("server", "kept", "details")
"""Compressed, too: row by row it is looked whether she is in them (`details_kept.naming`)."""

IMPORTS = "imports"
"""Folder of what came of each import, with the name of its file."""

OF_THE_LAKE = ("customers.customer", "customers.account", "customers.erasure")
"""Tables of what the lake says of others, and the row of the erasure itself."""

OF_HASHES = ("sources.newest",)
"""Tables that know whom they are about by hashes alone: they name nobody, and have a row for each order there ever was."""

WRITTEN: tuple[tuple[str, str], ...] = (
    ("customers.Note", "text"),
    ("customers.Task", "title"),
    ("customers.Task", "told"),
    ("intake.RefusedEvent", "message"),
    ("intake.RefusedEvent", "sentence"),
    ("keeping.Audience", "note"),
    ("keeping.Review", "decision"),
    ("keeping.SavedReport", "note"),
    ("sources.Upload", "name"),
    ("sources.Upload", "problem"),
    ("sources.Upload", "mend"),
    ("sources.Upload", "record"),
    ("sources.Upload", "notes"),
)
"""Model and field of what people write about others, and how they call files, in which her name is blotted out."""

AS_JSON = frozenset({("intake.RefusedEvent", "message")})
"""Texts that are JSON and have to stay it."""

SENT_IN_AGAIN = ("intake.RefusedEvent", "message")
"""What is an event again when somebody, or the server by itself, sends it in again."""

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]+', re.DOTALL)
"""Of JSON a text, or what stands between two texts."""

PORTION = 100
"""Rows that are held at once while they are blotted."""

log = logging.getLogger(__name__)


def everywhere(workspace: Path, ids: list[str], needles: list[str]) -> set[str]:
    """The places that still name her, but for the row of the erasure itself: tables with field, files."""
    files = (path.relative_to(workspace) for path in in_files(workspace, needles))
    places = {*held_in_database(ids), *in_tables(needles), *(str(path) for path in files)}
    return {in_text(needles).sub(ERASED_WORD, place) for place in places}


def in_tables(needles: list[str]) -> set[str]:
    """Table and field wherever one of the texts stands, in any column of text of any table but where ids stand."""
    fields = ((model, field) for model in apps.get_models() for field in model._meta.concrete_fields)
    return {
        f"{model._meta.label}.{field.name}"
        for model, field in fields
        if _texts(field)
        and model._meta.label_lower not in (*OF_THE_LAKE, *OF_HASHES)
        and (model._meta.label, field.name) not in FIELDS
        and any(True for _ in _rows_with(model, field, needles))
    }


def blotted(needles: list[str]) -> int:
    """Blot the texts out of what was written about others; how many pieces of writing.

    Each portion in a transaction of its own, its rows held and read again in it: what is saved meanwhile is not lost.
    """
    count = 0
    for label, name in WRITTEN:
        model = apps.get_model(label)
        numbers = [number for number, _ in _rows_with(model, model._meta.get_field(name), needles)]
        for part in chunks(sorted(set(numbers)), PORTION):
            with transaction.atomic():
                rows = model.objects.select_for_update().order_by().filter(pk__in=part)
                count += sum(_blot_row(model, name, row, needles) for row in rows)
    return count


def blotted_records(workspace: Path, needles: list[str]) -> int:
    """Blot the texts out of what is kept of imports, which tells how their files are called; how many records."""
    sought, count = in_bytes(needles), 0
    for path in sorted((workspace / IMPORTS).glob("*.json")):
        if _holds(path, sought):
            fresh = path.with_suffix(".new")
            fresh.write_text(_out_of_json(path.read_text("utf-8"), needles), "utf-8")
            fresh.replace(path)
            count += 1
    return count


def _blot_row(model: Any, name: str, row: Any, needles: list[str]) -> int:
    text = getattr(row, name)
    if isinstance(text, str):
        left: Any = (_out_of_json if (model._meta.label, name) in AS_JSON else _out_of)(text, needles)
    else:
        left = json.loads(_out_of_json(json.dumps(text, ensure_ascii=False), needles))
    if left == text:
        return 0
    found = model.objects.filter(pk=row.pk)
    if (model._meta.label, name) == SENT_IN_AGAIN and _gone_with_her(row, left):
        return int(found.delete()[0])
    return int(found.update(**{name: left}))


def _gone_with_her(refused: Any, left: str) -> bool:
    """Whether an event that can come again would be of nobody but the blot: it was hers, and nobody may be called so."""
    from holdfast.server.intake.forgetting import nobodys

    return refused.outcome in ("", "again") and nobodys(refused.kind, left)


def _out_of(text: str, needles: list[str]) -> str:
    return in_text(needles).sub(ERASED_WORD, text)


def _out_of_json(text: str, needles: list[str]) -> str:
    """The same for JSON, which it stays: a number that goes becomes a text. What is no JSON is taken as any text."""
    try:
        json.loads(text)
    except ValueError:
        return _out_of(text, needles)
    quoted = json.dumps(ERASED_WORD, ensure_ascii=False)

    def left(token: re.Match[str]) -> str:
        if token[0][0] == '"':
            return in_text(needles).sub(ERASED_WORD, token[0])
        return in_text(needles).sub(quoted, token[0]).replace(f"-{quoted}", quoted)

    return TOKEN.sub(left, text)


def _rows_with(model: Any, field: Any, needles: list[str]) -> Iterator[tuple[Any, str]]:
    """Key and text of each row that holds one of the texts in this field."""
    rows, name = model.objects.order_by(), field.attname
    if isinstance(field, models.JSONField):
        rows, name = rows.annotate(as_text=Cast(field.name, TextField())), "as_text"
    for part in chunks(sorted({spelling for needle in in_every_case(needles) for spelling in spellings(needle)}), AT_ONCE):
        wanted = Q()
        for spelling in part:
            wanted |= Q(**{f"{name}__icontains": spelling})
        for number, text in rows.filter(wanted).values_list("pk", name):
            if in_text(needles).search(str(text)):
                yield number, str(text)


def in_files(workspace: Path, needles: list[str]) -> Iterator[Path]:
    """Files outside the lake that hold one of the texts; the SQLite files of the server are looked at as bytes too."""
    sought = in_bytes(needles)
    for path in sorted(workspace.rglob("*")):
        inside = path.relative_to(workspace).parts
        packed = inside[0] in LAKE or inside[: len(PACKED_ANSWERS)] == PACKED_ANSWERS
        if path.is_file() and not packed and not _queued(path) and _holds(path, sought):
            yield path


def cleared(folder: Path, *, besides: tuple[str, ...]) -> int:
    """Delete all files of a folder of answers that can be worked out again; how many.

    besides  folders in it that stay: hashes of message ids, which name nobody and which the digester is using; details of the
             lake's files, which are swept by themselves
    """
    paths = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] not in besides]
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def cleared_of(folder: Path, needles: list[str]) -> int:
    """Delete the uploads that hold one of the texts, also packed ones; how many."""
    sought = in_bytes(needles)
    gone = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (_holds(path, sought) or _packed(path, sought)):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def wiped(needles: list[str]) -> list[str]:
    """Leave nothing of deleted rows in the bytes of the database: SQLite's log and free pages, PostgreSQL's dead rows.

    SQLite overwrites what is deleted (secure_delete); a file that holds one of the texts all the same is written anew. The
    names of the files that still hold one, since somebody else is told by it too.
    """
    if connection.in_atomic_block:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # a name or an address needs no blank around it there; an id may be the beginning of another one
    sought = in_bytes([one for one in needles if "@" in one or " " in one], apart=False), in_bytes(needles)
    files = [path for path in sorted(server_folder().glob("*.sqlite*")) if any(_holds(path, one) for one in sought)]
    for name in sorted({path.name.partition("-")[0] for path in files}):
        _vacuumed(server_folder() / name)
    return [path.name for path in files if any(_holds(path, one) for one in sought)]


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


def _holds(path: Path, sought: Sought) -> bool:
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] not in (BOM_UTF16_LE, BOM_UTF16_BE):
                return _in_stream(file, sought)
            return _in_stream(_AsUtf8(TextIOWrapper(file, "utf-16", errors="replace", newline="")), sought)
    except OSError:
        return False


class _AsUtf8:
    """A text in UTF-16, as Excel saves it ("Unicode text"), read as UTF-8."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        return self._text.read(size).encode("utf-8", "replace")


def _in_stream(file: Any, sought: Sought, most: int | None = None) -> bool:
    """Whether a stream holds one of the texts; what is longer than `most` is taken to hold one.

    A text at the edge of what was read is judged when what follows it is read too.
    """
    overlap = sought.longest + 2 * AROUND
    before, read = b"", 0
    while True:
        piece = file.read(PIECE)
        window = before + piece
        read += len(piece)
        whole = read == len(window)
        for hit in sought.within(window):
            if (whole or hit.start() >= AROUND) and (not piece or hit.end() <= len(window) - AROUND):
                return True
        if not piece:
            return False
        if most is not None and read > most:
            return True
        before = window[-overlap:]


def _packed(path: Path, sought: Sought) -> bool:
    """Whether a packed file holds one of the texts (Excel files are ZIP archives)."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(_in_stream(archive.open(name), sought, PACKED) for name in archive.namelist())
        with gzip.open(path) as file:
            return _in_stream(file, sought, PACKED)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError):
        return False
