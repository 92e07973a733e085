"""The daily mail about tasks: to each owner what is due today or overdue, in one mail, with links."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from holdfast.server.customers.care import Task
from holdfast.server.customers.known import names_of
from holdfast.server.place import settings

__all__ = ["HOUR", "due_now", "mail_of", "remind_owners"]

HOUR = 7
"""The hour, in the zone of the business, at which mails go out."""


def due_now(now: datetime) -> bool:
    """Whether this is the hour of the mails."""
    return now.astimezone(ZoneInfo(settings().zone)).hour == HOUR


def remind_owners(now: datetime) -> int:
    """Send each owner of due tasks one mail; how many mails went out."""
    today = now.astimezone(ZoneInfo(settings().zone)).date()
    due = Task.objects.filter(state=Task.State.OPEN, due__lte=today, owner__is_active=True).select_related("owner")
    sent = 0
    for _owner, theirs in groupby(due.order_by("owner_id", "due", "id"), key=lambda task: task.owner_id):
        sent += mail_of(list(theirs), today).send(fail_silently=True)
    return sent


def mail_of(tasks: list[Task], today: date) -> EmailMessage:
    """The mail about the tasks of one owner, in the language that she chose."""
    with translation.override(tasks[0].owner.language or django_settings.LANGUAGE_CODE):
        return _mail_of(tasks, today)


def _mail_of(tasks: list[Task], today: date) -> EmailMessage:
    subject = ngettext("One task is due", "%(n)s tasks are due", len(tasks)) % {"n": len(tasks)}
    return EmailMessage(f"{subject} · {settings().name}", "\n".join(_body(tasks, today)), to=[tasks[0].owner.email])


def _body(tasks: list[Task], today: date) -> Iterable[str]:
    names = names_of({task.person for task in tasks if task.person})
    for task in tasks:
        late = "" if task.due == today else " " + _("(overdue since %(day)s)") % {"day": date_format(task.due, "j M Y")}
        whom = f" · {names[task.person]}" if task.person else ""
        yield f"{task.get_kind_display()}: {task.title}{whom}{late}"
        yield f"  {django_settings.SITE_URL}{reverse('task', args=[task.pk])}"
    yield ""
    yield _("All of them: %(url)s") % {"url": f"{django_settings.SITE_URL}{reverse('tasks')}?show=mine"}
