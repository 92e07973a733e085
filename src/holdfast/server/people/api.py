"""Operations: who am I, users, invitations, the audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings as django
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status
from pydantic import AfterValidator, Field, StringConstraints

from holdfast.errors import UnknownName
from holdfast.server.api.errors import ERRORS, TooOften
from holdfast.server.api.fields import Id, example
from holdfast.server.api.files import CSV, file, gives
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, key_of_cursor
from holdfast.server.people.access import NEEDS, Need, Role, may
from holdfast.server.people.audit import record
from holdfast.server.people.inviting import again, invite, revoke, too_often
from holdfast.server.people.members import change_role, let_in_again, shut_out, sign_out_everywhere
from holdfast.server.people.models import ApiToken, Invitation, User
from holdfast.server.people.reading_audit import AuditFilter, audit_page, audit_rows
from holdfast.server.people.views.audit import csv_lines
from holdfast.server.place import settings

__all__ = ["router"]

router = Router(tags=["people"])


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError("no e-mail address") from error
    return text


Email = Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_address)]
Words = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]


class Me(Schema):
    """Who calls, and what she or it may do."""

    kind: str
    name: str
    may: list[Need]
    business: str
    currency: str
    zone: str


class UserOut(Schema):
    """Somebody who works here."""

    id: int
    email: str
    name: str
    role: Role
    is_active: bool
    last_seen_at: datetime | None


class UserChange(Schema):
    """What of somebody is to be changed; what is left out stays."""

    role: Role | None = None
    is_active: bool | None = None
    model_config = example(role="manager")


class InviteIn(Schema):
    """Whom to invite, and as what."""

    email: Email
    role: Role
    model_config = example(email="ben@example.com", role="agent")


class InviteOut(Schema):
    """An invitation that was sent."""

    id: int
    email: str
    role: Role
    expires_at: datetime


class MeChange(Schema):
    """What somebody changes about herself; what is left out stays. `language`: a code, or empty: as the browser asks."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00]*$")] | None = None
    language: Annotated[str, StringConstraints(max_length=12)] | None = None
    weekly_report: bool | None = None
    model_config = example(weekly_report=True)


class Ended(Schema):
    """How many sessions were ended."""

    ended: int


