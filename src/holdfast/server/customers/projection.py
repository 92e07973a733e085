"""Profiles follow the lake: each event once, in batches, rows and cursor in one transaction, so that a kill at any instant is
harmless. Runs in the worker.

    follow()   brings customers, firms, consents and the alias map level with the lake

Known persons are customers from their first event on; an anonymous one when she left something of herself. What came with a
batch is a sum (`facts.later`: of each name the latest by time and sequence), so that no splitting of events changes the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from holdfast.events.identity import ANONYMOUS, Evidence
from holdfast.server.customers import profiles, statements, sweeping
from holdfast.server.customers.facts import CONSENT_EVENTS, ORDER, TELLING, Facts, facts_of, later
from holdfast.server.customers.firsts import Firsts, Longs, hashes
from holdfast.server.customers.identity import chunks, settled
from holdfast.server.customers.models import ID_LENGTH, Cursor, Customer, Sighting
from holdfast.server.customers.profiles import Telling
from holdfast.server.customers.resolving import Said, Seen

if TYPE_CHECKING:
    from holdfast.events.lake import Lake

__all__ = ["NAME", "Projection", "follow"]

NAME = "profiles"
ROWS = 8_192
"""Events that tell something or bring a new customer, a transaction: about half a second in which nobody else can write."""

SILENT = 8
"""So many times as many events, where most tell nothing."""

LOGGED = 1_000_000
"""Progress is logged every so many events."""

COLUMNS = ("type", "event", "time", "sequence", "customer_id", "anonymous_id", "properties")

log = logging.getLogger(__name__)


def follow() -> int:
    """Bring the profiles level with the lake of the workspace that is served; how many events were taken."""
    global _kept
    from holdfast.server.place import folder, workspace

    if _kept is None or _kept.folder != folder():
        _kept = Projection(folder())
    try:
        return _kept.follow(workspace().lake)
    except BaseException:
        _kept = None  # what is kept in memory may be ahead of what was committed
        raise


class Projection:
    """A follower with what it keeps in memory between calls: which ids and sightings are in the database already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._persons: Firsts | None = None
        self._sightings = Firsts()
        self._sequence = -1
        self._erasures = 0

    def follow(self, lake: Lake, rows: int = ROWS) -> int:
        """Take all events after the cursor; how many there were."""
        lake = lake.pinned()
        cursor = self._level(lake)
        last, taken = lake.last_sequence(), 0
        if cursor.sequence >= last:
            return 0
        assert self._persons is not None
        for batch in _portions(lake.scan(COLUMNS, cursor.sequence, reading="sparing"), rows, self._persons):
            self._take(batch)
            taken += batch.num_rows
            if taken // LOGGED > (taken - batch.num_rows) // LOGGED:
                log.info("profiles: %s of %s events", f"{self._sequence + 1:,}", f"{last + 1:,}")
        return taken

    def _level(self, lake: Lake) -> Cursor:
        """The cursor, with erasures carried out, and with memory made anew where somebody else moved it."""
        cursor, _ = Cursor.objects.get_or_create(name=NAME)
        if cursor.erasures != lake.erasures() or cursor.sequence > lake.last_sequence():
            sweeping.swept(lake)
            cursor.refresh_from_db()
        if self._persons is None or (cursor.sequence, cursor.erasures) != (self._sequence, self._erasures):
            self._remember()
            self._sequence, self._erasures = cursor.sequence, cursor.erasures
        return cursor

    def _remember(self) -> None:
        people = Customer.objects.order_by().values_list("person", "first_us").iterator(20_000)
        self._persons = Firsts.of(_hashed(people))
        pairs = Sighting.objects.order_by().values_list("anonymous", "customer", "time_us").iterator(20_000)
        self._sightings = Firsts.of(_hashed((f"{device}\0{customer}", time) for device, customer, time in pairs))

    def _take(self, batch: pa.RecordBatch) -> None:
        """One batch, in one transaction with the cursor."""
        assert self._persons is not None
        portion = _portion(batch, self._persons)
        evidence = _evidence(batch, self._sightings)
        last = int(batch["sequence"][-1].as_py())
        with transaction.atomic():
            cursor = Cursor.objects.select_for_update().get(name=NAME)
            if cursor.sequence != self._sequence:
                raise RuntimeError("somebody else moves the cursor of the profiles")
            changed = profiles.told(portion.tellings)
            changed |= settled(statements.evidence_told(evidence)) if evidence.sightings or evidence.calls else set()
            profiles.refreshed(changed)
            profiles.firms_told(portion.firms)
            statements.consents_told(portion.consents)
            Cursor.objects.filter(name=NAME).update(sequence=last)
        self._persons.note(*_arrays((one, telling.first_us) for one, telling in portion.tellings.items()))
        self._sightings.note(*_arrays((f"{s.anonymous}\0{s.customer}", s.time_us) for s in evidence.sightings))
        self._sequence = last


