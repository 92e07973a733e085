"""Pages for what went wrong: what happened, what was kept, what to do. For the API the same as JSON."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from holdfast.errors import HoldfastError, UsageError

__all__ = ["WORDS", "Words", "answered", "bad_request", "error_json", "error_page", "forbidden", "not_found", "server_error"]

API = "/api/"


@dataclass(frozen=True)
class Words:
    """What is said about a status.

    name  for programs      what  happened      mend  what to do
    """

    name: str
    what: Any
    mend: Any


WORDS: dict[int, Words] = {
    400: Words(
        "bad_request",
        _("This could not be understood"),
        _("Go back, check what you entered, and try again. Nothing was changed."),
    ),
    401: Words("not_signed_in", _("You are not signed in"), _("Sign in, then do it again. Nothing was changed.")),
    403: Words(
        "not_allowed",
        _("Your role may not do this"),
        _("Ask an owner for another role, or to do it for you. Nothing was changed."),
    ),
    404: Words(
        "not_found",
        _("There is nothing here"),
        _("Check the address. What stood here may have been deleted, merged or erased."),
    ),
    405: Words(
        "not_this_way", _("This cannot be done in this way"), _("Go back and use the button on the page. Nothing was changed.")
    ),
    409: Words(
        "conflict",
        _("This does not fit what there is"),
        _("Reload the page and look what changed meanwhile. Nothing was changed."),
    ),
    413: Words("too_large", _("This is too large"), _("Send it in smaller parts. Nothing was changed.")),
    422: Words(
        "not_valid",
        _("Something that was entered is not valid"),
        _("Correct what is named, and try again. Nothing was changed."),
    ),
    429: Words("too_often", _("That was too often"), _("Wait a little, then try again.")),
    500: Words(
        "our_fault",
        _("Something went wrong on our side"),
        _("What was saved before is kept. Try again; if it stays, look into the log of the server."),
    ),
    503: Words("not_ready", _("This does not work just now"), _("What was saved is kept. Try again in a minute.")),
}
"""What each status says."""

WRONG_HOST = Words(
    "bad_request",
    _("Holdfast is not known by this address"),
    _("Go to the address that it was given, or let whoever runs it add this name to HOLDFAST_URL or HOLDFAST_ALLOWED_HOSTS."),
)


def error_page(request: HttpRequest, status: int = 0, error: HoldfastError | None = None) -> HttpResponse:
    """The page (or the JSON, for the API) of a status, or of an error that names its mend."""
    if error is not None:
        status = status or (400 if isinstance(error, UsageError) else 503)
    if request.path.startswith(API):
        return error_json(status, error.what if error else "", error.mend if error else "")
    words = WORDS[status]
    said = {"status": status, "what": error.what if error else words.what, "mend": (error and error.mend) or words.mend}
    template = "look/error_part.html" if request.headers.get("HX-Request") else "look/error.html"
    return HttpResponse(render_to_string(template, said, request), status=status)


def error_json(status: int, what: str = "", mend: str = "", **more: Any) -> JsonResponse:
    """An error of the API: `type`, `what` happened, how to `mend` it."""
    words = WORDS[status]
    said = {"type": words.name, "what": str(what or words.what), "mend": str(mend or words.mend), **more}
    return JsonResponse(said, status=status)


def answered(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An answer as it is; one that is an error without a page gets it, with the headers it had."""
    bare = response.status_code in WORDS and not response.streaming and not response.content
    if not bare or request.method == "HEAD" or not hasattr(request, "user"):
        return response
    page = error_page(request, response.status_code)
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            page.headers[name] = value
    page.cookies = response.cookies
    return page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for a body that is too large; where the host is not one that is answered, it says how that is mended."""
    if isinstance(exception, DisallowedHost):
        return error_page(request, 400, HoldfastError(str(WRONG_HOST.what), str(WRONG_HOST.mend)))
    if isinstance(exception, RequestDataTooBig):
        return error_page(request, 413)
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403."""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """404."""
    return error_page(request, 404)


SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN})
"""SQLite: somebody else writes, the disk is full, the file is not there."""

POSTGRES_AWAY = ("08", "53", "57P", "55P03", "40")
"""PostgreSQL: no connection, no room, shut down or starting, locked, in conflict with another transaction."""


def _passes(error: BaseException | None) -> bool:
    """Whether the database is away or busy, so that the same may work in a minute; all else is a bug of ours."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_BUSY
    state = getattr(cause, "sqlstate", "")  # None: PostgreSQL never came to answer
    return state is None or state.startswith(POSTGRES_AWAY)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database is away or busy. Where even the page fails, plain words."""
    status = 503 if _passes(sys.exc_info()[1]) else 500
    try:
        page = error_page(request, status)
    except Exception:  # whatever broke the view may break the frame too
        words = f"{WORDS[status].what}\n{WORDS[status].mend}\n"
        page = HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    if status == 503:
        page.headers["Retry-After"] = "5"
    return page
