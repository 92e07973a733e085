"""The errand "customers.details": what the lake has of a few events of a person. In the analyst.

Files and row groups are chosen by their spans of time, of these only the columns of ids and times are read to find the rows;
the rest is read of the row groups with hits alone. What is still in the tail is taken from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holdfast.server.customers.tail import tail_of, theirs
from holdfast.server.customers.timeline import TOLD, Detail

if TYPE_CHECKING:
    from holdfast.events.lake import Lake
    from holdfast.server.analyst.desk import Desk

__all__ = ["errand"]

FINDING = ["customer_id", "anonymous_id", "time"]
TELLING = ["type", "event", "time", "sequence", "order_id", "currency", "products", "properties", "source"]
KEY = "customers.details.spans"

Spans = list[tuple[int, int]]


def errand(desk: Desk, ids: list[str], rows: list[tuple[int, str]]) -> list[Detail | None]:
    """The details of these rows (time, event name) of these person ids, in their order; None where there are none."""
    lake = desk.workspace.lake.pinned()
    wanted = sorted({time for time, _ in rows})
    tail = tail_of(desk, desk.timelines().meta.last_sequence).of(ids)
    found = [*_among(tail, wanted).to_pylist()] if tail.num_rows else []
    seen = {row["sequence"] for row in found}
    found += [row for row in _stored(desk, lake, ids, wanted) if row["sequence"] not in seen]
    return _matched(rows, found)


def _matched(rows: list[tuple[int, str]], found: list[dict[str, Any]]) -> list[Detail | None]:
    """A detail for each row: of its instant and name, the later arrival first, each used once."""
    held: dict[int, list[dict[str, Any]]] = {}
    for one in sorted(found, key=lambda one: -one["sequence"]):
        held.setdefault(one["time"], []).append(one)
    out: list[Detail | None] = []
    for time, event in rows:
        near = held.get(time, [])
        place = next((i for i, one in enumerate(near) if _is(one, event)), None)
        out.append(None if place is None else _detail(near.pop(place)))
    return out


def _is(row: dict[str, Any], event: str) -> bool:
    """Whether a row of the lake is shown under this name; what is no activity has none."""
    silent = row["type"] in ("identify", "group", "alias")
    return row["event"] == event and not silent if event != TOLD else silent or row["event"] == "Order Completed"


def _detail(row: dict[str, Any]) -> Detail:
    products = _json(row["products"], list)
    properties = _json(row["properties"], dict)
    return Detail(
        type=row["type"],
        event=row["event"],
        order_id=row["order_id"],
        currency=row["currency"],
        products=tuple(one for one in products if isinstance(one, dict)),
        properties={str(name): str(value) for name, value in properties.items()},
        source=row["source"],
    )


def _json(text: str | None, kind: type) -> Any:
    try:
        told = json.loads(text or "null")
    except ValueError:
        told = None
    return told if isinstance(told, kind) else kind()


def _stored(desk: Desk, lake: Lake, ids: list[str], wanted: list[int]) -> Iterable[dict[str, Any]]:
    """The rows of the lake at these instants."""
    spans: dict[str, Spans] = desk.kept.setdefault(KEY, {})
    files = lake.files()
    for gone in set(spans) - {file.name for file in files}:
        del spans[gone]
    for file in files:
        if not _inside(wanted, file.first_us, file.last_us):
            continue
        with pq.ParquetFile(lake.path / file.name, read_dictionary=["customer_id", "anonymous_id"]) as parquet:
            if file.name not in spans:
                spans[file.name] = _spans(parquet)
            groups = [group for group, span in enumerate(spans[file.name]) if _inside(wanted, *span)]
            for group in groups:
                yield from _of_group(parquet, group, ids, wanted)


def _of_group(parquet: pq.ParquetFile, group: int, ids: list[str], wanted: list[int]) -> list[dict[str, Any]]:
    found = parquet.read_row_group(group, FINDING)
    hits = pc.and_(theirs(found, ids), pc.is_in(pc.cast(found["time"], pa.int64()), pa.array(wanted, pa.int64())))
    places = np.flatnonzero(hits.to_numpy())
    if not len(places):
        return []
    rows: list[dict[str, Any]] = _numbered(parquet.read_row_group(group, TELLING).take(places)).to_pylist()
    return rows


def _among(rows: pa.Table, wanted: list[int]) -> pa.Table:
    at = pc.is_in(pc.cast(rows["time"], pa.int64()), pa.array(wanted, pa.int64()))
    return _numbered(rows.filter(at).select(TELLING))


def _numbered(rows: pa.Table) -> pa.Table:
    place = rows.schema.get_field_index("time")
    return rows.set_column(place, "time", pc.cast(rows["time"], pa.int64()))


def _spans(parquet: pq.ParquetFile) -> Spans:
    """First and last instant of each row group."""
    place = parquet.schema_arrow.get_field_index("time")
    found: Spans = []
    for group in range(parquet.metadata.num_row_groups):
        stats = parquet.metadata.row_group(group).column(place).statistics
        known = stats is not None and stats.has_min_max
        found.append((_us(stats.min), _us(stats.max)) if known else (-(2**62), 2**62))
    return found


def _us(moment: Any) -> int:
    return int(pa.scalar(moment, pa.timestamp("us", tz="UTC")).value)


def _inside(wanted: list[int], first: int, last: int) -> bool:
    """Whether one of the instants (ascending) lies between the two, both included."""
    place = np.searchsorted(wanted, first)
    return bool(place < len(wanted) and wanted[place] <= last)
