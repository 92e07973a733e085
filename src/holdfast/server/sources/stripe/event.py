"""An event of Stripe, as far as it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Event"]


@dataclass(frozen=True)
class Event:
    """One event.

    id      of the event; the same when it is delivered again
    at      when it happened (`instant`)
    thing   the object as it was then
    before  those of its attributes that changed, as they were before
    """

    id: str
    at: str
    thing: Mapping[str, Any]
    before: Mapping[str, Any]
