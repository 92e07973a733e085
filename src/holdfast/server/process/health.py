"""Is the server well? /healthz: the process is up. /readyz: it can do its work. /metrics: how much of it it did."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

__all__ = ["healthz"]


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process is up: 200, always."""
    return HttpResponse("ok\n", content_type="text/plain")
