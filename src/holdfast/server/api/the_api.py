"""The API with the routers of all rooms."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from ninja import NinjaAPI

from holdfast.server.api.errors import answer_errors

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
steer or own. Errors say `type`, `what` and `mend`. Lists come in pages: `limit`, `cursor`, and in the answer `items` and
`next`. What makes something takes the header `Idempotency-Key`, so that it can be sent again without being done twice. Every
JSON answer to a GET has an ETag: with `If-None-Match` it comes as 304 while nothing changed. What is not answered within
seconds says 202 or 503 with `Retry-After`. Events are sent to /v1/ instead, with a write key."""


class Api(NinjaAPI):
    """The API: operations are named by their functions, and what was read and has not changed is not sent again."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        """A short name; no two operations have the same (tests/server/test_api_schema.py)."""
        return str(operation.view_func.__name__)

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
