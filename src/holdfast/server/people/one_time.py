"""Links that let in once: the first owner of an empty workspace, and whoever starts the server or is locked out.

    link(user)      signs that user in, within minutes, once
    setup_link()    while nobody has an account: makes the first owner

Opening a link only shows a page: mail scanners open links too. The button on that page (a POST) uses it up. What is in the
link is signed, so that a made-up one is refused without a look into the database; what is kept of it is its hash.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from holdfast.server.people.models import OneTimeLink, User, hashed

__all__ = ["LIFETIME", "found", "link", "setup_link", "used"]

LIFETIME = timedelta(minutes=30)

_signer = Signer(salt="holdfast.one_time")


def link(user: User, *, lifetime: timedelta = LIFETIME, now: datetime | None = None) -> str:
    """A full address that signs a user in once. Older links of hers that were not used stop working."""
    OneTimeLink.objects.filter(user=user, used_at=None).delete()
    return _made("one-time", user, lifetime, now or timezone.now())


def setup_link(*, lifetime: timedelta = timedelta(hours=24), now: datetime | None = None) -> str:
    """A full address where the first owner gives her name, address and password; empty when somebody has an account.

    Each start of the server prints a new one, and the ones before stop working.
    """
    if User.objects.exists():
        return ""
    OneTimeLink.objects.filter(user=None, used_at=None).delete()
    return _made("set-up", None, lifetime, now or timezone.now())


def found(token: str, *, now: datetime | None = None) -> OneTimeLink | None:
    """The link that a token belongs to; None when it is made up, used up, or too old, or its user may not sign in."""
    try:
        secret = _signer.unsign(token)
    except BadSignature:
        return None
    kept = OneTimeLink.objects.select_related("user").filter(
        hash=hashed(secret), used_at=None, expires_at__gt=now or timezone.now()
    )
    one = kept.first()
    return one if one and (one.user is None or one.user.is_active) else None


def used(one: OneTimeLink, *, now: datetime | None = None) -> bool:
    """Use a link up. False when somebody else just did: of two who use it at once, one gets in."""
    with transaction.atomic():
        return OneTimeLink.objects.filter(pk=one.pk, used_at=None).update(used_at=now or timezone.now()) == 1


def _made(url: str, user: User | None, lifetime: timedelta, now: datetime) -> str:
    secret = secrets.token_urlsafe(24)
    OneTimeLink.objects.create(hash=hashed(secret), user=user, made_at=now, expires_at=now + lifetime)
    return settings.SITE_URL + reverse(url, args=[_signer.sign(secret)])
