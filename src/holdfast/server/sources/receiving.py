"""/hooks/<token>/: what shops and billers send. Signature over the raw body, one inbox row on disk, then the answer.

A webhook that comes again is answered as the first time: the digester knows what it has. What is asked about privacy is no
event, so that it is kept as a request and never written to the inbox.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from holdfast.server.intake.inbox import Arrived, InboxRefused, inbox
from holdfast.server.sources import privacy
from holdfast.server.sources.connecting import secrets_of
from holdfast.server.sources.counting import count
from holdfast.server.sources.models import Connection
from holdfast.server.sources.registry import SOURCES, NotUnderstood, ids_of, payload
from holdfast.server.sources.source import Asked

__all__ = ["MOST_BYTES", "from_outside", "hook"]

MOST_BYTES = 4_000_000
_TOPIC = re.compile(r"[A-Za-z0-9_./-]{1,100}")

View = Callable[..., HttpResponse]


def from_outside(view: View) -> View:
    """For what machines of others send: no cookie speaks for them, so that no form of ours could be forged; they sign."""
    return csrf_exempt(view)


@from_outside
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """One webhook."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    connection = Connection.objects.filter(token=token).first()
    if connection is None or connection.kind not in SOURCES:
        return _answer(404, "there is no such address")
    if connection.disconnected_at is not None:
        return _answer(410, "this source was disconnected")
    body = _body(request)
    return _answer(413, f"at most {MOST_BYTES:,} bytes") if body is None else _taken(connection, request, body)


def _body(request: HttpRequest) -> bytes | None:
    """The raw body; None where it is too large."""
    try:
        body: bytes = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return None
    return body if len(body) <= MOST_BYTES else None


def _taken(connection: Connection, request: HttpRequest, body: bytes) -> HttpResponse:
    source, now = SOURCES[connection.kind], time.time()
    headers = {name.lower(): value for name, value in request.headers.items()}
    if source.greeting(headers, body):
        return _answer(200, "hello")
    if not source.signed(headers, body, secrets_of(connection), now):
        count(connection, "refused", datetime.fromtimestamp(now, UTC))
        return _answer(401, "the signature is wrong")
    topic = source.topic(headers, body)
    if not _TOPIC.fullmatch(topic):
        count(connection, "refused", datetime.fromtimestamp(now, UTC))
        return _answer(400, "no topic is named")
    try:
        _keep(connection, topic, body, now)
    except InboxRefused:
        return _answer(503, "it could not be written down; send it again")
    count(connection, "received", datetime.fromtimestamp(now, UTC))
    return _answer(200, "taken")


def _keep(connection: Connection, topic: str, body: bytes, now: float) -> None:
    """On disk when this returns."""
    asked = _asked(connection, topic, body)
    if asked is not None:
        delivery = hashlib.blake2b(topic.encode() + b"\n" + body, digest_size=16).hexdigest()
        privacy.record(connection, asked, f"{connection.pk}:{delivery}")
        return
    kind = f"webhook:{connection.inbox_name}:{topic}"
    inbox().put([Arrived(int(now * 1_000_000), connection.name, kind, body)])


def _asked(connection: Connection, topic: str, body: bytes) -> Asked | None:
    try:
        return SOURCES[connection.kind].asked(topic, payload(body), ids_of(connection.inbox_name))
    except NotUnderstood:
        return None


def _answer(status: int, said: str, **more: Any) -> HttpResponse:
    return JsonResponse({"message": said, **more}, status=status)
