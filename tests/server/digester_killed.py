"""Digesters in processes of their own, which end at a named point by themselves, or are killed at any instant.

This program imports everything once and then forks a digester for each line "SECONDS POINT" on its standard input (POINT is
"none" or one of POINTS; the workspace comes from HOLDFAST_WORKSPACE). It answers "PID" at once and "ended STATUS" when that one
is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

POINTS = (
    "before keeping",
    "after keeping",
    "while staging",
    "before the commit",
    "after the commit",
    "before done",
    "after done",
    "while joining files",
)


def die(*_: Any, **__: Any) -> None:
    """The end, without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def _after(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        die()

    setattr(owner, name, wrapped)


def _armed(point: str) -> None:
    from holdfast.events import lake as lake_module
    from holdfast.events import lake_inflow, lake_mend
    from holdfast.server.intake import digester
    from holdfast.server.intake.inbox import inbox

    box = type(inbox())
    actions: dict[str, Callable[[], None]] = {
        "before keeping": lambda: setattr(digester, "keep", die),
        "after keeping": lambda: _after(digester, "keep"),
        "while staging": lambda: _after(lake_inflow, "write_files"),
        "before the commit": lambda: _after(lake_module, "moved_in"),
        "after the commit": lambda: setattr(lake_inflow, "_durable", die),
        "before done": lambda: setattr(box, "done", lambda self, upto: die() if upto else None),  # noqa: ARG005 - as it is called
        "after done": lambda: _after_real_done(box),
        "while joining files": lambda: setattr(lake_mend, "neighbours", die),
    }
    actions[point]()


def _after_real_done(box: Any) -> None:
    real = box.done

    def done(self: Any, upto: int) -> None:
        real(self, upto)
        if upto:
            die()

    box.done = done


def digest(point: str, seconds: float) -> None:
    """Digest until killed, or until nothing waits any more, or for so many seconds."""
    from holdfast.events import lake_inflow
    from holdfast.server.intake import digesting
    from holdfast.server.intake.inbox import inbox

    lake_inflow.CROWD = 4  # files are joined often
    digesting.GATHER_SECONDS = 0.02
    if point != "none":
        _armed(point)
    stop = threading.Event()
    threading.Thread(target=_ended, args=(stop, time.monotonic() + seconds, inbox), daemon=True).start()
    digesting.run(stop)


def _ended(stop: threading.Event, end: float, inbox: Callable[[], Any]) -> None:
    while time.monotonic() < end and (end - time.monotonic() > 3600 or inbox().waiting().rows):
        time.sleep(0.05)
    stop.set()


def main() -> None:
    """Fork a digester for each line."""
    import deltalake  # noqa: F401 - imported before the fork, used after it
    import django
    import pyarrow.parquet  # noqa: F401

    django.setup()
    from holdfast.server.intake import digesting  # noqa: F401

    for line in sys.stdin:
        seconds, _, point = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            digest(point, float(seconds))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"ended {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
