"""Operations of this room: who am I, users, keys, tokens, the audit log."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Schema, Status
from pydantic import AfterValidator, Field, StringConstraints

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, key_of_cursor
from holdfast.server.people.access import NEEDS, Need, Role, may
from holdfast.server.people.inviting import invite
from holdfast.server.people.keys import make_token, make_write_key, revoke
from holdfast.server.people.members import change_role, let_in_again, shut_out
from holdfast.server.people.models import ApiToken, User, WriteKey
from holdfast.server.people.reading_audit import AuditFilter, audit_page
from holdfast.server.place import settings

__all__ = ["router"]

router = Router(tags=["people"])


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError("no e-mail address") from error
    return text


Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
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


class InviteIn(Schema):
    """Whom to invite, and as what."""

    email: Email
    role: Role


class InviteOut(Schema):
    """An invitation that was sent."""

    id: int
    email: str
    role: Role
    expires_at: datetime


class KeyIn(Schema):
    """What a new write key is called."""

    name: Name


class KeyOut(Schema):
    """A write key, without its secret."""

    id: int
    name: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyOut):
    """A new write key, with its secret: it is not told again."""

    secret: str


class TokenIn(Schema):
    """Name, scopes and end of a new token."""

    name: Name
    scopes: list[Need] = Field(min_length=1, max_length=len(NEEDS))
    days: int = Field(90, ge=0, le=3650, description="After so many days it ends; 0: never.")


class TokenOut(KeyOut):
    """A token, without its secret."""

    scopes: list[Need]
    expires_at: datetime | None


class TokenMade(TokenOut):
    """A new token, with its secret: it is not told again."""

    secret: str


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


@router.get("/users", needs="own", response={200: Page[UserOut]} | ERRORS, summary="Who works here?")
def users(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first."""
    return by_key(User.objects.all(), limit, cursor)


@router.post("/invitations", needs="own", response={201: InviteOut} | ERRORS, summary="Invite somebody")
def invite_user(request: HttpRequest, said: InviteIn) -> Status:
    """She gets a link by e-mail that works once, for a week."""
    made, _link = invite(said.email, said.role, actor(request))
    return Status(201, made)


@router.patch("/users/{user_id}", needs="own", response={200: UserOut} | ERRORS, summary="Change a role, shut out, let in")
def change_user(request: HttpRequest, user_id: Id, said: UserChange) -> User:
    """At least one owner who can sign in always remains."""
    user, by = get_object_or_404(User, pk=user_id), actor(request)
    if said.role is not None:
        change_role(user, said.role, by)
    if said.is_active is not None and said.is_active != user.is_active:
        (let_in_again if said.is_active else shut_out)(user, by)
    return user


@router.get("/write-keys", needs="own", response={200: Page[KeyOut]} | ERRORS, summary="Which keys send events?")
def write_keys(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first, also revoked ones."""
    return by_key(WriteKey.objects.all(), limit, cursor)


@router.post("/write-keys", needs="own", response={201: KeyMade} | ERRORS, summary="Make a write key")
def new_write_key(request: HttpRequest, said: KeyIn) -> Status:
    """Its secret stands in this answer only."""
    key, secret = make_write_key(said.name, behind(request), actor(request))
    return Status(201, _with(KeyOut, key, secret))


@router.delete("/write-keys/{key_id}", needs="own", response={204: None} | ERRORS, summary="Revoke a write key")
def revoke_write_key(request: HttpRequest, key_id: Id) -> Status:
    """It stops working at once."""
    revoke(get_object_or_404(WriteKey, pk=key_id), actor(request))
    return Status(204, None)


@router.get("/tokens", needs="own", response={200: Page[TokenOut]} | ERRORS, summary="Which tokens use the API?")
def tokens(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first, also revoked ones."""
    return by_key(ApiToken.objects.all(), limit, cursor)


@router.post("/tokens", needs="own", response={201: TokenMade} | ERRORS, summary="Make a token")
def new_token(request: HttpRequest, said: TokenIn) -> Status:
    """Its secret stands in this answer only."""
    end = timezone.now() + timedelta(days=said.days) if said.days else None
    token, secret = make_token(said.name, list(said.scopes), behind(request), end, actor(request))
    return Status(201, _with(TokenOut, token, secret))


@router.delete("/tokens/{token_id}", needs="own", response={204: None} | ERRORS, summary="Revoke a token")
def revoke_token(request: HttpRequest, token_id: Id) -> Status:
    """It stops working at once."""
    revoke(get_object_or_404(ApiToken, pk=token_id), actor(request))
    return Status(204, None)


@router.get("/audit", needs="steer", response={200: Page[EntryOut]} | ERRORS, summary="Who did what?")
def audit(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    limit: Limit = 50,
    cursor: Cursor = "",
    actor: Annotated[Words, Query("", description="A part of whoever did it.")] = "",
    action: Annotated[Words, Query("", description="How it begins: customer. or customer.erase")] = "",
    subject: Annotated[Words, Query("", description="To whom or what, exactly.")] = "",
    since: Annotated[date | None, Query(None, description="First day, in the zone of the business.")] = None,
    until: Annotated[date | None, Query(None, description="Last day.")] = None,
) -> dict[str, Any]:
    """Newest first."""
    page = audit_page(AuditFilter(actor, action, subject, since, until), settings().zone, key_of_cursor(cursor), limit)
    return {"items": page.entries, "next": str(page.older) if page.older else None}


def _with(shape: type[Schema], made: Any, secret: str) -> dict[str, Any]:
    return shape.from_orm(made).dict() | {"secret": secret}
