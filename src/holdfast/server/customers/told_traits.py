"""The errands "customers.traits" and "customers.traits.make": a table of every trait of every customer, and a row of it.

The table is a file in server/kept named after the generation of the timelines, in order of the hash of the id, so that a row is
found by halving. In the analyst; the worker asks only when it was made, and imports no analyses for that.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from holdfast.errors import HoldfastError
from holdfast.server.customers.computed import Computed
from holdfast.server.customers.rows_by_id import RowsById, about_of, write
from holdfast.workspace.stored import current_generation

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk
    from holdfast.timelines.timelines import Timelines

__all__ = ["errand", "forget", "kept", "made_of", "make"]

KEY = "customers.traits"
LONG = ("cluster", "next_items", "reason")
"""Traits of ON_DEMAND that take minutes with a million customers and are left out."""

log = logging.getLogger(__name__)


def errand(desk: Desk, ids: list[str]) -> Computed | None:
    """What is worked out of the person with these ids; None when nothing is."""
    path = kept(desk.folder)
    if path is None:
        return None
    held: RowsById | None = desk.kept.get(KEY)
    if held is None or held.path != path:
        held = desk.kept[KEY] = RowsById.open(path)
    for one in ids:
        row = held.row(one)
        if row is not None:
            values = {name: _plain(value) for name, value in row.items() if name != "customer_id"}
            return Computed(values, held.about["as_of"], held.about["made_at"])
    return None


def make(desk: Desk) -> int:
    """Work out all traits of all customers and keep them; how many customers. Nothing is done where they are there already."""
    timelines = desk.timelines()
    generation = current_generation(desk.folder / "timelines") or "0"
    target = desk.folder / "server" / "kept" / f"traits-{generation}.arrow"
    if target.exists() or not timelines.customers:
        return 0
    erasures = desk.workspace.lake.erasures()
    table = _worked_out(timelines)
    about = {
        "as_of": timelines.as_of().last.isoformat(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "events": str(timelines.events),
    }
    write(target, table, "customer_id", about)
    if desk.workspace.lake.erasures() != erasures:
        forget(desk.folder)  # somebody who is in the table was erased meanwhile
        return 0
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
    about = about_of(path)
    return datetime.fromisoformat(about["made_at"]), int(about["events"])


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
    from holdfast.analyses.traits import ON_DEMAND, Traits

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


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
