"""What is written into the audit log without anybody calling for it: signing in, on and out, passwords, second factors."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as second
from allauth.socialaccount import signals as social
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.utils.translation import gettext as _

from holdfast.server.people.audit import record
from holdfast.server.people.models import User, hashed
from holdfast.server.people.second_factors import drop_unreadable

__all__ = ["watch"]


def watch() -> None:
    """Connect the signals; called once when the room is ready."""
    account.user_logged_in.connect(_in, dispatch_uid="holdfast.in")
    user_logged_out.connect(_out, dispatch_uid="holdfast.out")
    user_login_failed.connect(_failed, dispatch_uid="holdfast.failed")
    social.pre_social_login.connect(_comes, dispatch_uid="holdfast.comes")
    social.social_account_added.connect(_connected, dispatch_uid="holdfast.connected")
    for signal, action in (
        (account.password_changed, "user.password_change"),
        (account.password_set, "user.password_set"),
        (account.password_reset, "user.password_reset"),
        (second.authenticator_added, "user.second_factor_added"),
        (second.authenticator_removed, "user.second_factor_removed"),
        (second.authenticator_reset, "user.recovery_codes_made"),
        (second.authentication_failed, "user.second_factor_failed"),
    ):
        signal.connect(_noted(action), weak=False, dispatch_uid=f"holdfast.{action}")


def _in(user: Any, **_more: Any) -> None:
    record(user, "user.sign_in", subject=str(user.pk))
    if drop_unreadable(user):
        record(user, "user.recovery_codes_dropped", subject=str(user.pk))


def _out(user: Any, **_more: Any) -> None:
    if user is not None:
        record(user, "user.sign_out", subject=str(user.pk))


def _failed(credentials: dict[str, Any], **_more: Any) -> None:
    """The address that was tried may be anybody's: of an address without an account only a short hash is kept."""
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    known = User.objects.filter(email=email).first()
    subject = str(known.pk) if known else f"unknown {hashed(email)[:12]}"
    record("nobody", "user.sign_in_failed", subject=subject)


def _comes(sociallogin: Any, **_more: Any) -> None:
    sociallogin.had_password = sociallogin.user.pk is not None and sociallogin.user.has_usable_password()


def _connected(request: Any, sociallogin: Any, **_more: Any) -> None:
    """Somebody came by single sign-on for the first time. allauth drops a password whose address it never verified itself:
    who had set it may have been somebody else. She hears so, for it is her way in when the issuer is gone."""
    user = sociallogin.user
    record(user, "user.sign_on_connected", subject=str(user.pk))
    if getattr(sociallogin, "had_password", False) and not user.has_usable_password():
        record(user, "user.password_dropped", subject=str(user.pk))
        messages.warning(
            request,
            _("You sign in by single sign-on now, and your password here is gone. For a second way in, set one on My account."),
        )


def _noted(action: str) -> Any:
    def note(user: Any, **_more: Any) -> None:
        record(user, action, subject=str(user.pk))

    return note
