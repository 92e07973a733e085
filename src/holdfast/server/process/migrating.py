"""The database brought up to date, before anything else starts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from holdfast.errors import WorkspaceError
from holdfast.server.options import option
from holdfast.server.place import check_database, folder, note_database

__all__ = ["migrate", "run"]

MIGRATING = 7_642_118
"""The number of PostgreSQL's advisory lock, so that two servers on one database do not migrate at once."""

log = logging.getLogger(__name__)


def run(_listening: int, ready: Callable[[], None]) -> int:
    """Bring the database up to date; while nobody has an account, print the link that makes the first owner."""
    migrate()
    from holdfast.server.people.one_time import setup_link

    print(setup_link())
    ready()
    return 0


def migrate() -> None:
    """Apply the migrations that are missing. Django is set up by it. WorkspaceError when the database does not answer."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")
    import django
    from django.core.management import call_command
    from django.db import OperationalError

    django.setup(set_prefix=False)
    check_database(folder(), option("DATABASE_URL"))
    try:
        with _alone():
            call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:  # its first line names address and reason, never the password
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise WorkspaceError(f"the database does not answer: {reason}", "start it, or mend DATABASE_URL") from error
    note_database()


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else migrates this database meanwhile."""
    from django.db import connection

    from holdfast.events.locking import holding
    from holdfast.server.place import server_folder

    with holding(server_folder("run") / "migrate.lock"):
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])
