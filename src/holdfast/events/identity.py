"""Who is who: anonymous and known ids joined when the events are read, never in the events themselves (SEMANTICS 27, 28).

A person's id is the customer id of her events; who is behind an anonymous id that is nobody's yet is "anon:" and that id,
so that a browser called 17 is never the customer 17.

1. An event with a customer id belongs to that customer. An event with an anonymous id only belongs to whom the map names.
2. An event with both ids is a sighting. An anonymous id belongs to the first customer it was seen with (time, then sequence).
3. An `alias` event (`previousId` in its properties, Segment's word) joins that id, known or anonymous, with its customer id.
   Only so do two known ids become one person; an e-mail address never does it. The person keeps the newer id.
4. An `alias` event with `"unmerge": "true"` takes back the join of its two ids: sightings and aliases of the pair that are not
   later count no more. A pair's sighting counts at its first time, so an old one that goes on is no new join; a later alias is.

The evidence adds up (`+`), and the map depends on times and sequences alone, never on the order of reading.

Source: https://segment.com/docs/connections/spec/alias/
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["ANONYMOUS", "IDENTITY_COLUMNS", "AliasMap", "Evidence", "Statement"]

ANONYMOUS = "anon:"
"""Prefix of the person id of an anonymous id."""

IDENTITY_COLUMNS = ("type", "time", "sequence", "customer_id", "anonymous_id", "properties")

SIGHTINGS = pa.schema(
    [
        pa.field("anonymous_id", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("time", pa.int64()),
        pa.field("sequence", pa.int64()),
    ]
)

REDUCE_AT = 500_000
"""Sightings gathered before repeated pairs are dropped: bounds the memory of a long reading."""

When = tuple[int, int]


@dataclass(frozen=True, order=True)
class Statement:
    """An `alias` event: from `time_us` (UTC microseconds) on `previous` and `customer` are one person, or no longer."""

    time_us: int
    sequence: int
    previous: str
    customer: str
    unmerge: bool = False


@dataclass(frozen=True)
class Evidence:
    """What events say about who is who; two evidences add up to that of both.

    sightings   schema SIGHTINGS: the first sighting of each pair of anonymous and customer id, sorted by pair
    statements  the alias events, sorted
    """

    sightings: pa.Table = field(default_factory=SIGHTINGS.empty_table)
    statements: tuple[Statement, ...] = ()

    @staticmethod
    def of(batches: Iterable[pa.RecordBatch]) -> Evidence:
        """The evidence in events with the columns IDENTITY_COLUMNS, in any order; without properties the sightings alone."""
        held: list[pa.Table] = []
        statements: set[Statement] = set()
        for batch in batches:
            held.append(_sightings(batch))
            statements.update(_statements(batch))
            if sum(table.num_rows for table in held) > REDUCE_AT:
                held = [_firsts(held)]
        return Evidence(_firsts(held), tuple(sorted(statements)))

    @staticmethod
    def read(path: Path) -> Evidence:
        """The evidence in a file that `write` made."""
        table = pq.read_table(path)
        told = table.filter(pc.not_equal(table["kind"], "sighting")).to_pylist()
        seen = table.filter(pc.equal(table["kind"], "sighting"))
        statements = [
            Statement(r["time"], r["sequence"], r["anonymous_id"], r["customer_id"], r["kind"] == "unmerge") for r in told
        ]
        return Evidence(seen.select(SIGHTINGS.names).cast(SIGHTINGS), tuple(sorted(statements)))

    def write(self, path: Path) -> None:
        """Write the evidence into a Parquet file."""
        rows = [
            {"anonymous_id": s.previous, "customer_id": s.customer, "time": s.time_us, "sequence": s.sequence}
            for s in self.statements
        ]
        both = pa.concat_tables([self.sightings, pa.Table.from_pylist(rows, SIGHTINGS)])
        kinds = ["sighting"] * self.sightings.num_rows + ["unmerge" if s.unmerge else "alias" for s in self.statements]
        pq.write_table(both.append_column("kind", pa.array(kinds, pa.string())), path)

    def __add__(self, other: Evidence) -> Evidence:
        statements = tuple(sorted({*self.statements, *other.statements}))
        return Evidence(_firsts([self.sightings, other.sightings]), statements)


@dataclass(frozen=True)
class AliasMap:
    """Which ids are really another person: `sources` (sorted, person ids) and, row by row, the person they belong to."""

    sources: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    targets: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))

    @staticmethod
    def of(evidence: Evidence) -> AliasMap:
        """The map that the evidence makes."""
        known = _known_pairs(evidence.statements)
        owners = _owners(evidence)
        targets = _mapped(owners["customer_id"].combine_chunks().cast(pa.string()), known)
        sources = pc.binary_join_element_wise(ANONYMOUS, owners["anonymous_id"].combine_chunks().cast(pa.string()), "")
        table = pa.table({"from": sources, "to": targets}, schema=_PAIRS)
        joined = pa.concat_tables([table, pa.table({"from": list(known), "to": list(known.values())}, schema=_PAIRS)])
        return AliasMap.from_pairs(joined)

    @staticmethod
    def from_pairs(pairs: pa.Table | Iterable[tuple[str, str]]) -> AliasMap:
        """The map of pairs (person id, person it really is), as tuples or as a table with the columns from and to."""
        if isinstance(pairs, pa.Table):
            ordered = pairs.sort_by("from").combine_chunks()
            return AliasMap(_flat(ordered["from"]), _flat(ordered["to"]))
        rows = sorted(dict(pairs).items())
        return AliasMap(pa.array([a for a, _ in rows], pa.string()), pa.array([b for _, b in rows], pa.string()))

    def __len__(self) -> int:
        return len(self.sources)

    def pairs(self) -> tuple[pa.Array, pa.Array]:
        """Two string arrays of one length: from (a person id) and to (the person it really is)."""
        return self.sources, self.targets

    def resolve(self, person: str) -> str:
        """The person that this person id really is; itself when nothing is known of it."""
        place = pc.index(self.sources, pa.scalar(person, pa.string())).as_py()
        return person if place < 0 else str(self.targets[place].as_py())

    def members(self, person: str) -> frozenset[str]:
        """All person ids of the same person, herself included."""
        whole = self.resolve(person)
        return frozenset([whole, person, *self.sources.filter(pc.equal(self.targets, whole)).to_pylist()])

    @staticmethod
    def touched(before: AliasMap, after: AliasMap) -> frozenset[str]:
        """Person ids that gained or lost events between two maps: both sides of every id that changed hands."""
        was, now = _changes(before, after)
        return frozenset([*was.to_pylist(), *now.to_pylist()])

    @staticmethod
    def left(before: AliasMap, after: AliasMap) -> frozenset[str]:
        """Person ids that lost events between two maps: who is stored under one of them must be built again."""
        return frozenset(_changes(before, after)[0].to_pylist())


_PAIRS = pa.schema([pa.field("from", pa.string()), pa.field("to", pa.string())])


def _changes(before: AliasMap, after: AliasMap) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Of every id that changed hands: the person it was, and the person it is now."""
    old = pa.table([before.sources, before.targets], ["from", "old"])
    new = pa.table([after.sources, after.targets], ["from", "new"])
    both = old.join(new, "from", join_type="full outer")
    was, now = pc.coalesce(both["old"], both["from"]), pc.coalesce(both["new"], both["from"])
    moved = pc.not_equal(was, now)
    return was.filter(moved), now.filter(moved)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())


