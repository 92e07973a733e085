"""The archive of a backup: a zip with a manifest that names every file, its size and its SHA-256.

It is written beside its place and moved there when it is whole; what is read from it is compared with the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path, PurePosixPath
from typing import IO, Any

from holdfast.errors import InputError, WorkspaceError

__all__ = ["FORMAT", "Archive", "Manifest", "manifest_of", "opened", "unpacked", "writing"]

FORMAT = 1
MANIFEST = "manifest.json"
LONGEST_MANIFEST = 200_000_000
CHUNK = 1 << 20
PACKED = frozenset({".parquet", ".dump", ".gz", ".zip"})
"""Files that are compressed already."""

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for an entry that cannot be unfolded, is packed in another way, or needs a password."""


@dataclass(frozen=True)
class Kept:
    """One file of the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive holds.

    holdfast      the version that wrote it
    made_at       when, UTC
    name          of the business
    lake_version  the version of the lake · events: its rows · requests: what waited in the inbox
    database      "sqlite", "postgresql", or "none" where no server was ever started
    secrets       whether the key that signs sessions and seals second factors is inside
    files         every file by its name
    """

    holdfast: str
    made_at: str
    name: str
    lake_version: int
    events: int
    requests: int
    database: str
    secrets: bool
    files: dict[str, Kept] = field(default_factory=dict)
    format: int = FORMAT


class Archive:
    """An archive that is being written."""

    def __init__(self, zipped: zipfile.ZipFile) -> None:
        self._zip = zipped
        self.files: dict[str, Kept] = {}

    def add(self, path: Path, name: str) -> None:
        """Put a file in under a name. FileNotFoundError when it has gone meanwhile."""
        how = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.external_attr = how, 0o600 << 16
        with path.open("rb") as source, self._zip.open(entry, "w", force_zip64=True) as target:
            self.files[name] = _copied(source, target)

    def close_with(self, manifest: Manifest) -> None:
        """Put the manifest in, last."""
        self._zip.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))


@contextmanager
def writing(target: Path) -> Iterator[Archive]:
    """An archive at `target`: there when all went well, else not. InputError when a file is there already."""
    if target.exists():
        raise InputError(f"{target} is there already", "choose another name, or delete it first")
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}", "make it first, or choose another")
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", compresslevel=1) as zipped:
                yield Archive(zipped)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to read from. InputError when it is none."""
    try:
        zipped = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no backup: {error}", "give a file that holdfast backup wrote, whole") from error
    with zipped:
        yield zipped


def manifest_of(zipped: zipfile.ZipFile) -> Manifest:
    """The manifest of an archive. InputError when there is none, or it is of a later kind, or it names what it must not."""
    try:
        with zipped.open(MANIFEST) as file:
            raw: dict[str, Any] = json.loads(file.read(LONGEST_MANIFEST))
        files = {name: Kept(**kept) for name, kept in raw.pop("files").items()}
        manifest = Manifest(**raw, files=files)
        later = manifest.format > FORMAT
    except (KeyError, ValueError, TypeError, AttributeError, *DAMAGED) as error:
        raise InputError("the file has no manifest that can be read", "give a file that holdfast backup wrote") from error
    if later:
        raise InputError(f"the backup is of format {manifest.format}", "a newer Holdfast wrote it; restore it with that one")
    if set(files) | {MANIFEST} != set(zipped.namelist()) or any(not _inside(name) for name in files):
        raise InputError("the files in the backup are not those that its manifest names", "fetch the file again")
    return manifest


def unpacked(zipped: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    """Write every file into a folder. WorkspaceError for one that is not as the manifest says."""
    for name, kept in manifest.files.items():
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with zipped.open(name) as source, target.open("xb") as written:
                found = _copied(source, written, kept.bytes)
        except DAMAGED as error:
            raise WorkspaceError(f"{name} in the backup is damaged", "fetch the file again; nothing was restored") from error
        except OSError as error:
            raise WorkspaceError(f"{name} could not be written: {error.strerror}", "make room; nothing was restored") from error
        if found != kept:
            raise WorkspaceError(f"{name} in the backup is damaged", "fetch the file again; nothing was restored")


def _copied(source: IO[bytes], target: IO[bytes], most: float = inf) -> Kept:
    """Copy, not much more than `most` bytes: a small file may unfold into one that fills the disk."""
    digest, size = hashlib.sha256(), 0
    while size <= most and (chunk := source.read(CHUNK)):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Kept(size, digest.hexdigest())


def _inside(name: str) -> bool:
    """Whether a name stays in the folder that it is unpacked into."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name and name != MANIFEST
