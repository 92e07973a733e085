"""Operations: search, one customer, her timeline; merging, erasing, exporting."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status
from pydantic import Field, StringConstraints

from holdfast.errors import UsageError
from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Key, Line, example
from holdfast.server.api.files import ZIP, file, gives
from holdfast.server.api.gate import Router, actor
from holdfast.server.api.paging import Cursor, Limit, Page, key_of_cursor
from holdfast.server.customers import known, listing, merging
from holdfast.server.customers.consents import consents
from holdfast.server.customers.links import key_of, person_of
from holdfast.server.customers.models import Erasure
from holdfast.server.customers.search import found
from holdfast.server.customers.tags import tag_named, tags_of

__all__ = ["Chosen", "ErasureOut", "Short", "chosen", "router", "short"]

router = Router(tags=["customers"])


class Short(Schema):
    """A customer, as a list shows her."""

    id: str
    key: str
    name: str
    email: str
    phone: str
    account: str
    city: str
    country: str


class Allowed(Schema):
    """What she allows or forbids."""

    kind: str
    name: str
    state: str
    at: datetime
    source: str


class Whole(Short):
    """A customer with all that is known of her."""

    ids: list[str]
    first_seen: datetime | None
    traits: dict[str, Any]
    tags: list[str]
    consents: list[Allowed]


class Event(Schema):
    """Something that she did."""

    at: datetime
    event: str
    amount: float | None
    fresh: bool


class MergeIn(Schema):
    """Which other customer she really is."""

    into: Annotated[str, StringConstraints(max_length=700, pattern=r"^[A-Za-z0-9_-]+$")] = Field(
        description="The `key` of the one who is kept."
    )
    model_config = example(into="MTc4NTA")


class UnmergeIn(Schema):
    """Which id is another person after all."""

    previous: Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00]*$")]
    model_config = example(previous="17850-old")


class ErasureOut(Schema):
    """How an erasure stands; `proof` when it is done."""

    id: int
    state: str
    asked_at: datetime
    done_at: datetime | None
    proof: dict[str, Any]


class Chosen(Schema):
    """Which customers; what is left out narrows nothing."""

    account: Line = Field("", description="Only of this firm.")
    country: Line = Field("", description="Only of this country.")
    tag: Line = Field("", description="Only with this tag.")
    known: Literal["", "yes", "no"] = Field("", description="no: the anonymous ones who left something of themselves.")
    tasks: Literal["", "open"] = Field("", description="Only with an open task.")


@router.get("/customers", needs="look", response={200: Page[Short]} | ERRORS, summary="Search or list customers")
def customers(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    filters: Query[Chosen],
    q: Annotated[
        Line, Query("", description="Beginnings of words: name, e-mail, phone, id, firm. Its hits come in one page.")
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """With `q`: the best hits. Without: all, newest first, filtered."""
    if q and (cursor or filters.dict(exclude_defaults=True)):
        raise UsageError("with q nothing is filtered: its hits come in one page", "leave out q, or all but q and limit")
    if q:
        return {"items": [short(one) for one in found(q, min(limit, 100))], "next": None}
    page = listing.page(chosen(filters), str(key_of_cursor(cursor) or ""), limit)
    return {"items": [short(one) for one in page.customers], "next": page.next or None}


def chosen(said: Chosen) -> listing.Filters:
    """The filters, as the list of the page knows them."""
    tag = tag_named(said.tag) if said.tag else None
    return listing.Filters(
        account=said.account,
        country=said.country,
        tag=tag.name if tag else said.tag,
        known={"yes": True, "no": False}.get(said.known),
        tasks=said.tasks == "open",
    )


@router.get("/customers/{key}", needs="look", response={200: Whole} | ERRORS, summary="Who is she?")
def customer(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """Profile, traits, tags, and what she allows."""
    who = known.who_or_404(key)
    one = who.customer
    allowed = [{name: getattr(said, name) for name in Allowed.model_fields} for said in consents(who.person)]
    return {
        **short(one or who),
        "ids": list(who.ids),
        "first_seen": one.first_seen if one else None,
        "traits": one.traits if one else {},
        "tags": [tag.name for tag in tags_of(who.ids)],
        "consents": allowed,
    }


@router.get("/customers/{key}/timeline", needs="look", response={200: Page[Event]} | ERRORS, summary="What did she do?")
def timeline(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    key: Key,
    event: Annotated[list[Line], Query([], max_length=20, description="Only events of these names.")] = [],  # noqa: B006 - ninja copies it
    since: Annotated[date | None, Query(None, description="First day, in the zone of the business.")] = None,
    until: Annotated[date | None, Query(None, description="Last day.")] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Newest first, under all her ids. Orders carry what they brought, refunds what they took back."""
    from holdfast.server.customers.timeline import Wanted
    from holdfast.server.customers.timeline import timeline as told

    who = known.who_or_404(key)
    shown = told(who.person, Wanted(tuple(event), since, until), cursor, limit)
    rows = [{"at": row.at, "event": row.event, "amount": row.amount, "fresh": row.fresh} for row in shown.rows]
    return {"items": rows, "next": shown.next or None}