def _sightings(batch: pa.RecordBatch) -> pa.Table:
    both = pc.and_(pc.is_valid(batch["customer_id"]), pc.is_valid(batch["anonymous_id"]))
    plain = pc.and_(both, pc.not_equal(batch["type"], "alias"))
    rows = batch.filter(plain)
    time = pc.cast(rows["time"], pa.int64())
    return _firsts([pa.table([rows["anonymous_id"], rows["customer_id"], time, rows["sequence"]], schema=SIGHTINGS)])


def _firsts(tables: list[pa.Table]) -> pa.Table:
    """The first row of each pair of ids, sorted by pair."""
    table = pa.concat_tables([SIGHTINGS.empty_table(), *tables]).sort_by(
        [("anonymous_id", "ascending"), ("customer_id", "ascending"), ("time", "ascending"), ("sequence", "ascending")]
    )
    return table.filter(pa.array(_starts(table, ["anonymous_id", "customer_id"]))).combine_chunks()


def _starts(table: pa.Table, keys: list[str]) -> Any:
    """bool [rows]: where a sorted table's keys differ from the row before."""
    starts = np.ones(table.num_rows, np.bool_)
    if table.num_rows > 1:
        differs = [pc.not_equal(table[key][1:], table[key][:-1]).to_numpy() for key in keys]
        starts[1:] = np.logical_or.reduce(differs)
    return starts


