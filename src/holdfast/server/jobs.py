"""Work for later. A room writes `@job` over a function in its file `jobs.py`; the worker imports those files."""

from __future__ import annotations

from typing import Any

from huey import PostgresHuey, SqliteHuey, crontab

from holdfast.server.options import option
from holdfast.server.place import server_folder

__all__ = ["crontab", "every", "huey", "job"]


def _made() -> Any:
    if option("DATABASE_URL"):
        return PostgresHuey("holdfast", dsn=option("DATABASE_URL"))
    return SqliteHuey("holdfast", filename=str(server_folder() / "jobs.sqlite"), fsync=True)


huey = _made()
job = huey.task
"""Turns a function into a job: calling it puts it into the queue, `.call_local(…)` runs it at once."""

every = huey.periodic_task
"""Turns a function into one that runs by the clock: `@every(crontab(minute="0"))`, UTC."""
