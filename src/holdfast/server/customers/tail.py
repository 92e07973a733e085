"""The tail: events that the lake has and the stored timelines have not yet, kept by the analyst and read on file by file.

A new event is found as soon as its commit is there: the log is looked at for the next version's file, nothing else is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.identity import ANONYMOUS
from holdfast.events.lake import Lake
from holdfast.events.schema import EVENTS
from holdfast.server.process.lake_log import newest_version

if TYPE_CHECKING:
    from holdfast.server.analyst.desk import Desk

__all__ = ["COLUMNS", "Tail", "tail_of", "theirs"]

COLUMNS = tuple(name for name in EVENTS.names if name not in ("event_id", "batch"))
KEY = "customers.tail"
JOIN = 32
"""So many pieces are joined to one."""


@dataclass(frozen=True)
class Tail:
    """Events with sequences above `base`, up to `last`, as of version `version` after `erasures` erasures."""

    base: int
    last: int
    version: int
    erasures: int
    pieces: tuple[pa.Table, ...] = ()

    def of(self, ids: list[str]) -> pa.Table:
        """The events of these person ids, in order of arrival."""
        empty = pa.schema([EVENTS.field(name) for name in COLUMNS]).empty_table()
        return pa.concat_tables([empty, *(piece.filter(theirs(piece, ids)) for piece in self.pieces)])


def tail_of(desk: Desk, base: int) -> Tail:
    """The tail behind the sequence `base`, read on to the newest version of the lake."""
    lake = Lake(desk.folder / "lake" / "events")  # nothing is opened until there is something new
    held: Tail | None = desk.kept.get(KEY)
    log = lake.path / "_delta_log"
    version = newest_version(log, -1 if held is None else held.version)
    if held is not None and held.version == version and held.base == base:
        return held
    fresh = _read_on(held, lake.pinned(), base)
    desk.kept[KEY] = fresh
    return fresh


def theirs(rows: pa.Table | pa.RecordBatch, ids: list[str]) -> pa.Array:
    """Which events are of these person ids: by customer id, by anonymous id where there is no customer."""
    known = pa.array([one for one in ids if not one.startswith(ANONYMOUS)], pa.string())
    devices = pa.array([one.removeprefix(ANONYMOUS) for one in ids if one.startswith(ANONYMOUS)], pa.string())
    by_id = pc.is_in(rows["customer_id"], known)
    return pc.or_(by_id, pc.and_(pc.is_null(rows["customer_id"]), pc.is_in(rows["anonymous_id"], devices)))


def _read_on(held: Tail | None, lake: Lake, base: int) -> Tail:
    erasures, version = lake.erasures(), lake.version()
    if held is None or held.erasures != erasures or base < held.base or base > held.last:
        held = Tail(base, base, version, erasures)
    if base > held.base:
        pieces = tuple(piece.filter(pc.greater(piece["sequence"], base)) for piece in held.pieces)
        held = replace(held, base=base, pieces=tuple(piece for piece in pieces if piece.num_rows))
    batches = list(lake.scan(COLUMNS, held.last))
    if not batches:
        return replace(held, version=version)
    table = pa.Table.from_batches(batches)
    pieces = (*held.pieces, table)
    if len(pieces) > JOIN:
        pieces = (pa.concat_tables(pieces).combine_chunks(),)
    return Tail(base, pc.max(table["sequence"]).as_py(), version, erasures, pieces)
