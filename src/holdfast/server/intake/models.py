"""The tables of this room. Events that wait stand in the inbox (`inbox.py`), a table without Django."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from holdfast.server.intake.refusing import LIVE_REASONS

__all__ = ["OUTCOMES", "RefusedEvent"]

OUTCOMES = [
    ("", _("waits")),
    ("again", _("sent in again")),
    ("used", _("used since")),
    ("known", _("was in already")),
]


class RefusedEvent(models.Model):
    """A message that could not be used: why, and as it came, so that it can be put right and sent in again.

    inbox, inbox_row, place  where it came from: one refusal each
    kind                     the call, as in the inbox; "message" for one out of a batch
    message                  the JSON as it was sent
    outcome                  what became of it when it was sent in again
    """

    inbox = models.CharField(max_length=64)
    inbox_row = models.BigIntegerField()
    place = models.IntegerField()
    received_at = models.DateTimeField()
    source = models.CharField(max_length=200)
    kind = models.CharField(max_length=200)
    code = models.CharField(max_length=64)
    sentence = models.TextField()
    mend = models.TextField()
    message = models.TextField()
    replayed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, default="", blank=True, choices=OUTCOMES)

    class Meta:
        """Newest first, by reason and source."""

        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["inbox", "inbox_row", "place"], name="refused_once"),)
        indexes = (
            models.Index(fields=["outcome", "code", "-id"], name="refused_by_reason"),
            models.Index(fields=["received_at"], name="refused_by_time"),
        )

    @property
    def said(self) -> str:
        """What is wrong, in the language of who reads it; the text that is wrong stands behind it as it came."""
        known = LIVE_REASONS.get(self.code, ("", ""))[0]
        return gettext(known) + self.sentence[len(known) :] if known and self.sentence.startswith(known) else self.sentence

    @property
    def advice(self) -> str:
        """What to do, in the language of who reads it."""
        return gettext(self.mend) if self.mend else ""

    def __str__(self) -> str:
        return f"{self.code} {self.inbox_row}/{self.place}"
