"""Followers of the lake: what is derived from it and kept level with it, whichever way events come in.

A follower is a function without arguments that brings what it keeps level with the lake and gives how many events it took.
It remembers how far it came in what it keeps, so that it can be killed at any instant and go on.
"""

from __future__ import annotations

__all__ = ["FOLLOWERS"]

FOLLOWERS: tuple[str, ...] = (
    "holdfast.server.customers.projection:follow",
    "holdfast.server.analyst.leveling:follow",
)
"""module:function, in the order in which the worker runs them when the lake has moved: profiles first, then timelines."""
