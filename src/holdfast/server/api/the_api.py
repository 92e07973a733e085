"""The API with the routers of all rooms."""

from __future__ import annotations

import hashlib
from importlib import import_module
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from ninja import NinjaAPI
from ninja.errors import ValidationError

from holdfast.server.api.described import described
from holdfast.server.api.errors import answer_errors
from holdfast.server.api.names import MOST, field_error

__all__ = ["ROOMS", "TAGS", "api"]

ROOMS = (
    "today.api",
    "customers.api",
    "customers.api_figures",
    "customers.api_lists",
    "customers.api_care",
    "customers.api_tags",
    "customers.api_tasks",
    "insights.api",
    "insights.api_initiatives",
    "keeping.api",
    "keeping.api_audiences",
    "sources.api",
    "sources.api_imports",
    "intake.api",
    "people.api",
    "people.api_keys",
)
"""Files of rooms that have a `router`."""

TAGS = {
    "today": "What the first page says.",
    "customers": "Who they are, what they did, what is to be expected of them; merging, erasing, exporting.",
    "care": "Notes, tags, consent and tasks.",
    "insights": "Every analysis: its choices, its answer, the people behind a number; initiatives.",
    "reports and audiences": "What is kept to come back to: questions, people, decisions.",
    "sources": "Shops and billers that send webhooks, and what they ask about privacy.",
    "imports": "Files: upload, see how they will be read, say yes, put refused rows right.",
    "refused events": "What could not be used, and sending it in again.",
    "people": "Who works here, keys, tokens, the audit log.",
}
"""Subjects of operations, in the order of the page."""

ABOUT = """Everything the pages of Holdfast can do, for programs.

Call it with a token from the page Keys: `Authorization: Bearer at_…`. Each operation says which scope it needs: look, care,
steer or own. Errors say `type`, `what` and `mend`. No name goes by unheard: an unknown parameter or field is refused with 422,
which tells the nearest known ones, and so is one that has one value and is given several. Lists come in pages: `limit` and
`cursor` go in, `items` and `next` come back. What makes something takes the header `Idempotency-Key`, so that it can be sent
again without being done twice. Every JSON answer to a GET has an ETag: with `If-None-Match` it comes as 304 while nothing
changed. Whoever calls more often than HOLDFAST_API_PER_SECOND allows (bursts of five seconds' worth are let through) gets 429,
and what is not answered within seconds 202 or 503, each with `Retry-After`. Events go to /v1/ instead, with a write key."""


class Api(NinjaAPI):
    """The API: operations are named by their functions, and what was read and has not changed is not sent again."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self._told: dict[str, Any] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        """The OpenAPI, made once for each prefix: it takes most of a second, and anybody may ask for it."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._told:
            self._told[prefix] = described(super().get_openapi_schema(path_prefix=prefix))
        return self._told[prefix]

    def get_openapi_operation_id(self, operation: Any) -> str:
        """A short name; no two operations have the same (tests/server/test_api_schema.py)."""
        return str(operation.view_func.__name__)

    def validation_error_from_error_contexts(self, error_contexts: list[Any]) -> ValidationError:
        """What is wrong with what was sent, placed as it was sent; of unknown fields, the nearest ones."""
        made = super().validation_error_from_error_contexts(error_contexts)
        models = (one.model for one in error_contexts for _ in range(one.pydantic_validation_error.error_count()))
        told = islice(zip(models, made.errors, strict=True), MOST)
        return ValidationError([field_error(model, error) for model, error in told])

    def create_response(self, request: HttpRequest, data: Any, **more: Any) -> HttpResponse:
        """The answer, with an ETag of its content."""
        answer = super().create_response(request, data, **more)
        if request.method != "GET" or answer.status_code != 200:
            return answer
        tag = f'"{hashlib.blake2b(answer.content, digest_size=12).hexdigest()}"'
        if tag in parse_etags(request.headers.get("If-None-Match", "")):
            answer = HttpResponseNotModified()
        answer.headers["ETag"] = tag
        return answer


def _made() -> NinjaAPI:
    tags = [{"name": name, "description": about} for name, about in TAGS.items()]
    made = Api(
        title="Holdfast", version="1", description=ABOUT, urls_namespace="api", docs_url=None, openapi_extra={"tags": tags}
    )
    answer_errors(made)
    for room in ROOMS:
        made.add_router("", import_module(f"holdfast.server.{room}").router)
    return made


api = _made()
