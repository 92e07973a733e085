"""In the analyst: work that may take longer than anybody waits for one reply. Who asks for what is being worked on joins in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["Work", "Works", "works"]

AT_ONCE = 2
"""Questions that are walked side by side; each walk uses threads of its own."""

MOST_IDS = 3_000_000
"""So many ids of people are held at hand, over all numbers that were opened."""


@dataclass
class Work:
    """Something being worked on.

    begun    when it was asked for, by the monotonic clock
    future   its result to come
    dropped  whether nobody wants it any more: what it finds is then not kept
    """

    begun: float
    future: Future[Any]
    dropped: bool = False


@dataclass
class Works:
    """All that is being worked on, by a key, and the people found of late."""

    running: dict[str, Work] = field(default_factory=dict)
    found: OrderedDict[str, tuple[str, ...]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="insight"))

    def ask(self, key: str, do: Callable[[Work], Any]) -> Work:
        """The work under a key: the one that goes on, or a new one that does `do`."""
        with self.lock:
            going = self.running.get(key)
            if going is not None and not going.future.done():
                going.dropped = False
                return going
            made = Work(monotonic(), Future())
            self.running[key] = made
        self.pool.submit(self._do, key, made, do)
        return made

    def _do(self, key: str, work: Work, do: Callable[[Work], Any]) -> None:
        try:
            if work.future.set_running_or_notify_cancel():
                work.future.set_result(do(work))
        except BaseException as error:
            work.future.set_exception(error)
        finally:
            with self.lock:
                if self.running.get(key) is work:
                    del self.running[key]

    def drop(self, key: str) -> bool:
        """Nobody waits for it any more: work that has not begun is not begun; whether there was any."""
        with self.lock:
            going = self.running.get(key)
            if going is None:
                return False
            going.dropped = True
            going.future.cancel()
            return True

    def hold(self, key: str, ids: tuple[str, ...]) -> None:
        """Hold the people of a number at hand; those longest not asked for go."""
        with self.lock:
            self.found[key] = ids
            self.found.move_to_end(key)
            while len(self.found) > 1 and sum(map(len, self.found.values())) > MOST_IDS:
                self.found.popitem(last=False)

    def held(self, key: str) -> tuple[str, ...] | None:
        """The people of a number, if they are at hand."""
        with self.lock:
            if key in self.found:
                self.found.move_to_end(key)
            return self.found.get(key)


_MAKING = Lock()


def works(desk: Desk) -> Works:
    """Those of a desk."""
    with _MAKING:
        found: Works = desk.kept.setdefault("insights.works", Works())
        return found


def ready(work: Work, wait_seconds: float | None) -> bool:
    """Whether it is done within so long (None: however long)."""
    wait_for([work.future], wait_seconds)
    return work.future.done()
