"""Being told to end: by a signal, or by one of the process's own threads.

Python runs a signal's handler in the main thread alone, between two of its steps. A main thread that is just about to wait for
an `Event` sleeps through a signal that comes at that instant, until the wait is over; so it waits for a byte in a pipe, which
the system's own handler writes at once. Other threads look at the Event.

Source: https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from threading import Event

__all__ = ["Ending", "drained"]


class Ending:
    """SIGTERM and SIGINT of this process, from now on; made in its main thread.

    told  set as soon as it is to end, for the other threads
    """

    def __init__(self) -> None:
        self.told = Event()
        self._signalled = False
        self._woken, self._waking = os.pipe()
        for handle in (self._woken, self._waking):
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._heard)

    def tell(self) -> None:
        """The process is to end: said by one of its other threads."""
        self.told.set()
        with suppress(BlockingIOError):  # full: the main thread is awake already
            os.write(self._waking, b"!")

    def wait(self, seconds: float) -> bool:
        """Sleep so long, or until it is told; whether it is. For the main thread, which passes the signal on."""
        if not self.is_set():
            select.select([self._woken], (), (), seconds)
            drained(self._woken)
        if self._signalled:
            self.told.set()
        return self.told.is_set()

    def is_set(self) -> bool:
        """Whether it is to end."""
        return self._signalled or self.told.is_set()

    def _heard(self, _number: int, _frame: object) -> None:
        # not `told.set()`: a second signal in the middle of it would wait for its lock, which this very thread holds, for ever
        self._signalled = True


def drained(handle: int) -> None:
    """Read whatever is in a pipe that does not block."""
    try:
        while os.read(handle, 512):
            pass
    except BlockingIOError:
        return