def _statements(batch: pa.RecordBatch) -> Iterable[Statement]:
    if "properties" not in batch.schema.names:
        return
    aliases = batch.filter(pc.equal(batch["type"], "alias"))
    times = pc.cast(aliases["time"], pa.int64()).to_pylist()
    columns = [aliases[name].to_pylist() for name in ("sequence", "customer_id", "properties")]
    for time, sequence, customer, text in zip(times, *columns, strict=True):
        told = _told(text)
        previous = told.get("previousId", told.get("previous_id"))
        if customer is not None and previous is not None and str(previous) != customer:
            yield Statement(time, sequence, str(previous), customer, str(told.get("unmerge", "")).lower() == "true")


def _told(text: str | None) -> dict[str, Any]:
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _standing(statements: Iterable[Statement]) -> tuple[list[Statement], dict[frozenset[str], When]]:
    """The aliases that no later unmerge took back, and the last unmerge of each pair."""
    ended: dict[frozenset[str], When] = {}
    ordered = sorted(statements)
    for each in ordered:
        if each.unmerge:
            ended[_pair(each)] = (each.time_us, each.sequence)
    never = (-(2**63), -1)
    aliases = [s for s in ordered if not s.unmerge and (s.time_us, s.sequence) > ended.get(_pair(s), never)]
    return aliases, ended


def _pair(statement: Statement) -> frozenset[str]:
    return frozenset([statement.previous, statement.customer])


def _known_pairs(statements: Iterable[Statement]) -> dict[str, str]:
    """Known id → the id its person keeps, of all known ids that were joined with another."""
    aliases, _ = _standing(s for s in statements if not s.previous.startswith(ANONYMOUS))
    group: dict[str, set[str]] = {}
    for alias in aliases:
        whole = group.get(alias.previous, {alias.previous}) | group.get(alias.customer, {alias.customer})
        group.update(dict.fromkeys(whole, whole))
    joined: dict[int, list[Statement]] = {}
    for alias in aliases:
        joined.setdefault(id(group[alias.previous]), []).append(alias)
    keeps = {whole: _kept(those) for whole, those in joined.items()}
    return {one: keeps[id(whole)] for one, whole in sorted(group.items()) if keeps[id(whole)] != one}


def _kept(aliases: list[Statement]) -> str:
    """The id a joined person keeps: of those never named as previous the one joined last; in a circle simply the last."""
    left = {alias.previous for alias in aliases}
    ends = [alias for alias in aliases if alias.customer not in left]
    return max(ends or aliases).customer


def _owners(evidence: Evidence) -> pa.Table:
    """One row for each anonymous id: the customer it belongs to."""
    aliases, ended = _standing(evidence.statements)
    told = [(alias.previous.removeprefix(ANONYMOUS), alias) for alias in aliases]
    rows = [{"anonymous_id": a, "customer_id": s.customer, "time": s.time_us, "sequence": s.sequence} for a, s in told]
    table = pa.concat_tables([_unended(evidence.sightings, ended), pa.Table.from_pylist(rows, SIGHTINGS)])
    order = [(name, "ascending") for name in ("anonymous_id", "time", "sequence", "customer_id")]
    ordered = table.sort_by(order)
    return ordered.filter(pa.array(_starts(ordered, ["anonymous_id"])))


def _unended(sightings: pa.Table, ended: dict[frozenset[str], When]) -> pa.Table:
    """Sightings that no later unmerge took back."""
    if not ended:
        return sightings
    names = {name.removeprefix(ANONYMOUS) for pair in ended for name in pair}
    concerned = pc.is_in(sightings["anonymous_id"], pa.array(sorted(names), pa.string()))
    rows = [row for row in sightings.filter(concerned).to_pylist() if _stands(row, ended)]
    return pa.concat_tables([sightings.filter(pc.invert(concerned)), pa.Table.from_pylist(rows, SIGHTINGS)])


def _stands(row: dict[str, Any], ended: dict[frozenset[str], When]) -> bool:
    device, customer = row["anonymous_id"], row["customer_id"]
    ends = [ended.get(frozenset([name, customer])) for name in (device, ANONYMOUS + device)]
    return all(end is None or (row["time"], row["sequence"]) > end for end in ends)


def _mapped(ids: pa.Array, known: dict[str, str]) -> pa.Array:
    if not known:
        return ids
    place = pc.index_in(ids, pa.array(list(known), pa.string()))
    return pc.coalesce(pc.take(pa.array(list(known.values()), pa.string()), place), ids)
