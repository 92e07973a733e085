"""The errand "customers.details": what the lake has of a few events of a person. In the analyst.

Large files of the lake are kept a second time in order of the person (`details_kept`); of what is not, the engine leaves out
files and row groups by their spans of time. What is still in the tail is taken from there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.identity import ANONYMOUS
from holdfast.events.lake import Lake
from holdfast.server.customers.details_kept import TELLING, Details, folder_of
from holdfast.server.customers.tail import tail_of
from holdfast.server.customers.timeline import TOLD, Detail
from holdfast.server.process.lake_log import newest_version

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from holdfast.server.analyst.desk import Desk

__all__ = ["errand"]

KEY = "customers.details"
FILES = "customers.files"
KEPT = "customers.details.kept"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def errand(desk: Desk, ids: list[str], rows: list[tuple[int, str]]) -> list[Detail | None]:
    """The details of these rows (time, event name) of these person ids, in their order; None where there are none."""
    wanted = sorted({time for time, _ in rows})
    tail = tail_of(desk, desk.timelines().meta.last_sequence).of(ids)
    found = [*_among(tail, wanted).to_pylist()] if tail.num_rows else []
    seen = {row["sequence"] for row in found}
    found += [row for row in _stored(desk, ids, wanted) if row["sequence"] not in seen]
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


def _stored(desk: Desk, ids: list[str], wanted: list[int]) -> list[dict[str, Any]]:
    """The rows of the lake at these instants."""
    from duckdb import IOException

    try:
        return _read(desk, ids, wanted)
    except IOException:  # a compaction took a file away meanwhile
        desk.kept.pop(FILES, None)
        return _read(desk, ids, wanted)


def _read(desk: Desk, ids: list[str], wanted: list[int]) -> list[dict[str, Any]]:
    files = _files(desk)
    kept = _kept(desk, files)
    found = list(kept.of(ids, wanted))
    paths = [str(path) for path, first, last in files if path.name not in kept.names and _inside(wanted, first, last)]
    if not paths:
        return found
    with _engine(desk) as engine:
        rows = engine.read_parquet(paths).filter(_at(wanted) & _of(ids)).select(*_columns()).fetchall()
    return found + [dict(zip(TELLING, row, strict=True)) for row in rows]


def _files(desk: Desk) -> list[tuple[Path, int, int]]:
    """Path and span of each file of the newest version, asked for anew when there is one."""
    folder = desk.folder / "lake" / "events"
    held: tuple[int, list[tuple[Path, int, int]]] | None = desk.kept.get(FILES)
    version = newest_version(folder / "_delta_log", -1 if held is None else held[0])
    if held is None or held[0] != version:
        seen = Lake(folder).snapshot()
        held = (seen.version, [(folder / file.name, file.first_us, file.last_us) for file in seen.files])
        desk.kept[FILES] = held
    return held[1]


def _kept(desk: Desk, files: list[tuple[Path, int, int]]) -> Details:
    """What is kept of these files, mapped anew when the files are others or more of them are kept."""
    folder = folder_of(desk.folder)
    stamp = (folder.stat().st_mtime_ns if folder.exists() else 0, [path.name for path, _, _ in files])
    held: tuple[Any, Details] | None = desk.kept.get(KEPT)
    if held is None or held[0] != stamp:
        held = desk.kept[KEPT] = (stamp, Details.open(folder, stamp[1]))
    return held[1]


def _engine(desk: Desk) -> DuckDBPyConnection:
    """A cursor of the one engine that keeps the files' statistics between questions."""
    import duckdb

    if KEY not in desk.kept:
        engine = duckdb.connect()
        engine.execute("SET enable_progress_bar = false")
        engine.execute("SET timezone = 'UTC'")
        engine.execute("SET parquet_metadata_cache = true")
        desk.kept[KEY] = engine
    cursor: DuckDBPyConnection = desk.kept[KEY].cursor()
    return cursor


def _at(wanted: list[int]) -> Any:
    """The condition on the time: constants, so that the engine leaves out whatever cannot hold one."""
    from duckdb import ColumnExpression, ConstantExpression

    return ColumnExpression("time").isin(*(ConstantExpression(EPOCH + timedelta(microseconds=one)) for one in wanted))


def _of(ids: list[str]) -> Any:
    from duckdb import ColumnExpression, ConstantExpression

    known = [ConstantExpression(one) for one in ids if not one.startswith(ANONYMOUS)] or [ConstantExpression("")]
    devices = [ConstantExpression(one.removeprefix(ANONYMOUS)) for one in ids if one.startswith(ANONYMOUS)]
    by_device = ColumnExpression("anonymous_id").isin(*devices) if devices else ConstantExpression(False)
    return ColumnExpression("customer_id").isin(*known) | (ColumnExpression("customer_id").isnull() & by_device)


def _columns() -> list[Any]:
    from duckdb import ColumnExpression, FunctionExpression

    time = FunctionExpression("epoch_us", ColumnExpression("time"))
    return [time if name == "time" else ColumnExpression(name) for name in TELLING]


def _among(rows: pa.Table, wanted: list[int]) -> pa.Table:
    at = pc.is_in(pc.cast(rows["time"], pa.int64()), pa.array(wanted, pa.int64()))
    return _numbered(rows.filter(at).select(TELLING))


def _numbered(rows: pa.Table) -> pa.Table:
    place = rows.schema.get_field_index("time")
    return rows.set_column(place, "time", pc.cast(rows["time"], pa.int64()))


def _inside(wanted: list[int], first: int, last: int) -> bool:
    """Whether one of the instants (ascending) lies between the two, both included."""
    place = np.searchsorted(wanted, first)
    return bool(place < len(wanted) and wanted[place] <= last)
