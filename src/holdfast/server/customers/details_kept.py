"""What the lake says of events, kept a second time in order of the person: the details of one customer are found at once.

    customers.details.make   errand: writes such a file for each large file of the lake that has none yet, as a job

The lake is in order of arrival: the events of one person lie in as many row groups as there are times at which she came, and of
each group every row is unpacked for one of them. A kept file holds the same rows in runs of RUN, each in order of the hash of
the person's id and of time, in pieces of PIECE rows; a table beside it says what each piece spans. Files go by the name of the
lake's file, which never changes and is gone with an erasure; what has none is read from the lake itself.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holdfast.events.identity import ANONYMOUS
from holdfast.events.lake import Lake
from holdfast.events.lake_mend import SMALL_ROWS
from holdfast.events.schema import EVENTS

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["NOTE", "TELLING", "Details", "folder_of", "make", "naming", "sweep"]

NOTE = "made-of"
"""File beside the kept files: the version of the lake they were made of last."""

TELLING = ["type", "event", "time", "sequence", "order_id", "currency", "products", "properties", "source"]
"""What is told of an event."""

RUN = 1 << 19
"""Rows that are put in order together: those of one person lie in one piece of each run, seldom in more."""

PIECE = 1024
SPAN = ("first", "last", "since", "until")
"""Of each piece: the hashes of its first and its last person, its first and its last instant."""

KEPT = pa.schema(
    [("person", pa.string()), *((name, pa.int64() if name == "time" else EVENTS.field(name).type) for name in TELLING)]
)

_MAKING = Lock()

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Details:
    """The kept files of some files of the lake, mapped.

    names    the lake's files that are there
    readers  of each, the mapped file
    spans    a row a piece: the place of its file in `readers`, its place in the file, SPAN
    """

    names: frozenset[str]
    readers: tuple[pa.RecordBatchFileReader, ...]
    spans: Any
    lock: Lock = field(default_factory=Lock)

    @staticmethod
    def open(folder: Path, names: Iterable[str]) -> Details:
        """Map what is there of these files of the lake; what is damaged is deleted, and written anew some day."""
        there: list[str] = []
        readers, spans = [], [np.empty((0, 2 + len(SPAN)), np.uint64)]
        alone = pa.ipc.IpcReadOptions(use_threads=False)
        for name in names:
            try:
                span = np.load(_table(folder, name))
                reader = pa.ipc.open_file(pa.memory_map(str(_rows(folder, name))), options=alone)
            except FileNotFoundError:
                continue
            except (OSError, EOFError, ValueError) as error:
                _damaged(folder, name, error)
                continue
            spans.append(
                np.column_stack([np.full(len(span), len(there), np.uint64), np.arange(len(span), dtype=np.uint64), span])
            )
            there.append(name)
            readers.append(reader)
        return Details(frozenset(there), tuple(readers), np.concatenate(spans))

    def of(self, ids: list[str], wanted: list[int]) -> Iterator[dict[str, Any]]:
        """The rows of these person ids at these instants (ascending): TELLING, time in UTC microseconds."""
        instants = np.array(wanted, np.int64)
        since, until = (self.spans[:, place].view(np.int64) for place in (4, 5))
        timely = np.searchsorted(instants, until, "right") > np.searchsorted(instants, since, "left")
        for one, rows in self._near(ids, timely):
            hers = pc.and_(pc.equal(rows["person"], one), pc.is_in(rows["time"], pa.array(instants)))
            yield from rows.filter(hers).select(TELLING).to_pylist()

    def name(self, ids: list[str]) -> bool:
        """Whether there is a row of one of these person ids."""
        every = np.ones(len(self.spans), np.bool_)
        return any(pc.any(pc.equal(rows["person"], one)).as_py() for one, rows in self._near(ids, every))

    def _near(self, ids: list[str], among: Any) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The pieces, of those chosen, in which rows of a person stand, if there are any."""
        file, piece, first, last = self.spans[:, :4].T
        for one in ids:
            mark = _marks(pa.array([one], pa.string()))[0]
            for place in np.flatnonzero(among & (first <= mark) & (last >= mark)):
                with self.lock:
                    rows = self.readers[int(file[place])].get_batch(int(piece[place]))
                yield one, rows


def make(desk: Desk) -> int | None:
    """Write what is missing, delete what nobody needs any more; how many files were written. None: another call is at it."""
    if not _MAKING.acquire(blocking=False):
        return None
    try:
        lake, folder = Lake(desk.folder / "lake" / "events"), folder_of(desk.folder)
        folder.mkdir(parents=True, exist_ok=True)
        _swept(folder, {file.name for file in lake.files()})
        return sum(_kept(lake, folder, file.name) for file in lake.files() if file.rows >= SMALL_ROWS)
    finally:
        _MAKING.release()


