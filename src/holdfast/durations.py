"""How a length of time is written for people, everywhere in one manner; tables keep seconds."""

from __future__ import annotations

__all__ = ["span"]

UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


def span(seconds: float) -> str:
    """A length of time in the largest unit of which there are two or more: 40 seconds, 12 minutes, 3.5 hours, 20 days."""
    for size, name in UNITS:
        if seconds >= 2 * size:
            return f"{_short(seconds / size)} {name}"
    return "1 second" if _short(seconds) == "1" else f"{_short(seconds)} seconds"


def _short(number: float) -> str:
    return f"{number:,.1f}".removesuffix(".0")
