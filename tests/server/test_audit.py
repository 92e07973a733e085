"""Who did what: written, filtered, read in pages, taken as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from holdfast.server.csv_files import guarded
from holdfast.server.people.audit import record
from holdfast.server.people.models import ApiToken, AuditEntry
from holdfast.server.people.reading_audit import AuditFilter, audit_page

pytestmark = pytest.mark.usefixtures("served", "db")


def test_it_filters_by_who_what_to_whom_and_when(as_, people):
    """Max erased Dan at half past midnight in London in summer: still the day before in UTC."""
    entry = record(people["max"], "customer.erase", subject="dan")
    AuditEntry.objects.filter(pk=entry.pk).update(at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    record(people["agnes"], "customer.note", subject="ann")
    max_ = as_("max")

    def shown(query: str) -> list[str]:
        return [one.action for one in max_.get(f"/audit/?{query}").context["page"].entries]

    assert shown("") == ["customer.note", "customer.erase"]
    assert shown("actor=agnes") == shown("subject=ann") == ["customer.note"]
    assert shown("action=customer.e") == ["customer.erase"]
    assert shown("since=2026-07-01&until=2026-07-01") == ["customer.erase"]
    assert shown("until=2026-06-30") == []
    assert shown("since=nonsense&until=9999-12-31&before=x%20y") == ["customer.note", "customer.erase"]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=some.integers(1, 9), late=some.integers(0, 4))
def test_pages_show_everything_once_while_the_log_grows(size, late):
    """Law: walking to the end shows each entry that was there at the beginning exactly once."""
    AuditEntry.objects.all().delete()
    there = {record("digester", "lake.pour", subject=str(n)).pk for n in range(13)}
    seen, before = [], 0
    while True:
        page = audit_page(AuditFilter(), "Europe/London", before, size)
        seen += [one.pk for one in page.entries]
        for _n in range(late):
            record("digester", "lake.pour")
        if not page.older:
            break
        before = page.older
    assert sorted(seen) == sorted(there)


def test_the_file_holds_all_and_no_formulas(as_, people):
    for n in range(60):
        record(people["max"], "customer.merge", subject=f'=HYPERLINK("{n}")')
    answer = as_("olga").get("/audit.csv?action=customer.merge")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == ["id", "at", "actor", "action", "subject", "details"]
    assert len(rows) == 61
    assert all(row[4].startswith("'=") for row in rows[1:])
    assert answer["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert AuditEntry.objects.filter(action="audit.export", actor="olga@example.com").exists()
    assert as_("max").get("/audit.csv").status_code == 403


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x"]
)
def test_no_cell_begins_as_a_formula_does(cell):
    assert guarded(cell) == f"'{cell}"
    assert [guarded(plain) for plain in ("", "Ann", "1-1", " =1")] == ["", "Ann", "1-1", " =1"]


def test_tokens_and_programs_are_named(people):
    token, _secret = ApiToken.make("Till", ["care"], people["olga"])
    entry = record(token, "customer.note")
    assert (entry.actor, entry.user, entry.details) == ("token Till", people["olga"], {"token": token.pk})
    assert record("digester", "lake.pour").actor == "digester"
    assert record(people["max"], "customer.note", subject="x" * 300).subject == "x" * 254


def test_what_a_person_did_stays_when_her_account_goes(people):
    record(people["anna"], "report.keep")
    people["anna"].delete()
    entry = AuditEntry.objects.get(action="report.keep")
    assert (entry.user, entry.actor) == (None, "anna@example.com")


def test_the_api_reads_it_too(people, as_):
    for n in range(3):
        record(people["max"], "customer.merge", subject=str(n))
    first = as_("max").get("/api/v1/audit?limit=2&action=customer.merge").json()
    assert [one["subject"] for one in first["items"]] == ["2", "1"]
    rest = as_("max").get(f"/api/v1/audit?limit=2&action=customer.merge&cursor={first['next']}").json()
    assert ([one["subject"] for one in rest["items"]], rest["next"]) == (["0"], None)
    assert as_("max").get(f"/api/v1/audit?since={(datetime.now(UTC) + timedelta(days=2)).date()}").json()["items"] == []
