"""Who calls, told before the middleware is asked: for deciding how much of a body is received."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from holdfast.server.people.access import may
from holdfast.server.people.keys import token_may, token_of

__all__ = ["may_steer"]


def may_steer(request: HttpRequest) -> bool:
    """Whether a request, of which nothing but its headers is known, comes from who may steer."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        token = token_of(secret.strip())
        return token is not None and token_may(token, "steer")
    asked: Any = request
    asked.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return may(get_user(asked), "steer")
