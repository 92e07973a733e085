"""How long a chain of steps may take: so many minutes, hours, days or weeks; within one session; or as long as it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.errors import UsageError

__all__ = ["ANY_TIME", "SESSION", "Window", "window_of"]

SESSION = "session"
ANY_TIME = "none"

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|h|d|w|min|minutes?|hours?|days?|weeks?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Window:
    """A span of elapsed time (SEMANTICS 2), from the first step to the last, its end included.

    said     in words: 7 days, session, none
    seconds  its length; None where time does not matter
    session  whether all must happen within one session
    """

    said: str
    seconds: int | None
    session: bool = False

    @property
    def words(self) -> str:
        """How a sentence ends: within 7 days, within one session, at any time later."""
        if self.session:
            return "within one session"
        return "at any time later" if self.seconds is None else f"within {self.said}"


def window_of(text: str | None) -> Window:
    """The window that a text means: "7 days", "24h", "30 minutes", "2w", "session", "none" (or None); else UsageError."""
    if text is not None and not isinstance(text, str):
        raise UsageError(f"{text!r} is no window", "write it with its unit, such as '7 days' or '24 hours'")
    plain = ANY_TIME if text is None else text.strip().lower()
    if plain == ANY_TIME:
        return Window(ANY_TIME, None)
    if plain == SESSION:
        return Window(SESSION, None, session=True)
    found = _WRITTEN.fullmatch(plain)
    seconds = 0 if found is None else round(float(found[1]) * next(n for name, n in _UNITS.items() if name[0] == found[2][0]))
    if found is None or not 0 < seconds < 1 << 32:
        raise UsageError(f"{text!r} is no window", "write it as 30 minutes, 24 hours, 7 days, 2 weeks, session or none")
    unit = next(name for name in _UNITS if name[0] == found[2][0])
    size = f"{float(found[1]):g}"
    return Window(f"{size} {unit}" + ("" if size == "1" else "s"), seconds)
