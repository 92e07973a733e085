"""What stands around every page: headers, the closed door, who is here, and the second factor where it is asked for.

Headers       what a browser may do with a page; errors without a page get one
Presence      when somebody was last seen; her language; the session lives on while she comes
DefaultDeny   a URL that does not say who may read it does not exist
SecondFactor  whose role must have one is sent to set it up before anything else
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from holdfast.errors import HoldfastError
from holdfast.server.people.error_pages import answered, error_page
from holdfast.server.process.bodies import TOO_LARGE

__all__ = ["NOT_OURS", "DefaultDeny", "Headers", "Presence", "SecondFactor"]

Next = Callable[[HttpRequest], HttpResponse]

NOT_OURS = frozenset(
    f"{app}_{name}"
    for app, names in {
        "account": (
            "login",
            "logout",
            "inactive",
            "reauthenticate",
            "change_password",
            "set_password",
            "reset_password",
            "reset_password_done",
            "reset_password_from_key",
            "reset_password_from_key_done",
        ),
        "mfa": (
            "index",
            "authenticate",
            "reauthenticate",
            "activate_totp",
            "deactivate_totp",
            "view_recovery_codes",
            "generate_recovery_codes",
            "download_recovery_codes",
            "list_webauthn",
            "add_webauthn",
            "edit_webauthn",
            "remove_webauthn",
            "reauthenticate_webauthn",
            "login_webauthn",
        ),
        "socialaccount": ("login_cancelled", "login_error"),
        "openid_connect": ("login", "callback"),
        "usersessions": ("list",),
    }.items()
    for name in names
)
"""URLs of allauth that exist here, by name. Its others (signing up, changing addresses, linking accounts) are 404."""

PERMISSIONS = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=(), browsing-topics=()"
SEEN_EVERY = timedelta(minutes=5)

log = logging.getLogger(__name__)

SIGNING_ON = frozenset({"openid_connect_login", "openid_connect_callback"})
ISSUER_FAILS = (OSError, LookupError, ValueError, TypeError, AttributeError)
"""What asking the issuer may end in: no connection (that of `requests` is an OSError), no JSON, words missing or misplaced."""
ISSUER_GONE = (
    _later("Single sign-on does not answer just now"),
    _later("Try again, or sign in with a password. Who has none: holdfast user link on the server gives a link that lets in."),
)


class Headers:
    """The headers of every answer that Django gives."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say what a browser may do with it."""
        too_large = TOO_LARGE in getattr(request, "scope", ())
        response = error_page(request, 413) if too_large else answered(request, self.get_response(request))
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "private, no-store")
        if "public" in response.headers.get("Cache-Control", ""):  # the same for all: what lies between may keep one for all
            response.headers["Vary"] = "Accept-Encoding"
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """An error that names its mend is a page that says so, not a crash; so is an issuer that cannot be asked."""
        if isinstance(error, HoldfastError):
            return error_page(request, error=error)
        if isinstance(error, ISSUER_FAILS) and request.resolver_match and request.resolver_match.url_name in SIGNING_ON:
            log.error("single sign-on failed: %s: %s", type(error).__name__, error, exc_info=error)
            return error_page(request, error=HoldfastError(str(ISSUER_GONE[0]), str(ISSUER_GONE[1])))
        return None


class Presence:
    """Who is here: last seen, her language, and her session that lives on while she comes."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note it, at most once in five minutes."""
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        now = timezone.now()
        if user.last_seen_at is None or now - user.last_seen_at > SEEN_EVERY:
            request.session.modified = _noted(user, now) or request.session.modified
        if user.language:
            with translation.override(user.language):
                return self.get_response(request)
        return self.get_response(request)


def _noted(user: Any, now: datetime) -> bool:
    """Note that somebody is here; False where the database takes nothing, which is no reason to show her nothing."""
    try:
        get_user_model().objects.filter(pk=user.pk).update(last_seen_at=now)
    except OperationalError as error:
        log.warning("when somebody was last seen was not noted: %s", error)
        return False
    user.last_seen_at = now
    return True


class DefaultDeny:
    """404 for whatever does not say who may read it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view, where there is one that may be."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        """Http404, but for our own views (`routing.page`), operations of the API, and the few of allauth."""
        found = request.resolver_match
        known = hasattr(view, "route") or (found is not None and found.url_name in NOT_OURS)
        if not known and (found is None or found.namespaces != ["api"]):
            raise Http404


class SecondFactor:
    """Whose role must have a second factor gets no page of ours before she has set one up."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """To the set-up, where her role asks for it and she has none."""
        user = request.user
        route = getattr(view, "route", None)
        concerned = user.is_authenticated and user.role in settings.SECOND_FACTOR_FOR
        if not concerned or (route is not None and route.needs is None) or (route is None and not _of_the_api(request)):
            return None
        from allauth.mfa.utils import is_mfa_enabled

        if is_mfa_enabled(user):
            return None
        if _of_the_api(request):
            return error_page(request, 403)
        messages.warning(request, _("Your role must have a second factor. Set it up here first; then go on."))
        return redirect("mfa_activate_totp")


def _of_the_api(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.namespaces == ["api"]
