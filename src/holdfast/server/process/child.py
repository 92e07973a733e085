"""Where each child of the parent begins: `python -m holdfast.server.process.child NAME LIFELINE READY LISTENING`.

LIFELINE   the reading end of a pipe whose other end only the parent has: it closes when the parent is gone, however it went
READY      the writing end of a pipe: a byte says that the process does its work now
LISTENING  a socket that the parent listens on, or -1
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from importlib import import_module
from threading import Thread
from time import sleep

from holdfast.errors import HoldfastError
from holdfast.server.options import option
from holdfast.server.process.lean import keep_out
from holdfast.server.process.logs import configure

__all__ = ["PLACES", "main"]

PLACES = {
    "migrate": "holdfast.server.process.migrating",
    "demo": "holdfast.server.process.demo_owner",
    "web": "holdfast.server.process.web",
    "worker": "holdfast.server.process.worker",
    "analyst": "holdfast.server.analyst.serve",
}
"""The module of each child; its `run(listening, ready)` does the work and gives the exit code."""

TURN_SECONDS = 0.0005
"""So long a thread computes while another waits for its turn. Python's own 5 ms are a long time for the digester, which lets go
of its turn at every column and every read, when the followers beside it have a lot to do."""

GRACE_SECONDS = 10.0
"""Without a parent a child has so long to end in order."""


def main(arguments: list[str]) -> int:
    """Be the child that is named."""
    name, lifeline, ready, listening = arguments[0], *(int(text) for text in arguments[1:4])
    configure(name, option("LOG"))
    keep_out()
    sys.setswitchinterval(TURN_SECONDS)
    Thread(target=_until_parent_is_gone, args=(lifeline,), daemon=True, name="lifeline").start()
    try:
        return int(import_module(PLACES[name]).run(listening, lambda: _say_ready(ready)))
    except HoldfastError as error:  # what names its mend is no bug: words rather than a traceback
        logging.getLogger(__name__).error("%s: %s", error.what, error.mend)
        return 1


def _say_ready(handle: int) -> None:
    try:
        os.write(handle, b"+")
        os.close(handle)
    except OSError:
        logging.getLogger(__name__).info("nobody waits to hear that this process is ready")


def _until_parent_is_gone(lifeline: int) -> None:
    """End in order when the parent is gone, and at once when that takes too long."""
    while os.read(lifeline, 1):
        pass
    logging.getLogger(__name__).warning("the parent is gone, this process ends")
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
