"""Drafts: rows on their way to events. One place gives them ids and puts them into the schema EVENTS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.digest import Seen, content, digests
from holdfast.events.schema import EVENTS, MONEY, ORDER, TYPES

__all__ = ["DRAFT", "Finisher", "draft", "money"]

DRAFT = pa.schema(
    [
        ("event_id", pa.string()),
        ("type", pa.string()),
        ("event", pa.string()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("customer", pa.string()),
        ("anonymous", pa.string()),
        ("order", pa.string()),
        ("amount", pa.int64()),
        ("currency", pa.string()),
        ("products", pa.string()),
        ("properties", pa.string()),
    ]
)
"""An event before it has its id; `amount` in ten-thousandths, `event_id` where the source gives one."""


def draft(columns: dict[str, Any], rows: int) -> pa.Table:
    """A draft table from the columns present; the others are null."""
    return pa.table([_flat(columns.get(one.name, pa.nulls(rows, one.type))) for one in DRAFT], schema=DRAFT)


def _flat(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def money(amounts: pa.Array) -> pa.Array:
    """Whole ten-thousandths as decimals of the schema."""
    wide = pc.multiply(pc.cast(amounts, pa.decimal128(19, 0)), pa.scalar(1, pa.decimal128(1, 0)))
    scaled = pc.multiply(wide, pa.scalar(_unit(), pa.decimal128(5, 4)))
    return pc.cast(scaled, MONEY)


def _unit() -> Any:
    from decimal import Decimal

    return Decimal("0.0001")


class Finisher:
    """Turns drafts into events: id from content and occurrence, generated order ids, schema EVENTS."""

    def __init__(self, connection: Any, source: str, batch: str | None) -> None:
        self._connection = connection
        self._source = source
        self._batch = batch
        self._seen = Seen()

    def finish(self, drafts: pa.Table) -> tuple[pa.RecordBatch, np.ndarray[Any, Any]]:
        """The events of the drafts and, for each, the how-manieth of its content it is in this import."""
        drafts = drafts.combine_chunks()
        columns = {name: _flat(drafts[name]) for name in drafts.column_names}
        columns["type"] = _types(columns["type"])
        micros = pc.cast(columns["time"], pa.int64())
        keyed = [columns[name] if name != "time" else micros for name in DRAFT.names]
        ids, short = digests(self._connection, content(keyed))
        times = self._seen.occurrences(short)
        ids = _numbered(ids, times)
        order = pc.if_else(pc.and_(columns["order"].is_null(), pc.equal(columns["event"], ORDER)), ids, columns["order"])
        rows = drafts.num_rows
        arrays = [
            pc.coalesce(columns["event_id"], ids), columns["type"], columns["event"], columns["time"],
            pa.array(np.zeros(rows, np.int64)),
            columns["customer"], columns["anonymous"], order, money(columns["amount"]),
            pc.if_else(columns["amount"].is_valid(), columns["currency"], pa.scalar(None, pa.string())), columns["products"],
            columns["properties"],
            _constant(self._source, rows), _constant(self._batch, rows),
        ]  # fmt: skip
        return pa.RecordBatch.from_arrays(arrays, schema=EVENTS), times


def _types(kinds: pa.Array) -> pa.Array:
    lowered = pc.utf8_lower(pc.fill_null(kinds, "track"))
    return pc.if_else(pc.is_in(lowered, pa.array(TYPES)), lowered, pa.scalar("track"))


def _numbered(ids: pa.Array, times: np.ndarray[Any, Any]) -> pa.Array:
    if (times <= 1).all():
        return ids
    suffixed = pc.binary_join_element_wise(ids, pc.cast(pa.array(times), pa.string()), "-")
    return pc.if_else(pa.array(times > 1), suffixed, ids)


def _constant(value: str | None, rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string()) if value is None else pa.repeat(pa.scalar(value), rows)
