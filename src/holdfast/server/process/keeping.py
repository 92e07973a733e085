"""Followers of the lake, each in a thread of its own: a slow one does not hold up the others.

A follower's module may say EASE: so many times its usual cost (the lesser of the last two) it rests before it runs again, a
minute at most.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Event
from time import monotonic
from traceback import extract_tb

from holdfast.server.process import metrics
from holdfast.server.process.lake_log import newest_version

__all__ = ["Follower"]

LOOK_SECONDS = 0.2
"""The lake is looked at so often: one question to the file system."""

SHORTEST_REST, LONGEST_REST = 0.5, 60.0

log = logging.getLogger(__name__)


class Follower:
    """Runs one follower whenever the lake has moved.

    follow  brings what is kept level with the lake; how many events it took
    ease    so many times its usual cost (the lesser of the last two) it rests, a minute at most
    """

    def __init__(self, name: str, follow: Callable[[], int], ease: float = 0.0) -> None:
        self.name = name
        self.follow = follow
        self.ease = ease
        self.level: tuple[int, int] | None = None
        self.failures = 0
        self.cost = 0.0

    @staticmethod
    def named(place: str) -> Follower:
        """The follower at "module:function"."""
        module_name, _, function = place.partition(":")
        module = import_module(module_name)
        name = module_name.rpartition(".")[2]
        return Follower(name, getattr(module, function), float(getattr(module, "EASE", 0.0)))

    def run(self, workspace: Path, stop: Event) -> None:
        """Follow until `stop`: whenever the lake of a workspace has a new version, or its settings were changed."""
        version, rest = -1, 0.0
        while not stop.wait(max(LOOK_SECONDS, rest)):
            version, rest = newest_version(workspace / "lake" / "events" / "_delta_log", version), 0.0
            there = (version, (workspace / "holdfast.toml").stat().st_mtime_ns)
            if there != self.level:
                rest = self.step(there)

    def step(self, there: tuple[int, int]) -> float:
        """Follow once, up to a version at least; the seconds to rest afterwards."""
        begun = monotonic()
        try:
            taken = self.follow()
        except Exception:
            return self._failed()
        cost = monotonic() - begun
        self.level, self.failures = there, 0
        metrics.FOLLOWED.labels(self.name).inc(taken)
        metrics.FOLLOWER_SECONDS.labels(self.name).inc(cost)
        metrics.FOLLOWER_VERSION.labels(self.name).set(there[0])
        usual, self.cost = min(cost, self.cost), cost  # a run that starts the analyst or compiles is no measure
        return min(LONGEST_REST, max(SHORTEST_REST, self.ease * usual)) if self.ease else 0.0

    def _failed(self) -> float:
        """Say so and try again later, and later still when it fails again; the seconds to rest."""
        self.failures += 1
        metrics.FOLLOWER_FAILURES.labels(self.name).inc()
        rest = min(LONGEST_REST, SHORTEST_REST * 2**self.failures)
        kind, _, trace = sys.exc_info()
        # the class and the place alone: the text of an error, and what a database adds to it, may name a customer
        place = [f"{Path(one.filename).name}:{one.lineno}" for one in extract_tb(trace)[-3:]]
        told = {"rest": rest, "error": kind.__name__ if kind else "", "place": place}
        log.error("the follower %s failed and tries again: %s", self.name, told["error"], extra=told)
        return rest
