"""Tags: words that customers are sorted by. "VIP", "vip " and "Vip" are one tag, spelt as it was first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from holdfast.server.customers.care import Tag, Tagging
from holdfast.server.people.audit import record

__all__ = [
    "add",
    "add_to_all",
    "counted",
    "drop",
    "folded",
    "people_with",
    "remove",
    "rename",
    "suggested",
    "tag_named",
    "tags_of",
]

TAG_CHARACTERS = 60
AT_ONCE = 1_000


def folded(name: str) -> str:
    """What makes two spellings of a tag the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def tag_named(name: str) -> Tag | None:
    """The tag of this name in any spelling; None when there is none."""
    return Tag.objects.filter(folded=folded(name)).first()


def tags_of(ids: Iterable[str]) -> list[Tag]:
    """The tags of a person under all her ids."""
    return list(Tag.objects.filter(given__person__in=list(ids)).distinct())


def counted() -> QuerySet[Tag]:
    """All tags with how many ids have them, the most used first."""
    return Tag.objects.annotate(people=Count("given__person", distinct=True)).order_by("-people", "folded")


def suggested(text: str, ids: Iterable[str] = (), most: int = 8) -> list[Tag]:
    """Tags that hold a text and that the person does not have yet."""
    has = Q(pk__in=[tag.pk for tag in tags_of(ids)])
    return list(counted().filter(folded__contains=folded(text)).exclude(has)[:most])


def people_with(tag: Tag) -> QuerySet[Tagging]:
    """The ids that have a tag, as a subquery or a list."""
    return Tagging.objects.filter(tag=tag).values("person")


def add(person: str, name: str, actor: Any) -> Tag:
    """Give a person a tag; one that she has already changes nothing. ValidationError for a name that is none."""
    tag = _made(name)
    _, new = Tagging.objects.get_or_create(person=person, tag=tag, defaults={"by": actor})
    if new:
        record(actor, "tag.add", person, tag=tag.pk)
    return tag


def add_to_all(persons: Iterable[str], name: str, actor: Any) -> int:
    """Give many people a tag at once; how many did not have it yet."""
    tag = _made(name)
    before = Tagging.objects.filter(tag=tag).count()
    rows = (Tagging(person=person, tag=tag, by=actor) for person in persons)
    Tagging.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    new = Tagging.objects.filter(tag=tag).count() - before
    record(actor, "tag.add_to_all", "", tag=tag.pk, people=new)
    return new


def remove(ids: Iterable[str], tag: Tag, actor: Any) -> None:
    """Take a tag from a person, under whichever of her ids she has it."""
    ids = list(ids)
    gone, _rows = Tagging.objects.filter(person__in=ids, tag=tag).delete()
    if gone:
        record(actor, "tag.remove", ids[0], tag=tag.pk)


def rename(tag: Tag, name: str, actor: Any) -> None:
    """Another name for a tag. ValidationError where another tag has it."""
    name = _checked(name)
    if Tag.objects.filter(folded=folded(name)).exclude(pk=tag.pk).exists():
        raise ValidationError(_("There is a tag of this name already."))
    tag.name, tag.folded = name, folded(name)
    tag.save(update_fields=["name", "folded"])
    record(actor, "tag.rename", "", tag=tag.pk)


def drop(tag: Tag, actor: Any) -> None:
    """Delete a tag; everyone loses it."""
    record(actor, "tag.drop", "", tag=tag.pk, people=tag.given.count())
    tag.delete()


def _made(name: str) -> Tag:
    name = _checked(name)
    return Tag.objects.get_or_create(folded=folded(name), defaults={"name": name})[0]


def _checked(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise ValidationError(_("A tag needs a name."))
    if len(name) > TAG_CHARACTERS or len(folded(name)) > TAG_CHARACTERS:
        raise ValidationError(_("A tag's name holds at most %(most)s characters.") % {"most": TAG_CHARACTERS})
    return name
