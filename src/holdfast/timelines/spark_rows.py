"""Events as numbers on their way between executors: what is shuffled, about 50 bytes an event, whatever the text was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.timelines.build import Aliases
from holdfast.timelines.columns import Meta
from holdfast.timelines.gather import Gathered
from holdfast.timelines.text import Interner, hash_strings

__all__ = ["decode", "encode", "rows_schema"]

_FIXED = (
    *(("part", pa.int32()), ("person", pa.string()), ("time", pa.int64()), ("sequence", pa.int64()), ("code", pa.int32())),
    *(("valued", pa.bool_()), ("amount", pa.int64()), ("order_hash", pa.int64())),
)


def rows_schema(properties: int) -> pa.Schema:
    """The columns of a shuffled event; `p0`, `p1`, … are the codes of so many properties."""
    return pa.schema([*_FIXED, *((f"p{place}", pa.int32()) for place in range(properties))])


def encode(gathered: Gathered, meta: Meta, aliases: Aliases | None, parts: int) -> pa.RecordBatch:
    """Gathered events with the codes of the whole, and the partition each belongs to.

    Partitions are ranges of the hash of the person, so that partitions laid end to end stand in the order of a single store.
    Events of nobody are dealt out by their sequence.
    """
    person, hashes = _persons(gathered, aliases)
    high = hashes >> np.uint64(32)
    part = ((high * np.uint64(parts)) >> np.uint64(32)).astype(np.int32)
    part[hashes == 0] = gathered.sequence[hashes == 0] % parts
    slot = gathered.slot
    valued = slot >= 0
    amount, order = np.zeros(len(slot), np.int64), np.zeros(len(slot), np.uint64)
    amount[valued], order[valued] = gathered.amount[slot[valued]], gathered.order[slot[valued]]
    code = _recoded(gathered.code, gathered.names, meta.events)
    arrays = [part, person, gathered.time, gathered.sequence, code, valued, amount, order.view(np.int64)]
    arrays += [_property(gathered, meta, name) for name in meta.properties]
    schema = rows_schema(len(meta.properties))
    return pa.RecordBatch.from_arrays(
        [pa.array(each, kind) for each, kind in zip(arrays, schema.types, strict=True)], schema=schema
    )


def _persons(gathered: Gathered, aliases: Aliases | None) -> tuple[pa.Array, npt.NDArray[np.uint64]]:
    """Who each event really belongs to, and the hash of that id: null and 0 for nobody."""
    ids = pc.cast(gathered.people.ids(), pa.string())
    if aliases is not None and len(aliases[0]):
        place = pc.index_in(ids, pc.cast(aliases[0], pa.string()))
        ids = pc.coalesce(pc.take(pc.cast(aliases[1], pa.string()), place), ids)
    hashes = np.append(hash_strings(ids), np.uint64(0))[gathered.person]
    return ids.take(pa.array(gathered.person, mask=gathered.person < 0)), hashes


def _recoded(codes: npt.NDArray[Any], words: Sequence[str], whole: Sequence[str]) -> npt.NDArray[np.int32]:
    """Codes (1-based into `words`, 0 none) as codes of the whole's words (whose place 0 is none)."""
    places = {word: place for place, word in enumerate(whole)}
    recoded: npt.NDArray[np.int32] = np.array([0, *(places[word] for word in words)], np.int32)[codes]
    return recoded


def _property(gathered: Gathered, meta: Meta, name: str) -> npt.NDArray[np.int32]:
    if name not in gathered.properties:
        return np.zeros(len(gathered.time), np.int32)
    return _recoded(gathered.properties[name], gathered.values[name][1:], meta.properties[name])


def decode(batches: Iterable[pa.RecordBatch], meta: Meta) -> Gathered:
    """Shuffled events of one partition, as if one machine had gathered them."""
    people = Interner()
    schema = rows_schema(len(meta.properties))
    found: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in schema.names}
    for batch in batches:
        found["person"].append(people.number(batch.column("person")))
        for name in schema.names[2:]:
            found[name].append(batch.column(name).to_numpy(zero_copy_only=False))
    whole = {name: np.concatenate(pieces) if pieces else np.zeros(0, np.int64) for name, pieces in found.items()}
    valued = whole["valued"].astype(np.bool_)
    return Gathered(
        person=whole["person"].astype(np.int32, copy=False),
        time=whole["time"],
        sequence=whole["sequence"],
        code=whole["code"].astype(np.uint16),
        slot=np.where(valued, np.cumsum(valued) - 1, -1).astype(np.int32),
        amount=whole["amount"][valued],
        order=whole["order_hash"][valued].view(np.uint64),
        properties={name: whole[f"p{place}"].astype(np.uint16) for place, name in enumerate(meta.properties)},
        values=dict(meta.properties),
        names=meta.events[1:],
        people=people,
        wide=(),
        skipped=0,
        no_revenue=0,
    )
