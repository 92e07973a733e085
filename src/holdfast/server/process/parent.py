"""The parent of `holdfast serve`: starts web, worker and analyst, starts again what dies, and stops them all.

It holds the sockets. Connections that come while the web starts anew wait in the socket's queue; the analyst is started when
somebody connects to its socket, and ends by itself when nobody asks any more. The parent does no work of its own and imports
neither Django nor numpy: it is small and nothing can make it fall.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from holdfast.server.process.ending import drained

__all__ = ["Child", "Parent"]

STOP_SECONDS = 20.0
"""So long may a child take to finish what it does; then it is killed."""

FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0
"""Seconds before a dead child is started again: at once when it had been at work, later and later when it cannot start."""

log = logging.getLogger(__name__)


@dataclass
class Child:
    """One process that is kept alive.

    name       as `child.PLACES` knows it
    listening  a socket that the parent holds for it
    on_demand  started when somebody connects, may end by itself; else it always runs
    ways       environment variables of it alone, where nobody has set them
    """

    name: str
    listening: socket.socket | None = None
    on_demand: bool = False
    ways: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    ready: int | None = None
    at_work: bool = False
    told: bool = False
    failures: int = 0
    due: float | None = field(default=None)

    def __post_init__(self) -> None:
        self.due = None if self.on_demand else 0.0


class Parent:
    """Keeps the children alive until it is told to stop.

    environment  what the children are given
    announce     called once, when the web answers for the first time (set before `run`)
    """

    def __init__(self, children: tuple[Child, ...], environment: dict[str, str]) -> None:
        self.children = children
        self.environment = environment
        self.announce: Callable[[], None] | None = None
        self.stopping: float | None = None
        self.interrupts = 0
        self._selector = selectors.DefaultSelector()
        self._lifeline, self._held = os.pipe()
        self._woken, self._waking = os.pipe()
        for handle in (self._woken, self._waking):
            os.set_blocking(handle, False)
        self._selector.register(self._woken, selectors.EVENT_READ)

    # ------------------------------------------------------------------ the life

    def run(self) -> int:
        """Serve until a signal; 0 when all ended in order."""
        before = self._signals()
        try:
            while self.stopping is None or any(child.process for child in self.children):
                self._once()
            return 0
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
            signal.set_wakeup_fd(-1)
            self._kill_all()

    def once(self, name: str) -> tuple[int, str]:
        """Run a child that ends by itself, such as "migrate"; its exit code and what it printed."""
        child = Child(name)
        self._start(child, subprocess.PIPE)
        assert child.process is not None
        printed, _ = child.process.communicate()
        self._forget_ready(child)
        return child.process.returncode, printed.decode().strip()

    def _once(self) -> None:
        self._start_what_is_due()
        for key, _ in self._selector.select(self._patience()):
            if key.fd == self._woken:
                drained(self._woken)
            elif isinstance(key.data, Child):
                self._heard(key.data, key.fd)
        self._reap()
        self._stop_in_order()

    def _patience(self) -> float:
        """Until when there is nothing to do unless something happens."""
        if self.stopping is not None:
            return 0.2
        due = [child.due for child in self.children if child.process is None and child.due is not None]
        return max(0.0, min((*(one - time.monotonic() for one in due), 60.0)))

    # ------------------------------------------------------------------ starting

    def _start_what_is_due(self) -> None:
        if self.stopping is not None:
            return
        for child in self.children:
            if child.process is None and child.due is not None and child.due <= time.monotonic():
                if child.on_demand:
                    self._wait_for_somebody(child)
                else:
                    self._start(child)
            elif child.on_demand and child.process is None and child.due is None:
                self._wait_for_somebody(child)

    def _wait_for_somebody(self, child: Child) -> None:
        assert child.listening is not None
        child.due = None
        if child.listening.fileno() not in self._selector.get_map():
            self._selector.register(child.listening, selectors.EVENT_READ, child)

    def _start(self, child: Child, stdout: int | None = None) -> None:
        """Start a child: it gets the lifeline, a pipe to say that it is ready, and its socket."""
        child.ready, ready = os.pipe()
        listening = child.listening.fileno() if child.listening else -1
        handed = (self._lifeline, ready, listening)
        child.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "holdfast.server.process.child", child.name, *(str(one) for one in handed)],
            pass_fds=[one for one in handed if one >= 0],
            env={**child.ways, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            process_group=0,  # Ctrl-C is for the parent, which tells the children in order
        )
        os.close(ready)
        child.at_work, child.told, child.due = False, False, None
        self._selector.register(child.ready, selectors.EVENT_READ, child)
        log.info("%s started", child.name, extra={"pid": child.process.pid})

    def _heard(self, child: Child, handle: int) -> None:
        """Somebody connects to the socket of a child that sleeps, or a child says that it is ready."""
        if child.listening is not None and handle == child.listening.fileno():
            self._selector.unregister(child.listening)
            self._start(child)
        elif handle == child.ready:
            if os.read(handle, 1):
                child.at_work, child.failures = True, 0
                self._announced(child)
            self._forget_ready(child)

    def _announced(self, child: Child) -> None:
        if child.name == "web" and self.announce is not None:
            announce, self.announce = self.announce, None
            try:
                announce()
            except OSError as error:  # a pipe that nobody reads any more is no reason to end
                log.warning("the address could not be said: %s", error.strerror)

    def _forget_ready(self, child: Child) -> None:
        if child.ready is not None:
            if child.ready in self._selector.get_map():
                self._selector.unregister(child.ready)
            os.close(child.ready)
            child.ready = None

    # ------------------------------------------------------------------ ending

    def _reap(self) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, child.process)

    def _ended(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """A child has ended: by itself, as it was told, or it died; then it is started again."""
        child.process = None
        self._forget_ready(child)
        if self.stopping is not None:
            log.info("%s ended", child.name, extra={"pid": process.pid, "code": process.returncode})
        elif child.on_demand and process.returncode == 0:
            log.info("%s ended, nobody had asked for a while", child.name, extra={"pid": process.pid})
        else:
            child.failures = 0 if child.at_work else child.failures + 1
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2**child.failures)
            child.due = time.monotonic() + delay
            told = {"pid": process.pid, "code": process.returncode, "delay": delay}
            log.error("%s died and is started again", child.name, extra=told)

    def _stop_in_order(self) -> None:
        """Web and worker first, the analyst when nobody asks it any more; whoever takes too long is killed."""
        if self.stopping is None:
            return
        for child in self.children:
            others = any(other.process for other in self.children if not other.on_demand)
            if child.process is not None and not child.told and not (child.on_demand and others):
                child.told = True
                _tell(child.process, signal.SIGTERM)
        if self.interrupts > 1 or time.monotonic() > self.stopping:
            self._kill_all()

    def _kill_all(self) -> None:
        """End at once whatever still runs."""
        for child in self.children:
            if child.process is not None:
                log.warning("%s is ended at once", child.name, extra={"pid": child.process.pid})
                _tell(child.process, signal.SIGKILL)
                child.process.wait()
                child.process = None

    # ------------------------------------------------------------------ signals

    def _signals(self) -> dict[signal.Signals, Any]:
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        ending = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup: it goes on when the terminal is closed
            ending.append(signal.SIGHUP)
        handlers = dict.fromkeys(ending, self._told_to_stop)
        return {one: signal.signal(one, handler) for one, handler in (*handlers.items(), (signal.SIGCHLD, _nothing))}

    def _told_to_stop(self, number: int, _frame: FrameType | None) -> None:
        self.interrupts += number == signal.SIGINT
        if self.stopping is None:
            self.stopping = time.monotonic() + STOP_SECONDS
            log.info("stopping; again Ctrl-C ends at once")


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """A child has ended: the loop wakes up and sees which."""


def _tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)
