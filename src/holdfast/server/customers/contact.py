"""When we were last in contact with a customer, and who of the valuable has not been for long (mission 0.2).

A contact is a call or e-mail task that reached her (or left a message), or a note that says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from holdfast.server.customers.care import Note, Task

__all__ = ["Contact", "contacted_since", "last_contact", "last_contacts"]

REACHED = Q(state=Task.State.DONE, kind__in=(Task.Kind.CALL, Task.Kind.EMAIL)) & ~Q(
    outcome__in=(Task.Outcome.NO_ANSWER, Task.Outcome.WRONG)
)
SAID = Q(contact=True, deleted_at=None)


@dataclass(frozen=True)
class Contact:
    """A contact: when, what it was (a call, an e-mail, a note), and who of us it was."""

    at: datetime
    how: Any
    who: str


def last_contact(ids: Iterable[str]) -> Contact | None:
    """The last contact with a person under any of her ids; None: never."""
    ids = list(ids)
    task = Task.objects.filter(REACHED, person__in=ids).select_related("closed_by").order_by("-closed_at").first()
    note = Note.objects.filter(SAID, person__in=ids).order_by("-created_at").first()
    found = [Contact(note.created_at, _("note"), note.author_name)] if note else []
    if task and task.closed_at:
        found.append(Contact(task.closed_at, task.get_kind_display(), str(task.closed_by or "")))
    return max(found, key=lambda one: one.at, default=None)


def last_contacts(ids: Iterable[str]) -> dict[str, datetime]:
    """The last contact of each of some ids, of those that had one."""
    ids = list(ids)
    found: dict[str, datetime] = {}
    said = Note.objects.filter(SAID, person__in=ids).values_list("person", "created_at")
    reached = Task.objects.filter(REACHED, person__in=ids, closed_at__isnull=False).values_list("person", "closed_at")
    for person, at in (*said, *reached):
        found[person] = max(at, found.get(person, at))
    return found


def contacted_since(since: datetime) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Subqueries of the ids that were contacted since then: by a note, by a task."""
    return (
        Note.objects.filter(SAID, created_at__gte=since).values("person"),
        Task.objects.filter(REACHED, closed_at__gte=since).values("person"),
    )
