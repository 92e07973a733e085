"""The lake: every event, once, in a Delta Lake table in the workspace folder. No server; any engine that reads Delta reads it.

    inflow   what arrives live, a commit each half second: see lake_inflow
    append   rows are written to a staging folder, compared with what is stored, moved in and committed: one commit an import,
             all of it or nothing, and never twice (the import's fingerprint is a Delta application transaction)
    scan     reads the files of one version; writers, compaction and erasure do not disturb a reader
    compact  joins small neighbouring files and sweeps away what nobody needs
    erase    rewrites the files without a customer and deletes the old ones

A killed writer leaves a staging folder; the next writer removes it. The lake's numbers only grow: `sequence` is kept in the
transaction SEQUENCE, so that it is never given twice, not even after an erasure.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (transaction identifiers, add and remove actions).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from holdfast.errors import WorkspaceError
from holdfast.events.identity import IDENTITY_COLUMNS, Evidence
from holdfast.events.lake_files import (
    Holding,
    LakeFile,
    Reading,
    add_action,
    lake_files,
    may_name_device,
    may_tell_alias,
    read_files,
    rows_of,
    write_files,
)
from holdfast.events.lake_known import repeated
from holdfast.events.lake_stage import leftovers, moved_in, moved_out, numbered, rewritten, staging, swept
from holdfast.events.locking import held_by, holding
from holdfast.events.schema import EVENTS

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import RemoveAction

    from holdfast.events.lake_erase import Erased
    from holdfast.events.lake_inflow import Inflow
    from holdfast.events.lake_mend import Compacted

__all__ = ["Appended", "Lake"]

SEQUENCE = "holdfast:sequence"
IMPORT = "holdfast:import:"
ERASURES = "holdfast:erasures"
LOCK = "_writer.lock"
TRIES = 20
CROWD = 64
"""So many small files and an append joins them."""

Why = Literal["import", "live", "compact", "erase"]

UNSUPPORTED = frozenset({"deletionVectors", "columnMapping"})


@dataclass(frozen=True)
class Appended:
    """What an append did: `rows` new, `known` left out because they were there, and the table `version` that holds them."""

    rows: int
    known: int
    version: int


@dataclass(frozen=True)
class Snapshot:
    """One version of the table."""

    version: int
    files: tuple[LakeFile, ...]
    last_sequence: int


@dataclass(frozen=True)
class Lake:
    """The Delta table of events in the folder `path`. The value holds no state: each call sees the newest version, or `at`."""

    path: Path
    at: int | None = None

    @staticmethod
    def create(path: Path | str) -> Lake:
        """A new, empty lake in the folder `path`; an existing one is left as it is."""
        from deltalake import DeltaTable

        Path(path).mkdir(parents=True, exist_ok=True)
        configuration = {"delta.dataSkippingStatsColumns": "time,sequence", "delta.checkpointInterval": "20"}
        DeltaTable.create(str(path), EVENTS, mode="ignore", name="events", configuration=configuration)
        return Lake(Path(path))

    @staticmethod
    def open(path: Path | str) -> Lake:
        """The lake in the folder `path`. WorkspaceError when there is none, or another engine gave it features unknown here."""
        lake = Lake(Path(path))
        features = lake.table().protocol().reader_features or []
        if UNSUPPORTED & set(features):
            mend = "rewrite it with those features off (Spark: REORG TABLE … APPLY (PURGE), then drop the feature)"
            raise WorkspaceError(f"the lake {path} uses {', '.join(sorted(UNSUPPORTED & set(features)))}", mend)
        return lake

    def append(self, batches: Iterable[pa.RecordBatch], *, batch: str) -> Appended:
        """Add the events that are not there yet, all in one commit.

        batches  in the schema EVENTS, any size; `sequence` and `batch` are given here, in the order of the rows
        batch    fingerprint of the import (file and mapping): a second append with it changes nothing

        InputError when a batch has another schema.
        """
        with self.writing():
            before = self.table().transaction_version(IMPORT + batch)
            if before is not None:
                return Appended(0, before, self.version())
            with self.staging() as stage:
                events = numbered(batches, self.last_sequence() + 1, batch)
                fresh = tuple(write_files(stage, events))
                appended = self._join(stage, fresh, batch)
            self._uncrowd()
            return appended

    def inflow(self, source: str) -> Inflow:
        """The way in for events that arrive live from `source`, each batch numbered."""
        from holdfast.events.lake_inflow import Inflow

        return Inflow(self, source)

    def scan(
        self, columns: Sequence[str] = (), after_sequence: int | None = None, reading: Reading = "ahead"
    ) -> Iterator[pa.RecordBatch]:
        """The events of the newest version in order of arrival, only these columns (none named: all), only later sequences.

        All files are opened before the first batch, so a compaction or erasure meanwhile does not disturb the reading.
        """
        yield from self._read(list(columns) or EVENTS.names, after_sequence, reading=reading)

    def scan_where(
        self, columns: Sequence[str], holding: Holding, after_sequence: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """As `scan`, but only of row groups that may hold a row of interest, told by the statistics of their columns."""
        yield from self._read(columns, after_sequence, holding)

    def evidence(self, after_sequence: int | None = None) -> Evidence:
        """What the events say about who is who; parts of the lake without anonymous ids and aliases are not read."""
        seen = Evidence.of(self._read(IDENTITY_COLUMNS[:-1], after_sequence, may_name_device))
        return seen + Evidence.of(self._read(IDENTITY_COLUMNS, after_sequence, may_tell_alias))

    def pinned(self) -> Lake:
        """The lake as it is now, whatever is written meanwhile: several readings that must agree."""
        return Lake(self.path, self.version())

    def rows(self) -> int:
        """How many events there are."""
        return rows_of(self.files())

    def last_sequence(self) -> int:
        """The number given to the latest event, -1 before the first."""
        return self.snapshot().last_sequence

    def version(self) -> int:
        """The number of the newest version."""
        return self.table().version()

    def files(self) -> tuple[LakeFile, ...]:
        """The files of the newest version, in order of arrival."""
        return self.snapshot().files

    def erasures(self) -> int:
        """How many erasures there were; whatever is derived from the lake and counts fewer still holds erased people."""
        return self.table().transaction_version(ERASURES) or 0

    def knows(self, batch: str) -> bool:
        """Whether the import with this fingerprint is in."""
        return self.table().transaction_version(IMPORT + batch) is not None

    def compact(self) -> Compacted:
        """Join small neighbouring files, then delete files that no version of the last seven days needs."""
        from holdfast.events.lake_mend import compacted

        with self.writing():
            return compacted(self)

    def erase(self, ids: Iterable[str]) -> Erased:
        """Remove every row of these people, the ids joined to them included, from the table and from the disk.

        ids  person ids: a customer id, or "anon:" and an anonymous id
        """
        from holdfast.events.lake_erase import erased

        with self.writing():
            return erased(self, frozenset(ids))

    def writer(self) -> int | None:
        """The id of the process that writes now, or None."""
        return held_by(self.path / LOCK)

    def leftovers(self) -> list[Path]:
        """Staging folders that a killed writer left (or that a living one is using)."""
        return leftovers(self.path)

    # ------------------------------------------------------------------ for the rest of the room

    def table(self) -> DeltaTable:
        """The Delta table. WorkspaceError when there is none or its log cannot be read."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        try:
            return DeltaTable(str(self.path), version=self.at)
        except TableNotFoundError as missing:
            raise WorkspaceError(f"there is no lake in {self.path}", "make a workspace with: holdfast init") from missing
        except DeltaError as damage:
            first = str(damage).splitlines()[0]
            raise WorkspaceError(f"the lake in {self.path} cannot be read: {first}", "see: holdfast doctor") from damage

    def snapshot(self) -> Snapshot:
        """The newest version with its files."""
        table = self.table()
        files = lake_files(pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all())
        return Snapshot(table.version(), tuple(files), _last(table))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer on this machine, with what killed writers left swept away."""
        unknown = {field.name for field in self.table().schema().fields} - set(EVENTS.names)
        if unknown:
            what = f"the lake in {self.path} has columns that this version does not know: {', '.join(sorted(unknown))}"
            raise WorkspaceError(what, "a newer Holdfast wrote it; write with that one, reading works with this")
        with holding(self.path / LOCK):
            for stage in leftovers(self.path):
                swept(self.path, stage, self._names)
            yield

    def staging(self) -> AbstractContextManager[Path]:
        """A folder for files that are not in the table yet; it is gone afterwards."""
        return staging(self.path, self._names)

    def replace(self, stage: Path, fresh: Sequence[LakeFile], old: Sequence[LakeFile], seen: Snapshot, *, why: Why) -> bool:
        """Commit that `fresh` (in `stage`) stands for `old`; False when another writer was faster than `seen`."""
        from deltalake.transaction import RemoveAction

        now_ms, changes = int(time.time() * 1000), why == "erase"
        marks = {ERASURES: self.erasures() + 1} if changes else {}
        removed = [RemoveAction(file.name, changes, now_ms, file.size_bytes, {}) for file in old]
        return self.commit(stage, fresh, seen, removed=removed, transactions=marks, why=why, data_change=changes)

    def _join(self, stage: Path, fresh: tuple[LakeFile, ...], batch: str) -> Appended:
        """Commit what is new of the staged files, again when another machine's writer came between."""
        total, written_after = rows_of(fresh), None
        for attempt in range(TRIES):
            seen = self.snapshot()
            known = repeated(self.path, seen.files, stage, fresh) if fresh else np.empty(0, np.int64)
            rows = rows_of(fresh) - len(known)
            if not rows and total:
                return Appended(0, total, seen.version)
            written_after = fresh[0].first_sequence - 1 if fresh else seen.last_sequence
            if len(known) or written_after != seen.last_sequence:
                fresh = rewritten(stage, fresh, known, seen.last_sequence + 1)
            transactions = {IMPORT + batch: total, SEQUENCE: seen.last_sequence + rows}
            if self.commit(stage, fresh, seen, removed=[], transactions=transactions, why="import", data_change=True):
                return Appended(rows, total - rows, seen.version + 1)
            time.sleep(0.02 * attempt)
        raise WorkspaceError(f"other programs changed the lake {TRIES} times during this import", "run the import again")

    def commit(
        self,
        stage: Path,
        fresh: Sequence[LakeFile],
        seen: Snapshot,
        *,
        removed: list[RemoveAction],
        transactions: dict[str, int],
        why: Why,
        data_change: bool,
        table: DeltaTable | None = None,
    ) -> bool:
        """Move the files in and commit exactly after `seen`; False, and nothing changed, when a newer version is there.

        table  the table opened at that version, where somebody has it
        """
        from deltalake import CommitProperties, DeltaTable, Transaction
        from deltalake.exceptions import CommitFailedError

        moved_in(stage, self.path, fresh)
        marks = [Transaction(name, number) for name, number in transactions.items()]
        properties = CommitProperties({"holdfast": why}, max_commit_retries=0, app_transactions=marks)
        added = [add_action(file, data_change=data_change) for file in fresh]
        try:
            table = table or DeltaTable(str(self.path), version=seen.version)
            table.create_write_transaction([*added, *removed], "append", EVENTS, commit_properties=properties)
        except CommitFailedError:
            moved_out(stage, self.path, fresh)
            return False
        return True

    def _read(
        self, columns: Sequence[str], after_sequence: int | None, holding: Holding | None = None, reading: Reading = "ahead"
    ) -> Iterator[pa.RecordBatch]:
        with ExitStack() as stack:
            try:
                yield from read_files(self._opened(stack, after_sequence), columns, after_sequence, holding, reading)
            except pa.ArrowInvalid as damage:
                raise WorkspaceError(
                    f"a file of the lake in {self.path} is damaged: {damage}", "see: holdfast doctor"
                ) from damage

    def _opened(self, stack: ExitStack, after_sequence: int | None) -> list[pa.NativeFile]:
        for _ in range(TRIES):
            files = self.files() if after_sequence is None else [f for f in self.files() if f.last_sequence > after_sequence]
            with ExitStack() as attempt:
                try:
                    opened = [attempt.enter_context(pa.OSFile(str(self.path / file.name))) for file in files]
                except FileNotFoundError:
                    continue
                stack.push(attempt.pop_all())
                return opened
        raise WorkspaceError(f"files of the lake {self.path} are missing", "see: holdfast doctor")

    def _names(self) -> set[str]:
        return {file.name for file in self.files()}

    def _uncrowd(self) -> None:
        from holdfast.events.lake_mend import SMALL_ROWS, compacted

        if sum(file.rows < SMALL_ROWS for file in self.files()) >= CROWD:
            compacted(self)


def _last(table: DeltaTable) -> int:
    marked = table.transaction_version(SEQUENCE)
    return -1 if marked is None else marked
