"""Users, invitations, one-time links, write keys, tokens, the audit log."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

__all__ = ["ROLE_NAMES", "ApiToken", "AuditEntry", "Invitation", "OneTimeLink", "User", "UserManager", "WriteKey", "hashed"]

ROLE_NAMES = [("analyst", _("Analyst")), ("agent", _("Agent")), ("manager", _("Manager")), ("owner", _("Owner"))]
"""Roles as pages call them, from the least to the most."""


def hashed(secret: str) -> str:
    """What is kept of a key or token: its SHA-256, hexadecimal. Keys are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class UserManager(BaseUserManager):
    """Makes users."""

    use_in_migrations = True

    def create_user(
        self, email: str, password: str | None = None, *, role: str = "analyst", name: str = "", **more: Any
    ) -> User:
        """A user; without a password she cannot sign in by one (an invitation lets her choose it)."""
        user = self.model(email=self.normalize_email(email).lower(), role=role, name=name, **more)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who works here. Signs in by e-mail; what she may do stands in `people.access`."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=16, default="analyst", choices=ROLE_NAMES)
    is_active = models.BooleanField(_("active"), default=True)
    weekly_report = models.BooleanField(_("weekly report by e-mail"), default=False)
    language = models.CharField(_("language"), max_length=12, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    def __str__(self) -> str:
        return self.name or self.email


class Invitation(models.Model):
    """Somebody was asked by e-mail to work here, with a role. One at a time an address; its link is kept as its hash."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=16, choices=ROLE_NAMES)
    hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    went_out: bool | None = None
    """Whether the e-mail was taken, where it was sent just now; not kept."""

    class Meta:
        """Newest first; one that is open an address."""

        ordering = ("-sent_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_an_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"


class OneTimeLink(models.Model):
    """A link that lets in once, for minutes; kept as its hash. Without a user: it lets the first owner set herself up."""

    hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link {self.pk}"


class WriteKey(models.Model):
    """What a site or app sends events with. It can do nothing else; shown once, kept as its hash."""

    name = models.CharField(_("name"), max_length=120)
    hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, name: str, by: User | None = None) -> tuple[WriteKey, str]:
        """A new key and its secret, which is not kept."""
        secret = f"wk_{secrets.token_urlsafe(24)}"
        return cls.objects.create(name=name, hash=hashed(secret), prefix=secret[:9], created_by=by), secret


class ApiToken(models.Model):
    """What a program reads or works with over the HTTP API, within its scopes (needs of `access`).

    Shown once, kept as its hash.
    """

    name = models.CharField(_("name"), max_length=120)
    hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(
        cls, name: str, scopes: list[str], by: User | None = None, expires_at: datetime | None = None
    ) -> tuple[ApiToken, str]:
        """A new token and its secret, which is not kept."""
        secret = f"at_{secrets.token_urlsafe(32)}"
        made = cls.objects.create(
            name=name, hash=hashed(secret), prefix=secret[:9], scopes=scopes, created_by=by, expires_at=expires_at
        )
        return made, secret


class AuditEntry(models.Model):
    """Who did what to whom, and when. Only grows."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=64, db_index=True)
    subject = models.CharField(max_length=254, blank=True, db_index=True)
    details = models.JSONField(default=dict)

    class Meta:
        """Newest first."""

        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"
