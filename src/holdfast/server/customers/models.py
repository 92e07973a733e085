"""The tables of this room: who the customers are, under which ids they are known, what they allowed.

All of it but what people write themselves (consents given here, records of erasures) follows from the lake and is kept level
with it by `projection.follow`. For pages:

    Customer.objects.get(person=…)   one row for each id that has a profile; `merged_into` is "" for the one that is shown
    customer.traits                  plain values by name; `trait_names.class_of(name)` tells which of four classes they are
    ids_of(person)                   all ids of a person, her own first
    consents.consents(person)        what she allows now
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from holdfast.server.customers.care import Note, Tag, Tagging, Task

__all__ = [
    "Account",
    "AliasCall",
    "Consent",
    "Cursor",
    "Customer",
    "CustomerWord",
    "Erasure",
    "KnownAs",
    "Note",
    "Sighting",
    "Tag",
    "Tagging",
    "Task",
    "TraitClass",
    "ids_of",
    "shown_person",
]

ID_LENGTH = 512
"""Longer ids get no profile; their events count all the same."""


class Customer(models.Model):
    """What is known of one id: a known person, or an anonymous one who left something of herself.

    person       her id as timelines have it: a customer id, or "anon:" and an anonymous id
    merged_into  the person that this id really is; "" where it is she herself. Only rows with "" are shown.
    name, email, phone, account, city, country   shown and searched; of all her ids
    traits       every trait told of her, name → text; of all her ids
    told         what was told under this very id: name → [time µs, sequence, text]; the latest of each name
    first_us     the first event under this very id, UTC microseconds
    first_seen   the first event under any of the ids that have a row
    """

    person = models.CharField(max_length=ID_LENGTH)
    merged_into = models.CharField(max_length=ID_LENGTH, blank=True)
    name = models.CharField(_("name"), max_length=254, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=64, blank=True)
    account = models.CharField(_("firm"), max_length=254, blank=True)
    city = models.CharField(_("city"), max_length=128, blank=True)
    country = models.CharField(_("country"), max_length=128, blank=True)
    traits = models.JSONField(default=dict)
    told = models.JSONField(default=dict)
    first_us = models.BigIntegerField()
    first_seen = models.DateTimeField(_("first seen"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Newest first; the indexes serve the list with its filters, page by page."""

        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["person"], name="customer_person"),)
        indexes = (
            models.Index(fields=["merged_into"], name="customer_merged", condition=~Q(merged_into="")),
            models.Index(fields=["account", "id"], name="customer_account", condition=~Q(account="")),
            models.Index(fields=["country", "id"], name="customer_country", condition=~Q(country="")),
            models.Index(fields=["email", "id"], name="customer_email", condition=~Q(email="")),
            models.Index(fields=["phone", "id"], name="customer_phone", condition=~Q(phone="")),
        )

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """What she is called on pages: her name, else her e-mail address, else her id."""
        return self.name or self.email or self.person

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows yet who she is."""
        return self.person.startswith("anon:")


class CustomerWord(models.Model):
    """A word by which a shown customer is found, folded (`words.py`), as UTF-8 bytes, so that both databases sort it alike."""

    pk = models.CompositePrimaryKey("customer_id", "word")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_index=False, related_name="words")
    word = models.BinaryField(max_length=64)

    class Meta:
        """The index is what a search reads."""

        indexes = (models.Index(fields=["word", "customer"], name="word_customer"),)


class Account(models.Model):
    """A firm that customers belong to, as `group` calls tell of it.

    account  its id (what `Customer.account` holds)
    told     as of customers
    """

    account = models.CharField(max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=254, blank=True)
    traits = models.JSONField(default=dict)
    told = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name or self.account


class Consent(models.Model):
    """That somebody allowed or forbade something, or chose what she wants. A record that only grows: nothing is overwritten.

    person    the id under which it was said (read them by `consents.consents(person)`, which knows all her ids)
    kind      channel, topic, brand, category, frequency or purpose
    name      which: "email", "newsletter", …
    state     "yes", "no", or the choice ("weekly")
    at        when it was said; `day` is its UTC date
    source    where: "trait", "event", "context", "page", …
    who       who wrote it down; "" where she said it herself
    sequence  the event that said it, None when it was written down here

    What one source repeats on one day under one id is one record, with the last time of that day.
    """

    person = models.CharField(max_length=ID_LENGTH)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=128)
    state = models.CharField(max_length=64)
    at = models.DateTimeField()
    day = models.DateField()
    source = models.CharField(max_length=32)
    who = models.CharField(max_length=254, blank=True)
    sequence = models.BigIntegerField(null=True)

    class Meta:
        """In the order in which they were said."""

        ordering = ("at", F("sequence").asc(nulls_last=True), "id")
        indexes = (models.Index(fields=["person", "at"], name="consent_person"),)
        constraints = (
            models.UniqueConstraint(
                fields=["person", "kind", "name", "state", "source", "day"],
                condition=Q(sequence__isnull=False),
                name="consent_said",
            ),
        )


class KnownAs(models.Model):
    """An id that is really another person: the alias map of the lake, kept level with it."""

    known_as = models.CharField(max_length=ID_LENGTH, unique=True)
    person = models.CharField(max_length=ID_LENGTH, db_index=True)


class Sighting(models.Model):
    """The first time that an anonymous id was seen with a customer id: evidence of who is who."""

    anonymous = models.CharField(max_length=ID_LENGTH)
    customer = models.CharField(max_length=ID_LENGTH)
    time_us = models.BigIntegerField()
    sequence = models.BigIntegerField()

    class Meta:
        """One row a pair."""

        constraints = (models.UniqueConstraint(fields=["anonymous", "customer"], name="sighting_pair"),)
        indexes = (models.Index(fields=["customer"], name="sighting_customer"),)


class AliasCall(models.Model):
    """An `alias` event: two ids are one person from then on, or (unmerge) no longer."""

    sequence = models.BigIntegerField(unique=True)
    time_us = models.BigIntegerField()
    previous = models.CharField(max_length=ID_LENGTH, db_index=True)
    customer = models.CharField(max_length=ID_LENGTH, db_index=True)
    unmerge = models.BooleanField(default=False)


class Cursor(models.Model):
    """How far a follower of the lake came: the latest sequence that it took, and how many erasures it knows."""

    name = models.CharField(max_length=32, unique=True)
    sequence = models.BigIntegerField(default=-1)
    erasures = models.BigIntegerField(default=0)


class TraitClass(models.Model):
    """A trait that this business puts into another class than `trait_names` does."""

    name = models.CharField(max_length=128, unique=True)
    kind = models.CharField(
        max_length=16,
        choices=[
            ("demographic", _("Demographic")),
            ("psychographic", _("Psychographic")),
            ("behavioural", _("Behavioural")),
            ("contextual", _("Contextual")),
        ],
    )


class Erasure(models.Model):
    """That somebody was erased, without anything about her.

    hash    of her id, with the server's secret: it answers "was this id erased?" and nothing else
    person  her id until the erasure is done; then nothing
    state   asked, running, done or failed
    proof   place → how many were removed there, and how many were found afterwards (0)
    """

    hash = models.CharField(max_length=64, db_index=True)
    person = models.CharField(max_length=ID_LENGTH, blank=True)
    state = models.CharField(max_length=8, default="asked")
    by = models.CharField(max_length=254)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    proof = models.JSONField(default=dict)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-asked_at", "-id")


def ids_of(person: str) -> list[str]:
    """All ids of the same person: the one she is shown under first, then the others."""
    near = models.Q(person=person) | models.Q(known_as=person)
    rows = list(KnownAs.objects.filter(near).order_by("known_as").values_list("known_as", "person"))
    whole = next((str(shown) for known_as, shown in rows if known_as == person), person)
    if whole != person:
        rows = list(KnownAs.objects.filter(person=whole).order_by("known_as").values_list("known_as", "person"))
    return [whole, *(str(known_as) for known_as, shown in rows if shown == whole)]


def shown_person(person: str) -> str:
    """The id under which this id is shown: itself, or the person that it really is."""
    found = KnownAs.objects.filter(known_as=person).values_list("person", flat=True).first()
    return person if found is None else str(found)
