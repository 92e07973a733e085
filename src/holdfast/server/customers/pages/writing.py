"""Views that only write: whoever opens their address by hand gets 405, never an error or a change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

__all__ = ["only_post"]


def only_post(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view for POST; 405 for everything else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    return guarded
