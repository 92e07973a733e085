"""The weekly report by e-mail (MISSION 4.17): Monday at seven, in the zone of the business, to those who asked for it."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from holdfast.server.keeping.models import SavedReport
from holdfast.server.people.mailing import Nowhere, went_out
from holdfast.server.people.models import User
from holdfast.server.place import settings
from holdfast.server.today.models import WeeklySent
from holdfast.server.today.today import State, settled

__all__ = ["send_weekly"]

HOUR, MONDAY = 7, 1

WAIT_SECONDS = 900.0
"""So long the worker waits for figures of the data as they stand; what was kept may be of last week, when nobody looked."""

logger = logging.getLogger(__name__)


def send_weekly(now: datetime) -> int:
    """Send the report of the week to whoever wants it and has not got it; how many were sent.

    now  the instant, with its zone
    Nothing is sent before Monday at seven, on other days only what Monday missed, and nothing while there are no figures.
    """
    local = now.astimezone(ZoneInfo(settings().zone))
    if local.isoweekday() == MONDAY and local.hour < HOUR:
        return 0
    week = f"{local.isocalendar().year}-W{local.isocalendar().week:02d}"
    waiting = User.objects.filter(weekly_report=True, is_active=True).exclude(pk__in=_had(week))
    connection = get_connection()
    if not waiting.exists() or isinstance(connection, Nowhere):
        return 0
    state = settled(within_seconds=WAIT_SECONDS)
    if state.told is None or state.working:
        return 0
    try:
        return sum(_sent(user, week, state, connection) for user in takewhile(lambda _user: _reached(connection), waiting))
    finally:
        _close(connection)


def _reached(connection: Any) -> bool:
    """Open the way to the mail server where it is not; False where that does not answer: all is tried an hour later, then."""
    try:
        connection.open()
    except OSError as error:
        logger.warning("the weekly report waits: the mail server cannot be reached: %s", type(error).__name__)
        return False
    return True


def _delivered(mail: EmailMultiAlternatives, connection: Any) -> bool:
    """Send it; servers end a connection after so many mails or minutes, so once more over a new one."""
    for _try in range(2):
        if went_out(mail):
            return True
        _close(connection)
    return False


def _close(connection: Any) -> None:
    """Close the way to the mail server, in whatever state that is: the next mail opens it anew."""
    with suppress(OSError):
        connection.close()


def _had(week: str) -> list[int]:
    return list(WeeklySent.objects.filter(week=week).values_list("user", flat=True))


def _sent(user: User, week: str, state: State, connection: Any) -> bool:
    """Write down that it goes out, send it, write down what came of it; a failed one is not tried again that week."""
    try:
        with transaction.atomic():
            row = WeeklySent.objects.create(user=user, week=week)
    except IntegrityError:
        return False
    if not _delivered(_in_her_language(user, state, connection), connection):
        logger.warning("weekly report %s could not be sent", week)
        WeeklySent.objects.filter(pk=row.pk).update(state="failed")
        return False
    WeeklySent.objects.filter(pk=row.pk).update(state="sent")
    return True


def _in_her_language(user: User, state: State, connection: Any) -> EmailMultiAlternatives:
    """The mail in the language that she chose; else in that of the server."""
    from django.conf import settings as django

    with translation.override(user.language or django.LANGUAGE_CODE):
        return _mail(user, state, connection)


def _mail(user: User, state: State, connection: Any) -> EmailMultiAlternatives:
    from django.conf import settings as django

    told = state.told
    assert told is not None
    known = {
        "told": told, "business": settings().name, "user": user, "url": django.SITE_URL,
        "reports": SavedReport.objects.all()[:20], "profile": f"{django.SITE_URL}{reverse('profile')}",
    }  # fmt: skip
    subject = " ".join((_("%(business)s: %(words)s") % {"business": settings().name, "words": told.words}).split())
    text = render_to_string("today/weekly.txt", known)
    mail = EmailMultiAlternatives(Truncator(subject).chars(150), text, to=[user.email], connection=connection)
    mail.attach_alternative(render_to_string("today/weekly.html", known), "text/html")
    return mail
