"""Erasing people from the lake: their rows leave the table, the files that held them leave the disk, and a re-scan proves it.

The right to erasure (GDPR, article 17) is kept to the byte: who is joined to an erased person by alias is erased with her, an
anonymous id of hers on another person's row is blanked, and neither the Delta log nor its statistics ever held a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import WorkspaceError
from holdfast.events.identity import ANONYMOUS, AliasMap
from holdfast.events.lake_files import LakeFile, write_files
from holdfast.events.lake_mend import vacuumed
from holdfast.events.lake_stage import contents
from holdfast.events.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from holdfast.events.lake import Lake

__all__ = ["Erased", "Ids", "erased"]

TRIES = 5


@dataclass(frozen=True)
class Ids:
    """The customer ids and the anonymous ids of the people to erase."""

    customers: frozenset[str]
    anonymous: frozenset[str]

    @staticmethod
    def of(people: Iterable[str], aliases: AliasMap) -> Ids:
        """All ids of these person ids, the joined ones included."""
        every = frozenset(member for person in people for member in aliases.members(person))
        return Ids(
            frozenset(one for one in every if not one.startswith(ANONYMOUS)),
            frozenset(one.removeprefix(ANONYMOUS) for one in every if one.startswith(ANONYMOUS)),
        )


@dataclass(frozen=True)
class Erased:
    """The proof of an erasure.

    ids        all ids that were erased, the joined ones included (anonymous ones with "anon:")
    rows       events removed
    blanked    events of other people that carried an erased anonymous id; the id was taken off them
    files      files rewritten; `deleted` of the old files are gone from the disk
    remaining  events that still carry one of the ids, counted by reading the whole table again: 0
    version    the table's version afterwards
    """

    ids: tuple[str, ...]
    rows: int
    blanked: int
    files: int
    deleted: int
    remaining: int
    version: int


def erased(lake: Lake, people: frozenset[str]) -> Erased:
    """Erase these people; the caller holds the writer's lock. WorkspaceError when a trace is left."""
    ids = Ids.of(people, AliasMap.of(lake.evidence()))
    rows, blanked, files = _removed(lake, ids)
    deleted = vacuumed(lake, 0)
    stale = {path.name for path in lake.path.glob("*.parquet")} - {file.name for file in lake.files()}
    remaining = sum(_concerned(batch, ids).true_count for batch in lake.scan(_COLUMNS))
    if stale or remaining:
        raise WorkspaceError(f"{remaining} rows and {len(stale)} old files are left after the erasure", "run it again")
    names = sorted([*ids.customers, *(ANONYMOUS + one for one in ids.anonymous)])
    return Erased(tuple(names), rows, blanked, files, deleted, remaining, lake.version())


_COLUMNS = ("type", "customer_id", "anonymous_id", "properties")


def _removed(lake: Lake, ids: Ids) -> tuple[int, int, int]:
    """Rewrite the files that hold the ids, in one commit: rows removed, rows blanked, files rewritten."""
    for _ in range(TRIES):
        seen = lake.snapshot()
        old = [file for file in seen.files if _holds(lake, file, ids)]
        if not old:
            return 0, 0, 0
        counts = _Counts()
        with lake.staging() as stage:
            fresh = [new for file in old for new in write_files(stage, _without(contents(lake.path, [file]), ids, counts))]
            if lake.replace(stage, fresh, old, seen, why="erase"):
                return counts.rows, counts.blanked, len(old)
    raise WorkspaceError("other programs kept changing the lake during the erasure", "run it again")


@dataclass
class _Counts:
    rows: int = 0
    blanked: int = 0


def _holds(lake: Lake, file: LakeFile, ids: Ids) -> bool:
    return any(_concerned(batch, ids).true_count for batch in contents(lake.path, [file], _COLUMNS))


def _without(batches: Iterator[pa.RecordBatch], ids: Ids, counts: _Counts) -> Iterator[pa.RecordBatch]:
    place = EVENTS.get_field_index("anonymous_id")
    for batch in batches:
        theirs = _theirs(batch, ids)
        rest = batch.filter(pc.invert(theirs))
        marked = _in(rest["anonymous_id"], ids.anonymous)
        counts.rows += theirs.true_count
        counts.blanked += marked.true_count
        blank = pc.if_else(marked, pa.scalar(None, pa.string()), rest["anonymous_id"])
        yield rest.set_column(place, EVENTS.field(place), blank)


def _concerned(batch: pa.RecordBatch, ids: Ids) -> pa.BooleanArray:
    """Rows that carry one of the ids."""
    return pc.or_(_theirs(batch, ids), _in(batch["anonymous_id"], ids.anonymous))


def _theirs(batch: pa.RecordBatch, ids: Ids) -> pa.BooleanArray:
    """Rows of the people: by customer id, by anonymous id where no customer is named, and aliases that name them."""
    nameless = pc.and_(pc.is_null(batch["customer_id"]), _in(batch["anonymous_id"], ids.anonymous))
    return pc.or_(pc.or_(_in(batch["customer_id"], ids.customers), nameless), _naming(batch, ids))


def _naming(batch: pa.RecordBatch, ids: Ids) -> pa.BooleanArray:
    """Alias events that name one of the ids in their properties."""
    alias = pc.equal(batch["type"], "alias")
    if not alias.true_count:
        return alias
    named = ids.customers | ids.anonymous | {ANONYMOUS + one for one in ids.anonymous}
    texts = zip(alias.to_pylist(), batch["properties"].to_pylist(), strict=True)
    return pa.array([is_alias and not named.isdisjoint(_values(text)) for is_alias, text in texts], pa.bool_())


def _values(text: str | None) -> list[str]:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return []
    return [value for value in told.values() if isinstance(value, str)] if isinstance(told, dict) else []


def _in(column: pa.Array, ids: frozenset[str]) -> pa.BooleanArray:
    return pc.is_in(column, pa.array(sorted(ids), pa.string()))
