"""Erasing a person (GDPR, article 17): everything that names her goes from everywhere, and a search of all places proves it.

    ask_to_erase("17", by=user)    puts it into the queue; the row says how it stands (asked, running, done, failed)
    erase("17", by="source 3")     the same at once
    was_erased("17")               whether this id was erased, and when

1. what waits or was refused on its way in (inbox, refused events)     4. answers that are kept, with everybody in them
2. the lake and the timelines, every id joined with hers               5. uploads that name her
3. the database: profile, words, consents, notes, tags, tasks, …       6. a search for her ids, name and address everywhere

What people wrote about others stays, her name and addresses blotted out. A text that somebody else has too (a family's address,
the same name twice, one of us who is a customer) is not looked for: it does not tell whose it is, and the proof says so.

A kill between two steps is harmless: the row keeps her id, and what was removed so far, until all is done; every step can be
done again, and a worker that starts queues whatever is not done. One process at a time is at work on an erasure. What is kept
is a row without personal data: a hash of the id, who asked, when, and what was removed where.

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

from holdfast.events.locking import holding
from holdfast.server.customers import traces
from holdfast.server.customers.models import Cursor, Customer, Erasure, KnownAs, ids_of
from holdfast.server.customers.naming import shared, texts_of
from holdfast.server.customers.removing import removed_from_database
from holdfast.server.place import folder, secret_key, server_folder

__all__ = ["TracesLeft", "ask_to_erase", "carry_out", "erase", "hash_of", "queue_again", "waiting", "was_erased"]

log = logging.getLogger(__name__)

DETAILS = "details"
"""Folder of kept answers that are those of one file of the lake each."""

FORGETTING_SECONDS = 120.0
PATIENCE_SECONDS = 1.0
"""So long a job waits for another one that is at work on the same erasure."""


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
    carry_out(row, patience_seconds=FORGETTING_SECONDS)
    return row


def queue_again() -> int:
    """Queue every erasure that is not done: its job was lost, killed, or has failed too often; how many."""
    from holdfast.server.customers.jobs import erase_now

    numbers = list(Erasure.objects.exclude(state="done").order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        erase_now(number)
    return len(numbers)


def was_erased(person: str) -> datetime | None:
    """When somebody with this very id was erased; None when nobody was."""
    return Erasure.objects.filter(hash=hash_of(person), state="done").values_list("done_at", flat=True).first()


def waiting(person: str) -> Erasure | None:
    """The erasure of this very id that is not done yet: asked for, running or failed."""
    return Erasure.objects.filter(hash=hash_of(person)).exclude(state="done").first()


def hash_of(person: str) -> str:
    """What is kept of an id: nobody can guess it back without the server's secret."""
    return hmac.new(secret_key().encode(), person.encode(), hashlib.sha256).hexdigest()


def carry_out(row: Erasure, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Do what was asked; done once however often it is called. WorkspaceError where another one is at work on it for longer."""
    lock = server_folder("run") / f"erasure-{row.pk}.lock"
    with holding(lock, patience_seconds=patience_seconds):
        row.refresh_from_db()
        if row.state != "done":
            _carried_out(row)
        lock.unlink(missing_ok=True)  # whoever waits for it finds the row done


def _carried_out(row: Erasure) -> None:
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


def _named(person: str) -> None:
    """Nobody is erased by no name: everyone who was never merged is merged into ""."""
    if not person:
        raise ValueError("an erasure names a customer")


def _asked(person: str, by: Any) -> Erasure:
    from holdfast.server.people.audit import record

    _named(person)
    asked = waiting(person)
    if asked is not None:
        return asked
    entry = record(by, "customer.erase", subject="erased")
    return Erasure.objects.create(hash=hash_of(person), person=person, by=entry.actor)


def _erased(row: Erasure) -> tuple[dict[str, Any], list[str]]:
    """All steps, each noted in the row with what it removed; the proof, and the texts that were looked for."""
    _named(row.person)
    ids, needles = _whom(row)
    _noted(row, _forgotten_on_the_way(ids))
    ids = _erased_in_lake(row, ids)
    _noted(row, _forgotten_on_the_way(ids))  # what arrived meanwhile
    _noted(row, {"answers kept": _details_swept() + traces.cleared(server_folder("kept"), besides=("seen", DETAILS))})
    _noted(row, {"answers kept": int(_analyst("customers.forget") or 0)})
    _noted(row, {"uploads": traces.cleared_of(server_folder("uploads"), needles)})
    others = shared(needles, ids)
    hers = [one for one in needles if one not in others]
    _noted(row, {"written about others, blotted out": traces.blotted(hers)})
    _noted(row, {"names of files, blotted out": traces.blotted_records(folder(), hers)})
    found = traces.everywhere(folder(), ids, hers) | _details_naming(ids) | set(_analyst("customers.naming", ids=ids) or ())
    if found:
        raise TracesLeft(sorted(found))
    return {"removed": row.proof["removed"], "found_afterwards": 0, "ids": len(ids), "shared": len(others)}, hers


def _whom(row: Erasure) -> tuple[list[str], list[str]]:
    """Her ids and the texts that name her; noted before anything is removed, for a second try after a kill."""
    ids = sorted({*_all_ids(row.person), *row.proof.get("ids", ())})
    needles = sorted({*texts_of(Customer.objects.filter(person__in=ids), ids), *row.proof.get("needles", ())})
    row.proof = {"ids": ids, "needles": needles, "removed": row.proof.get("removed", {})}
    row.save(update_fields=["proof"])
    return ids, needles


def _noted(row: Erasure, more: dict[str, int]) -> None:
    """Add what a step removed to the row: a second try goes on from there."""
    _add(row.proof["removed"], {place: count for place, count in more.items() if count})
    row.save(update_fields=["proof"])


def _details_swept() -> int:
    """Delete the kept details of files that the lake has no more: those that named her were replaced."""
    from holdfast.server.customers.details_kept import folder_of, sweep
    from holdfast.server.place import workspace

    return sweep(folder_of(folder()), {file.name for file in workspace().lake.files()})


def _details_naming(ids: list[str]) -> set[str]:
    """The kept details, packed as they are, where a row of hers is left in them."""
    from holdfast.server.customers.details_kept import naming

    return {"customers.details"} if naming(folder(), ids) else set()


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


def _erased_in_lake(row: Erasure, ids: list[str]) -> list[str]:
    """Lake, timelines, refusals of imports; every id that was erased.

    The profiles' cursor learns of this one erasure, so that they need not look through the whole lake for who is gone.
    """
    from holdfast.server.place import workspace

    before = workspace().lake.erasures()
    proof = workspace().erase(ids)
    every = row.proof["ids"] = sorted({*ids, *proof.ids})
    _noted(row, {"lake": proof.rows, "lake, ids taken off events of others": proof.blanked})
    with transaction.atomic():
        _noted(row, removed_from_database(every))
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


def _forgotten_on_the_way(ids: list[str]) -> dict[str, int]:
    """What waits in the inbox or was refused, and what else other rooms forget by themselves."""
    return {
        place: int(getattr(import_module(module), name)(frozenset(ids)) or 0)
        for place, module, name in FORGETTING
        if find_spec(module) is not None
    }


FORGETTING = (
    ("on the way in", "holdfast.server.intake.forgetting", "forget"),
    ("audiences", "holdfast.server.keeping.keeping", "forget"),
)
"""Place, module and function of each room that forgets by itself: `function(ids)` gives how many it removed."""


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for place, count in more.items():
        counts[place] = counts.get(place, 0) + count
