"""The tables of this room."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

__all__ = ["Connection", "Hour", "Newest", "PrivacyRequest", "Upload"]


class Connection(models.Model):
    """One shop or biller that sends its webhooks here.

    token    the opaque part of its URL
    sealed   its secrets, encrypted (`sealing`): the newest first, an older one while it is being changed
    prefix   stands before its ids of orders and customers, where another shop of its kind has the bare ones
    """

    kind = models.CharField(max_length=32)
    name = models.CharField(_("name"), max_length=80, unique=True)
    token = models.CharField(max_length=64, unique=True)
    sealed = models.TextField(blank=True)
    prefix = models.CharField(max_length=16, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    disconnected_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    last_refused_at = models.DateTimeField(null=True)
    received = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)

    class Meta:
        """In the order in which they were made."""

        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def inbox_name(self) -> str:
        """Its kind as it stands in the inbox, with its prefix."""
        return f"{self.kind}/{self.prefix}" if self.prefix else self.kind


class Hour(models.Model):
    """What a connection sent within an hour; a month of them is kept."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="hours")
    start = models.DateTimeField(db_index=True)
    received = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)

    class Meta:
        """One row an hour."""

        constraints = [models.UniqueConstraint(fields=["connection", "start"], name="sources_hour_once")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.start:%Y-%m-%d %H}"


class Newest(models.Model):
    """What was told last of an order or a customer of a source, by a hash of its id; see `newest`.

    message  the order of a tie (`messages.Tie`), and nothing else
    """

    source = models.CharField(max_length=64)
    of = models.CharField(max_length=64)
    version = models.CharField(max_length=64)
    digest = models.CharField(max_length=32)
    message = models.CharField(max_length=300)

    class Meta:
        """One row an object."""

        constraints = [models.UniqueConstraint(fields=["source", "of"], name="sources_newest_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.of}"


class PrivacyRequest(models.Model):
    """What a shop asks on behalf of a customer: erase her, tell what is held of her."""

    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=16)
    person = models.CharField(max_length=254, blank=True)
    delivery = models.CharField(max_length=80, unique=True)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=254, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.kind} {self.person}"


class Upload(models.Model):
    """A file uploaded in the browser, and what became of it.

    file      its name in server/uploads/; empty once it is not kept any more
    mapping   role → column, as chosen; options   as chosen (names of `ImportOptions`)
    plan      how it will be read, as the analyst said last; record  what came of it (`workspace.imports`)
    """

    name = models.CharField(max_length=200)
    file = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(default=0)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, default="uploaded")
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    beat_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    mend = models.TextField(blank=True)
    record = models.JSONField(default=dict)
    notes = models.JSONField(default=list)

    class Meta:
        """Newest first."""

        ordering = ("-uploaded_at", "-id")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Names are cut to what the table holds."""
        self.name = self.name[:200]
        super().save(*args, **kwargs)
