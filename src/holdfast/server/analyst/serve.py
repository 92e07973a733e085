"""The analyst's process: takes questions over the socket that the parent holds, and ends when nobody asks for a while.

One connection is one question. A question that fails is answered with its exception; the process goes on. Nothing heavy is
imported before the first question.
"""

from __future__ import annotations

import logging
import pickle
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from threading import Event, Lock
from time import monotonic
from typing import Any

from holdfast.errors import HoldfastError
from holdfast.server.analyst.client import patient
from holdfast.server.analyst.desk import Desk
from holdfast.server.options import number
from holdfast.server.place import folder, secret_key
from holdfast.server.process.ending import Ending
from holdfast.server.process.metrics import ERRAND_SECONDS, ERRANDS_DONE

__all__ = ["Analyst", "run"]

AT_ONCE = 4
"""So many questions are worked on side by side; walks use further threads and let go of the interpreter's lock."""

LOOK_SECONDS = 0.5
HANDSHAKE_SECONDS = 5.0

log = logging.getLogger(__name__)


def run(listening: int, ready: Callable[[], None]) -> int:
    """Answer until SIGTERM, or until nobody has asked for ANALYST_IDLE_SECONDS."""
    stop = Ending()
    listener = socket.socket(fileno=listening)
    ready()
    Analyst(Desk(folder()), secret_key().encode()).serve(listener, stop, number("ANALYST_IDLE_SECONDS"))
    return 0


class Analyst:
    """Answers what comes over a socket from the desk.

    desk  what may be asked
    key   whoever asks proves that she has it too
    """

    def __init__(self, desk: Desk, key: bytes) -> None:
        self.desk = desk
        self.key = key
        self._lock = Lock()
        self._busy = 0
        self._last = monotonic()

    def serve(self, listener: socket.socket, stop: Ending | Event, idle_seconds: float) -> None:
        """Take questions until `stop`, or until nobody has asked for so long; those that have begun are answered."""
        listener.settimeout(LOOK_SECONDS)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="errand") as pool:
            while not stop.is_set() and not self._idle(idle_seconds):
                try:
                    taken, _ = listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                self._count(1)
                pool.submit(self._answer, taken)

    def _idle(self, seconds: float) -> bool:
        with self._lock:
            return not self._busy and monotonic() - self._last > seconds

    def _count(self, change: int) -> None:
        with self._lock:
            self._busy += change
            self._last = monotonic()

    def _answer(self, taken: socket.socket) -> None:
        """One question, whatever becomes of it."""
        try:
            patient(taken, HANDSHAKE_SECONDS)
            with Connection(taken.detach()) as connection:
                deliver_challenge(connection, self.key)
                answer_challenge(connection, self.key)
                name, arguments = connection.recv()
                connection.send_bytes(self._done(name, arguments))
        except Exception as error:  # a caller who went away, or one without the key
            log.info("a caller was not answered", extra={"why": type(error).__name__})
        finally:
            self._count(-1)

    def _done(self, name: str, arguments: dict[str, Any]) -> bytes:
        """The answer, ready to be sent: (True, what the errand gives) or (False, the exception)."""
        begun = monotonic()
        try:
            answer = pickle.dumps((True, self.desk.run(name, arguments)))
            how = "done"
        except Exception as error:
            how = "refused" if isinstance(error, HoldfastError) else "failed"
            if how == "failed":
                log.exception("the errand %s failed", name)
            answer = carried(error)
        seconds = monotonic() - begun
        ERRANDS_DONE.labels(errand=name, how=how).inc()
        ERRAND_SECONDS.labels(errand=name).observe(seconds)
        log.info("errand %s", name, extra={"how": how, "seconds": round(seconds, 3)})
        return answer


def carried(error: Exception) -> bytes:
    """An exception ready to be sent; one that cannot be pickled and built again travels as RuntimeError with its words."""
    try:
        sent = pickle.dumps((False, error))
        pickle.loads(sent)
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return sent