class EntryOut(Schema):
    """Something that somebody did."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


@router.get("/me", needs="look", response={200: Me} | ERRORS, summary="Who am I, and what may I do?")
def me(request: HttpRequest) -> dict[str, Any]:
    """Also for finding out whether a token works. A token needs the scope look for it."""
    caller, business = actor(request), settings()
    token = isinstance(caller, ApiToken)
    granted = caller.scopes if token else [need for need in NEEDS if may(caller, need)]
    said = {"business": business.name, "currency": business.currency, "zone": business.zone}
    return {"kind": "token" if token else "user", "name": str(caller), "may": granted} | said


@router.patch("/me", needs="look", response={200: Me} | ERRORS, summary="Change my name, language, weekly report")
def change_me(request: HttpRequest, said: MeChange) -> dict[str, Any]:
    """Of the person behind the call, also where a token calls."""
    user, changed = behind(request), said.dict(exclude_none=True)
    if changed.get("language", "") not in ("", *dict(django.LANGUAGES)):
        raise UnknownName("language", changed["language"], dict(django.LANGUAGES))
    if changed:
        User.objects.filter(pk=user.pk).update(**changed)
        record(actor(request), "user.profile", subject=str(user.pk), changed=" ".join(sorted(changed)))
        user.refresh_from_db()
    return me(request)


@router.post("/me/sign-out", needs="look", again="same", response={200: Ended} | ERRORS, summary="Sign me out everywhere")
def sign_me_out(request: HttpRequest) -> dict[str, int]:
    """Ends all sessions of the person behind the call; tokens stay."""
    return {"ended": sign_out_everywhere(behind(request), actor(request))}


@router.get("/users", needs="own", response={200: Page[UserOut]} | ERRORS, summary="Who works here?")
def users(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    return by_key(User.objects.all(), limit, cursor)


@router.get("/invitations", needs="own", response={200: Page[InviteOut]} | ERRORS, summary="Who is invited?")
def invitations(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """Those that wait for an answer, newest first; one whose link is over can be sent again."""
    return by_key(_open_invitations(), limit, cursor)


@router.post("/invitations", needs="own", again="same", response={201: InviteOut} | ERRORS, summary="Invite somebody")
def invite_user(request: HttpRequest, said: InviteIn) -> Status:
    """She gets a link by e-mail that works once, for a week. Invited twice, she gets a new link in place of the old one."""
    _not_too_often(request)
    made, _link = invite(said.email, said.role, actor(request))
    return Status(201, made)


@router.post(
    "/invitations/{invitation_id}/again",
    needs="own",
    again="same",
    response={200: InviteOut} | ERRORS,
    summary="Send an invitation again",
)
def invite_again(request: HttpRequest, invitation_id: Id) -> Invitation:
    """With a new link; the one before stops working."""
    _not_too_often(request)
    one = get_object_or_404(_open_invitations(), pk=invitation_id)
    again(one, actor(request))
    return one


@router.delete("/invitations/{invitation_id}", needs="own", response={204: None} | ERRORS, summary="Take an invitation back")
def revoke_invitation(request: HttpRequest, invitation_id: Id) -> Status:
    """Its link stops working."""
    revoke(get_object_or_404(_open_invitations(), pk=invitation_id), actor(request))
    return Status(204, None)


@router.patch("/users/{user_id}", needs="own", response={200: UserOut} | ERRORS, summary="Change a role, shut out, let in")
def change_user(request: HttpRequest, user_id: Id, said: UserChange) -> User:
    """At least one owner who can sign in always remains."""
    user, by = get_object_or_404(User, pk=user_id), actor(request)
    if said.role is not None:
        change_role(user, said.role, by)
    if said.is_active is not None and said.is_active != user.is_active:
        (let_in_again if said.is_active else shut_out)(user, by)
    return user


@router.post(
    "/users/{user_id}/sign-out",
    needs="own",
    again="same",
    response={200: Ended} | ERRORS,
    summary="Sign somebody out",
)
def sign_user_out(request: HttpRequest, user_id: Id) -> dict[str, int]:
    """Ends what she is signed in to: a lost laptop."""
    return {"ended": sign_out_everywhere(get_object_or_404(User, pk=user_id), actor(request))}


class AuditChosen(Schema):
    """Which entries; what is left out narrows nothing."""

    actor: Words = Field("", description="A part of whoever did it.")
    action: Words = Field("", description="How it begins: customer. or customer.erase")
    subject: Words = Field("", description="To whom or what, exactly.")
    since: date | None = Field(None, description="First day, in the zone of the business.")
    until: date | None = Field(None, description="Last day.")


@router.get("/audit", needs="steer", response={200: Page[EntryOut]} | ERRORS, summary="Who did what?")
def audit(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    filters: Query[AuditChosen],
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first."""
    page = audit_page(AuditFilter(**filters.dict()), settings().zone, key_of_cursor(cursor), limit)
    return {"items": page.entries, "next": str(page.older) if page.older else None}


@router.get("/audit.csv", needs="own", response=ERRORS, summary="The audit log as CSV", openapi_extra=gives(CSV))
def audit_file(request: HttpRequest, filters: Query[AuditChosen]) -> Any:
    """All entries that match. That it was taken is kept, too."""
    record(actor(request), "audit.export")
    return file(csv_lines(audit_rows(AuditFilter(**filters.dict()), settings().zone)), CSV, "audit-log.csv")


def _not_too_often(request: HttpRequest) -> None:
    """TooOften when this person, or her tokens, invited as many as may be in an hour."""
    if too_often(behind(request)):
        raise TooOften(3600)


def _open_invitations() -> Any:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)
