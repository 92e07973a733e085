"""What events say about who is who and about consent, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from holdfast.server.customers import facts
from holdfast.server.customers.identity import PROVISIONAL, chunks, joined
from holdfast.server.customers.models import AliasCall, Consent, Sighting
from holdfast.server.customers.resolving import Said, Seen

__all__ = ["Heard", "Proof", "consents_told", "evidence_told"]


class Heard(NamedTuple):
    """A consent, who said it under which id, and when."""

    person: str
    time_us: int
    sequence: int
    consent: facts.Heard


@dataclass(frozen=True)
class Proof:
    """New evidence of who is who."""

    sightings: list[Seen]
    calls: list[Said]


def evidence_told(proof: Proof) -> tuple[set[str], set[str]]:
    """Keep the evidence; the known and the anonymous ids whose person may be another one now."""
    _sighted(proof.sightings)
    for one in proof.calls:
        said_here = AliasCall.objects.filter(sequence__gte=PROVISIONAL, previous=one.previous, customer=one.customer)
        said_here.filter(time_us=one.time_us, unmerge=one.unmerge).delete()
    rows = [
        AliasCall(sequence=s.sequence, time_us=s.time_us, previous=s.previous, customer=s.customer, unmerge=s.unmerge)
        for s in proof.calls
    ]
    AliasCall.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    known, devices = joined({one for call in proof.calls for one in (call.previous, call.customer)}) if rows else (set(), set())
    return known, devices | {one.anonymous for one in proof.sightings}


def consents_told(heard: list[Heard]) -> None:
    """Keep consents: of what one source repeats on one day the last time."""
    wanted: dict[tuple[str, str, str, str, str, date], Consent] = {}
    for one in sorted(heard, key=lambda one: (one.time_us, one.sequence)):
        row = _consent(one)
        wanted[_key(row)] = row
    for part in chunks(sorted({row.person for row in wanted.values()})):
        days = {row.day for row in wanted.values()}
        stored = Consent.objects.filter(person__in=part, sequence__isnull=False, day__gte=min(days), day__lte=max(days))
        for row in stored:
            mine = wanted.get(_key(row))
            if mine is None or (row.at, row.sequence) >= (mine.at, mine.sequence):
                wanted.pop(_key(row), None)
            else:
                Consent.objects.filter(pk=row.pk).update(at=mine.at, sequence=mine.sequence)
                del wanted[_key(row)]
    Consent.objects.bulk_create(wanted.values(), batch_size=1_000)


def _sighted(sightings: list[Seen]) -> None:
    wanted = {
        (one.anonymous, one.customer): one for one in sorted(sightings, key=lambda s: (s.time_us, s.sequence), reverse=True)
    }
    for part in chunks(sorted({one.anonymous for one in sightings})):
        for row in Sighting.objects.filter(anonymous__in=part):
            mine = wanted.get((row.anonymous, row.customer))
            if mine is not None and (row.time_us, row.sequence) <= (mine.time_us, mine.sequence):
                del wanted[row.anonymous, row.customer]
    rows = [
        Sighting(anonymous=s.anonymous, customer=s.customer, time_us=s.time_us, sequence=s.sequence) for s in wanted.values()
    ]
    Sighting.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["anonymous", "customer"],
        update_fields=["time_us", "sequence"],
        batch_size=1_000,
    )


def _consent(one: Heard) -> Consent:
    at = datetime.fromtimestamp(one.time_us // 1_000_000, UTC).replace(microsecond=one.time_us % 1_000_000)
    said = one.consent
    return Consent(
        person=one.person,
        kind=said.kind,
        name=said.name,
        state=said.state,
        source=said.source,
        at=at,
        day=at.date(),
        sequence=one.sequence,
    )


def _key(row: Consent) -> tuple[str, str, str, str, str, date]:
    return row.person, row.kind, row.name, row.state, row.source, row.day
