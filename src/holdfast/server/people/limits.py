"""How often something may be done: so many times in a window of seconds, counted per key.

`allowed` counts in the cache, which lives in the database and so is shared by all processes: for what is rare and dear
(sign-ins, invitations). `Bucket` counts in the memory of a process: for what is frequent (calls of the API). There is one web
process; with several the rate of the bucket holds for each.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from django.core.cache import cache
from django.db import connection, transaction

__all__ = ["Bucket", "allowed"]


def allowed(what: str, key: str, times: int, seconds: int, now: float | None = None) -> bool:
    """Whether `key` may do this once more: at most `times` in each window of so many seconds."""
    slot = f"limit:{what}:{key}:{int((time.time() if now is None else now) // seconds)}"
    with transaction.atomic():  # Django's own incr would keep the count for five minutes only, and loses counts itself
        _alone(slot)
        count = cache.get(slot, 0) + 1
        cache.set(slot, count, seconds)
    return count <= times


LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
"""Until the end of the transaction nobody else counts the same."""


def _alone(slot: str) -> None:
    """See to it that no other transaction counts this at the same time; on SQLite there is one that writes anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [slot])


class Bucket:
    """A bucket per key that fills by `per_second` up to `size`; each call takes one.

    The keys that were not used for longest are forgotten beyond `most`; a forgotten bucket is full again.
    """

    def __init__(self, per_second: float, size: int, most: int = 10_000) -> None:
        self.per_second, self.size, self.most = per_second, size, most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str, now: float | None = None) -> float:
        """Take one; 0 when there was one, else the seconds after which there will be one again."""
        now = time.monotonic() if now is None else now
        with self._lock:
            level, at = self._levels.pop(key, (float(self.size), now))
            level = min(self.size, level + (now - at) * self.per_second)
            enough = level >= 1
            self._levels[key] = (level - 1 if enough else level, now)
            while len(self._levels) > self.most:
                self._levels.popitem(last=False)
        return 0.0 if enough else (1 - level) / self.per_second
