"""The errands "customers.traits" and "customers.traits.make": a table of every trait of every customer, and a row of it.

The table is a file in server/kept named after the generation of the timelines, in order of the hash of the id, so that a row is
found by halving. In the analyst.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.traits import ON_DEMAND, Traits
from holdfast.errors import HoldfastError
from holdfast.server.customers.computed import Computed
from holdfast.timelines.text import hash_strings
from holdfast.workspace.stored import current_generation

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk
    from holdfast.timelines.timelines import Timelines

__all__ = ["errand", "forget", "kept", "made_of", "make"]

KEY = "customers.traits"
HASH = " hash"
LONG = ("cluster", "next_items", "reason")
"""Traits of ON_DEMAND that take minutes with a million customers and are left out."""

log = logging.getLogger(__name__)


def errand(desk: Desk, ids: list[str]) -> Computed | None:
    """What is worked out of the person with these ids; None when nothing is."""
    path = kept(desk.folder)
    if path is None:
        return None
    held: tuple[Path, pa.Table, Any] | None = desk.kept.get(KEY)
    if held is None or held[0] != path:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        held = (path, table, table[HASH].to_numpy())
        desk.kept[KEY] = held
    _, table, hashes = held
    for one in ids:
        row = _row(table, hashes, one)
        if row is not None:
            about = table.schema.metadata
            values = {name: _plain(value) for name, value in row.items() if name not in (HASH, "customer_id")}
            return Computed(values, about[b"as_of"].decode(), about[b"made_at"].decode())
    return None


def make(desk: Desk) -> int:
    """Work out all traits of all customers and keep them; how many customers. Nothing is done where they are there already."""
    timelines = desk.timelines()
    generation = current_generation(desk.folder / "timelines") or "0"
    target = desk.folder / "server" / "kept" / f"traits-{generation}.arrow"
    if target.exists() or not timelines.customers:
        return 0
    table = _worked_out(timelines)
    hashes = hash_strings(table["customer_id"].combine_chunks())
    table = table.append_column(HASH, pa.array(hashes)).take(np.argsort(hashes, kind="stable"))
    about = {
        "as_of": timelines.as_of().last.isoformat(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "events": str(timelines.events),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_file(file, table.schema.with_metadata(about)) as writer:
        writer.write_table(table.replace_schema_metadata(about))
    draft.replace(target)
    for old in _files(desk.folder)[:-1]:
        old.unlink(missing_ok=True)
    return int(table.num_rows)


def kept(folder: Path) -> Path | None:
    """The newest table of traits of a workspace; None when there is none."""
    files = _files(folder)
    return files[-1] if files else None


def made_of(folder: Path) -> tuple[datetime, int] | None:
    """When the newest table was made, and of how many events."""
    path = kept(folder)
    if path is None:
        return None
    about = pa.ipc.open_file(pa.memory_map(str(path))).schema.metadata
    return datetime.fromisoformat(about[b"made_at"].decode()), int(about[b"events"])


def forget(folder: Path) -> int:
    """Delete the kept tables: somebody in them was erased; how many files."""
    paths = [*_files(folder), *(folder / "server" / "kept").glob("traits-*.new")]
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _files(folder: Path) -> list[Path]:
    found = [path for path in (folder / "server" / "kept").glob("traits-*.arrow") if path.stem[7:].isdigit()]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, int(path.stem[7:])))


def _worked_out(timelines: Timelines) -> pa.Table:
    """The quick traits in one walk, each of the longer ones that can be worked out on these data beside them."""
    table = Traits().answer(timelines).table
    for name in ON_DEMAND:
        if name in LONG:
            continue
        try:
            more = Traits(names=(name,)).answer(timelines).table
        except HoldfastError as why:
            log.info("no trait %s: %s", name, str(why).splitlines()[0])
            continue
        if more["customer_id"].equals(table["customer_id"]):  # both are in order of the id
            for column in more.column_names[1:]:
                table = table.append_column(column, more[column])
    return table


def _row(table: pa.Table, hashes: Any, person: str) -> dict[str, Any] | None:
    mark = hash_strings(pa.array([person], pa.string()))[0]
    place = int(np.searchsorted(hashes, mark))
    while place < len(hashes) and hashes[place] == mark:
        row: dict[str, Any] = table.slice(place, 1).to_pylist()[0]
        if row["customer_id"] == person:
            return row
        place += 1
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
