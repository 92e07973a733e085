"""After an erasure in the lake: whoever is no longer there goes from the database, with everything of hers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from django.db import transaction

from holdfast.events.identity import ANONYMOUS
from holdfast.server.customers.firsts import Longs, hashes
from holdfast.server.customers.identity import chunks
from holdfast.server.customers.models import AliasCall, Cursor, Customer, KnownAs, Sighting
from holdfast.server.customers.removing import removed_from_database

if TYPE_CHECKING:
    from holdfast.events.lake import Lake

__all__ = ["swept"]

NAME = "profiles"


def swept(lake: Lake) -> int:
    """Remove whoever has no event in the lake any more; how many ids that were. The cursor knows the erasures then."""
    present = _present(lake)
    calls = {one.sequence: one for one in lake.evidence().statements}
    with transaction.atomic():
        stale = [s for s in AliasCall.objects.values_list("sequence", flat=True) if s < 2**62 and s not in calls]
        named = {one for call in calls.values() for one in (call.previous, ANONYMOUS + call.previous)}
        gone = _absent(Customer.objects.order_by().values_list("person", flat=True).iterator(20_000), present)
        pairs = Sighting.objects.order_by().values_list("anonymous", "customer").iterator(20_000)
        devices = {one for pair in pairs for one in (ANONYMOUS + pair[0], pair[1])}
        aliases = {one for one in KnownAs.objects.values_list("known_as", flat=True) if one not in named}
        gone |= _absent(devices | aliases, present)
        removed_from_database(gone)
        for part in chunks(stale):
            AliasCall.objects.filter(sequence__in=part).delete()
        cursor = Cursor.objects.select_for_update().get(name=NAME)
        cursor.erasures = lake.erasures()
        cursor.sequence = cursor.sequence if cursor.sequence <= lake.last_sequence() else -1
        cursor.save()
    return len(gone)


def _present(lake: Lake) -> Longs:
    """Hashes of every id that has an event, ascending."""
    held: Longs = np.empty(0, np.int64)
    for batch in lake.scan(("customer_id", "anonymous_id")):
        known = pc.drop_null(pc.unique(batch["customer_id"])).to_pylist()
        devices = pc.drop_null(pc.unique(batch["anonymous_id"])).to_pylist()
        held = np.union1d(held, hashes([*known, *(ANONYMOUS + one for one in devices)]))
    return held


def _absent(ids: Iterable[str], present: Longs) -> set[str]:
    gone: set[str] = set()
    for part in chunks(ids, 20_000):
        there = np.isin(hashes(part), present)
        gone.update(one for one, here in zip(part, there, strict=True) if not here)
    return gone
