"""Everything that is held about one person, as a ZIP of JSON and CSV (GDPR, articles 15 and 20).

    content = export("17", by=user)     the bytes; the audit log keeps that it was asked for

profile.json · events.json, events.csv · refused.json · notes.json · tasks.json · tags.json · consents.json, consents.csv ·
computed.json · expected.json · audiences.json · requests.json · looked.json (who of us did what about her, and when) ·
README.txt. What the business wrote in confidence about others does not stand in it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from holdfast.server.csv_files import guarded
from holdfast.server.customers.consents import consents, history
from holdfast.server.customers.models import Customer, ids_of
from holdfast.server.customers.trait_names import class_of, classes

__all__ = ["export", "file_name"]

PAGE = 2_000
TABLES = {
    "notes": ("customers.Note", "person"),
    "tasks": ("customers.Task", "person"),
    "tags": ("customers.Tagging", "person"),
    "audiences": ("keeping.AudienceMember", "person"),
    "requests": ("sources.PrivacyRequest", "person"),
    "looked": ("people.AuditEntry", "subject"),
}
"""File → the table it comes from and the field with the person id."""

README = """This archive holds everything that is kept about one person, as of {when} (UTC).

profile.json    ids and traits, each with its class; computed.json what was worked out of the events
expected.json   what is expected: next order, value, risk of leaving, with the reasons
events          what happened, newest first: events.json whole, events.csv as a table
refused.json    what arrived and could not be used
consents        what was allowed and forbidden: consents.json now and all that was ever said, consents.csv as a table
notes, tasks, tags, audiences   what was written down
requests.json   requests about these data that a shop passed on
looked.json     who of us looked at it or changed something, and when
"""


def file_name(now: datetime) -> str:
    """The name of the file that is downloaded: it does not name her."""
    return f"customer-{now:%Y%m%d-%H%M%S}.zip"


def export(person: str, by: Any) -> bytes:
    """The archive. AnalystAway and TimeoutError as of `analyst.client`, for the events come from there."""
    from holdfast.server.people.audit import record

    ids = ids_of(person)
    now = datetime.now(UTC)
    events = list(_events(ids[0]))
    record(by, "customer.export", subject=ids[0])
    said = [_consent(one) for one in history(ids[0])]
    files: dict[str, str] = {
        "README.txt": README.format(when=now.isoformat(timespec="seconds")),
        "profile.json": _json(_profile(ids)),
        "events.json": _json(events),
        "events.csv": _csv(
            events, ("at", "type", "event", "order_id", "amount", "currency", "products", "properties", "source")
        ),
        "consents.json": _json({"now": [_consent(one) for one in consents(ids[0])], "history": said}),
        "consents.csv": _csv(said, ("at", "kind", "name", "state", "source", "who")),
        "computed.json": _json(_computed(ids[0])),
        "expected.json": _json(_expected(ids[0])),
        "refused.json": _json(_refused(ids)),
        **{f"{name}.json": _json(_table(label, field, ids)) for name, (label, field) in TABLES.items()},
    }
    return _zipped(files, now)


def _zipped(files: dict[str, str], now: datetime) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), text.encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _profile(ids: list[str]) -> dict[str, Any]:
    own = classes()
    row = Customer.objects.filter(person=ids[0]).first()
    if row is None:
        return {"ids": ids}
    shown = {name: getattr(row, name) for name in ("name", "email", "phone", "account", "city", "country")}
    traits = {name: {"value": value, "class": class_of(name, own)} for name, value in row.traits.items()}
    return {"ids": ids, **shown, "first_seen": row.first_seen.isoformat(), "traits": traits}


def _events(person: str) -> Iterable[dict[str, Any]]:
    """All events with all that the lake has of them, newest first."""
    from holdfast.server.customers.timeline import details, timeline

    before = ""
    while True:
        shown = timeline(person, before=before, size=PAGE, within_seconds=120)
        for row, told in zip(shown.rows, details(person, shown.rows, within_seconds=120), strict=True):
            yield {
                "at": row.at.isoformat(),
                "type": told.type if told else "",
                "event": told.event if told else row.event,
                "order_id": told.order_id if told else None,
                "amount": row.amount,
                "currency": told.currency if told else None,
                "products": list(told.products) if told else [],
                "properties": told.properties if told else {},
                "source": told.source if told else None,
            }
        before = shown.next
        if not before:
            return


def _computed(person: str) -> dict[str, Any]:
    from holdfast.server.customers.computed import computed

    told = computed(person)
    return {} if told is None else {"as_of": told.as_of, "made_at": told.made_at, "traits": told.traits}


def _expected(person: str) -> dict[str, Any]:
    """What is to be expected of her, as her page shows it: a profile of her is among what is held."""
    from holdfast.server.analyst.client import call

    told = call("customers.foreseen", within_seconds=120, person=person)
    parts = {name: getattr(told, name) for name in ("next_order", "value", "risk")}
    return {"as_of": told.as_of, "money": told.money, **parts} if any(parts.values()) else {}


def _refused(ids: list[str]) -> list[dict[str, Any]]:
    from holdfast.server.intake.forgetting import refused

    return [
        {"received_at": one.received_at.isoformat(), "reason": one.sentence, "message": one.message}
        for one in refused(frozenset(ids))
    ]


def _consent(one: Any) -> dict[str, Any]:
    return {name: str(getattr(one, name)) for name in ("at", "kind", "name", "state", "source", "who")}


def _table(label: str, field: str, ids: list[str]) -> list[dict[str, Any]]:
    """The rows of a table about these ids; what they point to by its name."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return []
    return [_row(row) for row in model.objects.filter(**{f"{field}__in": ids})]


def _row(row: Any) -> dict[str, Any]:
    told = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        told[field.name] = str(value) if field.is_relation and value is not None else value
    return told


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """A table for people who open it in a spreadsheet: a cell that would be a formula there is text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return guarded(value) if isinstance(value, str) else value
