"""`/holdfast.js`: our own browser script, for every site that sends events here."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

__all__ = ["script"]

FILE = Path(__file__).parent / "static" / "intake" / "holdfast.js"
AN_HOUR = "public, max-age=3600"


@cache
def _script() -> tuple[bytes, str]:
    """The script and its ETag."""
    body = FILE.read_bytes()
    return body, f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'


@cache
def _packed() -> bytes:
    return gzip.compress(_script()[0], 9, mtime=0)


def script(request: HttpRequest) -> HttpResponse:
    """The script; browsers on any site may load it, and keep it for an hour."""
    body, etag = _script()
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    whole = HttpResponse(
        _packed() if packed else body,
        content_type="text/javascript; charset=utf-8",
        headers={
            "ETag": etag,
            "Cache-Control": AN_HOUR,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if packed else {}),
        },
    )
    return get_conditional_response(request, etag=etag, response=whole)
