"""Removing people from the database: every table that holds something of a person, in one list.

A room that keeps something of customers adds a line: the model and its field with the person id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from holdfast.server.customers.identity import chunks
from holdfast.server.customers.resolving import ANONYMOUS

__all__ = ["FIELDS", "PLACES", "held_in_database", "removed_from_database"]

PLACES: tuple[tuple[str, str], ...] = (
    ("customers.CustomerWord", "customer__person"),
    ("customers.Customer", "person"),
    ("customers.Customer", "merged_into"),
    ("customers.Consent", "person"),
    ("customers.KnownAs", "known_as"),
    ("customers.KnownAs", "person"),
    ("customers.Sighting", "customer"),
    ("customers.AliasCall", "previous"),
    ("customers.AliasCall", "customer"),
    ("customers.Note", "person"),
    ("customers.Tagging", "person"),
    ("customers.Task", "person"),
    ("keeping.AudienceMember", "person"),
    ("sources.PrivacyRequest", "person"),
    ("people.AuditEntry", "subject"),
)
"""Model and field, in the order in which rows are removed. Models that are not installed are passed over."""

DEVICES: tuple[tuple[str, str], ...] = (("customers.Sighting", "anonymous"), ("customers.AliasCall", "previous"))
"""Fields that hold anonymous ids without "anon:"."""

FIELDS = frozenset((*PLACES, *DEVICES))
"""Fields where ids stand whole."""

BLANKED = frozenset({"people.AuditEntry", "sources.PrivacyRequest"})
"""Rows that stay without the id: who of us did what, and when, is kept."""

ERASED = "erased"


def removed_from_database(ids: Iterable[str]) -> dict[str, int]:
    """Remove everything of these person ids, in the transaction of the caller; place → how many rows."""
    every = sorted(set(ids))
    counts: dict[str, int] = {}
    if blanked := _blanked_details(every):
        counts["people.AuditEntry"] = blanked
    for model, field, values in _places(every):
        for part in chunks(values):
            rows = model.objects.filter(**{f"{field}__in": part})
            done = rows.update(**{field: ERASED}) if model._meta.label in BLANKED else _deleted(rows)
            if done:
                counts[model._meta.label] = counts.get(model._meta.label, 0) + done
    return counts


def held_in_database(ids: Iterable[str]) -> dict[str, int]:
    """How many rows still name one of these ids: place → rows, only where there are some."""
    counts: dict[str, int] = {}
    for model, field, values in _places(sorted(set(ids))):
        found = sum(model.objects.filter(**{f"{field}__in": part}).count() for part in chunks(values))
        if found:
            counts[f"{model._meta.label}.{field}"] = found
    return counts


def _places(ids: list[str]) -> Iterable[tuple[Any, str, list[str]]]:
    bare = [one.removeprefix(ANONYMOUS) for one in ids if one.startswith(ANONYMOUS)]
    for places, values in ((PLACES, ids), (DEVICES, bare)):
        for label, field in places:
            try:
                model = apps.get_model(label)
            except LookupError:
                continue
            yield model, field, _as_kept(model, field, values)


def _as_kept(model: Any, field: str, ids: list[str]) -> list[str]:
    """The ids as a field keeps them: a shorter field holds their beginning."""
    longest = None if "__" in field else model._meta.get_field(field).max_length
    return sorted({one[:longest] for one in ids})


def _deleted(rows: Any) -> int:
    return int(rows.delete()[0])


def _blanked_details(ids: list[str]) -> int:
    """Take the ids out of the details of the audit log."""
    entries = apps.get_model("people.AuditEntry").objects.annotate(text=Cast("details", TextField()))
    count = 0
    for part in chunks(ids, 50):
        named = Q()
        for one in part:
            named |= Q(text__contains=json.dumps(one)[1:-1]) | Q(text__contains=one)
        for entry in entries.filter(named):
            details = {name: ERASED if value in part else value for name, value in entry.details.items()}
            if details != entry.details:
                entry.details = details
                entry.save(update_fields=["details"])
                count += 1
    return count
