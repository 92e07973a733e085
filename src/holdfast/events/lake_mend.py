"""Keeping the lake tidy: small neighbouring files are joined, files that no reader can need any more are deleted.

Only neighbours in order of arrival are joined, so that the sequences of different files never overlap and reading on from a
sequence touches the newest files alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.errors import WorkspaceError
from holdfast.events.lake_files import ROWS_PER_FILE, LakeFile, rows_of, write_files
from holdfast.events.lake_stage import contents

if TYPE_CHECKING:
    from holdfast.events.lake import Lake

__all__ = ["RETENTION_HOURS", "SMALL_ROWS", "Compacted", "compacted", "joined", "neighbours", "vacuumed"]

SMALL_ROWS = 100_000
RETENTION_HOURS = 168
"""Replaced files stay for a week: no reader of an old version is older than that."""

TRIES = 5


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: files joined, files they became, old files deleted from the disk."""

    joined: int
    into: int
    deleted: int


def compacted(lake: Lake) -> Compacted:
    """Join small neighbouring files of the lake and sweep; the caller holds the writer's lock."""
    old, into = joined(lake)
    return Compacted(old, into, vacuumed(lake, RETENTION_HOURS))


def joined(lake: Lake) -> tuple[int, int]:
    """Join small neighbouring files in one commit: how many, into how many. The caller holds the writer's lock."""
    for _ in range(TRIES):
        seen = lake.snapshot()
        runs = neighbours(seen.files)
        if not runs:
            return 0, 0
        old = [file for run in runs for file in run]
        with lake.staging() as stage:
            fresh = [file for run in runs for file in write_files(stage, contents(lake.path, run))]
            if lake.replace(stage, fresh, old, seen, why="compact"):
                return len(old), len(fresh)
    raise WorkspaceError("other programs kept changing the lake during the compaction", "run it again later")


def neighbours(files: Sequence[LakeFile]) -> list[list[LakeFile]]:
    """Runs of two or more small files next to each other, in order of arrival, each fitting into one file."""
    runs: list[list[LakeFile]] = [[]]
    for file in files:
        fits = file.rows < SMALL_ROWS and rows_of(runs[-1]) + file.rows <= ROWS_PER_FILE
        if not fits:
            runs.append([])
        if file.rows < SMALL_ROWS:
            runs[-1].append(file)
    return [run for run in runs if len(run) > 1]


def vacuumed(lake: Lake, retention_hours: int) -> int:
    """Delete files that no version younger than this needs; how many."""
    table = lake.table()
    if not table.vacuum(retention_hours, dry_run=True, enforce_retention_duration=False, full=True):
        return 0
    return len(table.vacuum(retention_hours, dry_run=False, enforce_retention_duration=False, full=True))
