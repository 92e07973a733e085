"""What is kept for a while (lock-outs, rates), in the database; where that takes nothing, it says so.

Django's own swallows every error of the database when it writes. Whoever counts takes that for "somebody else is counting", and
then for "too often": with a full disk nobody could sign in, and everybody was told to be patient.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, IntegrityError, connections, router
from django.utils import timezone

__all__ = ["Kept"]

HELD = "SELECT count(*) FROM kept_for_a_while WHERE cache_key = %s AND expires >= %s"
TRIED = "INSERT INTO kept_for_a_while (cache_key, value, expires) VALUES (%s, '', %s)"
TAKEN_BACK = "DELETE FROM kept_for_a_while WHERE cache_key = %s"


class Kept(DatabaseCache):
    """Django's cache in the database. OperationalError where the database takes nothing: that is a page 503."""

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        failed: list[DatabaseError] = []
        with connections[router.db_for_write(self.cache_model_class)].execute_wrapper(_noting(failed)):
            done = bool(super()._base_set(mode, key, value, timeout))
        if done or mode == "touch":
            return done
        if failed and not isinstance(failed[-1], IntegrityError):
            raise failed[-1]
        if mode == "set" or not self._held(key):
            self._try()  # it failed at the end of the transaction, if it did
        return False

    def _held(self, key: str) -> bool:
        """Whether somebody else holds this key, so that nothing was to be written."""
        connection = connections[router.db_for_read(self.cache_model_class)]
        with connection.cursor() as cursor:
            cursor.execute(HELD, [key, _now(connection)])
            return bool(cursor.fetchone()[0])

    def _try(self) -> None:
        """Write something in earnest: what hinders that is raised."""
        connection, trial = connections[router.db_for_write(self.cache_model_class)], f"trial:{secrets.token_hex(8)}"
        with connection.cursor() as cursor:
            cursor.execute(TRIED, [trial, _now(connection)])
            cursor.execute(TAKEN_BACK, [trial])


def _noting(failed: list[DatabaseError]) -> Callable[..., Any]:
    """Keeps what a statement fails with, on its way to whoever swallows it."""

    def noting(execute: Callable[..., Any], *said: Any) -> Any:
        try:
            return execute(*said)
        except DatabaseError as error:
            failed.append(error)
            raise

    return noting


def _now(connection: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
