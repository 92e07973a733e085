"""A URL says who may read it and who may write through it; one that does not say so does not exist.

Every room lists its URLs with `page(…)`. The list is what the role matrix test walks, and `DefaultDeny` (in the middleware)
answers 404 for whatever got into the URL table by another way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from holdfast.server.people.access import Need, may

if TYPE_CHECKING:
    from holdfast.server.api.names import Names

__all__ = ["ROUTES", "Route", "page"]

View = Callable[..., HttpResponse]

READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    """One URL.

    pattern  of django.urls.path
    name     of the URL
    needs    what reading it takes; None: nothing, anyone may, also who is not signed in
    writes   what any other method takes; None: there is no other method
    """

    pattern: str
    name: str
    needs: Need | None
    writes: Need | None


ROUTES: dict[str, Route] = {}
"""Every URL of our own by name."""


def page(
    pattern: str,
    view: View,
    *,
    name: str,
    needs: Need | None,
    writes: Need | None = None,
    hears: Callable[..., Names] | None = None,
) -> URLPattern:
    """A URL pattern whose view runs only for those who may.

    Who is not signed in is sent to the login (a fragment for htmx gets 401); who may not gets 403.

    hears  of a file, told by what stands in the path: the names that may stand in its query string. A page shows what it
           understood; a file cannot say that it left something out, and so one that is asked for by another name is refused.
    """
    route = ROUTES[name] = Route(pattern, name, needs, writes)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refused = _refused(request, route)
        if refused is None and hears is not None:
            hears(**kwargs).refuse(request.GET)
        return view(request, *args, **kwargs) if refused is None else refused

    guarded.route = route  # type: ignore[attr-defined]
    return path(pattern, guarded, name=name)


def _refused(request: HttpRequest, route: Route) -> HttpResponse | None:
    """What is answered instead of the view; None when it may run."""
    from django.contrib.auth.views import redirect_to_login

    reading = request.method in READING
    need = route.needs if reading else route.writes
    if not reading and route.writes is None and route.needs is not None:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if need is None:
        return None
    if not request.user.is_authenticated:
        if request.headers.get("HX-Request") or not reading:
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path())
    if not may(request.user, need):
        raise PermissionDenied
    if _holds_nul(request):
        raise BadRequest("a NUL sign stands in the request")
    return None


def _holds_nul(request: HttpRequest) -> bool:
    """Whether a value holds the sign that no text has, and that PostgreSQL refuses to compare with."""
    return "%00" in request.META.get("QUERY_STRING", "") or any(
        "\0" in one for _, values in request.POST.lists() for one in values
    )
