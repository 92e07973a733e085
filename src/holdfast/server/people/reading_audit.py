"""Reading the audit log: filtered, in pages by key (not by number: it grows while one reads)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.server.people.models import AuditEntry

__all__ = ["PAGE", "AuditFilter", "AuditPage", "audit_page", "audit_rows"]

PAGE = 50
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
HEADINGS = ("id", "at", "actor", "action", "subject", "details")


@dataclass(frozen=True)
class AuditFilter:
    """What to show; what is empty filters nothing.

    actor    a part of whoever did it
    action   how it begins: "customer." or "customer.erase"
    subject  to whom or what, exactly
    since    first day, in the workspace's zone
    until    last day
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, said: Any) -> AuditFilter:
        """As a query string says it; a day that is none filters nothing."""
        actor, action, subject, since, until = (
            str(said.get(name, "")).replace("\0", "").strip() for name in ("actor", "action", "subject", "since", "until")
        )
        return cls(actor, action, subject, _day(since), _day(until))

    def entries(self, zone: str) -> Any:
        """The entries, newest first."""
        found = AuditEntry.objects.order_by("-id")
        if self.actor:
            found = found.filter(actor__icontains=self.actor)
        if self.action:
            found = found.filter(action__startswith=self.action)
        if self.subject:
            found = found.filter(subject=self.subject)
        if self.since:
            found = found.filter(at__gte=_midnight(self.since, zone))
        if self.until:
            found = found.filter(at__lt=_midnight(min(self.until, LATEST) + timedelta(days=1), zone))
        return found


@dataclass(frozen=True)
class AuditPage:
    """A page of the log.

    entries  newest first
    older    key of the next page; 0: there is none
    """

    entries: list[AuditEntry]
    older: int


def audit_page(chosen: AuditFilter, zone: str, before: int = 0, size: int = PAGE) -> AuditPage:
    """Those before a key (0: from the newest)."""
    found = chosen.entries(zone)
    if before:
        found = found.filter(id__lt=before)
    some = list(found[: size + 1])
    return AuditPage(some[:size], some[size - 1].pk if len(some) > size else 0)


def audit_rows(chosen: AuditFilter, zone: str) -> Iterator[tuple[str, ...]]:
    """All that match as rows for a CSV, headings first; read page by page."""
    yield HEADINGS
    for entry in chosen.entries(zone).iterator(chunk_size=1000):
        at = entry.at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
        details = "; ".join(f"{name}={value}" for name, value in sorted(entry.details.items()))
        yield (str(entry.pk), at, entry.actor, entry.action, entry.subject, details)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date, zone: str) -> datetime:
    """The beginning of a day; days before or after anything that can be in the log are moved to its edge."""
    return datetime.combine(min(max(day, EARLIEST), LATEST), time.min, ZoneInfo(zone))
