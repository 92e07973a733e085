"""Codes of authenticator apps, each of which lets in once.

A code is right for as long as a clock may go wrong (`MFA_TOTP_TOLERANCE`): with one period before and one after, for ninety
seconds. allauth remembers a used one for thirty; whoever looked over a shoulder had the rest.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from holdfast.server.people.audit import record

__all__ = ["AuthenticateOnce", "ReauthenticateOnce"]


class _Once:
    """Refuses a code that was used, for as long as it would be right."""

    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not _first(self.user.pk, code):
            record(self.user, "user.second_factor_failed", subject=str(self.user.pk))
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateOnce(_Once, AuthenticateForm):
    """The code with which somebody signs in."""


class ReauthenticateOnce(_Once, ReauthenticateForm):
    """The code with which somebody who is in says that it is she."""


def _first(user: int, code: str) -> bool:
    digits = "".join(sign for sign in code if sign.isdigit())
    return cache.add(f"code-used:{user}:{digits}", 1, app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1))
