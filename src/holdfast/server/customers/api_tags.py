"""Operations: tags, of a customer and all there are."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status
from pydantic import StringConstraints

from holdfast.server.api.errors import ERRORS
from holdfast.server.api.fields import Id, Key, Line, example
from holdfast.server.api.gate import Router, actor, behind
from holdfast.server.api.paging import Cursor, Limit, Page, by_place, whole
from holdfast.server.customers import known, tags
from holdfast.server.customers.care import Tag

__all__ = ["router"]

router = Router(tags=["care"])

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00]*$")]


class TagIn(Schema):
    """A tag; made when there is none of that name."""

    name: Word
    model_config = example(name="VIP")


class TagOut(Schema):
    """A tag."""

    id: int
    name: str


class TagCounted(TagOut):
    """A tag, and how many ids have it."""

    people: int


@router.get("/tags", needs="look", response={200: Page[TagCounted]} | ERRORS, summary="Which tags are there?")
def all_tags(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    q: Annotated[Line, Query("", description="Only those that hold this.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """The most used first."""
    found = tags.counted()
    return by_place(found.filter(folded__contains=tags.folded(q)) if q else found, limit, cursor)


@router.patch("/tags/{tag_id}", needs="steer", response={200: TagOut} | ERRORS, summary="Rename a tag")
def rename_tag(request: HttpRequest, tag_id: Id, said: TagIn) -> Tag:
    """Everybody who has it keeps it."""
    one = get_object_or_404(Tag, pk=tag_id)
    tags.rename(one, said.name, actor(request))
    return one


@router.delete("/tags/{tag_id}", needs="steer", response={204: None} | ERRORS, summary="Delete a tag")
def delete_tag(request: HttpRequest, tag_id: Id) -> Status:
    """Everybody loses it."""
    tags.drop(get_object_or_404(Tag, pk=tag_id), actor(request))
    return Status(204, None)


@router.get("/customers/{key}/tags", needs="look", response={200: Page[TagOut]} | ERRORS, summary="Her tags")
def customer_tags(request: HttpRequest, key: Key) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature
    """By name."""
    return whole(tags.tags_of(known.who_or_404(key).ids))


@router.post("/customers/{key}/tags", needs="care", again="same", response={201: TagOut} | ERRORS, summary="Give her a tag")
def add_tag(request: HttpRequest, key: Key, said: TagIn) -> Status:
    """One that she has already stays."""
    return Status(201, tags.add(known.who_or_404(key).person, said.name, behind(request)))


@router.delete("/customers/{key}/tags/{tag_id}", needs="care", response={204: None} | ERRORS, summary="Take a tag off her")
def remove_tag(request: HttpRequest, key: Key, tag_id: Id) -> Status:
    """The tag itself stays."""
    who = known.who_or_404(key)
    tags.remove(who.ids, get_object_or_404(Tag, pk=tag_id), behind(request))
    return Status(204, None)
