"""The workspace that is served, and the server's own folder in it.

server/holdfast.sqlite  the database, where it is SQLite       server/inbox.sqlite  events that arrived and wait
server/jobs.sqlite      work for later                         server/secret.key    signs sessions and links
server/kept/            answers kept; can be deleted           server/run/          sockets and locks of running processes
server/uploads/         files uploaded, until they are read in   server/database  sqlite or postgresql
"""

from __future__ import annotations

import os
import secrets
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.errors import WorkspaceError
from holdfast.server.options import option

if TYPE_CHECKING:
    from holdfast.settings import Settings
    from holdfast.workspace import Workspace

__all__ = ["address_file", "check_database", "folder", "note_database", "secret_key", "server_folder", "settings", "workspace"]


def folder() -> Path:
    """The folder of the workspace that is served."""
    return _resolved(option("WORKSPACE"), os.getcwd())  # noqa: PTH109 - a key of the cache, not a path to work with


@lru_cache(maxsize=8)
def _resolved(said: str, here: str) -> Path:
    return Path(here, said).resolve()


def server_folder(*inside: str) -> Path:
    """The server's own folder, or one inside it; made when it is not there."""
    path = folder().joinpath("server", *inside)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def address_file() -> Path:
    """Where the address stands at which this workspace is served just now."""
    return server_folder("run") / "address"


def note_database() -> None:
    """Keep which kind of database this workspace is served with: a terminal that is not told so would take another."""
    (server_folder() / "database").write_text("postgresql" if option("DATABASE_URL") else "sqlite", "ascii")


def check_database(workspace: Path, database_url: str) -> None:
    """WorkspaceError where a workspace is served with PostgreSQL and nothing says with which."""
    noted = workspace / "server" / "database"
    if not database_url and noted.exists() and noted.read_text("ascii") == "postgresql":
        raise WorkspaceError(
            "this workspace is served with PostgreSQL, and DATABASE_URL is not set",
            f"set it as the server has it (or delete {noted}, and begin with an empty SQLite)",
        )


def settings() -> Settings:
    """The settings of the workspace as they are now, without what reads events: `workspace()` brings numpy along."""
    path = folder() / "holdfast.toml"
    return _settings(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _settings(path: Path, written_ns: int) -> Settings:  # noqa: ARG001 - read again when the file is another
    from holdfast.settings_file import read_settings

    return read_settings(path)


def workspace() -> Workspace:
    """The workspace that is served, with its settings as they are now. WorkspaceError when the folder is none.

    It needs numpy and pyarrow: the web asks for `settings()` instead.
    """
    from holdfast.workspace import Workspace

    return Workspace.open(folder())


@cache
def secret_key() -> str:
    """What signs sessions and links and seals second factors: as set, or made once; for its owner alone to read."""
    said = option("SECRET_KEY")
    if said:
        return said
    path = server_folder() / "secret.key"
    if not path.exists():
        _written_once(path, secrets.token_urlsafe(48))
    return path.read_text("ascii").strip()


def _written_once(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all; of two who do it at once, the first one's stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
