"""Reports, audiences and reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from holdfast.server.insights.listed import INSIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Audience", "AudienceMember", "Review", "SavedReport", "question_of"]

AT_ONCE = 5_000


def question_of(slug: str) -> str:
    """What the analysis of an address asks; the address itself where there is none (any more)."""
    return next((str(one.title) for one in INSIGHTS if one.slug == slug), slug)


class SavedReport(models.Model):
    """A question with its choices, under a name. What it says is always told anew.

    slug   of the analysis (`insights.catalogue`) · query  its choices, as in the page's address
    """

    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """By name."""

        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        """What its analysis asks."""
        return question_of(self.slug)

    def get_absolute_url(self) -> str:
        """The page with these choices."""
        url = reverse("insight", args=[self.slug])
        return f"{url}?{self.query}" if self.query else url


class Audience(models.Model):
    """People, fixed on the day they were gathered.

    origin  what they were: slug and query of the analysis and the cell behind whose number they stood, in words and as values
    """

    name = models.CharField(_("name"), max_length=120)
    note = models.CharField(_("note"), max_length=400, blank=True)
    origin = models.JSONField(default=dict, blank=True)
    people = models.PositiveIntegerField(default=0)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first."""

        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        """What the analysis asked behind whose number they stood; empty where their ids were given."""
        return question_of(str(self.origin.get("slug", "")))

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("audience", args=[self.pk])

    def fill(self, persons: Iterable[str]) -> int:
        """Put these people in (person ids, each once); how many are in."""
        members = [AudienceMember(audience=self, person=person) for person in dict.fromkeys(persons)]
        AudienceMember.objects.bulk_create(members, batch_size=AT_ONCE, ignore_conflicts=True)
        self.people = self.members.count()
        self.save(update_fields=["people"])
        return self.people


class AudienceMember(models.Model):
    """Somebody in an audience."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="members")
    person = models.TextField(db_index=True)

    class Meta:
        """Each once, in the order of ids."""

        ordering = ("person",)
        constraints = [models.UniqueConstraint(fields=["audience", "person"], name="once_in_an_audience")]

    def __str__(self) -> str:
        return self.person


class Review(models.Model):
    """What was decided when the figures were looked at, and when they are looked at again (MISSION 1.22).

    said  what the Today page said then: its sentence and date, so that a decision is read beside what it was made on
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    said = models.JSONField(default=dict)
    decision = models.TextField(_("what we decided"), max_length=4000)
    next_on = models.DateField(_("look again on"), null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