def naming(workspace: Path, ids: list[str]) -> bool:
    """Whether a kept file, of whatever file of the lake, has a row of one of these person ids."""
    folder = folder_of(workspace)
    return folder.exists() and Details.open(folder, sorted(path.stem for path in folder.glob("*.npy"))).name(ids)


def sweep(folder: Path, names: set[str]) -> int:
    """Delete what belongs to none of these files of the lake; how many. What is just being written of one of them stays."""
    gone = 0
    for path in folder.glob("*"):
        of = path.name.removesuffix(".new").removesuffix(".npy").removesuffix(".arrow")
        if of not in names and path.name != NOTE:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def folder_of(workspace: Path) -> Path:
    """Where the kept files of a workspace are."""
    return workspace / "server" / "kept" / "details"


def _kept(lake: Lake, folder: Path, name: str) -> bool:
    """Write the file of one file of the lake, where it is not there; whether it was written."""
    if _table(folder, name).exists():
        return False
    try:
        spans = _written(lake.path / name, folder / f"{name}.new")
        with (folder / f"{name}.npy.new").open("wb") as file:
            np.save(file, spans)
        for new, target in ((f"{name}.new", _rows(folder, name)), (f"{name}.npy.new", _table(folder, name))):
            _on_disk(folder / new)
            (folder / new).replace(target)
    except FileNotFoundError:  # joined with others meanwhile, or somebody was erased
        return False
    names = {file.name for file in lake.files()}
    _swept(folder, names)
    return name in names


def _on_disk(path: Path) -> None:
    """Wait until a file is on the disk: after a power cut its name would stand over nothing."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _damaged(folder: Path, name: str, error: Exception) -> None:
    """Delete a pair that cannot be read, the table first: without it the other counts as not there."""
    log.warning("details kept of %s cannot be read and are deleted: %s", name, type(error).__name__)
    for path in (_table(folder, name), _rows(folder, name)):
        path.unlink(missing_ok=True)


def _swept(folder: Path, names: set[str]) -> None:
    """Delete what belongs to no file of the lake, and what a killed process left."""
    for path in folder.iterdir():
        if path.name != NOTE and (path.stem not in names or path.suffix not in (".npy", ".arrow")):
            path.unlink(missing_ok=True)


def _written(source: Path, target: Path) -> Any:
    """Write the rows of a file of the lake, run by run in order of the person; what each piece spans."""
    spans = [np.empty((0, len(SPAN)), np.uint64)]
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", 1), use_threads=False)
    with (
        pq.ParquetFile(source) as parquet,
        pa.OSFile(str(target), "wb") as file,
        pa.ipc.new_file(file, KEPT, options=options) as writer,
    ):
        for batch in parquet.iter_batches(RUN, columns=[*TELLING, "customer_id", "anonymous_id"], use_threads=False):
            rows, marks = _ordered(batch)
            writer.write_table(rows, max_chunksize=PIECE)
            spans.append(_spans(rows["time"].to_numpy(), marks))
    return np.concatenate(spans)


def _marks(persons: pa.Array) -> Any:
    """The hashes of persons, as timelines make them. Compiled: imported by the analyst alone, which asks for it."""
    from holdfast.timelines.text import hash_strings

    return hash_strings(persons)


def _ordered(batch: pa.RecordBatch) -> tuple[pa.Table, Any]:
    """The rows as KEPT, in order of the hash of the person and of time, and the hashes."""
    device = pc.binary_join_element_wise(ANONYMOUS, batch["anonymous_id"], "")
    person = pc.coalesce(batch["customer_id"], device).cast(pa.string())
    marks, times = _marks(person), batch["time"].cast(pa.int64())
    order = np.lexsort((times.to_numpy(), marks))
    columns = [times if name == "time" else person if name == "person" else batch[name] for name in KEPT.names]
    return pa.Table.from_arrays(columns, schema=KEPT).take(order).combine_chunks(), marks[order]


def _spans(times: Any, marks: Any) -> Any:
    """SPAN of each piece of some rows in order."""
    starts = np.arange(0, len(marks), PIECE)
    ends = np.minimum(starts + PIECE, len(marks)) - 1
    since, until = (least.reduceat(times, starts).view(np.uint64) for least in (np.minimum, np.maximum))
    return np.column_stack([marks[starts], marks[ends], since, until])


def _rows(folder: Path, name: str) -> Path:
    return folder / f"{name}.arrow"


def _table(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"
