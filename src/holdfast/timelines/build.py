"""Second half of building timelines: from numbers in order of arrival to columns in the order of walks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.errors import InputError
from holdfast.events.schema import MONEY_UNITS, REFUND
from holdfast.timelines.columns import Columns, Meta, Nobody, Orders
from holdfast.timelines.gather import MOST_UNITS, TOO_MUCH_MEND, Gathered, Gatherer
from holdfast.timelines.sorting import resolve_orders, sort_events
from holdfast.timelines.text import Interner
from holdfast.timelines.zone import Zone

__all__ = ["Aliases", "build_columns", "columns_of"]

Aliases = tuple[pa.Array, pa.Array]
"""Two arrays of person keys: who (from) is really whom (to)."""

MICRO = 1_000_000

EVENTS_A_PART = 48_000_000
"""So many events are sorted at once (about 5 GB); more wait on disk and are built by ranges of customers."""


def build_columns(
    batches: Iterable[pa.RecordBatch], *, zone: str, aliases: Aliases | None = None, properties: Sequence[str] = ()
) -> Columns:
    """Timelines of all events in the batches.

    batches     record batches with the columns of the events schema (missing ones count as null; no `event`: orders)
    zone        IANA zone of the local days
    aliases     person keys that are other persons (see `holdfast.events.identity`)
    properties  which properties to keep; none named: every text property with at most 1,000 values

    Events of one microsecond stand in the order of their sequence. More than 48 million events go through temporary files.
    Raises InputError when there are more than 65,534 event names or values of a named property.
    """
    gatherer = Gatherer(properties)
    batches = iter(batches)
    for batch in batches:
        gatherer.add(batch)
        if gatherer.held >= EVENTS_A_PART:
            return _in_ranges(gatherer, batches, zone, aliases)
    return columns_of(gatherer.finish(), zone, aliases)


def _in_ranges(gatherer: Gatherer, batches: Iterator[pa.RecordBatch], zone: str, aliases: Aliases | None) -> Columns:
    """More events than are sorted at once: they wait on disk, and each range of customers is built by itself."""
    from tempfile import TemporaryDirectory

    from holdfast.timelines.spill import Spill, laid_end_to_end

    with TemporaryDirectory(prefix="holdfast-build-") as folder:
        spill = Spill(Path(folder))
        really = None if aliases is None else _really(gatherer.people, aliases)
        for batch in batches:
            if gatherer.held >= EVENTS_A_PART:
                spill.put(_resolved(gatherer.take(), really), gatherer.people)
            gatherer.add(batch)
        spill.put(_resolved(gatherer.take(), really), gatherer.people)
        parts = []
        for place, group in enumerate(spill.groups(EVENTS_A_PART)):
            columns_of(gatherer.finish(group), zone).write(Path(folder) / f"part-{place}")
            parts.append(Columns.read(Path(folder) / f"part-{place}"))
        return laid_end_to_end(parts)


def _really(people: Interner, aliases: Aliases) -> npt.NDArray[np.int32]:
    """The number of the person that each number really is, for all that are known now."""
    source, target = people.number(aliases[0]), people.number(aliases[1])
    really = np.arange(people.count, dtype=np.int32)
    really[source] = target
    return really


def _resolved(taken: dict[str, npt.NDArray[Any]], really: npt.NDArray[np.int32] | None) -> dict[str, npt.NDArray[Any]]:
    """What was taken, with every person who is really another replaced by that one."""
    if really is None:
        return taken
    person = taken["person"]
    known = (person >= 0) & (person < len(really))
    return taken | {"person": np.where(known, really[np.where(known, person, 0)], person).astype(np.int32)}


def columns_of(gathered: Gathered, zone: str, aliases: Aliases | None = None) -> Columns:
    """Sort gathered events into columns."""
    person, ids, hashes = _persons(gathered, aliases)
    offsets, row = sort_events(person, gathered.time, gathered.sequence, len(hashes))
    names, code = _names(gathered, row)
    time = gathered.time[row]
    second = time // MICRO
    micro = (time - second * MICRO).astype(np.uint32)
    days = Zone.named(zone).days(second)
    orders, code, counts = _orders(gathered, row, offsets, code, names, days, second.astype(np.uint32))
    meta = Meta(
        zone=zone,
        events=names,
        properties=gathered.values,
        first_second=int(gathered.time.min() // MICRO) if len(gathered.time) else 0,
        last_second=int(gathered.time.max() // MICRO) if len(gathered.time) else -1,
        last_sequence=int(gathered.sequence.max()) if len(gathered.sequence) else -1,
        ignored=int(np.count_nonzero(code == 0)),
        wide=gathered.wide,
        skipped=gathered.skipped,
        no_revenue=gathered.no_revenue,
        **counts,
    )
    return Columns(
        meta=meta,
        offsets=offsets,
        code=code,
        day=days,
        second=second.astype(np.uint32),
        micro=micro if micro.any() else np.zeros(0, np.uint32),
        id_hash=hashes,
        id_offsets=np.frombuffer(ids.buffers()[1], np.int64)[: len(ids) + 1],
        id_data=np.frombuffer(ids.buffers()[2], np.uint8) if ids.buffers()[2] else np.zeros(0, np.uint8),
        orders=orders,
        nobody=_nobody(gathered, names, zone),
        properties={name: values[row] for name, values in gathered.properties.items()},
    )


def code_type(names: Sequence[str]) -> Any:
    """The smallest unsigned type that holds a code for each name."""
    return np.uint8 if len(names) < 256 else np.uint16


def _persons(gathered: Gathered, aliases: Aliases | None) -> tuple[npt.NDArray[np.int32], pa.LargeStringArray, Any]:
    """The place of each event's customer in hash order, and the ids and hashes in that order."""
    people = gathered.people
    person = gathered.person
    if aliases is not None and len(aliases[0]):
        really = _really(people, aliases)
        person = np.where(person >= 0, really[person], -1).astype(np.int32)
    present = np.zeros(people.count, np.bool_)
    present[person[person >= 0]] = True
    numbers = np.flatnonzero(present)
    ids = people.ids().take(pa.array(numbers))
    ordered = _hash_order(people.hashes[numbers], ids)
    rank = np.full(people.count + 1, -1, np.int32)
    rank[numbers[ordered]] = np.arange(len(numbers), dtype=np.int32)
    return rank[person], ids.take(pa.array(ordered)), people.hashes[numbers][ordered]


