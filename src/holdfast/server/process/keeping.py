"""Followers of the lake, each in a thread of its own: a slow one does not hold up the others.

A follower's module may say EASE: so many times its own last cost it rests before it runs again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event
from time import monotonic

__all__ = ["Follower", "newest_version"]

LOOK_SECONDS = 0.2
"""The lake is looked at so often: one question to the file system."""

SHORTEST_REST, LONGEST_REST = 0.5, 60.0

log = logging.getLogger(__name__)


def newest_version(log_folder: Path, known: int = -1) -> int:
    """The newest version of the Delta table whose log is in the folder, at least `known`; -1 when there is none.

    From a known version on, each later one is looked for by its name: the log of a busy lake has very many files.
    """
    if known < 0:
        numbers = [int(name[:20]) for name in os.listdir(log_folder) if name[:20].isdigit() and name.endswith(".json")]  # noqa: PTH208
        known = max(numbers, default=-1)
    while (log_folder / f"{known + 1:020d}.json").exists():
        known += 1
    return known


class Follower:
    """Runs one follower whenever the lake has moved.

    follow  brings what is kept level with the lake; how many events it took
    ease    so many times its last cost it rests
    """

    def __init__(self, name: str, follow: Callable[[], int], ease: float = 0.0) -> None:
        self.name = name
        self.follow = follow
        self.ease = ease
        self.level = -1
        self.failures = 0

    @staticmethod
    def named(place: str) -> Follower:
        """The follower at "module:function"."""
        module_name, _, function = place.partition(":")
        module = import_module(module_name)
        name = module_name.rpartition(".")[2]
        return Follower(name, getattr(module, function), float(getattr(module, "EASE", 0.0)))

    def run(self, log_folder: Path, stop: Event) -> None:
        """Follow until `stop`."""
        newest, rest = -1, 0.0
        while not stop.wait(max(LOOK_SECONDS, rest)):
            newest, rest = newest_version(log_folder, newest), 0.0
            if newest != self.level:
                rest = self.step(newest)

    def step(self, newest: int) -> float:
        """Follow once, up to a version at least; the seconds to rest afterwards."""
        begun = monotonic()
        try:
            taken = self.follow()
        except Exception:
            self.failures += 1
            rest = min(LONGEST_REST, SHORTEST_REST * 2**self.failures)
            log.exception("the follower %s failed and tries again", self.name, extra={"rest": rest})
            return rest
        self.level, self.failures = newest, 0
        cost = monotonic() - begun
        if taken:
            log.debug("%s is level", self.name, extra={"version": newest, "events": taken, "seconds": round(cost, 3)})
        return max(SHORTEST_REST, self.ease * cost) if self.ease else 0.0
