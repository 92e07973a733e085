"""Changing who may do what. At least one owner who can sign in always remains."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from holdfast.errors import UnknownName, UsageError
from holdfast.server.people.access import ROLES
from holdfast.server.people.audit import record
from holdfast.server.people.inviting import revoke
from holdfast.server.people.models import Invitation, User
from holdfast.server.people.sessions import end_sessions

__all__ = ["change_role", "let_in_again", "shut_out", "sign_out_everywhere"]


@transaction.atomic
def change_role(user: User, role: str, by: object) -> User:
    """Give a user another role. UnknownName for one that there is not; UsageError where no owner would remain."""
    if role not in ROLES:
        raise UnknownName("role", role, ROLES)
    if role == user.role:
        return user
    if role != "owner":
        _another_owner(user)
    before, user.role = user.role, role
    user.save(update_fields=["role"])
    record(by, "user.role", subject=str(user.pk), before=before, after=role)
    if role != "owner":
        _take_back_invitations(user, by)
    return user


@transaction.atomic
def shut_out(user: User, by: object) -> User:
    """A user can no longer sign in, and what she is signed in to ends at once. What she did stays in the audit log."""
    _another_owner(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    record(by, "user.shut_out", subject=str(user.pk))
    _take_back_invitations(user, by)
    return user


def let_in_again(user: User, by: object) -> User:
    """A user who was shut out can sign in again, with her old password and second factor."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(by, "user.let_in_again", subject=str(user.pk))
    return user


def sign_out_everywhere(user: User, by: object, *, but: str = "") -> int:
    """End all sessions of a user, but for the one of a session key; how many were ended."""
    count = end_sessions(user, but=but)
    record(by, "user.sign_out_everywhere", subject=str(user.pk), sessions=count)
    return count


def _take_back_invitations(user: User, by: object) -> None:
    """What somebody sent who may not invite any more: else a link to another address of hers would let her in again."""
    for one in Invitation.objects.filter(invited_by=user, accepted_at=None, revoked_at=None):
        revoke(one, by)


def _another_owner(user: User) -> None:
    """UsageError where a user is the last owner who can sign in. The rows are locked, so that two cannot leave at once."""
    owners = User.objects.select_for_update().filter(role="owner", is_active=True)
    if user.role == "owner" and user.is_active and not any(one.pk != user.pk for one in owners):
        raise UsageError(_("this is the last owner"), _("make somebody else an owner first"))
