"""Who calls an operation, whether she may, and how often."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import ninja
from allauth.core.internal.ratelimit import get_ip
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import APIKeyCookie, HttpBearer

from holdfast.server.api.errors import NotAllowed, Problem, TooOften
from holdfast.server.api.names import Names, heard
from holdfast.server.api.once import PARAMETER, once
from holdfast.server.options import number
from holdfast.server.people.access import Need, may
from holdfast.server.people.keys import token_may, token_of
from holdfast.server.people.limits import Bucket
from holdfast.server.people.models import ApiToken, User

__all__ = ["Router", "SessionGate", "TokenGate", "actor", "behind"]

Again = Literal["same", "once", "anew"]
"""Sent twice, an operation leaves the same as sent once ("same"), is done once for each Idempotency-Key ("once"), or is done
anew ("anew": what it gives is told only once, such as a secret)."""

USED_EVERY = timedelta(minutes=1)

log = logging.getLogger(__name__)

_bucket: Bucket | None = None

_refusals = Bucket(5, 300)
"""Who sends tokens that there are not may do so three hundred times at once, then five times a second; counted by address."""


def actor(request: HttpRequest) -> Any:
    """Who called: a User or an ApiToken, as `people.audit.record` takes it."""
    return request.auth


def behind(request: HttpRequest) -> User:
    """The person behind a call: who is signed in, or who made the token. What is written is hers."""
    caller = actor(request)
    return caller.created_by if isinstance(caller, ApiToken) else caller


def bucket() -> Bucket:
    """How often each caller may; bursts of five seconds' worth are let through."""
    global _bucket
    if _bucket is None:
        rate = max(1, number("API_PER_SECOND"))
        _bucket = Bucket(rate, rate * 5)
    return _bucket


class SessionGate(APIKeyCookie):
    """A browser that is signed in; what changes something needs the CSRF token, as on pages."""

    param_name = "sessionid"
    openapi_description = "A browser that is signed in. What changes something needs the header X-CSRFToken."

    def __init__(self, needs: Need) -> None:
        super().__init__(csrf=True)
        self.needs = needs

    def __call__(self, request: HttpRequest) -> Any:
        """The user; None when nobody is signed in. NotAllowed when her role may not, TooOften beyond the rate."""
        if not request.user.is_authenticated:
            return None
        _paced(f"user {request.user.pk}")
        user = super().__call__(request)
        if not may(user, self.needs):
            raise NotAllowed(self.needs)
        return user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # noqa: ARG002 - ninja's signature
        """The user of the session."""
        return request.user


class TokenGate(HttpBearer):
    """A program with a token, within its scopes, and never beyond what the person who made it may."""

    openapi_description = "A token made on the page Keys, with the scopes that it needs."

    def __init__(self, needs: Need) -> None:
        super().__init__()
        self.needs = needs

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token; None when there is none such, or it is over. NotAllowed beyond its scopes, TooOften beyond the rate."""
        now = timezone.now()
        found = token_of(token, now)
        if found is None:
            _refused(request)
            return None
        _paced(f"token {found.pk}")
        if found.last_used_at is None or now - found.last_used_at > USED_EVERY:
            _noted(found, now)
        if not token_may(found, self.needs):
            raise NotAllowed(self.needs)
        return found


def _noted(token: ApiToken, now: datetime) -> None:
    """Note that it is in use; where the database takes nothing, that is no reason to let nobody read."""
    try:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except OperationalError as error:
        log.warning("when a token was last used was not noted: %s", type(error).__name__)


class Router(ninja.Router):
    """Operations of a room. Each says what it needs; the role matrix test reads it from the schema (`x-needs`)."""

    def operation(
        self,
        methods: list[str],
        path: str,
        *,
        needs: Need,
        again: Again = "same",
        names: Callable[[dict[str, Any]], Names] | None = None,
        **more: Any,
    ) -> Callable[[Any], Any]:
        """An operation, guarded.

        again  what comes of it when a program sends it twice
        names  what may stand in the query string besides its parameters, told by what stands in the path
        """
        extra = {"x-needs": needs, "x-again": again} | more.pop("openapi_extra", {})
        if again == "once":
            extra["parameters"] = [*extra.get("parameters", []), PARAMETER]
            more["response"] = more["response"] | {409: Problem}
        if not set(methods).isdisjoint(("POST", "PUT", "PATCH")):
            more["response"] = more["response"] | {413: Problem}
        gates = [TokenGate(needs), SessionGate(needs)]
        register = super().api_operation(methods, path, auth=gates, openapi_extra=extra, **more)

        def registered(view: Callable[..., Any]) -> Any:
            register(view)
            made = self.path_operations[path].operations[-1]
            run = once(made.view_func) if again == "once" else made.view_func
            made.view_func = heard(run, made.models, names)
            return view

        return registered

    def get(self, path: str, *, needs: Need, **more: Any) -> Callable[[Any], Any]:
        """Read something."""
        return self.operation(["GET"], path, needs=needs, **more)

    def post(self, path: str, *, needs: Need, again: Again, **more: Any) -> Callable[[Any], Any]:
        """Make or do something; every POST says what comes of it when it is sent twice."""
        return self.operation(["POST"], path, needs=needs, again=again, **more)

    def put(self, path: str, *, needs: Need, **more: Any) -> Callable[[Any], Any]:
        """Put something in the place of another."""
        return self.operation(["PUT"], path, needs=needs, **more)

    def patch(self, path: str, *, needs: Need, **more: Any) -> Callable[[Any], Any]:
        """Change a part of something."""
        return self.operation(["PATCH"], path, needs=needs, **more)

    def delete(self, path: str, *, needs: Need, **more: Any) -> Callable[[Any], Any]:
        """Take something away."""
        return self.operation(["DELETE"], path, needs=needs, **more)


def _refused(request: HttpRequest) -> None:
    """TooOften for an address that sends made-up tokens again and again; what is right is never counted."""
    wait = _refusals.wait(get_ip(request))
    if wait:
        raise TooOften(wait)


def _paced(who: str) -> None:
    wait = bucket().wait(who)
    if wait:
        raise TooOften(wait)
