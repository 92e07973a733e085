"""Erasing a person (GDPR, article 17): everything that names her goes from everywhere, and a search of all places proves it.

    ask_to_erase("17", by=user)    puts it into the queue; the row says how it stands (asked, running, done, failed)
    erase("17", by="source 3")     the same at once
    was_erased("17")               whether this id was erased, and when

1. what waits or was refused on its way in (inbox, refused events)     4. answers that are kept, with everybody in them
2. the lake and the timelines, every id joined with hers               5. uploads that name her
3. the database: profile, words, consents, notes, tags, tasks, …       6. a search for her ids, name and address everywhere

What people wrote about others stays, her name and addresses blotted out. A text that somebody else has too (a family's address,
the same name twice, one of us who is a customer) is not looked for: it does not tell whose it is, and the proof says so.

A kill between two steps is harmless: the row keeps her id until all is done, and every step can be done again. What is kept is
a row without personal data: a hash of the id, who asked, when, and what was removed where.

Should events with this id arrive later, they are new events of somebody who came back: she is a customer anew, without
anything of the old; `was_erased` lets the page say so. To refuse them, the source has to stop sending them. Backups made before
keep what they hold until they are thrown away.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.db import transaction

from holdfast.server.customers import traces
from holdfast.server.customers.models import Cursor, Customer, Erasure, KnownAs, ids_of
from holdfast.server.customers.naming import shared, texts_of
from holdfast.server.customers.removing import removed_from_database
from holdfast.server.place import folder, secret_key, server_folder

__all__ = ["TracesLeft", "ask_to_erase", "carry_out", "erase", "hash_of", "waiting", "was_erased"]

log = logging.getLogger(__name__)

FORGETTING_SECONDS = 120.0


def ask_to_erase(person: str, by: Any) -> Erasure:
    """Put the erasure of a person into the queue; the one that waits already, where there is one.

    by  the user, token or program who asks; kept in the audit log without saying whom it concerned
    """
    from holdfast.server.customers.jobs import erase_now

    row = _asked(person, by)
    transaction.on_commit(lambda: erase_now(row.pk))
    return row


def erase(person: str, by: Any) -> Erasure:
    """Erase a person at once. What fails is told in the row, and raised."""
    row = _asked(person, by)
    carry_out(row)
    row.refresh_from_db()
    return row


def was_erased(person: str) -> datetime | None:
    """When somebody with this very id was erased; None when nobody was."""
    return Erasure.objects.filter(hash=hash_of(person), state="done").values_list("done_at", flat=True).first()


def waiting(person: str) -> Erasure | None:
    """The erasure of this very id that is not done yet: asked for, running or failed."""
    return Erasure.objects.filter(hash=hash_of(person)).exclude(state="done").first()


def hash_of(person: str) -> str:
    """What is kept of an id: nobody can guess it back without the server's secret."""
    return hmac.new(secret_key().encode(), person.encode(), hashlib.sha256).hexdigest()


def carry_out(row: Erasure) -> None:
    """Do what was asked; done once however often it is called."""
    if row.state == "done":
        return
    Erasure.objects.filter(pk=row.pk).update(state="running", error="")
    try:
        row.proof, needles = _erased(row)
    except TracesLeft as found:
        Erasure.objects.filter(pk=row.pk).update(state="failed", error=str(found)[:500])
        raise
    except Exception as error:
        # the class alone: the text of an error may name her
        Erasure.objects.filter(pk=row.pk).update(state="failed", error=type(error).__name__)
        raise
    row.state, row.person, row.done_at, row.error = "done", "", datetime.now(UTC), ""
    row.save(update_fields=["state", "person", "done_at", "error", "proof"])
    left = traces.wiped(needles)
    if left:
        log.warning("somebody else has the same address as who was erased: %s", ", ".join(left))


def _asked(person: str, by: Any) -> Erasure:
    from holdfast.server.people.audit import record

    asked = waiting(person)
    if asked is not None:
        return asked
    entry = record(by, "customer.erase", subject="erased")
    return Erasure.objects.create(hash=hash_of(person), person=person, by=entry.actor)


