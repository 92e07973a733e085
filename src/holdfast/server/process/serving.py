"""What `holdfast serve` does: one server on this workspace, the socket, the database brought up to date, then the parent."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from holdfast.errors import HoldfastError, UsageError, WorkspaceError
from holdfast.server.options import number, option, variable
from holdfast.server.process.logs import configure
from holdfast.server.process.parent import Child, Parent

__all__ = ["serve"]

BACKLOG = 1024

SMALL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "4194304"}
"""How a process keeps little of what it needed once: Arrow takes its memory from the C library, and that gives large pieces
back at once, instead of learning to keep them. The analyst goes without: it reads much, and ends when nobody asks."""

Before = Literal["migrate", "demo"]


def serve(
    folder: Path,
    host: str | None,
    port: int | None,
    announce: Callable[[str, str], None],
    before: tuple[Before, ...] = ("migrate",),
) -> int:
    """Serve the workspace in the folder until a signal; the exit code.

    host, port  where to listen (default: as the options say); port 0 takes a free one
    announce    is given the address once, when the web answers, and a link that lets somebody in, or ""
    before      what is done first, each in a process of its own

    WorkspaceError when the folder is no workspace or is served already; HoldfastError when the port is taken or the database
    cannot be brought up to date.
    """
    if not (folder / "holdfast.toml").exists():
        raise WorkspaceError(f"{folder.resolve()} is no workspace: it has no holdfast.toml", "make one with: holdfast init")
    os.environ[variable("WORKSPACE")] = str(folder.resolve())
    configure("parent", option("LOG"))
    from holdfast.server.place import server_folder

    with _only_server(server_folder("run")), _listening(host or option("HOST"), _port(port)) as web, _asked() as analyst:
        bound_host, bound_port = web.getsockname()[:2]
        address = (option("URL") or f"http://{_shown(bound_host)}:{bound_port}").rstrip("/")
        children = (Child("web", web, ways=SMALL), Child("worker", ways=SMALL), Child("analyst", analyst, on_demand=True))
        parent = Parent(children, _environment(host or option("HOST"), bound_port, address))
        links = [_done(parent, name) for name in before]
        parent.announce = lambda: announce(f"{address}/", next((one for one in reversed(links) if one), ""))
        with _address_told(address):
            return parent.run()


@contextmanager
def _address_told(address: str) -> Iterator[None]:
    """While it runs the address stands in the workspace: `holdfast user link` makes links that lead there."""
    from holdfast.server.place import address_file

    address_file().write_text(address, "utf-8")
    try:
        yield
    finally:
        address_file().unlink(missing_ok=True)


def _done(parent: Parent, name: Before) -> str:
    """Do what comes before serving; a link that it printed, or ""."""
    code, printed = parent.once(name)
    if code:
        raise HoldfastError("the database could not be brought up to date", "the lines above say why; nothing was started")
    return printed


def _port(said: int | None) -> int:
    return number("PORT") if said is None else said


def _shown(host: str) -> str:
    """A host as it stands in an address: whoever listens everywhere is found on this machine."""
    if host in {"0.0.0.0", "::"}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _environment(host: str, port: int, address: str) -> dict[str, str]:
    """What the children are told beside what we were told."""
    from holdfast.server.place import server_folder

    counts = server_folder("run", "metrics")
    for path in counts.glob("*.db"):
        path.unlink(missing_ok=True)
    own = {"HOST": host, "PORT": str(port), "URL": address, "ANALYST": "process"}
    told = {variable(name): value for name, value in own.items()} | {"PROMETHEUS_MULTIPROC_DIR": str(counts)}
    return {"MALLOC_ARENA_MAX": "2"} | os.environ | told  # few arenas: threads share what one of them has freed


@contextmanager
def _only_server(run: Path) -> Iterator[None]:
    """Hold the lock of this workspace's server; WorkspaceError when another one has it."""
    handle = os.open(run / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(handle, 32, 0).decode() or "unknown"
            raise WorkspaceError(
                f"this workspace is served already, by process {other.strip()}", "use that one, or end it first"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket of the web. UsageError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
            made.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            mend = "choose another with --port, or end the program that listens there (or --port 0 for any free one)"
            raise UsageError(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}", mend) from error
        made.setblocking(False)
        yield made


@contextmanager
def _asked() -> Iterator[socket.socket]:
    """The socket on which the analyst is asked, for the owner of the workspace alone."""
    from holdfast.server.analyst.client import address

    path = Path(address())
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        before = os.umask(0o177)
        try:
            made.bind(str(path))
        finally:
            os.umask(before)
        made.listen(64)
        made.setblocking(False)
        try:
            yield made
        finally:
            path.unlink(missing_ok=True)
