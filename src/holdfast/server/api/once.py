"""What makes something is done once although it is asked twice: the header `Idempotency-Key`.

A program that got no answer sends the same request with the same key again, within a day, and gets what was made the first
time. Kept are which row that was and a digest of the request, nothing that was sent. The key counts for whoever calls and for
one address; with another body it is refused (422), and while the first request still runs, too (409).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Status
from ninja.errors import HttpError

from holdfast.errors import UsageError

__all__ = ["HEADER", "PARAMETER", "once"]

HEADER = "Idempotency-Key"
LONGEST = 255
KEPT_SECONDS = 86_400
RUNNING_SECONDS = 60

PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of your own. Sent again within a day with the same body, the request is done once.",
    "schema": {"type": "string", "maxLength": LONGEST, "pattern": "^[ -~]*$"},
    "example": "7c1f5e0a-order-1042",
}
"""As it stands in the schema."""


def once(view: Callable[..., Status]) -> Callable[..., Status]:
    """A view that gives `Status(code, row)`, done once for each key."""

    @wraps(view)
    def run(request: HttpRequest, **values: Any) -> Status:
        key = request.headers.get(HEADER, "").strip()
        if not key:
            return view(request, **values)
        if len(key) > LONGEST:
            what = _("%(header)s is longer than %(most)s signs") % {"header": HEADER, "most": LONGEST}
            raise UsageError(what, _("take a shorter one"))
        slot, said = _slot(request, key), _said(request)
        if not cache.add(slot, [said], RUNNING_SECONDS):
            return _again(cache.get(slot), said)
        try:
            made = view(request, **values)
        except BaseException:
            cache.delete(slot)
            raise
        cache.set(slot, [said, made.status_code, made.value._meta.label, made.value.pk], KEPT_SECONDS)
        return made

    return run


def _again(kept: Any, said: str) -> Status:
    """What was made the first time."""
    if kept is None or (kept[0] == said and len(kept) == 1):
        raise HttpError(409, _("a request with this key is being worked on; try again in a moment"))
    if kept[0] != said:
        what = _("this %(header)s was sent with another body before") % {"header": HEADER}
        raise UsageError(what, _("take a new key for a new request"))
    row = apps.get_model(kept[2]).objects.filter(pk=kept[3]).first()
    if row is None:
        raise Http404
    return Status(kept[1], row)


def _slot(request: HttpRequest, key: str) -> str:
    caller = request.auth
    whole = "\0".join((type(caller).__name__, str(caller.pk), request.method or "", request.path, key))
    return f"once:{hashlib.sha256(whole.encode()).hexdigest()}"


def _said(request: HttpRequest) -> str:
    """A digest of the body; of a file its name and size."""
    if str(request.content_type).startswith("multipart/"):
        body = repr([(name, sent.name, sent.size) for name, sent in request.FILES.items()]).encode()
    else:
        body = request.body
    return hashlib.sha256(body).hexdigest()
