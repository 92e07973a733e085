"""Operations: shops and billers that send webhooks, and what they ask about privacy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Schema, Status
from pydantic import Field, StringConstraints

from holdfast.errors import UnknownName
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, example
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_key, whole
from holdfast.server.sources import connecting, counting, privacy
from holdfast.server.sources.models import Connection, PrivacyRequest
from holdfast.server.sources.registry import SOURCES

__all__ = ["router"]

router = Router(tags=["sources"])

Secret = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400, pattern=r"^[^\x00]*$")]


class Kind(Schema):
    """A kind of source: who makes the secret that signs, and what to subscribe to there."""

    kind: str
    label: str
    secret_by: Literal["them", "us"]
    topics: list[str]


class SourceOut(Schema):
    """A source, and how much came from it."""

    id: int
    kind: str
    name: str
    prefix: str
    created_at: datetime
    last_at: datetime | None
    last_refused_at: datetime | None
    received: int
    refused: int


class HourOut(Schema):
    """How many webhooks came within an hour."""

    start: datetime
    received: int
    refused: int


class SourceWhole(SourceOut):
    """A source: the address that it sends to, what to do there, and the last 24 hours."""

    url: str
    steps: list[str]
    has_secret: bool
    hours: list[HourOut]


class SourceMade(SourceWhole):
    """A source whose secret was made or changed: it is not told again; empty where the shop makes it."""

    secret: str


class SourceIn(Schema):
    """A new source."""

    kind: Annotated[str, StringConstraints(max_length=32)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00:]*$")]
    prefix: Annotated[str, StringConstraints(max_length=12, pattern=r"^[a-z0-9-]*$")] = Field(
        "", description="Stands before the ids of orders and customers, where another shop of its kind has the bare ones."
    )
    model_config = example(kind="shopify", name="Web shop", prefix="")


class SecretIn(Schema):
    """The secret that the shop shows; empty: it is made here, where that is how it works."""

    secret: Secret = ""
    model_config = example(secret="shpss_5f0c…")


class PrivacyOut(Schema):
    """What a shop asks on behalf of a customer: "erase" her, "tell" what is held, "erase all"."""

    id: int
    connection_id: int | None
    kind: str
    person: str
    asked_at: datetime
    done_at: datetime | None
    outcome: str


@router.get("/source-kinds", needs="look", response={200: Page[Kind]} | ERRORS, summary="Which kinds of sources are there?")
def source_kinds(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """What can be connected."""
    return whole({**{name: getattr(one, name) for name in Kind.model_fields}, "topics": one.topics} for one in SOURCES.values())


@router.get("/sources", needs="look", response={200: Page[SourceOut]} | ERRORS, summary="What comes in from where?")
def sources(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """The connected ones, newest first."""
    return by_key(connecting.connected(), limit, cursor)


@router.post("/sources", needs="own", again="anew", response={201: SourceMade} | ERRORS, summary="Connect a source")
def connect_source(request: HttpRequest, said: SourceIn) -> Status:
    """Its secret, where it is made here, stands in this answer only. A name can be taken once."""
    if said.kind not in SOURCES:
        raise UnknownName("kind of source", said.kind, SOURCES)
    made, secret = connecting.connect(said.kind, said.name, said.prefix, behind(request))
    return Status(201, {**_told(made), "secret": secret})


@router.get("/sources/{source_id}", needs="steer", response={200: SourceWhole} | ERRORS, summary="One source")
def source(request: HttpRequest, source_id: Id) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Its address, what to do there, and what came within the last day."""
    return _told(_connected(source_id))


@router.put("/sources/{source_id}/secret", needs="own", response={200: SourceMade} | ERRORS, summary="Change a source's secret")
def change_source_secret(request: HttpRequest, source_id: Id, said: SecretIn) -> dict[str, Any]:
    """The one before it stays good until the next change. What was made here stands in this answer only."""
    one = _connected(source_id)
    secret = connecting.change_secret(one, said.secret, actor(request))
    return {**_told(one), "secret": secret if SOURCES[one.kind].secret_by == "us" else ""}


@router.delete("/sources/{source_id}", needs="own", response={204: None} | ERRORS, summary="Disconnect a source")
def disconnect_source(request: HttpRequest, source_id: Id) -> Status:
    """Nothing is taken from it any more; what it sent stays."""
    connecting.disconnect(_connected(source_id), actor(request))
    return Status(204, None)


@router.get(
    "/privacy-requests", needs="steer", response={200: Page[PrivacyOut]} | ERRORS, summary="What do shops ask about privacy?"
)
def privacy_requests(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> dict[str, Any]:  # noqa: ARG001
    """What is not done yet, newest first."""
    return by_key(PrivacyRequest.objects.filter(done_at=None), limit, cursor)


@router.post(
    "/privacy-requests/{request_id}/done",
    needs="steer",
    again="same",
    response={200: PrivacyOut} | ERRORS,
    summary="Note a privacy request as done",
)
def privacy_request_done(request: HttpRequest, request_id: Id) -> PrivacyRequest:
    """Somebody did what was asked."""
    one = get_object_or_404(PrivacyRequest, pk=request_id)
    privacy.done_by_hand(one, actor(request))
    return one


def _connected(pk: int) -> Connection:
    return get_object_or_404(connecting.connected(), pk=pk)


def _told(one: Connection) -> dict[str, Any]:
    kind, url = SOURCES[one.kind], connecting.public_url(one)
    hours = counting.last_day(one, timezone.now())
    return {
        **SourceOut.from_orm(one).dict(),
        "url": url,
        "steps": [str(step).format(url=url, topics=", ".join(kind.topics)) for step in kind.steps],
        "has_secret": bool(connecting.secrets_of(one)),
        "hours": [{"start": start, "received": received, "refused": refused} for start, received, refused in hours],
    }
