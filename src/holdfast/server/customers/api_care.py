"""Operations: notes, tags, tasks and consent of a customer. What is written is in the name of the person behind the call."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Schema, Status
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Key, Text
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, key_of_cursor
from holdfast.server.customers import known, notes, tags, tasks
from holdfast.server.customers.care import Note, Tag, Task
from holdfast.server.customers.consents import KINDS, record_consent
from holdfast.server.people.audit import record
from holdfast.server.people.models import User

__all__ = ["router"]

router = Router(tags=["care"])

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class NoteIn(Schema):
    """A note; `contact` says that it tells of a contact with her."""

    text: Text
    contact: bool = False


class NoteOut(Schema):
    """A note."""

    id: int
    text: str
    author_name: str
    contact: bool
    created_at: datetime
    edited_at: datetime | None


class TagIn(Schema):
    """A tag; made when there is none of that name."""

    name: Word


class TagOut(Schema):
    """A tag."""

    id: int
    name: str


class TaskIn(Schema):
    """Something to do for her, by whom (a user's number) and by when."""

    title: Title
    kind: Literal["call", "email", "other"] = "call"
    owner_id: int | None = Field(None, ge=1, le=2**53 - 1)
    due: date | None = None


class TaskOut(Schema):
    """A task; `person` is the customer's id."""

    id: int
    person: str
    title: str
    kind: str
    state: str
    owner_id: int | None
    due: date | None
    outcome: str
    told: str
    created_at: datetime
    closed_at: datetime | None


class TaskEnd(Schema):
    """How a task ended."""

    state: Literal["done", "dropped", "open"]
    outcome: Literal["", "reached", "no answer", "voicemail", "wrong"] = ""
    told: Text = ""


class ConsentIn(Schema):
    """What she said she allows: `name` (email, newsletter …) of a kind, and yes, no, or a choice such as weekly."""

    kind: str = Field(description="channel, topic, brand, category, frequency or purpose", max_length=16)
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
    state: Word


@router.get("/customers/{key}/notes", needs="look", response={200: list[NoteOut]} | ERRORS, summary="Notes about her")
def notes_about(request: HttpRequest, key: Key) -> list[Note]:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    return notes.notes_of(known.who_or_404(key).ids)


@router.post("/customers/{key}/notes", needs="care", response={201: NoteOut} | ERRORS, summary="Write a note about her")
def write_note(request: HttpRequest, key: Key, said: NoteIn) -> Status:
    """In the name of the person behind the call."""
    who = known.who_or_404(key)
    return Status(201, notes.write(who.person, said.text, behind(request), timezone.now(), contact=said.contact))


@router.delete("/notes/{note_id}", needs="care", response={204: None} | ERRORS, summary="Delete a note")
def delete_note(request: HttpRequest, note_id: Id) -> Status:
    """One's own, or as a manager anybody's; for a day it can be brought back."""
    notes.delete(get_object_or_404(Note, pk=note_id), behind(request), timezone.now())
    return Status(204, None)


@router.get("/customers/{key}/tags", needs="look", response={200: list[TagOut]} | ERRORS, summary="Her tags")
def tags_on(request: HttpRequest, key: Key) -> list[Any]:  # noqa: ARG001 - ninja's signature
    """By name."""
    return tags.tags_of(known.who_or_404(key).ids)


@router.post("/customers/{key}/tags", needs="care", response={201: TagOut} | ERRORS, summary="Give her a tag")
def add_tag(request: HttpRequest, key: Key, said: TagIn) -> Status:
    """One that she has already stays."""
    return Status(201, tags.add(known.who_or_404(key).person, said.name, behind(request)))


@router.delete("/customers/{key}/tags/{tag_id}", needs="care", response={204: None} | ERRORS, summary="Take a tag off her")
def remove_tag(request: HttpRequest, key: Key, tag_id: Id) -> Status:
    """The tag itself stays."""
    who = known.who_or_404(key)
    tags.remove(who.ids, get_object_or_404(Tag, pk=tag_id), behind(request))
    return Status(204, None)


@router.get("/tasks", needs="look", response={200: Page[TaskOut]} | ERRORS, summary="What is to be done?")
def all_tasks(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    state: Annotated[Literal["open", "done", "dropped"], Query("open", description="How far they are.")] = "open",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first."""
    before, found = key_of_cursor(cursor), Task.objects.filter(state=state).order_by("-id")
    some = list((found.filter(id__lt=before) if before else found)[: limit + 1])
    return {"items": some[:limit], "next": str(some[limit - 1].pk) if len(some) > limit else None}


@router.post("/customers/{key}/tasks", needs="care", response={201: TaskOut} | ERRORS, summary="Make a task for her")
def make_task(request: HttpRequest, key: Key, said: TaskIn) -> Status:
    """With an owner and a day, or without."""
    who, owner = known.who_or_404(key), None
    if said.owner_id is not None:
        owner = User.objects.filter(pk=said.owner_id, is_active=True).first()
        if owner is None:
            raise UsageError("nobody who works here has this owner_id", "take an id of GET /users, or leave it out")
    made = tasks.make(who.person, said.title, behind(request), timezone.now(), kind=said.kind, owner=owner, due=said.due)
    return Status(201, made)


@router.patch("/tasks/{task_id}", needs="care", response={200: TaskOut} | ERRORS, summary="End a task, or open it again")
def end_task(request: HttpRequest, task_id: Id, said: TaskEnd) -> Task:
    """Done (with what came of it), dropped, or open again."""
    task, who, now = get_object_or_404(Task, pk=task_id), behind(request), timezone.now()
    if said.state == "done":
        tasks.close(task, who, now, outcome=said.outcome, told=said.told)
    elif said.state == "dropped":
        tasks.drop(task, who, now)
    else:
        tasks.reopen(task, who)
    return task


@router.post("/customers/{key}/consents", needs="care", response={204: None} | ERRORS, summary="Write down what she allows")
def consent(request: HttpRequest, key: Key, said: ConsentIn) -> Status:
    """A record that only grows; the latest counts."""
    if said.kind not in KINDS:
        raise UsageError(f"there is no consent of the kind {said.kind!r}", f"take one of {', '.join(KINDS)}")
    who = known.who_or_404(key)
    email = behind(request).email
    record_consent(who.person, said.kind, said.name, said.state, source="api", who=email, at=timezone.now())
    record(actor(request), "consent.change", who.person, kind=said.kind, name=said.name, state=said.state)
    return Status(204, None)
