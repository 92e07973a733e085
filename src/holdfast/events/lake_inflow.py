"""What arrives live, into the lake: small commits, cheap, exactly once, and tidied up behind them.

    pour     one commit a batch; the batch carries the number of the last thing taken from its source, which the table keeps as
             an application transaction (INFLOW and the source's name): a batch that is in already changes nothing
    tidied   joins small neighbouring files once there is a crowd of them, and deletes what was replaced an hour ago

Whoever pours knows which events are new (the seen index of the server); the lake is not searched for them. An `Inflow` keeps
the table open between commits, because reading its log anew costs more than a commit; it belongs to one thread.

A commit each half second writes 170,000 log entries a day. So the table keeps its log and its notes of replaced files for an
hour, behind a checkpoint every 20 commits: opening it stays a matter of milliseconds. No reader of ours needs an old version,
since it opens all files before it reads; an engine of somebody else's has an hour to finish a query.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from holdfast.errors import WorkspaceError
from holdfast.events.lake import CROWD, SEQUENCE, TRIES, Appended, Lake, Snapshot
from holdfast.events.lake_files import rows_of, write_files
from holdfast.events.lake_stage import numbered

if TYPE_CHECKING:
    from deltalake import DeltaTable

__all__ = ["INFLOW", "LIVE", "Inflow"]

INFLOW = "holdfast:inflow:"
"""Application transaction of a source: the number of the last thing that was taken from it."""

LIVE = "live:"
"""Batch of events that arrived live: this and the day (UTC, ISO) of the commit. It sorts behind every import's fingerprint."""

REPLACED_HOURS = 1
SWEEP_SECONDS = 600.0
SMALL_LOG = {
    "delta.checkpointInterval": "20",
    "delta.logRetentionDuration": "interval 1 hours",
    "delta.deletedFileRetentionDuration": "interval 1 hours",
    "delta.enableExpiredLogCleanup": "true",
}


class Inflow:
    """The way in for one numbered source.

    lake    where it leads
    source  name of the source: the same numbers of another source are other things
    """

    def __init__(self, lake: Lake, source: str) -> None:
        self._lake = lake
        self._name = INFLOW + source
        self._table: DeltaTable | None = None
        self._poured = CROWD  # the first look at the crowd comes at once: another process may have left one
        self._swept = time.monotonic()

    def mark(self) -> int:
        """The number of the last thing that is in; 0 before the first."""
        return self._newest().transaction_version(self._name) or 0

    def last_sequence(self) -> int:
        """The number given to the latest event of the lake, -1 before the first."""
        return _last(self._newest())

    def pour(self, batches: Sequence[pa.RecordBatch], *, number: int, batch: str) -> Appended:
        """Add these events in one commit, on the disk when this returns; nothing where `number` is in already.

        batches  in the schema EVENTS; `sequence` and `batch` are given here
        number   of the last thing that was taken from the source; larger each time
        batch    what the events are marked with, such as "live:2026-11-22"

        InputError when a batch has another schema.
        """
        with self._lake.writing():
            for attempt in range(TRIES):
                table = self._newest()
                if (table.transaction_version(self._name) or 0) >= number:
                    return Appended(0, sum(one.num_rows for one in batches), table.version())
                poured = self._committed(table, batches, number, batch)
                if poured is not None:
                    return poured
                time.sleep(0.02 * attempt)
        raise WorkspaceError(f"other programs changed the lake {TRIES} times during one commit", "nothing is lost; wait")

    def tidied(self) -> None:
        """Join small neighbouring files once many commits were poured, and now and then delete what was replaced."""
        from holdfast.events.lake_mend import SMALL_ROWS, joined, vacuumed

        if self._poured >= CROWD:
            self._poured = 0
            self._keep_log_small()
            if sum(file.rows < SMALL_ROWS for file in self._lake.files()) >= CROWD // 2:
                with self._lake.writing():
                    joined(self._lake)
        if time.monotonic() - self._swept > SWEEP_SECONDS:
            self._swept = time.monotonic()
            with self._lake.writing():
                vacuumed(self._lake, REPLACED_HOURS)

    def _committed(self, table: DeltaTable, batches: Sequence[pa.RecordBatch], number: int, batch: str) -> Appended | None:
        """What one try added; None when another machine's writer was faster."""
        lake, last = self._lake, _last(table)
        with lake.staging() as stage:
            fresh = tuple(write_files(stage, numbered(batches, last + 1, batch)))
            rows = rows_of(fresh)
            marks = {self._name: number, SEQUENCE: last + rows}
            seen = Snapshot(table.version(), (), last)
            done = lake.commit(stage, fresh, seen, removed=[], transactions=marks, why="live", data_change=True, table=table)
        if not done:
            self._table = None
            return None
        _durable(lake.path, seen.version + 1)
        self._poured += 1
        return Appended(rows, 0, seen.version + 1)

    def _newest(self) -> DeltaTable:
        """The table at its newest version, also where the log between was cleaned away meanwhile."""
        from deltalake.exceptions import DeltaError

        if self._table is not None:
            try:
                self._table.update_incremental()
            except DeltaError:
                self._table = None
        if self._table is None:
            self._table = self._lake.table()
        return self._table

    def _keep_log_small(self) -> None:
        """Tables of earlier versions, and of other programs, are told to keep their log for an hour."""
        table = self._newest()
        told = table.metadata().configuration
        if any(told.get(name) != value for name, value in SMALL_LOG.items()):
            with self._lake.writing():
                table.alter.set_table_properties(SMALL_LOG)
            self._table = None


def _last(table: DeltaTable) -> int:
    marked = table.transaction_version(SEQUENCE)
    return -1 if marked is None else marked


def _durable(folder: Path, version: int) -> None:
    """Make sure that a commit is on the disk: its entry in the log, and the names in both folders."""
    log = folder / "_delta_log"
    for path in (log / f"{version:020}.json", log, folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
