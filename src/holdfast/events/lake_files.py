"""The Parquet files of the lake: what is known of one, writing a stream of events into several, reading them back.

The statistics in the Delta log speak only of `time` and `sequence`: they prune well, and no name of a customer ever stands in
the log, so that erasing the files erases the customer.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holdfast.events.schema import EVENTS

if TYPE_CHECKING:
    from deltalake.transaction import AddAction

__all__ = [
    "ROWS_PER_FILE",
    "LakeFile",
    "Reading",
    "add_action",
    "lake_files",
    "may_name_device",
    "may_tell_alias",
    "read_files",
    "rows_of",
    "write_files",
]

ROWS_PER_FILE = 2_000_000
ROW_GROUP = 131_072
"""Small enough that a day's worth of a big shop is pruned to a few groups, large enough to compress."""

DICTIONARIES = ["type", "event", "customer_id", "anonymous_id", "currency", "source", "batch"]
Holding = Callable[[pq.ParquetFile, int], bool]
Reading = Literal["ahead", "sparing"]

NUMBERED = {"sequence": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file: its name in the table's folder, size, and spans (inclusive; time in UTC microseconds)."""

    name: str
    rows: int
    size_bytes: int
    first_sequence: int
    last_sequence: int
    first_us: int
    last_us: int


def write_files(folder: Path, batches: Iterable[pa.RecordBatch]) -> Iterator[LakeFile]:
    """Write a stream of numbered events into files of up to ROWS_PER_FILE rows; each is on the disk when it is yielded."""
    groups = _groups(batches)
    group = next(groups, None)
    while group is not None:
        name = f"part-{uuid.uuid4().hex}.zstd.parquet"
        spans: list[LakeFile] = []
        with _writer(folder / name) as writer:
            while group is not None and rows_of(spans) < ROWS_PER_FILE:
                writer.write_table(group, row_group_size=ROW_GROUP)
                spans.append(_span(name, group))
                group = next(groups, None)
        yield _sealed(folder, spans)


def read_files(
    files: Sequence[pa.NativeFile],
    columns: Sequence[str],
    after_sequence: int | None = None,
    holding: Holding | None = None,
    reading: Reading = "ahead",
) -> Iterator[pa.RecordBatch]:
    """The columns of open files, at most ROW_GROUP rows a batch.

    after_sequence  only rows with a later sequence
    holding         only row groups that may hold a row of interest, told by the statistics of their columns
    reading         ahead: a file's columns at once, quickest; sparing: some rows after the other, for processes that stay small
    """
    ahead = reading == "ahead"
    size, buffer = (ROW_GROUP, 0) if ahead else (ROW_GROUP // 4, 1 << 18)
    wanted = list(dict.fromkeys([*columns, *(["sequence"] if after_sequence is not None else [])]))
    for file in files:
        with pq.ParquetFile(file, pre_buffer=ahead, buffer_size=buffer) as parquet:
            groups = [group for group in _groups_after(parquet, after_sequence) if holding is None or holding(parquet, group)]
            for batch in parquet.iter_batches(size, groups, wanted, use_threads=ahead) if groups else ():
                kept = batch if after_sequence is None else batch.filter(pc.greater(batch["sequence"], after_sequence))
                if kept.num_rows:
                    yield kept.select(list(columns))


def may_name_device(parquet: pq.ParquetFile, group: int) -> bool:
    """Whether a row group may hold an anonymous id."""
    stats = _statistics(parquet, group, "anonymous_id")
    return stats is None or not stats.has_null_count or stats.null_count < parquet.metadata.row_group(group).num_rows


def may_tell_alias(parquet: pq.ParquetFile, group: int) -> bool:
    """Whether a row group may hold an event of type alias, the first of all types in the alphabet."""
    stats = _statistics(parquet, group, "type")
    return stats is None or not stats.has_min_max or stats.min <= "alias"


def rows_of(files: Iterable[LakeFile]) -> int:
    """Rows in all these files."""
    return sum(file.rows for file in files)


def add_action(file: LakeFile, *, data_change: bool = True) -> AddAction:
    """What the Delta log says of a file that joins the table."""
    from deltalake.transaction import AddAction

    stats = {
        "numRecords": file.rows,
        "minValues": {"time": _text(file.first_us), "sequence": file.first_sequence},
        "maxValues": {"time": _text(file.last_us + 999), "sequence": file.last_sequence},
        "nullCount": {"time": 0, "sequence": 0},
    }
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    return AddAction(file.name, file.size_bytes, {}, now_ms, data_change, json.dumps(stats))


def lake_files(actions: pa.Table) -> list[LakeFile]:
    """The files of a table from its flattened add actions, in order of arrival of their rows."""
    for place, name in enumerate(actions.column_names):
        if name in ("min.time", "max.time"):  # as numbers: to make a datetime of it, Arrow would import pandas, 0.2 s
            numbers = actions.column(name).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            actions = actions.set_column(place, name, numbers)
    found = [_of_action(row) for row in actions.to_pylist()]
    return sorted(found, key=lambda file: (file.first_sequence, file.name))


def _of_action(row: dict[str, Any]) -> LakeFile:
    low, high = row.get("min.sequence"), row.get("max.sequence")
    first, last = row.get("min.time"), row.get("max.time")
    return LakeFile(
        name=row["path"],
        rows=row["num_records"] or 0,
        size_bytes=row["size_bytes"],
        first_sequence=0 if low is None else low,
        last_sequence=2**62 if high is None else high,
        first_us=-(2**62) if first is None else first,
        last_us=2**62 if last is None else last + 999,
    )


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Gather small batches into tables of about ROW_GROUP rows."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        for piece in _pieces(batch):
            held.append(piece)
            rows += piece.num_rows
            if rows >= ROW_GROUP:
                yield pa.Table.from_batches(held, EVENTS)
                held, rows = [], 0
    if rows:
        yield pa.Table.from_batches(held, EVENTS)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, ROW_GROUP):
        yield batch.slice(start, ROW_GROUP)


def _writer(path: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path, EVENTS, compression="zstd", compression_level=1, use_dictionary=DICTIONARIES, column_encoding=NUMBERED
    )


def _span(name: str, group: pa.Table) -> LakeFile:
    numbers, times = pc.min_max(group["sequence"]), pc.min_max(pc.cast(group["time"], pa.int64()))
    return LakeFile(
        name, group.num_rows, 0, numbers["min"].as_py(), numbers["max"].as_py(), times["min"].as_py(), times["max"].as_py()
    )


def _sealed(folder: Path, spans: list[LakeFile]) -> LakeFile:
    """The file of these spans, safe on the disk."""
    path = folder / spans[0].name
    with path.open("rb") as written:
        os.fsync(written.fileno())
    return LakeFile(
        name=path.name,
        rows=rows_of(spans),
        size_bytes=path.stat().st_size,
        first_sequence=min(span.first_sequence for span in spans),
        last_sequence=max(span.last_sequence for span in spans),
        first_us=min(span.first_us for span in spans),
        last_us=max(span.last_us for span in spans),
    )


def _groups_after(parquet: pq.ParquetFile, after_sequence: int | None) -> list[int]:
    """Row groups that can hold a later sequence."""
    every = range(parquet.metadata.num_row_groups)
    if after_sequence is None:
        return list(every)
    stats = [_statistics(parquet, group, "sequence") for group in every]
    return [g for g, s in zip(every, stats, strict=True) if s is None or not s.has_min_max or s.max > after_sequence]


def _statistics(parquet: pq.ParquetFile, group: int, column: str) -> pq.Statistics | None:
    place = parquet.schema_arrow.get_field_index(column)
    return parquet.metadata.row_group(group).column(place).statistics


def _text(microseconds: int) -> str:
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds // 1000 % 1000:03d}Z"
