"""Inviting somebody: a link by e-mail, which makes her account once. It expires, and can be revoked or sent again."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from holdfast.errors import UnknownName, UsageError
from holdfast.server.people.access import ROLES
from holdfast.server.people.audit import record
from holdfast.server.people.limits import allowed
from holdfast.server.people.mailing import went_out
from holdfast.server.people.models import ApiToken, Invitation, User, hashed
from holdfast.server.place import settings as business_settings

__all__ = ["LIFETIME", "accept", "again", "invitation_for", "invite", "open_invitations", "opened", "revoke", "too_often"]

LIFETIME = timedelta(days=7)
INVITATIONS_AN_HOUR = 30

_signer = Signer(salt="holdfast.invitation")


def open_invitations() -> list[Invitation]:
    """Those that wait for an answer, newest first; also those whose link is too old, which can be sent again."""
    return list(Invitation.objects.select_related("invited_by").filter(accepted_at=None, revoked_at=None))


def invite(email: str, role: str, by: Any, *, now: datetime | None = None) -> tuple[Invitation, str]:
    """Invite somebody and send her the link; what is kept, and the link (for where no e-mail goes out).

    UnknownName for a role that there is not; UsageError for somebody who already works here. Whoever is invited twice gets a
    new link, and the old one stops working.
    """
    email = email.strip().lower()
    if role not in ROLES:
        raise UnknownName("role", role, ROLES)
    if User.objects.filter(email=email).exists():
        raise UsageError(_("somebody with this address already works here"), _("change her role in the list"))
    now = now or timezone.now()
    with transaction.atomic():
        Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
        secret = secrets.token_urlsafe(24)
        made = Invitation.objects.create(
            email=email,
            role=role,
            hash=hashed(secret),
            invited_by=by.created_by if isinstance(by, ApiToken) else by if isinstance(by, User) else None,
            sent_at=now,
            expires_at=now + LIFETIME,
        )
        record(by, "user.invite", subject=f"invitation {made.pk}", role=role)
    return made, _sent(made, secret)


def too_often(by: User) -> bool:
    """Whether a person sent as many invitations as may be in an hour; asked once for each."""
    return not allowed("invite", str(by.pk), INVITATIONS_AN_HOUR, 3600)


def again(invitation: Invitation, by: Any, *, now: datetime | None = None) -> str:
    """Send an invitation again with a new link, valid anew; the old link stops working."""
    now = now or timezone.now()
    secret = secrets.token_urlsafe(24)
    invitation.hash, invitation.sent_at, invitation.expires_at = hashed(secret), now, now + LIFETIME
    invitation.save(update_fields=["hash", "sent_at", "expires_at"])
    record(by, "user.invite_again", subject=f"invitation {invitation.pk}")
    return _sent(invitation, secret)


def revoke(invitation: Invitation, by: Any, *, now: datetime | None = None) -> None:
    """Take an invitation back."""
    invitation.revoked_at = now or timezone.now()
    invitation.save(update_fields=["revoked_at"])
    record(by, "user.invite_revoked", subject=f"invitation {invitation.pk}")


def opened(token: str, *, now: datetime | None = None) -> Invitation | None:
    """The invitation of a link; None when it is made up, revoked, used, or too old."""
    try:
        secret = _signer.unsign(token)
    except BadSignature:
        return None
    return _open(now).filter(hash=hashed(secret)).first()


def invitation_for(email: str, *, now: datetime | None = None) -> Invitation | None:
    """The open invitation of an address; for those who come by single sign-on."""
    return _open(now).filter(email=email.strip().lower()).first()


@transaction.atomic
def accept(
    invitation: Invitation,
    name: str = "",
    password: str | None = None,
    *,
    user: User | None = None,
    now: datetime | None = None,
) -> User | None:
    """Make the account of an invitation (or give its role to `user`, who comes by single sign-on).

    None when it is used up, or she got an account in another way meanwhile.
    """
    if user is None and User.objects.filter(email=invitation.email).exists():
        return None
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if not taken.update(accepted_at=now or timezone.now()):
        return None
    if user is None:
        user = User.objects.create_user(invitation.email, password, role=invitation.role, name=name)
    else:
        user.role = invitation.role
        user.save()
    record(user, "user.join", subject=str(user.pk), role=user.role)
    return user


def _open(now: datetime | None) -> Any:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now or timezone.now())


def _sent(invitation: Invitation, secret: str) -> str:
    link = settings.SITE_URL + reverse("invitation", args=[_signer.sign(secret)])
    words = {"business": business_settings().name, "link": link, "invitation": invitation, "days": LIFETIME.days}
    text = render_to_string("people/mail/invitation.txt", words)
    subject, _blank, body = text.partition("\n")
    invitation.went_out = went_out(EmailMessage(subject.strip(), body.strip() + "\n", None, [invitation.email]))
    return link
