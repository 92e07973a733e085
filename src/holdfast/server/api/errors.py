"""Every error of the API says its type, what happened, and how to mend it."""

from __future__ import annotations

import math
from typing import Literal

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as Invalid
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from holdfast.errors import HoldfastError, InputError, UnknownName, UsageError
from holdfast.server.analyst.client import AnalystAway
from holdfast.server.api.fields import shown
from holdfast.server.people.access import Need
from holdfast.server.people.error_pages import WORDS, error_json

__all__ = ["ERRORS", "NotAllowed", "Problem", "TooOften", "answer_errors"]


Kind = Literal[
    "bad_request", "not_signed_in", "not_allowed", "not_found", "conflict", "too_large", "not_valid", "too_often", "not_ready"
]  # fmt: skip
"""Errors by name, one for each status."""


class Problem(Schema):
    """What went wrong: its kind for programs, what happened and how to mend it for people."""

    type: Kind
    what: str
    mend: str
    model_config = shown(type="not_found", what="There is nothing here", mend="Check the address.")


class Place(Schema):
    """A place in what was sent (`query`, `path` or `body`, then names), and what is wrong there."""

    at: list[str]
    what: str


class Problems(Problem):
    """What went wrong, and where in what was sent: empty where the fault is no single place's."""

    where: list[Place] = []
    model_config = shown(
        type="not_valid",
        what="query.perod: no parameter is called 'perod'",
        mend="did you mean period?",
        where=[{"at": ["query", "perod"], "what": "no parameter is called 'perod'"}],
    )


ERRORS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 422: Problems, 429: Problem, 503: Problem}
"""What an operation may answer besides its own; add it to each: `response={200: …} | ERRORS`."""


class NotAllowed(Exception):
    """Signed in, or with a token, that may not do this."""

    def __init__(self, needs: Need) -> None:
        super().__init__(needs)
        self.needs = needs


class TooOften(Exception):
    """Beyond the rate; `seconds` until the next call."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def answer_errors(api: NinjaAPI) -> None:
    """Teach the API how each error is answered."""
    for kind, answer in (
        (HoldfastError, _named),
        (NotAllowed, _not_allowed),
        (TooOften, _too_often),
        (AuthenticationError, _not_signed_in),
        (ValidationError, _not_valid),
        (Http404, _not_found),
        (PermissionDenied, _forbidden),
        (HttpError, _http),
        (AnalystAway, _away),
        (TimeoutError, _away),
        (Invalid, _invalid),
    ):
        api.add_exception_handler(kind, answer)


def _named(request: HttpRequest, error: HoldfastError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    status = 404 if isinstance(error, UnknownName) else 422 if isinstance(error, UsageError | InputError) else 503
    answer = error_json(status, error.what, error.mend)
    if status == 503:
        answer.headers["Retry-After"] = "60"
    return answer


def _not_allowed(request: HttpRequest, error: NotAllowed) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    mend = _("This takes %(needs)s: use a token with that scope, or ask an owner for another role.") % {"needs": error.needs}
    return error_json(403, mend=mend)


def _too_often(request: HttpRequest, error: TooOften) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    answer = error_json(429)
    answer.headers["Retry-After"] = str(max(1, math.ceil(error.seconds)))
    return answer


def _not_signed_in(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    answer = error_json(401, mend=_("Send Authorization: Bearer and a token that was made on the page Keys."))
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    where = [{"at": [str(part) for part in one["loc"]], "what": str(one["msg"])} for one in error.errors]
    what = "; ".join(f"{'.'.join(one['at'])}: {one['what']}" for one in where)
    mend = "; ".join(dict.fromkeys(str(one["mend"]) for one in error.errors if one.get("mend")))
    return error_json(422, what, mend, where=where)


def _not_found(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    return error_json(404)


def _forbidden(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    return error_json(403)


def _away(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    answer = error_json(503, _("the analyst does not answer in time"), _("try again in a moment; nothing is lost"))
    answer.headers["Retry-After"] = "5"
    return answer


def _invalid(request: HttpRequest, error: Invalid) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    return error_json(422, " ".join(error.messages))


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    if error.status_code == 403:  # ninja's, where a browser calls by its session
        mend = _("send it in the header X-CSRFToken, or call with a token of the API")
        return error_json(403, _("the CSRF token is missing or wrong"), mend)
    status = error.status_code if error.status_code in WORDS else 400
    return error_json(status, str(error))
