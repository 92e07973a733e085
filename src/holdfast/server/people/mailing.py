"""E-mail: where none goes out nothing of it is shown or logged, for there are links in it that let in.

EMAIL_URL says how it goes. A failure is a value here: whoever sends says what follows from it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from holdfast.errors import SettingsError

__all__ = ["Nowhere", "backend", "went_out"]

PATIENCE_SECONDS = 15

log = logging.getLogger(__name__)


class Nowhere(BaseEmailBackend):
    """No e-mail goes out: nothing was said of how."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were sent: none. That there were some is logged, not what they said."""
        log.warning("%s e-mails were not sent: HOLDFAST_EMAIL_URL is empty", len(email_messages))
        return 0


def went_out(message: EmailMessage) -> bool:
    """Send an e-mail; whether it was taken."""
    try:
        return bool(message.send())
    except OSError as error:  # what smtplib raises is one, too
        log.error("an e-mail was not sent: %s", type(error).__name__)
        return False


def backend(url: str) -> dict[str, Any]:
    """Django's settings for an EMAIL_URL. SettingsError when it is none."""
    if not url:
        return {"EMAIL_BACKEND": f"{__name__}.Nowhere"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError("HOLDFAST_EMAIL_URL is no address of a mail server", "write it as smtp://user:password@host:587")
    safe = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if safe else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": not safe and bool(parts.username),
        "EMAIL_USE_SSL": safe,
        "EMAIL_TIMEOUT": PATIENCE_SECONDS,
    }
