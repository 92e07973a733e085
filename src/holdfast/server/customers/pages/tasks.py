"""Tasks: whose turn is it, and for what? Lists, one task, calls that were made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.server.customers import known, tasks
from holdfast.server.customers.care import Task
from holdfast.server.customers.forms import CallForm, CloseForm, TaskForm
from holdfast.server.customers.links import customer_url
from holdfast.server.customers.pages.back import back, from_htmx

__all__ = ["add_task", "call", "close_task", "drop_task", "open_task", "task", "task_or_404", "tasks_page", "tasks_part"]

AT_ONCE = 100


def task_or_404(number: int) -> Task:
    """A task by its number."""
    return get_object_or_404(Task.objects.select_related("owner", "closed_by"), pk=number)


def tasks_page(request: HttpRequest) -> HttpResponse:
    """The list: mine, unassigned, overdue, all that are open, closed; of a kind, of an owner."""
    today = known.today()
    view = _view(request.GET.get("show", ""), request.user, today)
    kind, owner = request.GET.get("kind", ""), request.GET.get("owner", "")
    found = tasks.listed(view, request.user, today)
    if kind in Task.Kind.values:
        found = found.filter(kind=kind)
    if owner.isdecimal():
        found = found.filter(owner_id=int(owner[:15]))
    page = _page_number(request)
    rows = list(found[(page - 1) * AT_ONCE : page * AT_ONCE + 1])
    context: dict[str, Any] = {
        "rows": _with_names(rows[:AT_ONCE]),
        "more": len(rows) > AT_ONCE,
        "page": page,
        "view": view,
        "counts": tasks.counts(request.user, today),
        "kinds": Task.Kind.choices,
        "kind": kind,
        "owner": owner,
        "owners": TaskForm().fields["owner"].queryset,
        "today": today,
        "close_form": CloseForm(auto_id=False),
        "form": TaskForm(initial={"owner": request.user.pk}),
    }
    return render(request, "customers/tasks.html", context)


def task(request: HttpRequest, number: int) -> HttpResponse:
    """One task: change it, or say what came of it."""
    found = task_or_404(number)
    form = TaskForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save(commit=False)
        tasks.update(found, request.user)
        messages.success(request, _("The task is changed."))
        return back(request, _where(found))
    return _task(request, found, form, CloseForm(), status=422 if request.method == "POST" else 200)


def add_task(request: HttpRequest, key: str = "") -> HttpResponse:
    """A new task, for a customer or for nobody in particular."""
    who = known.who_or_404(key) if key else None
    form = TaskForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        tasks.make(
            who.person if who else "", said["title"], request.user, timezone.now(),
            kind=said["kind"], owner=said["owner"], due=said["due"],
        )  # fmt: skip
        form = TaskForm(initial={"owner": request.user.pk})
    elif not from_htmx(request):
        messages.error(request, _("The task was not kept: ") + " ".join(one for lines in form.errors.values() for one in lines))
    if who is not None and from_htmx(request):
        return tasks_part(request, who, task_form=form)
    return back(request, (customer_url(who.person) + "#tasks") if who else reverse("tasks"))


def call(request: HttpRequest, key: str) -> HttpResponse:
    """A call that was just made."""
    who = known.who_or_404(key)
    form = CallForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        tasks.log_call(who.person, request.user, timezone.now(), outcome=said["outcome"], told=said["told"])
    else:
        messages.error(request, _("The call was not kept: say what came of it."))
    if from_htmx(request):
        return tasks_part(request, who)
    return back(request, customer_url(who.person) + "#tasks")


def close_task(request: HttpRequest, number: int) -> HttpResponse:
    """A task is done. What was said of it is kept, or the task stays open."""
    found = task_or_404(number)
    form = CloseForm(request.POST)
    if not form.is_valid():
        said = " ".join(one for lines in form.errors.values() for one in lines)
        who = known.who(found.person) if found.person and _on_her_page(request) else None
        if who is not None:
            return tasks_part(request, who, said=_("The task is still open: ") + said)
        return _task(request, found, TaskForm(instance=found), form, status=422)
    if found.state != Task.State.OPEN:
        return _after(request, found, _("It was closed before: “%(title)s”.") % {"title": found.title})
    said = form.cleaned_data
    tasks.close(found, request.user, timezone.now(), outcome=said["outcome"], told=said["told"])
    return _after(request, found, _("Done: “%(title)s”.") % {"title": found.title})


def _task(request: HttpRequest, found: Task, form: TaskForm, close_form: CloseForm, status: int) -> HttpResponse:
    names = known.names_of([found.person]) if found.person else {}
    context = {
        "task": found,
        "form": form,
        "close_form": close_form,
        "name": names.get(found.person, ""),
        "today": known.today(),
    }
    return render(request, "customers/task.html", context, status=status)


def drop_task(request: HttpRequest, number: int) -> HttpResponse:
    """A task will not be done."""
    found = task_or_404(number)
    tasks.drop(found, request.user, timezone.now())
    return _after(request, found, _("Dropped: “%(title)s”.") % {"title": found.title})


def open_task(request: HttpRequest, number: int) -> HttpResponse:
    """A closed task is open again."""
    found = task_or_404(number)
    tasks.reopen(found, request.user)
    return _after(request, found, _("Open again: “%(title)s”.") % {"title": found.title})


def tasks_part(request: HttpRequest, who: known.Who, task_form: TaskForm | None = None, said: str = "") -> HttpResponse:
    """The card of a customer's tasks; `said`: what went wrong."""
    return render(request, "customers/parts/tasks.html", {**tasks_context(request, who, task_form), "task_error": said})


def tasks_context(request: HttpRequest, who: known.Who, task_form: TaskForm | None = None) -> dict[str, Any]:
    """What the card of a customer's tasks shows."""
    found = tasks.tasks_of(who.ids)
    return {
        "who": who,
        "open_tasks": [one for one in found if one.state == Task.State.OPEN],
        "closed_tasks": [one for one in found if one.state != Task.State.OPEN],
        "task_form": task_form or TaskForm(initial={"owner": request.user.pk}, auto_id="task_%s"),
        "call_form": CallForm(auto_id="call_%s"),
        "close_form": CloseForm(auto_id=False),
        "today": known.today(),
    }


def _on_her_page(request: HttpRequest) -> bool:
    return from_htmx(request) and request.POST.get("on") == "customer"


def _after(request: HttpRequest, task: Task, said: str) -> HttpResponse:
    if _on_her_page(request) and task.person:
        who = known.who(task.person)
        if who is None:
            raise Http404
        return tasks_part(request, who)
    messages.success(request, said, extra_tags=f"undo:{task.pk}" if task.state != Task.State.OPEN else "")
    return back(request, _where(task))


def _where(task: Task) -> str:
    return customer_url(task.person) + "#tasks" if task.person else reverse("tasks")


def _view(said: str, user: Any, today: Any) -> tasks.View:
    for view in tasks.VIEWS:
        if said == view:
            return view
    counts = tasks.counts(user, today)
    return "mine" if counts["mine"] or not counts["open"] else "open"


def _with_names(rows: list[Task]) -> list[tuple[Task, str]]:
    names = known.names_of([row.person for row in rows if row.person])
    return [(row, names.get(row.person, row.person)) for row in rows]


def _page_number(request: HttpRequest) -> int:
    said = request.GET.get("page", "1")
    return min(max(int(said), 1), 10_000) if said.isdecimal() and len(said) < 6 else 1
