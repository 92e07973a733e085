"""What allauth asks us: nobody signs up by herself; by single sign-on comes who has an account or an invitation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from holdfast.errors import HoldfastError
from holdfast.server.people.mailing import went_out
from holdfast.server.place import settings as business_settings

__all__ = ["Accounts", "SignOn"]

WAITED_FOR = ("account/email/password_reset", "account/email/unknown_account")
"""E-mails that somebody was promised; what tells of a change that was made is no reason to fail after it."""


class Accounts(DefaultAccountAdapter):
    """Accounts are made by the first start of the server, by invitation, or on the command line."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """No."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Back to one's own page."""
        return reverse("profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the address that people use, whatever host the request named."""
        return settings.SITE_URL + urlsplit(super().get_reset_password_from_key_url(key)).path

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002 - allauth's
        """Failures are counted for an account, whatever host the request named: with the host in it, as allauth has it, whoever
        makes up ports begins anew with each."""
        said = str(credentials.get("email") or credentials.get("username") or "")
        return said.strip().lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it. HoldfastError when somebody waits for it and it cannot go out, alike for every address."""
        site = {"name": business_settings().name, "domain": settings.SITE_URL}
        said = {"request": allauth_context.request, "email": email, "current_site": site} | context
        message = self.render_mail(template_prefix, email, said)
        if not went_out(message) and template_prefix.startswith(WAITED_FOR):
            raise HoldfastError(
                _("No e-mail goes out here just now"),
                _("Ask an owner, or whoever runs the server: holdfast user reset gives a link that lets in."),
            )


class SignOn(DefaultSocialAccountAdapter):
    """Whoever the issuer vouches for gets in with a verified address that has an account or an invitation here."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:  # noqa: ARG002 - allauth's signature
        """Nothing of who is shut out is touched: let in again, she has her password still."""
        if sociallogin.user.pk is not None and not sociallogin.user.is_active:
            raise ImmediateHttpResponse(redirect("account_inactive"))

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
        """Name as the issuer says it; an address is verified when it says so, in a word or in a sign of its own."""
        for one in sociallogin.email_addresses:
            one.verified = str(one.verified).lower() == "true"
        user = super().populate_user(request, sociallogin, data)
        said = data.get("name") or " ".join(str(data[key]) for key in ("first_name", "last_name") if data.get(key))
        user.name = str(said or "")[:120]
        return user


def _invitation(sociallogin: Any) -> Any:
    from holdfast.server.people.inviting import invitation_for

    verified = [one.email for one in sociallogin.email_addresses if one.verified]
    return next((found for found in map(invitation_for, verified) if found), None)
