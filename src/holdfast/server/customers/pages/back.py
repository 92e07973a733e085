"""The way back after something was written: to the page it was written on, or the part of it that htmx asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

__all__ = ["back", "from_htmx"]


def from_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page is asked for."""
    return request.headers.get("HX-Request") == "true"


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """To the page named in the form (`next`), if it is ours; else to `fallback`."""
    said = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(said, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(said if said and ours else fallback)
