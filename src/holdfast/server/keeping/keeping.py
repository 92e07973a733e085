"""What other rooms may do with what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from holdfast.server.keeping.models import Audience, AudienceMember, Review, SavedReport
from holdfast.server.people.audit import record
from holdfast.server.people.models import User

__all__ = ["audience_of", "audiences_of", "forget", "keep_report", "keep_review"]


def keep_report(name: str, slug: str, query: str, by: User, note: str = "") -> SavedReport:
    """Keep a question with its choices under a name."""
    kept = SavedReport.objects.create(name=name, slug=slug, query=query, note=note, made_by=by)
    record(by, "report.keep", str(kept.pk), slug=slug)
    return kept


def keep_review(made: Review, by: User) -> Review:
    """Keep a decision beside what the figures say at this moment."""
    from holdfast.server.today.today import sentence

    made.by, made.said = by, sentence()
    made.save()
    record(by, "review.keep", str(made.pk))
    return made


@transaction.atomic
def audience_of(name: str, persons: Iterable[str], by: User, origin: dict[str, Any] | None = None, note: str = "") -> Audience:
    """Make a fixed audience of these people (person ids).

    origin  slug, query and cell of the number behind which they stood
    """
    made = Audience.objects.create(name=name, note=note, origin=origin or {}, made_by=by)
    people = made.fill(persons)
    record(by, "audience.make", str(made.pk), people=people)
    return made


def audiences_of(person: str) -> list[Audience]:
    """The audiences that somebody is in, by name."""
    return list(Audience.objects.filter(members__person=person).order_by("name"))


def forget(persons: frozenset[str]) -> int:
    """Take erased people out of every audience; how many places that were."""
    touched = set(AudienceMember.objects.filter(person__in=persons).values_list("audience", flat=True))
    gone, _ = AudienceMember.objects.filter(person__in=persons).delete()
    for audience in Audience.objects.filter(pk__in=touched):
        audience.people = audience.members.count()
        audience.save(update_fields=["people"])
    return gone
