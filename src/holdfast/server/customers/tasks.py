"""Tasks: something to do for a customer by a day; what came of it. A phone call is a task, also one that was just made."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal, get_args

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from holdfast.server.customers.care import Task
from holdfast.server.people.audit import record

__all__ = ["VIEWS", "View", "close", "counts", "drop", "listed", "log_call", "make", "reopen", "tasks_of", "update"]

View = Literal["mine", "unassigned", "overdue", "open", "closed"]
VIEWS: tuple[View, ...] = get_args(View)


def make(
    person: str,
    title: str,
    actor: Any,
    now: datetime,
    *,
    kind: str = "call",
    owner: Any = None,
    due: date | None = None,
) -> Task:
    """A new open task; person empty: of nobody in particular."""
    task = Task.objects.create(
        person=person,
        title=title,
        kind=kind,
        owner=owner,
        due=due,
        created_by=actor if actor and actor.pk else None,
        created_at=now,
    )
    record(actor, "task.make", person, task=task.pk, kind=kind)
    return task


def update(task: Task, actor: Any) -> None:
    """Keep what was changed of a task."""
    task.save()
    record(actor, "task.change", task.person, task=task.pk)


def close(task: Task, actor: Any, now: datetime, *, outcome: str = "", told: str = "") -> None:
    """A task is done: what came of it, and what there is to tell."""
    _ended(task, Task.State.DONE, actor, now)
    task.outcome, task.told = outcome, told.strip()
    task.save()
    record(actor, "task.done", task.person, task=task.pk, outcome=outcome)


def drop(task: Task, actor: Any, now: datetime) -> None:
    """A task will not be done."""
    _ended(task, Task.State.DROPPED, actor, now)
    task.save()
    record(actor, "task.drop", task.person, task=task.pk)


def reopen(task: Task, actor: Any) -> None:
    """A task was closed by mistake, or has to be done again."""
    task.state, task.closed_at, task.closed_by, task.outcome = Task.State.OPEN, None, None, ""
    task.save()
    record(actor, "task.reopen", task.person, task=task.pk)


def log_call(person: str, actor: Any, now: datetime, *, outcome: str, told: str = "") -> Task:
    """A call that was just made, as a task that is done."""
    task = Task(person=person, title=_("Call"), kind=Task.Kind.CALL, owner=actor, created_by=actor, created_at=now)
    _ended(task, Task.State.DONE, actor, now)
    task.outcome, task.told = outcome, told.strip()
    task.save()
    record(actor, "task.call", person, task=task.pk, outcome=outcome)
    return task


def tasks_of(ids: Iterable[str]) -> list[Task]:
    """The tasks of a person under all her ids: open ones first, by day; then closed ones, newest first."""
    found = list(Task.objects.filter(person__in=list(ids)).select_related("owner", "closed_by"))
    closed = [one for one in found if one.state != Task.State.OPEN]
    closed.sort(key=lambda one: (one.closed_at or one.created_at, one.pk), reverse=True)
    return [one for one in found if one.state == Task.State.OPEN] + closed


def listed(view: View, actor: Any, today: date) -> QuerySet[Task]:
    """The tasks of a list: mine (open), unassigned, overdue (anybody's), open (all), closed."""
    tasks = Task.objects.select_related("owner", "closed_by")
    if view == "closed":
        return tasks.exclude(state=Task.State.OPEN).order_by("-closed_at", "-id")
    chosen = {
        "mine": Q(owner=actor),
        "unassigned": Q(owner=None),
        "overdue": Q(due__lt=today),
        "open": Q(),
    }[view]
    return tasks.filter(chosen, state=Task.State.OPEN)


def counts(actor: Any, today: date) -> dict[View, int]:
    """How many there are in each list of open tasks."""
    return {view: listed(view, actor, today).count() for view in VIEWS if view != "closed"}


def _ended(task: Task, state: Any, actor: Any, now: datetime) -> None:
    task.state, task.closed_at, task.closed_by = state, now, actor if actor.pk else None
