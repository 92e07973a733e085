"""A frame's own column names become ours: the door of every frame, on one machine or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import UnknownName, UsageError

__all__ = ["renamed", "wanted"]

_OURS = {"customer": "customer_id", "anonymous": "anonymous_id", "order": "order_id"}
_COLUMNS = ("customer_id", "anonymous_id", "time", "event", "type", "order_id", "revenue", "sequence", "properties")


def wanted(columns: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Our column → their column, for every column that is read.

    columns  the names the frame has
    names    ours → theirs, as given to `Timelines.from_arrow`
    Raises UnknownName for a column that is not there, UsageError when none says when things happened.
    """
    ours = {_OURS.get(name, name): column for name, column in names.items()}
    for column in ours.values():
        if column not in columns:
            raise UnknownName("column", column, columns)
    taken = set(ours.values())
    found = {name: name for name in _COLUMNS if name in columns and name not in ours and name not in taken}
    others = {name: name for name in columns if name not in taken and name not in _COLUMNS and name not in found}
    every = {**found, **ours, **others}
    if "time" not in every:
        raise UsageError("no column says when", f"name it: time=… (there are {', '.join(columns[:12])})")
    return every


def renamed(batches: Iterable[pa.RecordBatch], found: Mapping[str, str], zone: str) -> Iterator[pa.RecordBatch]:
    """The batches under our names (`found`, from `wanted`), times as UTC microseconds, customers as text.

    A time without zone is local time of `zone`.
    """
    for batch in batches:
        columns = {ours: batch.column(theirs) for ours, theirs in found.items()}
        columns["time"] = _instant(columns["time"], zone)
        if "customer_id" in columns:
            columns["customer_id"] = _text(columns["customer_id"])
        yield pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _instant(column: Any, zone: str) -> Any:
    if pa.types.is_date(column.type):
        column = pc.cast(column, pa.timestamp("us"))
    if not pa.types.is_timestamp(column.type):
        raise UsageError(f"the time column holds {column.type}", "convert it to a timestamp, or use holdfast import")
    if column.type.tz is None:
        column = pc.assume_timezone(pc.cast(column, pa.timestamp("us")), zone, ambiguous="earliest", nonexistent="latest")
    return pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)


def _text(column: Any) -> Any:
    """Customer ids as text: 17850.0 is 17850 when the column is numeric."""
    if pa.types.is_floating(column.type):
        column = pc.cast(column, pa.int64(), safe=False)
    return pc.cast(column, pa.string())
