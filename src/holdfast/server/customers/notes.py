"""Notes about customers: written, changed by who wrote them, deleted and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from holdfast.server.customers.care import Note
from holdfast.server.people.access import may
from holdfast.server.people.audit import record

__all__ = ["KEPT_DELETED", "NOTE_CHARACTERS", "change", "delete", "drop_deleted", "notes_of", "restore", "write"]

NOTE_CHARACTERS = 10_000
KEPT_DELETED = timedelta(days=1)
"""So long a deleted note can be taken back."""


def notes_of(ids: Iterable[str]) -> list[Note]:
    """The notes of a person under all her ids, newest first; no deleted ones."""
    return list(Note.objects.filter(person__in=list(ids), deleted_at=None).select_related("author"))


def write(person: str, text: str, author: Any, now: datetime, *, contact: bool = False) -> Note:
    """A new note. ValidationError when it says nothing or is too long."""
    note = Note.objects.create(
        person=person, text=_checked(text), author=author, author_name=str(author), created_at=now, contact=contact
    )
    record(author, "note.write", person, note=note.pk)
    return note


def change(note: Note, text: str, actor: Any, now: datetime) -> Note:
    """Other words for a note: only by who wrote it (PermissionDenied)."""
    _own(note, actor)
    note.text, note.edited_at = _checked(text), now
    note.save(update_fields=["text", "edited_at"])
    record(actor, "note.change", note.person, note=note.pk)
    return note


def delete(note: Note, actor: Any, now: datetime) -> None:
    """Put a note away: by who wrote it, or by a manager. `restore` brings it back within a day."""
    if not may(actor, "steer"):
        _own(note, actor)
    note.deleted_at = now
    note.save(update_fields=["deleted_at"])
    record(actor, "note.delete", note.person, note=note.pk)


def restore(note: Note, actor: Any) -> None:
    """Bring a deleted note back."""
    if not may(actor, "steer"):
        _own(note, actor)
    note.deleted_at = None
    note.save(update_fields=["deleted_at"])
    record(actor, "note.restore", note.person, note=note.pk)


def drop_deleted(now: datetime) -> int:
    """Delete for good what was put away more than a day ago; how many."""
    dropped, _rows = Note.objects.filter(deleted_at__lt=now - KEPT_DELETED).delete()
    return int(dropped)


def _own(note: Note, actor: Any) -> None:
    if note.author_id is None or note.author_id != actor.pk:
        raise PermissionDenied


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValidationError(_("The note says nothing yet."))
    if len(text) > NOTE_CHARACTERS:
        raise ValidationError(_("A note holds at most %(most)s characters.") % {"most": f"{NOTE_CHARACTERS:,}"})
    return text
