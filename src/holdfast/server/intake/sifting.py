"""Choosing among refused events: by reason, source, day, and what became of them; told what was refused why, how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.refusing import LIVE_REASONS
from holdfast.server.place import settings

__all__ = ["Choice", "Reason", "reasons", "source_names", "sources"]

SHOWN = ("waits", "again", "used", "known", "all")


@dataclass(frozen=True)
class Choice:
    """What is looked at.

    code, source  only these; empty: all
    since         only what arrived on this day (of the workspace's zone) or later
    show          "waits", "again", "used", "known" or "all"
    """

    code: str = ""
    source: str = ""
    since: dt.date | None = None
    show: str = "waits"

    @staticmethod
    def of(said: Mapping[str, Any]) -> Choice:
        """The choice in the query of a URL or in a form; what makes no sense is left out."""
        try:
            since = dt.date.fromisoformat(said.get("since", ""))
        except ValueError:
            since = None
        show = said.get("show", "waits")
        return Choice(said.get("code", "")[:64], said.get("source", "")[:200], since, show if show in SHOWN else "waits")

    def query(self) -> str:
        """As the query of a URL."""
        said = {"code": self.code, "source": self.source, "since": self.since and self.since.isoformat()}
        return urlencode({name: value for name, value in {**said, "show": self.show}.items() if value and value != "waits"})

    def events(self) -> QuerySet[RefusedEvent]:
        """The refused events that are meant, the newest first."""
        found = RefusedEvent.objects.all()
        if self.show != "all":
            found = found.filter(outcome="" if self.show == "waits" else self.show)
        if self.code:
            found = found.filter(code=self.code)
        if self.source:
            found = found.filter(source=self.source)
        if self.since:
            found = found.filter(received_at__gte=dt.datetime.combine(self.since, dt.time(), ZoneInfo(settings().zone)))
        return found


@dataclass(frozen=True)
class Reason:
    """How often something was the reason, what it is, what to do, and when last."""

    code: str
    sentence: str
    mend: str
    events: int
    last: dt.datetime


def reasons(choice: Choice) -> list[Reason]:
    """The reasons among what is chosen, the most frequent first; a reason that is chosen narrows nothing here."""
    wide = Choice("", choice.source, choice.since, choice.show).events().order_by()
    counted = wide.values("code").annotate(events=Count("id"), last=Max("received_at"), mend=Max("mend"))
    rows = [Reason(one["code"], _(_sentence(one["code"])), _(one["mend"]), one["events"], one["last"]) for one in counted]
    return sorted(rows, key=lambda one: (-one.events, one.code))


def sources() -> list[str]:
    """Sources of which something was refused."""
    return sorted(RefusedEvent.objects.order_by().values_list("source", flat=True).distinct())


def source_names(keys: list[str]) -> dict[str, str]:
    """Sources as people know them: a write key by its name."""
    from holdfast.server.people.models import WriteKey

    ids = {key: int(number) for key in keys if (number := key.removeprefix("key:")) != key and number.isdecimal()}
    named = dict(WriteKey.objects.filter(id__in=ids.values()).values_list("id", "name"))
    return {key: named.get(ids.get(key, 0), key) for key in keys}


def _sentence(code: str) -> str:
    """What a reason is, without the text of any one event."""
    return LIVE_REASONS[code][0] if code in LIVE_REASONS else code.replace("_", " ")
