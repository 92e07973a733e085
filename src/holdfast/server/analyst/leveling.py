"""The follower that keeps the timelines level with the lake.

The worker only asks; the analyst merges the lake's later events into a new generation. That costs more the more timelines there
are, so it rests for several times its own cost: figures are up to a minute behind in a large shop, not half a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.server.analyst.client import call
from holdfast.server.place import folder, server_folder
from holdfast.server.process.lake_log import log_folder, newest_version

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["EASE", "errand", "follow"]

EASE = 15.0
"""So many times its own cost it rests, a minute at most: each merge writes the timelines anew, 600 MB of 30 million events."""

WITHIN_SECONDS = 3600.0
"""A first build of very many events takes minutes."""


def follow() -> int:
    """Bring the timelines level with the lake; how many events they took.

    Nothing is asked when they are known to be level.
    """
    newest = newest_version(log_folder())
    if newest < 1:
        return 0  # an empty lake: nobody is in it
    level = f"{newest} {_settings_changed_at()}"
    noted = server_folder("kept") / "level"
    if noted.exists() and noted.read_text("utf-8") == level and (folder() / "timelines" / "CURRENT").exists():
        return 0
    took = int(call("level", within_seconds=WITHIN_SECONDS))
    noted.write_text(level, "utf-8")
    return took


def errand(desk: Desk) -> int:
    """Merge what is new into the stored timelines; how many events it was."""
    from holdfast.workspace.stored import made_of

    workspace = desk.workspace
    before = _last(made_of(workspace.path / "timelines"))
    _ = workspace.timelines
    return max(0, _last(made_of(workspace.path / "timelines")) - before)


def _last(made: Any) -> int:
    return -1 if made is None else int(made.last_sequence)


def _settings_changed_at() -> int:
    return (folder() / "holdfast.toml").stat().st_mtime_ns
