"""A real `holdfast serve` for a test: started on a free port, stopped at the end, ended by its own id when it does not.

`running(workspace)` gives a Server: its address, its process id, what it logged, and a shell in its Django.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

START_SECONDS = 60.0
"""Two cores, and other tests beside this one."""


@dataclass
class Server:
    """A server that runs.

    address  such as http://127.0.0.1:40123/, with the slash
    folder   the workspace
    """

    address: str
    folder: Path
    process: subprocess.Popen
    environment: dict[str, str]
    log: Path

    def pid(self, name: str) -> int | None:
        """The process id of "web", "worker" or "analyst", None when it does not run."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                told = path.read_text().rpartition(")")[2].split()
                words = path.with_name("cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if int(told[1]) == self.process.pid and told[0] != "Z" and name.encode() in words:
                return int(path.parent.name)
        return None

    def get(self, path: str, *, seconds: float = 30.0) -> tuple[int, bytes]:
        """Status and body of a GET."""
        try:
            with urlopen(self.address + path.lstrip("/"), timeout=seconds) as answer:
                return answer.status, answer.read()
        except HTTPError as answer:
            return answer.code, answer.read()

    def shell(self, code: str) -> str:
        """What Python code prints in the server's Django: to make people and keys, to look into the database."""
        start = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", start + code], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def said(self) -> list[dict]:
        """What it logged, one dictionary a line."""
        lines = self.log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self, seconds: float = 20.0) -> int:
        """End it in order; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


def until(true: Callable[[], object], seconds: float = 10.0, every: float = 0.05) -> object:
    """What `true` gives as soon as it gives something; the test fails when that takes too long."""
    end = monotonic() + seconds
    while not (found := true()):
        assert monotonic() < end, f"not within {seconds:g} s"
        sleep(every)
    return found


@contextmanager
def served(folder: Path, **options: str) -> Iterator[Server]:
    """`holdfast serve` on this workspace; options as HOLDFAST_ settings, such as ANALYST_IDLE_SECONDS="2"."""
    with database(folder) as url:
        own = {"HOLDFAST_WORKSPACE": str(folder), "HOLDFAST_LOG": "json"}
        environment = os.environ | own | dict.fromkeys(("DATABASE_URL", "HOLDFAST_DATABASE_URL"), url)  # not the suite's
        environment |= {f"HOLDFAST_{name}": value for name, value in options.items()} | {"HOLDFAST_ANALYST": "process"}
        log = folder.parent / f"{folder.name}.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", "serve", "-w", str(folder), "--port", "0", "--no-open"],
                env=environment | {"PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            line = process.stdout.readline()
            found = re.search(r"http://\S+/", line)
            assert found, f"{line!r}\n{log.read_text('utf-8')}"
            yield Server(found.group(), folder, process, environment | {"HOLDFAST_URL": found.group()}, log)
        finally:
            _ended(process)


def _ended(process: subprocess.Popen) -> None:
    """In order, else at once; its children end with it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The DATABASE_URL of this server: none on SQLite; on PostgreSQL a database of its own, gone afterwards."""
    url = os.environ.get("HOLDFAST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if not url:
        yield ""
        return
    import psycopg
    from psycopg import sql

    name = sql.Identifier(f"served_{os.getpid()}_{abs(hash(folder)) % 10**9}")
    with psycopg.connect(url, autocommit=True) as made:
        made.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            head, _, query = url.partition("?")
            yield head.rpartition("/")[0] + "/" + name.as_string(made).strip('"') + ("?" + query if query else "")
        finally:
            made.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def running() -> Iterator[Callable[..., Server]]:
    """`running(folder, **options)` starts a real server on a workspace; all are stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda folder, **options: stack.enter_context(served(Path(folder), **options))
