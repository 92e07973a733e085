"""A web process that really runs, in a process of its own on a free port of loopback, ended with the block. No worker: the
inbox keeps what arrives, so that a test can look at it.

    with running(folder) as server:
        server.url, server.write_key, server.inbox()

As a program it is that process: it makes the workspace, the database and a write key, says where it listens, and serves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.server.intake.inbox import Inbox


@dataclass(frozen=True)
class Running:
    """url (no slash at its end), a write key, the workspace's folder, PostgreSQL's URL or "", the id of the process."""

    url: str
    write_key: str
    folder: Path
    database_url: str
    pid: int

    def inbox(self) -> Inbox:
        """The inbox that it writes into, opened anew: close it."""
        if self.database_url:
            from holdfast.server.intake.inbox_postgres import PostgresInbox

            return PostgresInbox(self.database_url)
        from holdfast.server.intake.inbox_sqlite import SqliteInbox

        return SqliteInbox(str(self.folder / "server" / "inbox.sqlite"))


@contextmanager
def running(folder: Path, database_url: str = "", settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A web process on a workspace in `folder`, which is made when it is not there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "DATABASE_URL", "DJANGO_"))}
    environment = {**own, "HOLDFAST_WORKSPACE": str(folder), "HOLDFAST_DATABASE_URL": database_url, **(settings or {})}
    log = folder.with_name(folder.name + ".log")
    with log.open("wb") as errors:
        process = subprocess.Popen([sys.executable, __file__], env=environment, stdout=subprocess.PIPE, stderr=errors)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said, f"the server did not start:\n{log.read_text()[-3000:]}"
        told = json.loads(said)
        yield Running(f"http://127.0.0.1:{told['port']}", told["write_key"], folder, database_url, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _serve() -> int:
    """Be the process."""
    import socket

    import django

    folder = Path(os.environ["HOLDFAST_WORKSPACE"])
    os.environ["DJANGO_SETTINGS_MODULE"] = "holdfast.server.django_settings"
    if not (folder / "holdfast.toml").exists():
        from holdfast.settings import Settings
        from holdfast.workspace import Workspace

        Workspace.create(folder, Settings(name="Corner shop", zone="Europe/London", currency="GBP"))
    django.setup()
    from django.core.management import call_command

    from holdfast.server.people.models import WriteKey
    from holdfast.server.process import web

    call_command("migrate", interactive=False, verbosity=0)
    _, secret = WriteKey.make("Website")
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    told = json.dumps({"port": listening.getsockname()[1], "write_key": secret})
    return web.run(listening.fileno(), lambda: print(told, flush=True))


if __name__ == "__main__":
    sys.exit(_serve())
