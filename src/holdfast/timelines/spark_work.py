"""What executors do, partition by partition: look, encode, build, walk. A job is a frozen value, Arrow batches in and out.

An error of ours (HoldfastError) travels back to the driver as a value, so that a user meets the same words on either engine.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.errors import HoldfastError
from holdfast.timelines.build import Aliases, columns_of
from holdfast.timelines.columns import Columns, Meta, Nobody
from holdfast.timelines.gather import Gathered, Gatherer
from holdfast.timelines.naming import renamed
from holdfast.timelines.spark_reference import Reference
from holdfast.timelines.spark_rows import decode, encode
from holdfast.timelines.walk import Shard, Source, walk_columns

__all__ = ["RESULT", "STORED", "Build", "Door", "Encode", "Look", "Summary", "Walk", "opened"]

Batches = Iterable[pa.RecordBatch]

EVENTS_A_CHUNK = 1 << 18
PIECE_BYTES = 16 << 20
"""A partition's columns are kept in rows of at most this size: one value of Spark's cannot pass 2 GB."""

RESULT = "part int, kind string, packed binary"
"""Schema of what a job gives: kind "value" (a pickled value) or "error" (class, what, mend of an error)."""

STORED = RESULT
"""Schema of the kept timelines: kind "columns" (pieces of the pickled columns, in order), "value" (a summary) or "error"."""


@dataclass(frozen=True)
class Door:
    """How the rows of a frame are read.

    found       our column → theirs · zone  IANA zone · properties  which to keep; none: those found
    """

    found: dict[str, str]
    zone: str
    properties: tuple[str, ...]

    def chunks(self, batches: Batches, first_row: int) -> Iterator[Gathered]:
        """The frame's rows as numbers, chunk by chunk; `first_row` numbers them where they carry no sequence."""
        gatherer = Gatherer(self.properties, first_row=first_row)
        for batch in renamed(batches, self.found, self.zone):
            gatherer.add(batch)
            if gatherer.rows >= EVENTS_A_CHUNK:
                first_row += gatherer.rows
                yield gatherer.finish()
                gatherer = Gatherer(self.properties, first_row=first_row)
        yield gatherer.finish()


@dataclass(frozen=True)
class Look:
    """First reading: what a source partition holds (a Reference)."""

    door: Door

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """A Reference as a row."""
        part = _here()
        yield from _told(part, lambda: reduce(add, (Reference.of(part, each) for each in self.door.chunks(batches, 0))))


@dataclass(frozen=True)
class Encode:
    """Second reading: a source partition's rows with the codes of the whole and the partition each belongs to."""

    door: Door
    meta: Meta
    first_rows: dict[int, int]
    aliases: Aliases | None
    parts: int

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Rows to be shuffled (`rows_schema`)."""
        for gathered in self.door.chunks(batches, self.first_rows.get(_here(), 0)):
            yield encode(gathered, self.meta, self.aliases, self.parts)


@dataclass(frozen=True)
class Summary:
    """What the driver knows of built partitions: counts for the meta, and the events of nobody."""

    customers: int
    events: int
    ignored: int
    replaced: int
    refunds: int
    tied: int
    nobody: Nobody

    @staticmethod
    def of(columns: Columns) -> Summary:
        """The summary of one partition."""
        meta = columns.meta
        return Summary(
            *(columns.customers, int(columns.offsets[-1]), meta.ignored, meta.replaced, meta.refunds, meta.tied, columns.nobody)
        )

    def __add__(self, other: Summary) -> Summary:
        a, b = self.nobody, other.nobody
        nobody = Nobody(*(np.concatenate([getattr(a, name), getattr(b, name)]) for name in ("day", "second", "code", "amount")))
        return Summary(
            customers=self.customers + other.customers,
            events=self.events + other.events,
            ignored=self.ignored + other.ignored,
            replaced=self.replaced + other.replaced,
            refunds=self.refunds + other.refunds,
            tied=self.tied + other.tied,
            nobody=nobody,
        )


@dataclass(frozen=True)
class Build:
    """A partition's shuffled rows as columns: sorted by customer and time, by the code that builds them on one machine."""

    meta: Meta

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """Rows to be kept (STORED)."""
        part = _here()
        gathered = decode(batches, self.meta)
        if len(gathered.time) == 0:
            return
        built = columns_of(gathered, self.meta.zone)
        span = {name: getattr(self.meta, name) for name in ("first_second", "last_second", "last_sequence", "wide")}
        columns = replace(built, meta=replace(built.meta, **span))
        packed = pickle.dumps(columns, protocol=5)
        for start in range(0, len(packed), PIECE_BYTES):
            yield _row(part, "columns", packed[start : start + PIECE_BYTES])
        yield from _told(part, lambda: Summary.of(columns))


@dataclass(frozen=True)
class Walk:
    """A step along all timelines of a partition; what it gives is a partial, as on one machine."""

    step: Callable[[Shard], Any]

    def __call__(self, batches: Batches) -> Iterator[pa.RecordBatch]:
        """The partial as a row; none where the partition holds no one."""
        pieces = [piece for batch in batches for piece in batch.column("packed").to_pylist()]
        if pieces:
            columns: Columns = pickle.loads(b"".join(pieces))
            # Compiled loops know read-only arrays as a type of their own, and pickling forgets it.
            columns.__post_init__()
            yield from _told(_here(), lambda: walk_columns(Source(columns), self.step, 1))


def opened(rows: Iterable[Any]) -> list[Any]:
    """The values that jobs gave, in the order of their partitions; raises the first error among them."""
    ordered = sorted(rows, key=lambda row: int(row["part"]))
    for row in ordered:
        if row["kind"] == "error":
            kind, what, mend = pickle.loads(row["packed"])
            error = kind.__new__(kind)
            HoldfastError.__init__(error, what, mend)
            raise error
    return [pickle.loads(row["packed"]) for row in ordered]


def _told(part: int, work: Callable[[], Any]) -> Iterator[pa.RecordBatch]:
    """What the work gives, or its error of ours, as a row."""
    from pyspark import cloudpickle

    try:
        row = _row(part, "value", cloudpickle.dumps(work()))  # type: ignore[no-untyped-call]
    except HoldfastError as error:
        row = _row(part, "error", pickle.dumps((type(error), error.what, error.mend)))
    yield row


def _row(part: int, kind: str, packed: bytes) -> pa.RecordBatch:
    arrays = [pa.array([part], pa.int32()), pa.array([kind], pa.string()), pa.array([packed], pa.binary())]
    return pa.RecordBatch.from_arrays(arrays, names=["part", "kind", "packed"])


def _here() -> int:
    """The number of the partition at work."""
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    return int(context.partitionId())
