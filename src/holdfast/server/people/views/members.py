"""Who works here: the list, inviting, roles, shutting out."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from holdfast.errors import HoldfastError, UsageError
from holdfast.server.people.forms import InviteForm
from holdfast.server.people.inviting import again, invite, open_invitations, revoke, too_often
from holdfast.server.people.members import change_role, let_in_again, shut_out, sign_out_everywhere
from holdfast.server.people.models import ROLE_NAMES, Invitation, User

__all__ = [
    "change_member_role",
    "invite_member",
    "let_member_in",
    "listed",
    "members",
    "revoke_invitation",
    "send_again",
    "shut_member_out",
    "sign_member_out",
]


def listed() -> list[User]:
    """Everybody with an account: owners first, who is shut out last; `second_factor` says whether she has one."""
    factor = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
    order = {role: -place for place, (role, _name) in enumerate(ROLE_NAMES)}
    found = User.objects.annotate(second_factor=Exists(factor))
    return sorted(found, key=lambda user: (not user.is_active, order[user.role], str(user).lower()))


def members(request: HttpRequest) -> HttpResponse:
    """The list, and who is invited."""
    people = listed()
    said = {
        "people": people,
        "invitations": open_invitations(),
        "form": InviteForm(),
        "roles": ROLE_NAMES,
        "active": sum(1 for one in people if one.is_active),
        "without": sum(1 for one in people if one.is_active and not one.second_factor),
        "now": timezone.now(),
        "link": request.session.pop("invitation_link", ""),
    }
    return render(request, "people/members.html", said)


@require_POST
def invite_member(request: HttpRequest) -> HttpResponse:
    """Send an invitation. The link is shown as well, for where no e-mail goes out."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give an e-mail address and a role."))
    elif too_often(request.user):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    else:
        _do(request, lambda: _invited(request, **form.cleaned_data))
    return redirect("people")


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invitation again, with a new link."""
    if too_often(request.user):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    invitation = _invitation(pk)
    request.session["invitation_link"] = again(invitation, request.user)
    _told(request, invitation, _("Sent again to %(email)s. The link before does not work any more."))
    return redirect("people")


@require_POST
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    revoke(_invitation(pk), request.user)
    messages.success(request, _("The invitation is taken back; its link does not work any more."))
    return redirect("people")


@require_POST
def change_member_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody another role."""
    member = _member(pk)
    _do(request, lambda: change_role(member, request.POST.get("role", ""), request.user), _("The role is changed."))
    return redirect("people")


@require_POST
def shut_member_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody may not sign in any more."""
    member = _member(pk)
    _do(request, lambda: shut_out(member, request.user), _("%(who)s is shut out, and signed out everywhere.") % {"who": member})
    return redirect("people")


@require_POST
def let_member_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody who was shut out may sign in again."""
    member = _member(pk)
    _do(request, lambda: let_in_again(member, request.user), _("%(who)s can sign in again.") % {"who": member})
    return redirect("people")


@require_POST
def sign_member_out(request: HttpRequest, pk: int) -> HttpResponse:
    """End what somebody is signed in to (a lost laptop)."""
    member = _member(pk)
    but = request.session.session_key if member.pk == request.user.pk else ""
    count = sign_out_everywhere(member, request.user, but=but or "")
    messages.success(request, _("%(count)s sessions of %(who)s are ended.") % {"count": count, "who": member})
    return redirect("people")


def _member(pk: int) -> User:
    return get_object_or_404(User, pk=pk)


def _invitation(pk: int) -> Invitation:
    return get_object_or_404(Invitation, Q(accepted_at=None, revoked_at=None), pk=pk)


def _invited(request: HttpRequest, email: str, role: str) -> None:
    invitation, link = invite(email, role, request.user)
    request.session["invitation_link"] = link
    _told(request, invitation, _("%(email)s is invited."))


def _told(request: HttpRequest, invitation: Invitation, done: str) -> None:
    if invitation.went_out:
        messages.success(request, done % {"email": invitation.email})
    else:
        words = _("%(email)s is invited, but no e-mail could be sent: pass the link below on yourself.")
        messages.warning(request, words % {"email": invitation.email})


def _do(request: HttpRequest, act: Callable[[], object], done: str = "") -> None:
    try:
        act()
    except UsageError as error:
        _said(request, error)
    else:
        if done:
            messages.success(request, done)


def _said(request: HttpRequest, error: HoldfastError) -> None:
    mend = error.mend[:1].upper() + error.mend[1:]
    messages.error(request, _("This was not done: %(what)s. %(mend)s") % {"what": error.what, "mend": mend})
