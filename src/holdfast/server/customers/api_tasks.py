"""Operations: tasks, things to do for a customer or for nobody in particular; a call that was made is a task that is done."""

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
from holdfast.server.api.fields import Id, Key, Text, example
from holdfast.server.api.gate import Router, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, whole
from holdfast.server.customers import known, tasks
from holdfast.server.customers.care import Task
from holdfast.server.customers.forms import owners
from holdfast.server.people.models import User

__all__ = ["router"]

router = Router(tags=["care"])

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Kind = Literal["call", "email", "other"]
Owner = Annotated[int, Field(ge=1, le=2**53 - 1)]


class TaskIn(Schema):
    """Something to do, by whom (a user's number) and by when."""

    title: Title
    kind: Kind = "call"
    owner_id: Owner | None = None
    due: date | None = None
    model_config = example(title="Call about the late parcel", kind="call", due="2026-12-01")


class TaskOut(Schema):
    """A task; `person` is the customer's id, empty for a task of nobody in particular."""

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


class TaskChange(Schema):
    """What changes; what is left out stays. With a `state` it ends (`outcome`, `told`: what came of it) or opens again."""

    title: Title | None = None
    kind: Kind | None = None
    owner_id: Owner | None = None
    due: date | None = None
    state: Literal["done", "dropped", "open"] | None = None
    outcome: Literal["", "reached", "no answer", "voicemail", "wrong"] = ""
    told: Text = ""
    model_config = example(state="done", outcome="reached", told="She will order again in March.")


class CallIn(Schema):
    """What came of a call that was just made, and what was said."""

    outcome: Literal["reached", "no answer", "voicemail", "wrong"]
    told: Text = ""
    model_config = example(outcome="reached", told="Wants the blue one back in stock.")


class OwnerOut(Schema):
    """Somebody who can own a task."""

    id: int
    name: str


@router.get("/task-owners", needs="look", response={200: Page[OwnerOut]} | ERRORS, summary="Who can own a task?")
def task_owners(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Whoever works with customers, by name: their numbers are what `owner_id` takes."""
    return whole({"id": one.pk, "name": str(one)} for one in owners())


@router.get("/tasks", needs="look", response={200: Page[TaskOut]} | ERRORS, summary="What is to be done?")
def all_tasks(
    request: HttpRequest,
    show: Annotated[
        Literal["mine", "unassigned", "overdue", "open", "closed"],
        Query("open", description="Which list."),
    ] = "open",
    kind: Annotated[Literal["", "call", "email", "other"], Query("", description="Only of this kind.")] = "",
    owner_id: Annotated[int | None, Query(None, ge=1, le=2**53 - 1, description="Only of this user.")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first."""
    found = tasks.listed(show, behind(request), known.today())
    found = found.filter(kind=kind) if kind else found
    return by_key(found.filter(owner_id=owner_id) if owner_id else found, limit, cursor)


@router.post("/tasks", needs="care", again="once", response={201: TaskOut} | ERRORS, summary="Make a task")
def new_task(request: HttpRequest, said: TaskIn) -> Status:
    """With an owner and a day, or without."""
    return Status(201, _made("", said, request))


@router.get("/tasks/{task_id}", needs="look", response={200: TaskOut} | ERRORS, summary="One task")
def one_task(request: HttpRequest, task_id: Id) -> Task:  # noqa: ARG001 - ninja's signature
    """How it stands, and what came of it."""
    return get_object_or_404(Task, pk=task_id)


@router.patch("/tasks/{task_id}", needs="care", response={200: TaskOut} | ERRORS, summary="Change or end a task")
def change_task(request: HttpRequest, task_id: Id, said: TaskChange) -> Task:
    """Title, kind, owner, day; done (with what came of it), dropped, or open again."""
    task, who, now = get_object_or_404(Task, pk=task_id), behind(request), timezone.now()
    changed = said.dict(exclude_unset=True, include={"title", "kind", "owner_id", "due"})
    for name in ("title", "kind"):
        if changed.get(name, "") is None:
            raise UsageError(f"a task has a {name}", f"leave {name} out to keep it")
    if changed:
        _owner(changed.get("owner_id"))
        for name, value in changed.items():
            setattr(task, name, value)
        tasks.update(task, who)
    if said.state == "done":
        tasks.close(task, who, now, outcome=said.outcome, told=said.told)
    elif said.state == "dropped":
        tasks.drop(task, who, now)
    elif said.state == "open":
        tasks.reopen(task, who)
    return task


@router.get("/customers/{key}/tasks", needs="look", response={200: Page[TaskOut]} | ERRORS, summary="Her tasks")
def customer_tasks(request: HttpRequest, key: Key, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Under all her ids, newest first."""
    return by_key(Task.objects.filter(person__in=known.who_or_404(key).ids), limit, cursor)


@router.post("/customers/{key}/tasks", needs="care", again="once", response={201: TaskOut} | ERRORS, summary="Give her a task")
def new_customer_task(request: HttpRequest, key: Key, said: TaskIn) -> Status:
    """With an owner and a day, or without."""
    return Status(201, _made(known.who_or_404(key).person, said, request))


@router.post(
    "/customers/{key}/calls", needs="care", again="once", response={201: TaskOut} | ERRORS, summary="Note a call that was made"
)
def new_call(request: HttpRequest, key: Key, said: CallIn) -> Status:
    """A task that is done already."""
    who = known.who_or_404(key)
    return Status(201, tasks.log_call(who.person, behind(request), timezone.now(), outcome=said.outcome, told=said.told))


def _made(person: str, said: TaskIn, request: HttpRequest) -> Task:
    owner = _owner(said.owner_id)
    return tasks.make(person, said.title, behind(request), timezone.now(), kind=said.kind, owner=owner, due=said.due)


def _owner(number: int | None) -> User | None:
    owner = owners().filter(pk=number).first() if number else None
    if number and owner is None:
        raise UsageError("nobody who works with customers has this owner_id", "take an id of GET /task-owners, or leave it out")
    return owner
