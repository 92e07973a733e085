"""An errand that makes the first question quick: the timelines are mapped and the engine is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["errand"]


def errand(desk: Desk) -> dict[str, int]:
    """Map the timelines; how many customers and events they hold."""
    opened = desk.timelines()
    return {"customers": opened.customers, "events": opened.events}
