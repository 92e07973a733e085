"""The way in: events go straight to the intake, everything else to Django."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

from django.core.asgi import get_asgi_application

__all__ = ["application"]

INTAKE = "/v1/"

_django = get_asgi_application()

from holdfast.server.intake.front import front  # noqa: E402 - Django must be set up first

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One request, or the life of the process."""
    if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"].startswith(INTAKE)):
        await front(scope, receive, send)
    else:
        await _django(scope, receive, send)
