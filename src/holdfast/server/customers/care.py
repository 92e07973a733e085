"""What we keep about a customer ourselves: notes, tags, tasks. The tables.

Each is kept under the person id that it was written for, never under a row of the profiles: profiles are derived from the lake
and can be made again, and a merge that is taken back leaves each note where it was written. Whoever reads asks for all ids.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

__all__ = ["AUTHOR_CHARACTERS", "Note", "Tag", "Tagging", "Task"]

AUTHOR_CHARACTERS = 254
"""As long as an e-mail address may be."""


class Note(models.Model):
    """What somebody wrote about a customer. Deleted ones are kept for a while, so that a slip can be taken back."""

    person = models.CharField(max_length=512, db_index=True)
    text = models.TextField(_("note"), max_length=10_000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=AUTHOR_CHARACTERS)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    contact = models.BooleanField(_("we were in contact with the customer"), default=False)

    class Meta:
        """Newest first."""

        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"note {self.pk}"


class Tag(models.Model):
    """A word that customers are sorted by. `folded` is what makes two spellings the same."""

    name = models.CharField(_("tag"), max_length=60)
    folded = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """By name."""

        ordering = ("folded",)

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A customer has a tag."""

    person = models.CharField(max_length=512)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="given")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One tag once a person."""

        constraints = (models.UniqueConstraint(fields=("person", "tag"), name="customers_tagging_once"),)
        indexes = (models.Index(fields=("tag", "person"), name="customers_tagging_by_tag"),)

    def __str__(self) -> str:
        return f"{self.person}: {self.tag_id}"


class Task(models.Model):
    """Something to do for a customer: a call, an e-mail, anything, with an owner and a day.

    state  open, done (with what came of it) or dropped
    due    a day in the workspace's zone
    """

    class Kind(models.TextChoices):
        """What is to be done."""

        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        OTHER = "other", pgettext_lazy("kind of task", "Other")

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "open", pgettext_lazy("state of a task", "Open")
        DONE = "done", pgettext_lazy("state of a task", "Done")
        DROPPED = "dropped", pgettext_lazy("state of a task", "Dropped")

    class Outcome(models.TextChoices):
        """What came of a call or a message."""

        NONE = "", "–"
        REACHED = "reached", _("Reached")
        NO_ANSWER = "no answer", _("No answer")
        VOICEMAIL = "voicemail", _("Left a message")
        WRONG = "wrong", _("Wrong number or address")

    person = models.CharField(max_length=512, blank=True, db_index=True)
    title = models.CharField(_("what is to be done"), max_length=200)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.CALL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="tasks",
    )
    due = models.DateField(_("due"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(_("what came of it"), max_length=12, choices=Outcome.choices, blank=True, default="")
    told = models.TextField(_("note"), max_length=10_000, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """The next due first; what has no day last."""

        ordering = (models.F("due").asc(nulls_last=True), "id")
        indexes = (
            models.Index(fields=("state", "due"), name="customers_task_state_due"),
            models.Index(fields=("owner", "state", "due"), name="customers_task_owner"),
        )

    def __str__(self) -> str:
        return self.title
