"""Operations: write keys for the intake, and tokens for the API. A secret stands in the answer that made it alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Schema, Status
from pydantic import Field

from holdfast.server.api.errors import ERRORS, NotAllowed
from holdfast.server.api.fields import Id, Name, example
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key
from holdfast.server.people.access import NEEDS, Need
from holdfast.server.people.keys import make_token, make_write_key, revoke
from holdfast.server.people.models import ApiToken, WriteKey

__all__ = ["router"]

router = Router(tags=["people"])


class KeyIn(Schema):
    """What a new write key is called."""

    name: Name
    model_config = example(name="web shop")


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
    model_config = example(name="till", scopes=["look", "care"], days=90)


class TokenOut(KeyOut):
    """A token, without its secret."""

    scopes: list[Need]
    expires_at: datetime | None


class TokenMade(TokenOut):
    """A new token, with its secret: it is not told again."""

    secret: str


@router.get("/write-keys", needs="own", response={200: Page[KeyOut]} | ERRORS, summary="Which keys send events?")
def write_keys(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Newest first, also revoked ones."""
    return by_key(WriteKey.objects.all(), limit, cursor)


@router.post("/write-keys", needs="own", again="anew", response={201: KeyMade} | ERRORS, summary="Make a write key")
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


@router.post("/tokens", needs="own", again="anew", response={201: TokenMade} | ERRORS, summary="Make a token")
def new_token(request: HttpRequest, said: TokenIn) -> Status:
    """Its secret stands in this answer only. One that a token makes has no scope which that one lacks, and ends no later."""
    end, by = timezone.now() + timedelta(days=said.days) if said.days else None, actor(request)
    if isinstance(by, ApiToken):
        for need in said.scopes:
            if need not in by.scopes:
                raise NotAllowed(need)
        end = min((one for one in (end, by.expires_at) if one), default=None)
    token, secret = make_token(said.name, list(said.scopes), behind(request), end, by)
    return Status(201, _with(TokenOut, token, secret))


@router.delete("/tokens/{token_id}", needs="own", response={204: None} | ERRORS, summary="Revoke a token")
def revoke_token(request: HttpRequest, token_id: Id) -> Status:
    """It stops working at once."""
    revoke(get_object_or_404(ApiToken, pk=token_id), actor(request))
    return Status(204, None)


def _with(shape: type[Schema], made: Any, secret: str) -> dict[str, Any]:
    return shape.from_orm(made).dict() | {"secret": secret}