@dataclass(frozen=True)
class _Portion:
    """What one batch tells that is not in the database yet."""

    tellings: dict[str, Telling]
    firms: dict[str, dict[str, list[Any]]]
    consents: list[statements.Heard]


_kept: Projection | None = None


def _portions(batches: Iterator[pa.RecordBatch], rows: int, known: Firsts) -> Iterator[pa.RecordBatch]:
    """The batches cut and joined: so many rows that tell something or bring somebody are one; of others far more."""
    held: list[pa.RecordBatch] = []
    work = 0
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            piece = batch.slice(start, rows)
            held.append(piece)
            work += (pc.sum(_telling(piece)).as_py() or 0) + len(_newcomers(piece, known))
            if work >= rows or sum(one.num_rows for one in held) >= SILENT * rows:
                yield _one(held)
                held, work = [], 0
    if held:
        yield _one(held)


def _one(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    return held[0] if len(held) == 1 else pa.Table.from_batches(held).combine_chunks().to_batches()[0]


def _portion(batch: pa.RecordBatch, known: Firsts) -> _Portion:
    made = _Portion(_newcomers(batch, known), {}, [])
    told = batch.filter(_telling(batch))
    times = pc.cast(told["time"], pa.int64()).to_pylist()
    read: dict[tuple[str, str, str | None], Facts] = {}  # orders say the same few things
    for time_us, row in zip(times, told.drop_columns(["time"]).to_pylist(), strict=True):
        person = row["customer_id"] or (ANONYMOUS + row["anonymous_id"] if row["anonymous_id"] else None)
        if person is None or len(person) > ID_LENGTH:
            continue
        said = row["type"], row["event"], row["properties"]
        if said not in read:
            read[said] = facts_of(*said)
        found = read[said]
        stamp = [time_us, row["sequence"]]
        if found.traits:
            one = made.tellings.setdefault(person, Telling(time_us))
            one.first_us = min(one.first_us, time_us)
            one.told = later(one.told, {name: [*stamp, value] for name, value in found.traits.items()})
        if found.account and len(found.account) <= 254:
            told = made.firms.setdefault(found.account, {})
            made.firms[found.account] = later(told, {name: [*stamp, value] for name, value in found.firm.items()})
        made.consents.extend(statements.Heard(person, time_us, row["sequence"], one) for one in found.consents)
    return made


def _newcomers(batch: pa.RecordBatch, known: Firsts) -> dict[str, Telling]:
    """The known persons of a batch that are new, or were there earlier than we knew."""
    rows = pa.table([batch["customer_id"], pc.cast(batch["time"], pa.int64())], ["person", "time"])
    firsts = rows.filter(rows["person"].is_valid()).group_by("person").aggregate([("time", "min")])
    people, times = firsts["person"].to_pylist(), firsts["time_min"].to_numpy()
    fresh = np.flatnonzero(known.news(hashes(people), times))
    return {people[place]: Telling(int(times[place])) for place in fresh if len(people[place]) <= ID_LENGTH}


def _telling(batch: pa.RecordBatch) -> pa.Array:
    """Which events may tell traits or consents."""
    calls = pc.is_in(batch["type"], pa.array(["identify", "group"]))
    named = pc.is_in(batch["event"], pa.array([ORDER, *sorted(CONSENT_EVENTS)]))
    inside = pc.fill_null(pc.match_substring_regex(batch["properties"], TELLING), False)
    return pc.and_(pc.or_(pc.or_(calls, named), inside), batch["properties"].is_valid())


def _evidence(batch: pa.RecordBatch, known: Firsts) -> statements.Proof:
    """Sightings that are new or earlier than known, and alias calls."""
    found = Evidence.of([batch])
    rows = [
        Seen(row["anonymous_id"], row["customer_id"], row["time"], row["sequence"])
        for row in found.sightings.to_pylist()
        if len(row["anonymous_id"]) < ID_LENGTH - len(ANONYMOUS) and len(row["customer_id"]) <= ID_LENGTH
    ]
    ids, times = _arrays((f"{one.anonymous}\0{one.customer}", one.time_us) for one in rows)
    fresh = known.news(ids, times)
    calls = [
        Said(one.time_us, one.sequence, one.previous, one.customer, one.unmerge)
        for one in found.statements
        if max(len(one.previous), len(one.customer)) <= ID_LENGTH
    ]
    return statements.Proof([one for one, new in zip(rows, fresh, strict=True) if new], calls)


def _hashed(rows: Iterable[tuple[str, int]]) -> Iterator[tuple[Longs, Longs]]:
    """Text and instant of each row, as hashes and instants, part by part."""
    for part in chunks(rows, 50_000):
        yield _arrays(part)


def _arrays(rows: Iterable[tuple[str, int]]) -> tuple[Longs, Longs]:
    held = list(rows)
    return hashes([one for one, _ in held]), np.array([time for _, time in held], np.int64)