def _erased(row: Erasure) -> tuple[dict[str, Any], list[str]]:
    """All steps; the proof, and the texts that were looked for."""
    ids, needles = _whom(row)
    removed: dict[str, int] = {}
    _forgotten_on_the_way(ids, removed)
    ids = _erased_in_lake(ids, removed)
    _forgotten_on_the_way(ids, removed)  # what arrived meanwhile
    removed["answers kept"] = int(_analyst("customers.forget") or 0) + traces.cleared(server_folder("kept"), besides="seen")
    removed["uploads"] = traces.cleared_of(server_folder("uploads"), needles)
    others = shared(needles, ids)
    hers = [one for one in needles if one not in others]
    _add(removed, {"written about others, blotted out": traces.blotted(hers)})
    _add(removed, {"names of files, blotted out": traces.blotted_records(folder(), hers)})
    found = traces.everywhere(folder(), ids, hers) | set(_analyst("customers.naming", ids=ids) or ())
    if found:
        raise TracesLeft(sorted(found))
    counts = {place: count for place, count in removed.items() if count}
    return {"removed": counts, "found_afterwards": 0, "ids": len(ids), "shared": len(others)}, hers


def _whom(row: Erasure) -> tuple[list[str], list[str]]:
    """Her ids and the texts that name her; noted before anything is removed, for a second try after a kill."""
    ids = sorted({*_all_ids(row.person), *row.proof.get("ids", ())})
    needles = sorted({*texts_of(Customer.objects.filter(person__in=ids), ids), *row.proof.get("needles", ())})
    row.proof = {"ids": ids, "needles": needles}
    row.save(update_fields=["proof"])
    return ids, needles


def _analyst(errand: str, **arguments: Any) -> Any:
    """What the analyst says; None where none can be reached: then nothing is held."""
    from holdfast.server.analyst.client import AnalystAway, call

    try:
        return call(errand, within_seconds=FORGETTING_SECONDS, **arguments)
    except AnalystAway:
        return None


class TracesLeft(Exception):
    """Something still names her after the erasure: the places, which do not name her themselves."""

    def __init__(self, places: list[str]) -> None:
        super().__init__(", ".join(places))


def _erased_in_lake(ids: list[str], removed: dict[str, int]) -> list[str]:
    """Lake, timelines, refusals of imports; every id that was erased.

    The profiles' cursor learns of this one erasure, so that they need not look through the whole lake for who is gone.
    """
    from holdfast.server.place import workspace

    before = workspace().lake.erasures()
    proof = workspace().erase(ids)
    _add(removed, {"lake": proof.rows, "lake, ids taken off events of others": proof.blanked})
    every = sorted({*ids, *proof.ids})
    with transaction.atomic():
        _add(removed, removed_from_database(every))
        after = workspace().lake.erasures()
        if after == before + 1:
            Cursor.objects.filter(name="profiles", erasures=before).update(erasures=after)
    return every


def _all_ids(person: str) -> list[str]:
    """Every id of the person, also those merged by hand a moment ago."""
    ids = set(ids_of(person))
    ids.update(Customer.objects.filter(merged_into__in=ids).values_list("person", flat=True))
    ids.update(KnownAs.objects.filter(person__in=ids).values_list("known_as", flat=True))
    return sorted({person, *ids})


def _forgotten_on_the_way(ids: list[str], removed: dict[str, int]) -> None:
    """What waits in the inbox or was refused, and what else other rooms forget by themselves."""
    for place, module, name in FORGETTING:
        if find_spec(module) is not None:
            _add(removed, {place: int(getattr(import_module(module), name)(frozenset(ids)) or 0)})


FORGETTING = (
    ("on the way in", "holdfast.server.intake.forgetting", "forget"),
    ("audiences", "holdfast.server.keeping.keeping", "forget"),
)
"""Place, module and function of each room that forgets by itself: `function(ids)` gives how many it removed."""


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for place, count in more.items():
        counts[place] = counts.get(place, 0) + count
