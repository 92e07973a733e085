"""Asking the analyst, from the web and the worker."""

from __future__ import annotations

from functools import cache
from multiprocessing.connection import Client
from typing import Any

from holdfast.server.analyst.desk import Desk
from holdfast.server.options import option
from holdfast.server.place import folder, secret_key, server_folder

__all__ = ["AnalystAway", "address", "call"]


class AnalystAway(Exception):
    """The analyst cannot be reached, or ended in the middle of the question."""


def address() -> str:
    """The socket on which the analyst listens."""
    return str(server_folder("run") / "analyst.sock")


def call(name: str, /, *, within_seconds: float = 30.0, **arguments: Any) -> Any:
    """What the errand gives; its exceptions are raised here.

    AnalystAway when it cannot be reached; TimeoutError when it takes longer than `within_seconds` (it goes on all the same).
    """
    if option("ANALYST") == "inline":
        return _inline(folder()).run(name, arguments)
    try:
        with Client(address(), authkey=secret_key().encode()) as connection:
            connection.send((name, arguments))
            if not connection.poll(within_seconds):
                raise TimeoutError(f"the analyst has been at {name} for {within_seconds:g} s")
            done, value = connection.recv()
    except (OSError, EOFError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise AnalystAway(f"the analyst cannot be reached: {error}") from error
    if not done:
        raise value
    return value


@cache
def _inline(place: Any) -> Desk:
    return Desk(place)
