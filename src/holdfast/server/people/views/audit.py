"""Who did what."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from holdfast.server.csv_files import guarded, lines
from holdfast.server.people.audit import record
from holdfast.server.people.models import AuditEntry
from holdfast.server.people.reading_audit import AuditFilter, audit_page, audit_rows
from holdfast.server.place import settings as business_settings

__all__ = ["audit", "audit_csv", "csv_lines"]


def audit(request: HttpRequest) -> HttpResponse:
    """The log, filtered, fifty at a time."""
    zone = business_settings().zone
    chosen = AuditFilter.of(request.GET)
    before = request.GET.get("before", "")
    page = audit_page(chosen, zone, int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0)
    asked = urlencode({name: str(value) for name, value in vars(chosen).items() if value})
    said = {
        "page": page,
        "chosen": chosen,
        "asked": asked,
        "zone": ZoneInfo(zone),
        "zone_name": zone,
        "actions": AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct(),
        "more": bool(before),
    }
    return render(request, "people/audit.html", said)


def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All entries that match, as a file. That it was taken is kept, too."""
    chosen = AuditFilter.of(request.GET)
    record(request.user, "audit.export")
    lines = csv_lines(audit_rows(chosen, business_settings().zone))
    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Lines of CSV. What a table program would take for a formula gets an apostrophe before it."""
    yield from lines(map(guarded, row) for row in rows)