@router.post(
    "/customers/{key}/merge", needs="steer", again="same", response={200: Whole} | ERRORS, summary="Merge two customers"
)
def merge(request: HttpRequest, key: Key, said: MergeIn) -> dict[str, Any]:
    """She is shown as `into` at once; it can be taken back. The one who is kept is given back."""
    gone, kept = known.who_or_404(key), known.who_or_404(said.into)
    merging.merge(gone.person, into=kept.person, by=actor(request))
    return customer(request, said.into)


@router.post(
    "/customers/{key}/unmerge", needs="steer", again="same", response={200: Whole} | ERRORS, summary="Take a merge back"
)
def unmerge(request: HttpRequest, key: Key, said: UnmergeIn) -> dict[str, Any]:
    """Both are shown as before at once."""
    merging.unmerge(known.who_or_404(key).person, said.previous, actor(request))
    return customer(request, key)


@router.get(
    "/customers/{key}/export",
    needs="steer",
    response=ERRORS,
    summary="All that is held of her, as a ZIP archive",
    openapi_extra=gives(ZIP),
)
def export(request: HttpRequest, key: Key) -> Any:
    """For a customer who asks for her data."""
    from holdfast.server.customers import exporting

    content = exporting.export(known.who_or_404(key).person, by=actor(request))
    return file(content, ZIP, exporting.file_name(datetime.now(UTC)))


@router.post(
    "/customers/{key}/erase", needs="steer", again="same", response={202: ErasureOut} | ERRORS, summary="Erase her for good"
)
def erase(request: HttpRequest, key: Key) -> Status:
    """Put into the queue; `GET /erasures/{erasure_id}` tells how it stands, and then the proof. It cannot be taken back."""
    from holdfast.server.customers.erasing import ask_to_erase, waiting

    asked = waiting(person_of(key))  # of who is half erased already nothing else is left to be found by
    person = asked.person if asked else known.who_or_404(key).person
    return Status(202, ask_to_erase(person, by=actor(request)))


@router.get("/erasures/{erasure_id}", needs="steer", response={200: ErasureOut} | ERRORS, summary="How does an erasure stand?")
def erasure(request: HttpRequest, erasure_id: Id) -> Erasure:  # noqa: ARG001 - ninja's signature
    """With its proof when it is done: per place how many were removed, and how many were found afterwards (0)."""
    return get_object_or_404(Erasure, pk=erasure_id)


def short(one: Any) -> dict[str, Any]:
    """A customer as a list shows her: of a profile, a hit, or somebody who only has events."""
    return {"id": one.person, "key": key_of(one.person)} | {
        name: str(getattr(one, name, "") or "") for name in ("name", "email", "phone", "account", "city", "country")
    }
