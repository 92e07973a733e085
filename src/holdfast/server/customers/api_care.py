"""Operations: notes about a customer, and what she allows. What is written is in the name of the person behind the call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Schema, Status
from pydantic import StringConstraints

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Key, Text, example
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, by_place
from holdfast.server.customers import known, notes
from holdfast.server.customers.care import Note
from holdfast.server.customers.consents import history, record_consent
from holdfast.server.people.audit import record

__all__ = ["router"]

router = Router(tags=["care"])

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class NoteIn(Schema):
    """A note; `contact` says that it tells of a contact with her."""

    text: Text
    contact: bool = False
    model_config = example(text="Prefers to be called in the morning.", contact=True)


class NoteText(Schema):
    """Other words for a note."""

    text: Text
    model_config = example(text="Prefers to be called before ten.")


class NoteOut(Schema):
    """A note."""

    id: int
    text: str
    author_name: str
    contact: bool
    created_at: datetime
    edited_at: datetime | None


class ConsentIn(Schema):
    """What she said she allows: `name` (email, newsletter …) of a kind, and yes, no, or a choice such as weekly."""

    kind: Literal["channel", "topic", "brand", "category", "frequency", "purpose"]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
    state: Word
    model_config = example(kind="channel", name="email", state="no")


class ConsentOut(Schema):
    """What she said once; the latest of a kind and name counts."""

    kind: str
    name: str
    state: str
    at: datetime
    source: str
    who: str


@router.get("/customers/{key}/notes", needs="look", response={200: Page[NoteOut]} | ERRORS, summary="Notes about her")
def customer_notes(request: HttpRequest, key: Key, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Newest first."""
    return by_key(Note.objects.filter(person__in=known.who_or_404(key).ids, deleted_at=None), limit, cursor)


@router.post(
    "/customers/{key}/notes", needs="care", again="once", response={201: NoteOut} | ERRORS, summary="Write a note about her"
)
def new_note(request: HttpRequest, key: Key, said: NoteIn) -> Status:
    """In the name of the person behind the call."""
    who = known.who_or_404(key)
    return Status(201, notes.write(who.person, said.text, behind(request), timezone.now(), contact=said.contact))


@router.patch("/notes/{note_id}", needs="care", response={200: NoteOut} | ERRORS, summary="Change a note")
def change_note(request: HttpRequest, note_id: Id, said: NoteText) -> Note:
    """Only one's own."""
    return notes.change(get_object_or_404(Note, pk=note_id, deleted_at=None), said.text, behind(request), timezone.now())


@router.delete("/notes/{note_id}", needs="care", response={204: None} | ERRORS, summary="Delete a note")
def delete_note(request: HttpRequest, note_id: Id) -> Status:
    """One's own, or as a manager anybody's; for a day it can be brought back."""
    notes.delete(get_object_or_404(Note, pk=note_id, deleted_at=None), behind(request), timezone.now())
    return Status(204, None)


@router.post(
    "/notes/{note_id}/restore", needs="care", again="same", response={200: NoteOut} | ERRORS, summary="Bring a note back"
)
def restore_note(request: HttpRequest, note_id: Id) -> Note:
    """Within a day after it was deleted."""
    one = get_object_or_404(Note, pk=note_id)
    notes.restore(one, behind(request))
    return one


@router.get("/customers/{key}/consents", needs="look", response={200: Page[ConsentOut]} | ERRORS, summary="What did she allow?")
def customer_consents(request: HttpRequest, key: Key, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """All that was ever said, newest first; what holds now stands in `GET /customers/{key}`."""
    return by_place(history(known.who_or_404(key).person), limit, cursor)


@router.post(
    "/customers/{key}/consents",
    needs="care",
    again="same",
    response={204: None} | ERRORS,
    summary="Write down what she allows",
)
def new_consent(request: HttpRequest, key: Key, said: ConsentIn) -> Status:
    """A record that only grows; the latest counts, so that saying it twice changes nothing."""
    who = known.who_or_404(key)
    email = behind(request).email
    record_consent(who.person, said.kind, said.name, said.state, source="api", who=email, at=timezone.now())
    record(actor(request), "consent.change", who.person, kind=said.kind, name=said.name, state=said.state)
    return Status(204, None)
