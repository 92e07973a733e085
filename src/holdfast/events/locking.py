"""One writer at a time, between threads and processes: a lock that a killed process cannot leave behind.

The operating system holds the lock for the open file and lets go when the process ends, however it ends. The file itself stays
and says who held it last.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from holdfast.errors import WorkspaceError

__all__ = ["held_by", "holding"]

PATIENCE_SECONDS = 600.0
"""An import of many million rows may hold the lock for minutes."""


@contextmanager
def holding(path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock file at `path`, waiting for another holder; WorkspaceError names that holder when patience runs out."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait(handle, path, patience_seconds)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def held_by(path: Path) -> int | None:
    """The process id that holds the lock at `path` now, or None when nobody does."""
    if not path.exists():
        return None
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return None if _taken(handle) else _named(handle)
    finally:
        os.close(handle)


def _wait(handle: int, path: Path, patience_seconds: float) -> None:
    end = monotonic() + patience_seconds
    while not _taken(handle):
        if monotonic() > end:
            mend = "wait for it to end, or end it; nothing is lost"
            raise WorkspaceError(f"process {_named(handle)} is writing ({path.name} is held)", mend)
        sleep(0.02)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _named(handle: int) -> int:
    return int(os.pread(handle, 32, 0).split()[0]) if os.fstat(handle).st_size else 0
