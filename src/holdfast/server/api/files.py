"""Operations that give a file: as the schema tells it, and the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

__all__ = ["CSV", "JSON_LINES", "ZIP", "file", "gives"]

CSV, JSON_LINES, ZIP = "text/csv", "application/x-ndjson", "application/zip"


def gives(kind: str) -> dict[str, Any]:
    """`openapi_extra` of an operation that gives a file of this media type."""
    schema = {"type": "string", "format": "binary"} if kind == ZIP else {"type": "string"}
    return {"responses": {200: {"description": "OK", "content": {kind: {"schema": schema}}}}}


def file(content: bytes | str | Iterable[str], kind: str, name: str) -> HttpResponse | StreamingHttpResponse:
    """The answer, to be saved under a name; what is made line by line is sent line by line."""
    whole = isinstance(content, bytes | str)
    answer: HttpResponse | StreamingHttpResponse
    answer = HttpResponse(content) if whole else StreamingHttpResponse(content)
    answer.headers["Content-Type"] = kind if kind == ZIP else f"{kind}; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
