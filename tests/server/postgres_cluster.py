"""A private PostgreSQL for tests and benchmarks: in a folder of its own, on a free port of loopback, ended with the block.

Its programs refuse to run as root; there, they run as the user `postgres` (or nobody).
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import psycopg

Disk = Literal["sure", "hurried"]
SETTINGS = {
    "sure": ("-c", "fsync=on"),
    "hurried": ("-c", "fsync=off", "-c", "full_page_writes=off"),
}
"""sure: as in earnest, for benchmarks and crashes. hurried: what is written is lost with the machine; for tests."""
SMALL = ("-c", "shared_buffers=64MB", "-c", "max_connections=60", "-c", "listen_addresses=127.0.0.1")


@contextmanager
def postgres(disk: Disk = "hurried") -> Iterator[str]:
    """A running PostgreSQL, as the URL of an empty database."""
    programs = _programs()
    assert programs is not None, 'PostgreSQL is not installed: ask needs("postgresql") first'
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-", dir="/tmp"))
    user = _not_root()
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        _run(programs / "initdb", "-D", folder / "data", "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--no-sync", user=user)
        port = _free_port()
        server = _start(programs / "postgres", folder, port, disk, user)
        try:
            url = f"postgres://holdfast@127.0.0.1:{port}/postgres"
            _wait(url, server)
            yield url
        finally:
            server.send_signal(2)  # "fast": connections are cut, nothing is lost
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder with initdb and postgres."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


def _start(program: Path, folder: Path, port: int, disk: Disk, user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    options = [*SMALL, *SETTINGS[disk], "-c", f"port={port}", "-c", f"unix_socket_directories={folder}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([program, "-D", folder / "data", *options], stdout=log, stderr=log, cwd=folder, **_as(user))


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    for _ in range(300):
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        assert server.poll() is None, "PostgreSQL ended before it was ready"
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL was not ready within 30 s")


def _run(*command: object, user: pwd.struct_passwd | None) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, cwd="/", **_as(user))


def _as(user: pwd.struct_passwd | None) -> dict:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _not_root() -> pwd.struct_passwd | None:
    """Whom to run as; None: as we are."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name: one for one in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
