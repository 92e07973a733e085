"""Accounts (firms), and who of the best nobody has been in contact with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from holdfast.server.customers import notes, tasks
from holdfast.server.customers.care import Note
from holdfast.server.customers.links import key_of
from holdfast.server.customers.merging import merge
from holdfast.server.customers.pages import accounts
from holdfast.server.customers.standing import Standing, account_told
from tests.server.corner import open_corner, url

ACME = f"/firms/{key_of('acme')}/"


@pytest.fixture
def shop(served, db):
    return open_corner(served)


def text(answer) -> str:
    return answer.content.decode()


def test_the_account_tells_who_is_there_what_they_brought_and_how_it_does(shop, as_):
    """Ann brought 130.00 in 6 orders, Ben 200.00 in 4; Ben is silent for longer than is usual for him."""
    page = text(as_("anna").get(ACME))
    assert "Acme &amp; Sons &lt;b&gt;" in page
    assert "2 people, 10 orders, £330.00. 2 of 2 active in the last 90 days; 1 is silent for longer than usual." in page
    assert page.index("Ben Brook") < page.index("Ann Archer")  # who brought most first
    assert "over three times her usual gap" in page


def test_the_account_holds_notes_and_tasks_of_all_its_people(shop, as_, people):
    now = datetime.now(UTC)
    notes.write("ann", "Moves in May", people["agnes"], now, contact=True)
    tasks.make("ben", "Ring Ben", people["agnes"], now)
    page = text(as_("anna").get(ACME))
    assert "Moves in May" in page
    assert "Ring Ben" in page
    assert "note · Agnes" in page


def test_the_account_keeps_what_was_written_for_a_merged_id_and_adds_up_everybody(shop, as_, people, monkeypatch):
    """dan is merged into ann: his note is the account's. The list holds one of two people, the sum both."""
    notes.write("dan", "Dan was promoted", people["agnes"], datetime.now(UTC), contact=True)
    merge("dan", into="ann", by=people["max"])
    page = text(as_("anna").get(ACME))
    assert "Dan was promoted" in page
    assert "2 people, 10 orders, £330.00" in page
    monkeypatch.setattr(accounts, "PEOPLE", 1)
    cut = text(as_("anna").get(ACME))
    assert "2 people, 10 orders, £330.00" in cut
    assert "all of them" in cut


def test_accounts_are_listed_and_found(shop, as_):
    anna = as_("anna")
    assert ACME in text(anna.get("/firms/"))
    assert ACME in text(anna.get("/firms/?q=sons"))
    assert "No account" in text(anna.get("/firms/?q=zzz"))
    assert anna.get(f"/firms/{key_of('nowhere')}/").status_code == 404
    assert ACME in text(anna.get(url("ann")))


def test_an_empty_shop_says_where_accounts_come_from(as_):
    assert "group call" in text(as_("anna").get("/firms/"))


def test_who_of_the_best_has_heard_nothing_from_us(shop, as_, people):
    now = datetime.now(UTC)
    notes.write("ann", "We talked", people["agnes"], now, contact=True)
    notes.write("ben", "Only thought of him", people["agnes"], now)
    tasks.log_call("dan", people["agnes"], now, outcome="no answer")
    anna = as_("anna")
    page = text(anna.get("/uncontacted/?days=30"))
    assert "Ann Archer" not in page
    assert page.index("Ben Brook") < page.index("Cleo Park") < page.index("Dan Dale")  # by money
    Note.objects.update(created_at=now - timedelta(days=31))
    page = text(anna.get("/uncontacted/?days=30&sort=contact"))
    assert page.index("Ben Brook") < page.index("Ann Archer")  # never comes before long ago
    assert "Ann Archer" not in text(anna.get("/uncontacted/?days=60"))
    assert text(anna.get("/uncontacted/?days=x&sort=y")).count("Ben Brook") == 1


def test_a_contact_under_another_id_of_hers_counts(shop, as_, people):
    from holdfast.server.customers.merging import merge

    notes.write("cleo-1", "We talked", people["agnes"], datetime.now(UTC), contact=True)
    assert "Cleo P." in text(as_("anna").get("/uncontacted/"))
    merge("cleo-1", into="cleo-2", by=people["max"])
    page = text(as_("anna").get("/uncontacted/"))
    assert "Cleo P." not in page


def test_the_sentence_of_an_account():
    day = date(2026, 3, 1)
    gone = Standing((date(2025, 1, 1), date(2025, 10, 1)), (date(2025, 1, 1), date(2025, 10, 1)), 2, 80.0, day)
    assert account_told(0, [], "GBP") == "Nobody belongs to this account yet."
    assert account_told(2, [], "GBP") == "2 people; nothing has been heard of them yet."
    assert account_told(1, [gone], "GBP") == "1 person, 2 orders, £80.00. Silent: nobody has been seen for 151 days."
