"""How fast one write key may send: so many requests a second, with a second's worth at once."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """A bucket a key: it fills by `per_second`, holds one second's worth, and each request takes one. 0: no limit."""

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._per_second, self._clock = per_second, clock
        self._left: dict[int, tuple[float, float]] = {}

    def wait_seconds(self, key: int) -> int:
        """0 and the request is counted; else after how many whole seconds the next one is taken."""
        if self._per_second <= 0:
            return 0
        now = self._clock()
        left, at = self._left.get(key, (float(self._per_second), now))
        left = min(float(self._per_second), left + (now - at) * self._per_second)
        if left >= 1:
            self._left[key] = (left - 1, now)
            return 0
        self._left[key] = (left, now)
        return max(1, math.ceil((1 - left) / self._per_second))
