"""Everything that is held about one person, in one archive, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils.timezone import now

from holdfast.server.analyst.client import call
from holdfast.server.customers import consents, exporting, foreseen, projection
from holdfast.server.customers.computed import computed
from holdfast.server.people.models import AuditEntry
from tests.server.lakes import happened, pour


@pytest.fixture
def shop(served):
    pour(served, [
        happened(1, device="a", path="/welcome"),
        happened(2, "ann", device="a", kind="identify", email="ann@example.com", age="41"),
        *(
            happened(n, "ann", "Order Completed", order_id=f"o{n}", revenue=Decimal(20), currency="GBP", coupon="=1+1")
            for n in (3, 9, 15)
        ),
        happened(20, "ben-secret", "Order Completed", order_id="o20", revenue=Decimal(99), currency="GBP"),
    ])  # fmt: skip
    projection.follow()
    consents.record_consent("ann", "channel", "email", "yes", source="page", who="agnes@example.com")
    apps.get_model("customers.Note").objects.create(person="ann", text="likes tea", author_name="Agnes")
    return served


def opened(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.django_db
def test_all_of_ann_and_nothing_of_ben(shop, people):
    assert shop.timelines.customers == 2
    assert computed("ann") is None
    assert call("customers.traits.make") == 2
    files = opened(exporting.export("ann", people["max"]))
    assert "ben-secret" not in "".join(files.values())
    profile = json.loads(files["profile.json"])
    assert profile["ids"] == ["ann", "anon:a"]
    assert profile["traits"]["age"] == {"value": "41", "class": "demographic"}
    events = json.loads(files["events.json"])
    assert [one["type"] for one in events] == ["track", "track", "track", "identify", "track"]
    assert events[-1]["properties"] == {"path": "/welcome"}
    assert events[0]["amount"] == 20.0
    assert json.loads(files["notes.json"])[0]["text"] == "likes tea"
    assert json.loads(files["consents.json"])["now"][0]["state"] == "yes"
    assert json.loads(files["computed.json"])["traits"]["rfm"]
    assert json.loads(files["looked.json"])[0]["action"] == "customer.export"
    assert AuditEntry.objects.get().subject == "ann"


@pytest.mark.django_db
def test_what_is_expected_of_her_what_was_refused_and_what_was_asked_is_held_about_her_too(shop, monkeypatch):
    """Article 15: her page shows value and risk, so they are in the archive; so is what arrived and could not be used."""
    refused = apps.get_model("intake.RefusedEvent")
    for place, person in enumerate(("ann", "ben-secret")):
        said = json.dumps({"type": "track", "userId": person})
        refused.objects.create(
            inbox="x", inbox_row=1, place=place, received_at=now(), source="1", kind="track", code="no", message=said
        )
    apps.get_model("sources.PrivacyRequest").objects.create(kind="data", person="ann", delivery="d1")
    told = foreseen.Foreseen(date(2026, 1, 21), value={"value": 12.5, "low": 1.0, "high": 30.0})
    monkeypatch.setattr(foreseen, "foreseen_errand", lambda _desk, **_asked: told)
    files = opened(exporting.export("ann", "max"))
    assert json.loads(files["expected.json"])["value"] == told.value
    assert [json.loads(one["message"])["userId"] for one in json.loads(files["refused.json"])] == ["ann"]
    assert [one["kind"] for one in json.loads(files["requests.json"])] == ["data"]
    assert "ben-secret" not in "".join(files.values())


@pytest.mark.django_db
def test_a_spreadsheet_does_not_run_what_somebody_wrote(shop):
    assert shop.timelines.customers == 2
    files = opened(exporting.export("ann", "max"))
    rows = list(csv.DictReader(io.StringIO(files["events.csv"])))
    assert len(rows) == 5
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


@pytest.mark.django_db
def test_what_is_worked_out_is_worked_out_once_a_generation_and_forgotten_by_erasing(shop):
    from holdfast.server.customers import erasing

    assert shop.timelines.customers == 2
    assert (call("customers.traits.make"), call("customers.traits.make")) == (2, 0)
    told = computed("anon:a")
    assert told.as_of == "2026-01-21"
    assert told.traits["rfm"]
    erasing.erase("ann", "max")
    assert computed("ben-secret") is None


def test_no_cell_begins_like_a_formula():
    assert [exporting._cell(one) for one in ("=1", "+1", "-1", "@x", "a", 1, [])] == ["'=1", "'+1", "'-1", "'@x", "a", 1, ""]
