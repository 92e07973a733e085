"""What allauth asks us: nobody signs up by herself; by single sign-on comes who has an account or an invitation."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

__all__ = ["Accounts", "SignOn"]


class Accounts(DefaultAccountAdapter):
    """Accounts are made by the first start of the server, by invitation, or on the command line."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """No."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Back to one's own page."""
        return reverse("profile")


class SignOn(DefaultSocialAccountAdapter):
    """Whoever the issuer vouches for gets in with a verified address that has an account or an invitation here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002 - allauth's signature
        """Whether the verified address was invited."""
        return _invitation(sociallogin) is not None

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """The account of an invitation, with its role."""
        from holdfast.server.people.inviting import accept

        invitation = _invitation(sociallogin)
        if invitation is None:
            from django.core.exceptions import PermissionDenied

            raise PermissionDenied
        sociallogin.user.email = invitation.email
        user = super().save_user(request, sociallogin, form)
        accept(invitation, user=user)
        return user

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """Name as the issuer says it."""
        user = super().populate_user(request, sociallogin, data)
        said = data.get("name") or " ".join(str(data[key]) for key in ("first_name", "last_name") if data.get(key))
        user.name = str(said or "")[:120]
        return user


def _invitation(sociallogin: Any) -> Any:
    from holdfast.server.people.inviting import invitation_for

    verified = [one.email for one in sociallogin.email_addresses if one.verified]
    return next((found for found in map(invitation_for, verified) if found), None)
