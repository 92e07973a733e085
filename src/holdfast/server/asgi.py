"""The way in: events go straight to the intake, everything else to Django."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

import django

django.setup(set_prefix=False)

from holdfast.server.intake.front import front  # noqa: E402 - Django must be set up first
from holdfast.server.process.lanes import Pages  # noqa: E402
from holdfast.server.process.measured import measured  # noqa: E402

__all__ = ["application"]

INTAKE = "/v1/"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_pages = Pages()


async def _either(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One request, or the life of the process."""
    if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"].startswith(INTAKE)):
        await front(scope, receive, send)
    else:
        await _pages(scope, receive, send)


application = measured(_either, lambda path: "intake" if path.startswith(INTAKE) else "pages")
"""What granian serves."""
