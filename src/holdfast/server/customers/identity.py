"""The alias map in the database (`KnownAs`), kept level with the evidence: sightings and alias calls.

Only what is connected with an id is read to say who it is, so that one more sighting costs the same in a lake of any size.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from holdfast.server.customers.models import AliasCall, KnownAs, Sighting
from holdfast.server.customers.resolving import ANONYMOUS, Said, Seen, pairs

__all__ = ["PROVISIONAL", "chunks", "joined", "settled", "told_here"]

PROVISIONAL = 2**62
"""Alias calls said here have sequences from here on until their event is in the lake."""

ROWS = 400
"""Ids asked for at once: SQLite binds a limited number."""

T = TypeVar("T")


def chunks(values: Iterable[T], size: int = ROWS) -> Iterator[list[T]]:
    """The values in lists of this length."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def told_here(previous: str, customer: str, time_us: int, *, unmerge: bool) -> None:
    """Take note of an alias call that is on its way into the lake, and show what follows of it."""
    from holdfast.server.customers.profiles import refreshed

    with transaction.atomic():
        AliasCall.objects.create(
            sequence=PROVISIONAL + time.time_ns() // 1000,
            time_us=time_us,
            previous=previous,
            customer=customer,
            unmerge=unmerge,
        )
        refreshed(settled(joined({previous, customer})))


def joined(names: set[str]) -> tuple[set[str], set[str]]:
    """All known ids connected with these by alias calls, and all anonymous ids that may belong to one of them."""
    known = {one for one in names if not one.startswith(ANONYMOUS)}
    calls = _connected(names)
    known |= {one.customer for one in calls} | {one.previous for one in calls if not one.previous.startswith(ANONYMOUS)}
    devices = {one.removeprefix(ANONYMOUS) for one in names} | {one.previous.removeprefix(ANONYMOUS) for one in calls}
    for part in chunks(known):
        devices.update(Sighting.objects.filter(customer__in=part).values_list("anonymous", flat=True))
    return known, devices


def settled(ids: tuple[set[str], set[str]]) -> set[str]:
    """Bring the alias map of these known and anonymous ids level with the evidence; the persons that gained or lost an id."""
    known, devices = ids
    every = sorted(known | {ANONYMOUS + one for one in devices})
    sightings = [
        Seen(*row)
        for part in chunks(sorted(devices))
        for row in Sighting.objects.filter(anonymous__in=part).values_list("anonymous", "customer", "time_us", "sequence")
    ]
    names = known | devices | {ANONYMOUS + one for one in devices} | {one.customer for one in sightings}
    now = pairs(sightings, _connected(names))
    was = {row.known_as: row.person for part in chunks(every) for row in KnownAs.objects.filter(known_as__in=part)}
    changed = [one for one in every if was.get(one, one) != now.get(one, one)]
    _written(changed, was, now)
    return {side for one in changed for side in (one, was.get(one, one), now.get(one, one))}


def _written(changed: list[str], was: dict[str, str], now: dict[str, str]) -> None:
    for part in chunks(one for one in changed if one in was):
        KnownAs.objects.filter(known_as__in=part).delete()
    KnownAs.objects.bulk_create([KnownAs(known_as=one, person=now[one]) for one in changed if one in now], batch_size=ROWS)


def _connected(names: Iterable[str]) -> list[Said]:
    """All alias calls connected with these ids, by however many steps."""
    found: dict[int, Said] = {}
    asked: set[str] = set()
    fresh = set(names)
    while fresh:
        asked |= fresh
        later: set[str] = set()
        for part in chunks(sorted(fresh), ROWS // 2):
            for row in AliasCall.objects.filter(Q(previous__in=part) | Q(customer__in=part)):
                found[row.sequence] = Said(row.time_us, row.sequence, row.previous, row.customer, row.unmerge)
                later |= {row.previous, row.customer}
        fresh = later - asked
    return list(found.values())
