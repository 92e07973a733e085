"""Opening a file's bytes: plain, gzip, or a zip of one file; with the limits that stop a bomb before it goes off.

Limits: a compressed text may unpack to at most 200 times its size once past 100 MB, and to 64 GB in all.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from holdfast.errors import InputError

__all__ = ["MAX_RATIO", "MAX_UNPACKED", "check_workbook", "kind_of", "open_bytes", "pieces"]

MAX_RATIO = 200
FREE_BYTES = 100_000_000
MAX_UNPACKED = 64_000_000_000
PIECE = 4_000_000
MAX_CELLS = 100_000_000
"""Cells, empty ones between others included, that a sheet may span."""

_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"(?:[^>]*[^/>])?>')

_MAGIC = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"SQLite format 3": "a SQLite database",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"ARROW1": "an Arrow file",
    b"{\\rtf": "an RTF document",
}


def kind_of(path: Path) -> str:
    """What the file's first bytes say: "parquet", "excel", "zip", "gzip", "text"; a file that is no table is an InputError."""
    head = _head(path)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return _tabular(path, kind)
    start = head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(f"{path.name} is a web page or XML, not a table", "export it as CSV, Excel, JSON lines or Parquet")
    return "text"


def _tabular(path: Path, kind: str) -> str:
    if kind == "xls":
        return "excel"
    if kind == "zip":
        return "excel" if _is_workbook(path) else "zip"
    if kind in ("parquet", "gzip"):
        return kind
    raise InputError(f"{path.name} is {kind}, not a table", "export it as CSV, Excel, JSON lines or Parquet")


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder", "name one file")
        if not path.is_file() and path.exists():
            raise InputError(f"{path} is no ordinary file", "save it as a file first")
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", "check the path") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by this user", "change its permissions") from None
    except (OSError, ValueError) as reason:
        raise InputError(f"{str(path)[:200]!r} cannot be opened: {reason}", "check the path") from None
    if not head:
        raise InputError(f"{path.name} is empty", "export it again")
    return head


def _members(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as reason:
        raise InputError(f"{path.name} is a damaged zip archive: {reason}", "download or export it again") from None


def _is_workbook(path: Path) -> bool:
    names = {member.filename for member in _members(path)}
    return "[Content_Types].xml" in names or "mimetype" in names


def check_workbook(path: Path) -> None:
    """Raises InputError where a workbook would unpack beyond the limits, or spans more cells than memory could hold."""
    if zipfile.is_zipfile(path):
        _check_size(path, sum(member.file_size for member in _members(path)))
        _check_spread(path)


def _check_spread(path: Path) -> None:
    """A single cell in a far corner makes the reader lay out all the empty ones before it."""
    sheets = [one.filename for one in _members(path) if one.filename.startswith("xl/worksheets/")]
    damage = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)  # the reader will say it
    with suppress(*damage), zipfile.ZipFile(path) as book:
        for name in sheets:
            with book.open(name) as sheet:
                rows, columns = _spread(sheet)
            if rows * columns > MAX_CELLS:
                raise InputError(
                    f"{path.name} has a cell far from the others: {rows:,} rows by {columns:,} columns",
                    "delete what stands far from the table, or save the sheet as CSV",
                )


def _spread(sheet: IO[bytes]) -> tuple[int, int]:
    """The last row and the last column of a sheet's XML that hold something."""
    rows, columns, tail = 0, 0, b""
    while piece := sheet.read(PIECE):
        found = _CELL.findall(tail + piece)
        tail = piece[-200:]
        if found:
            rows = max(rows, *(int(row) for _, row in (found[0], found[-1])))
            columns = max(columns, *(_column(letters) for letters in {letters for letters, _ in found}))
    return rows, columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_size(path: Path, unpacked: int) -> None:
    packed = max(1, path.stat().st_size)
    if unpacked > MAX_UNPACKED or (unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed):
        raise InputError(
            f"{path.name} would unpack to {unpacked:,} bytes, {unpacked // packed:,} times its size: it may be a zip bomb",
            "unpack it yourself if you trust it, and import the file inside",
        )


def _single_member(path: Path) -> zipfile.ZipInfo:
    members = [one for one in _members(path) if not one.is_dir() and not one.filename.startswith(("__MACOSX", "."))]
    if len(members) != 1:
        names = ", ".join(one.filename for one in members[:5]) or "nothing"
        raise InputError(f"{path.name} holds {len(members)} files ({names})", "unpack it and import the files one by one")
    if members[0].flag_bits & 1:
        raise InputError(f"{path.name} is encrypted", "unpack it with its password first")
    _check_size(path, members[0].file_size)
    return members[0]


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked on the way; damage found while reading is an InputError."""
    kind = kind_of(path)
    try:
        if kind == "gzip":
            with gzip.open(path, "rb") as stream:
                yield stream  # type: ignore[misc]
        elif kind == "zip":
            with zipfile.ZipFile(path) as archive, archive.open(_single_member(path)) as inner:
                yield inner
        else:
            with path.open("rb") as plain:
                yield plain
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as reason:
        raise InputError(f"{path.name} is damaged or cut off: {reason}", "download or export it again") from None
    except (OSError, RuntimeError) as reason:
        raise InputError(f"{path.name} cannot be read: {reason}", "check the file") from None


def pieces(path: Path, stop_after: int | None = None) -> Iterator[bytes]:
    """The unpacked bytes in pieces of 4 MB, watching the limits."""
    done = 0
    with open_bytes(path) as stream:
        while piece := stream.read(PIECE if stop_after is None else min(PIECE, stop_after - done)):
            done += len(piece)
            _check_size(path, done)
            yield piece
            if stop_after is not None and done >= stop_after:
                return
