"""A PostgreSQL database into a file and back, by PostgreSQL's own programs; the password never stands in a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from holdfast.errors import EngineMissing, WorkspaceError

__all__ = ["dumped", "is_empty", "refilled"]

VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
VARIABLES |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "options": "PGOPTIONS"}

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
THERE = "SELECT to_regclass('holdfast_inbox') IS NOT NULL"
WAITING = "SELECT count(*) FROM holdfast_inbox"


def dumped(url: str, target: Path) -> int:
    """Write the whole database at one instant into a file; how many requests waited in its inbox just before."""
    with psycopg.connect(url) as connection:
        there = connection.execute(THERE).fetchone()
        waiting = connection.execute(WAITING).fetchone() if there and there[0] else None
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return int(waiting[0]) if waiting else 0


def is_empty(url: str) -> bool:
    """Whether a database has no table yet."""
    with psycopg.connect(url) as connection:
        found = connection.execute(TABLES).fetchone()
    return found is not None and found[0] == 0


def refilled(url: str, source: Path) -> None:
    """Fill an empty database from such a file, all of it or nothing."""
    name = conninfo_to_dict(url).get("dbname", "")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={name}")
    _run("pg_restore", url, *options, str(source))


def _run(program: str, url: str, *arguments: str) -> None:
    said = conninfo_to_dict(url)
    environment = os.environ | {VARIABLES[key]: str(value) for key, value in said.items() if key in VARIABLES and value}
    done = subprocess.run([_found(program), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise WorkspaceError(f"{program} failed: {lines[-1]}", "its version must be at least that of the server")


def _found(program: str) -> str:
    """The program's path: where the shell finds it, else the newest that is installed."""
    found = shutil.which(program) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))[::-1]), ""
    )
    if not found:
        raise EngineMissing(f"{program} is not installed", "install PostgreSQL's client programs")
    return found
