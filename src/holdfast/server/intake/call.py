"""The first station: which call a request is, who says so, how its body comes. Nothing of the body is read here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from holdfast.server.intake.answers import NotTaken

__all__ = ["CALLS", "PREFIX", "SEVERAL", "Call", "call_of", "kind_of"]

PREFIX = "/v1/"
CALLS: Mapping[str, str] = {
    "identify": "identify",
    "track": "track",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "batch": "batch",
    "import": "import",
    "i": "identify",
    "t": "track",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
}
"""The last part of the path, and the kind of call that it is; Segment's browser script uses the letters."""

SEVERAL = frozenset({"batch", "import"})
"""The kinds that bring a list of events."""

KILO = 1024
MOST_BYTES = {"one": 32 * KILO, "several": 500 * KILO}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before its body is read.

    kind        as in `CALLS`
    write_key   of the Authorization header or the query; None: it may stand in the body
    encoding    of the body: "" or "gzip"
    length      of the body as announced; None: not said
    most_bytes  that the body may have, decompressed
    """

    kind: str
    write_key: str | None
    encoding: str
    length: int | None
    most_bytes: int


def kind_of(path: str) -> str:
    """The kind of call of a path. NotTaken (404) when there is none of that name."""
    kind = CALLS.get(path.removeprefix(PREFIX).removesuffix("/"))
    if kind is None:
        raise NotTaken(
            404, "not_found", "There is no such call; those there are: identify, track, page, screen, group, alias, batch."
        )
    return kind


def call_of(scope: Mapping[str, Any]) -> Call:
    """The call that a POST request is."""
    kind = kind_of(scope["path"])
    headers = dict(scope["headers"])
    key = _key_of_basic(headers.get(b"authorization", b"")) or _key_of_query(scope.get("query_string", b""))
    most = MOST_BYTES["several" if kind in SEVERAL else "one"]
    return Call(kind, key, _encoding(headers.get(b"content-encoding", b"")), _length(headers.get(b"content-length")), most)


def _key_of_basic(said: bytes) -> str | None:
    """The user name of Basic authorization; the password is not looked at."""
    scheme, _, coded = said.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        both = base64.b64decode(coded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise NotTaken(401, "unauthorized", "The Authorization header is not Basic and base64.") from None
    return both.partition(":")[0] or None


def _key_of_query(said: bytes) -> str | None:
    """`?writeKey=…`, for sendBeacon, which can set no header."""
    if b"writeKey=" not in said:
        return None
    try:
        return parse_qs(said.decode("latin-1"), max_num_fields=20)["writeKey"][0]
    except (KeyError, ValueError):
        return None


def _encoding(said: bytes) -> str:
    name = said.decode("latin-1").strip().lower()
    if name in ("", "identity"):
        return ""
    if name in ("gzip", "x-gzip"):
        return "gzip"
    raise NotTaken(415, "unsupported_encoding", "The body may be plain or gzip.")


def _length(said: bytes | None) -> int | None:
    if said is None:
        return None
    if not said.isdigit():
        raise NotTaken(400, "bad_request", "Content-Length is no number.")
    return int(said[:18])
