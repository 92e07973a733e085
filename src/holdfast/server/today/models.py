"""What was sent, so that nothing is sent twice."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

__all__ = ["WeeklySent"]


class WeeklySent(models.Model):
    """A weekly report to somebody, written down before it is handed over: of a week she gets one, or none and a note of why.

    week  ISO year and week, such as 2026-W48 · state  sending, sent, failed
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    week = models.CharField(max_length=8)
    state = models.CharField(max_length=8, default="sending")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Once a week."""

        constraints = [models.UniqueConstraint(fields=["user", "week"], name="weekly_once")]

    def __str__(self) -> str:
        return f"{self.week} {self.state}"
