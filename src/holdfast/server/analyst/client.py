"""Asking the analyst, from the web and the worker."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2s
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from holdfast.server.analyst.desk import Desk
from holdfast.server.options import option
from holdfast.server.place import folder, secret_key, server_folder

__all__ = ["AnalystAway", "address", "call", "patient"]


class AnalystAway(Exception):
    """The analyst cannot be reached, or ended in the middle of the question."""


LONGEST_ADDRESS = 100
"""Bytes that fit into the address of a Unix socket on every system."""

TRY_AGAIN_SECONDS = 0.3


def address() -> str:
    """The socket on which the analyst listens: in the workspace, or in a folder of our own where that path is too long."""
    path = server_folder("run") / "analyst.sock"
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        return str(path)
    own = Path(gettempdir()) / f"holdfast-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.stat().st_uid != os.getuid() or own.stat().st_mode & 0o077:
        raise AnalystAway(f"{own} is not ours alone")
    return str(own / f"{blake2s(os.fsencode(path), digest_size=12).hexdigest()}.sock")


def call(name: str, /, *, within_seconds: float = 30.0, **arguments: Any) -> Any:
    """What the errand gives; its exceptions are raised here.

    AnalystAway when it cannot be reached; TimeoutError when it takes longer than `within_seconds` (it goes on all the same).
    """
    if option("ANALYST") == "inline":
        return _inline(folder()).run(name, arguments)
    try:
        with _connected(within_seconds) as connection:
            connection.send((name, arguments))
            if not connection.poll(within_seconds):
                raise TimeoutError(f"the analyst has been at {name} for {within_seconds:g} s")
            done, value = connection.recv()
    except TimeoutError:
        raise
    except (OSError, EOFError) as error:
        raise AnalystAway(f"the analyst cannot be reached: {error}") from error
    if not done:
        raise value
    return value


@contextmanager
def _connected(within_seconds: float) -> Iterator[Connection]:
    """A connection on which both sides have proved that they hold the key.

    The parent starts the analyst when somebody connects, so a connection waits rather than fails; when the analyst ends at that
    very moment, or the whole server starts anew, one further try finds the next.
    """
    try:
        connection = _greeted(within_seconds)
    except (OSError, EOFError) as error:
        if isinstance(error, TimeoutError):
            raise
        time.sleep(TRY_AGAIN_SECONDS)
        connection = _greeted(within_seconds)
    with connection:
        yield connection


def _greeted(within_seconds: float) -> Connection:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.connect(address())
        patient(made, within_seconds)
    except OSError:
        made.close()
        raise
    connection = Connection(made.detach())
    try:
        answer_challenge(connection, secret_key().encode())
        deliver_challenge(connection, secret_key().encode())
    except BlockingIOError as error:
        connection.close()
        raise TimeoutError(f"the analyst has not started within {within_seconds:g} s") from error
    except BaseException:
        connection.close()
        raise
    return connection


def patient(made: socket.socket, seconds: float) -> None:
    """Reading from and writing to this socket fails after so many seconds, also through its bare handle."""
    made.setblocking(True)
    span = struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, span)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, span)


@lru_cache(maxsize=1)
def _inline(place: Any) -> Desk:
    return Desk(place)
