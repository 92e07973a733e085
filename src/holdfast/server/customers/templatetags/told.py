"""Filters by which templates write values for people: days and moments in the workspace's zone, money, names, silence."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from holdfast.report.values import cleaned, money, percent
from holdfast.server.customers import standing
from holdfast.server.customers.known import today
from holdfast.server.customers.links import customer_url, key_of
from holdfast.server.place import settings

__all__ = ["register"]

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> str:
    """A day as people write it, in the workspace's zone: 9 Dec 2011; not known: –."""
    if value is None:
        return "–"
    return date_format(_local(value), "j M Y")


@register.filter
def moment(value: datetime | None) -> str:
    """A day with the time: 9 Dec 2011, 14:05."""
    return "–" if value is None else date_format(_local(value), "j M Y, H:i")


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day: 14:05."""
    return "" if value is None else date_format(_local(value), "H:i")


@register.filter
def machine(value: datetime | date | None) -> str:
    """For the datetime attribute of <time>."""
    return "" if value is None else value.isoformat()


@register.filter
def amount(value: Any) -> str:
    """Money in the workspace's currency; not known: –."""
    return "–" if value is None else money(float(value), settings().currency)


@register.filter
def state_told(value: str) -> str:
    """How far an erasure is."""
    return {"asked": _("asked for"), "running": _("at work"), "done": _("done"), "failed": _("not yet, see why")}.get(
        value, value
    )


@register.filter
def share(value: float | None) -> str:
    """A share as percent."""
    return percent(value)


@register.filter
def days_since(value: datetime) -> str:
    """How long ago a moment was, in days of the workspace's zone."""
    local = _local(value)
    then = local.date() if isinstance(local, datetime) else local
    return standing.days_told((today() - then).days)


@register.filter
def count(value: int | None) -> str:
    """A number with thousands: 1,204."""
    return "–" if value is None else f"{value:,}"


@register.filter
def clean(value: Any) -> str:
    """Text of a customer without signs that hide or turn text around; the template escapes it as always."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return cleaned(text)


@register.filter
def clean_text(value: Any) -> str:
    """The text of a thing, such as an account, likewise."""
    return cleaned(str(value))


@register.filter
def ago(value: int | None) -> str:
    """Days since something: today, yesterday, 12 days ago."""
    return "–" if value is None else standing.days_told(value)


@register.filter
def initials(value: str) -> str:
    """One or two letters for the round mark beside a name."""
    return standing.initials(value)


@register.filter
def url_of(person: str) -> str:
    """The page of a person."""
    return customer_url(person)


@register.filter
def key(person: str) -> str:
    """A person id as it stands in a URL."""
    return key_of(person)


def _local(value: date | datetime) -> date | datetime:
    if not isinstance(value, datetime):
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(settings().zone))
