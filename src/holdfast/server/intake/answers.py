"""What the intake answers: the status, words for people and programs, and what a browser on another site needs (CORS)."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["GOOD", "Answer", "NotTaken", "preflight", "sent"]

Headers = tuple[tuple[bytes, bytes], ...]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PLAIN_LIST = re.compile(rb"[A-Za-z0-9, _-]{1,500}")
A_DAY = b"86400"
JSON: Headers = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, headers."""

    status: int
    body: bytes = b""
    headers: Headers = ()


GOOD = Answer(200, b'{"success":true}', JSON)
"""It is on disk."""


class NotTaken(Exception):
    """A request that is not taken, as it is answered. Whoever sends can mend it by what it says, or come again."""

    def __init__(self, status: int, code: str, message: str, *, again_in: int | None = None, headers: Headers = ()) -> None:
        super().__init__(code)
        told = json.dumps({"success": False, "code": code, "message": message}).encode()
        later: Headers = () if again_in is None else ((b"retry-after", b"%d" % again_in),)
        self.code = code
        self.answer = Answer(status, told, (*JSON, *later, *headers))


def preflight(headers: Mapping[bytes, bytes]) -> Answer:
    """What a browser asks before it sends JSON from another site: it may, with the headers it wants."""
    wanted = headers.get(b"access-control-request-headers", b"")
    allowed = wanted if PLAIN_LIST.fullmatch(wanted) else b"authorization, content-type, content-encoding"
    return Answer(
        204,
        headers=(
            (b"access-control-allow-methods", b"POST, OPTIONS"),
            (b"access-control-allow-headers", allowed),
            (b"access-control-max-age", A_DAY),
        ),
    )


async def sent(answer: Answer, origin: bytes | None, send: Send) -> None:
    """Send an answer; to a browser on another site also the word that its page may read it.

    The origin is named back, with credentials, because sendBeacon always sends cookies; the intake never looks at one.
    """
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body)), (b"cache-control", b"no-store")]
    if origin is not None:
        headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"retry-after"),
            (b"vary", b"origin"),
        ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