def _hash_order(hashes: npt.NDArray[np.uint64], ids: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Places sorted by hash, and by id where two hashes are the same."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.array(sorted(range(len(hashes)), key=lambda place: (hashes[place], ids[place].as_py())), np.int64)
    return order


def _names(gathered: Gathered, row: Any) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
    """Event names in alphabetical order behind the empty name, and each event's code."""
    words = ("", *sorted(gathered.names))
    table = np.zeros(len(words), code_type(words))
    for old, name in enumerate(gathered.names, start=1):
        table[old] = words.index(name)
    return words, table[gathered.code][row]


def _orders(
    gathered: Gathered, row: Any, offsets: Any, code: Any, names: tuple[str, ...], day: Any, second: Any
) -> tuple[Orders, npt.NDArray[Any], dict[str, int]]:
    """The orders and refunds among the sorted events; a replaced order's event loses its code."""
    slot = gathered.slot[row]
    places = np.flatnonzero(slot >= 0)
    chosen = slot[places]
    refund_code = names.index(REFUND) if REFUND in names else -1
    raw = Orders(
        offsets=np.searchsorted(places, offsets).astype(np.int64),
        day=day[places],
        second=second[places],
        amount=gathered.amount[chosen],
        refund=(code[places] == refund_code).astype(np.uint8),
        link=np.full(len(places), -1, np.int32),
        order=gathered.order[chosen],
    )
    return settle(raw, gathered.sequence[row[places]], places, code)


def settle(raw: Orders, sequence: Any, places: Any, code: Any) -> tuple[Orders, npt.NDArray[Any], dict[str, int]]:
    """Tie refunds, drop replaced orders, and take their events' codes away.

    raw       orders in timeline order · sequence int64: later arrivals are higher · places int64: their events
    code      event codes; changed in place where an order is replaced
    Returns the settled orders, the codes, and the counts for the meta. Raises InputError where sums of money would overflow.
    """
    total = float(np.abs(raw.amount.astype(np.float64)).sum())
    if total >= MOST_UNITS:
        raise InputError(f"the orders add up to {total / MONEY_UNITS:,.0f}, more than can be summed exactly", TOO_MUCH_MEND)
    link, dropped = raw.link.copy(), np.zeros(len(raw.order), np.uint8)
    replaced = resolve_orders(raw.offsets, raw.refund, raw.order, sequence, link, dropped)
    settled = Orders(raw.offsets, raw.day, raw.second, raw.amount, raw.refund, link, raw.order)
    if replaced:
        code[places[dropped == 1]] = 0
        settled = _without(settled, dropped)
    tied = int(np.count_nonzero(settled.link >= 0))
    return settled, code, {"replaced": replaced, "refunds": int(settled.refund.sum()), "tied": tied}


def _without(orders: Orders, dropped: npt.NDArray[np.uint8]) -> Orders:
    gone = np.concatenate([[0], np.cumsum(dropped, dtype=np.int64)])
    owner = np.repeat(np.arange(len(orders.offsets) - 1), np.diff(orders.offsets))
    begin = orders.offsets[owner]
    moved = np.where(orders.link >= 0, orders.link - (gone[begin + np.maximum(orders.link, 0)] - gone[begin]), -1)
    keep = dropped == 0
    return Orders(
        offsets=orders.offsets - gone[orders.offsets],
        day=orders.day[keep],
        second=orders.second[keep],
        amount=orders.amount[keep],
        refund=orders.refund[keep],
        link=moved[keep].astype(np.int32),
        order=orders.order[keep],
    )


def _nobody(gathered: Gathered, names: tuple[str, ...], zone: str) -> Nobody:
    """Events of no customer, by time."""
    rows = np.flatnonzero(gathered.person < 0)
    rows = rows[np.lexsort((gathered.sequence[rows], gathered.time[rows]))]
    _, code = _names(gathered, rows)
    second = gathered.time[rows] // MICRO
    slot = gathered.slot[rows]
    amount = np.where(slot >= 0, gathered.amount[slot] if len(gathered.amount) else 0, 0)
    sign = np.where(code == names.index(REFUND), -1, 1) if REFUND in names else 1
    return Nobody(Zone.named(zone).days(second), second.astype(np.uint32), code, (amount * sign).astype(np.int64))
