"""The Today page: do our customers stay, who needs looking after, what changed, what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from holdfast.server.today.today import current
from holdfast.server.today.weekly import send_weekly


@pytest.mark.usefixtures("giftware")
def test_it_answers_in_a_sentence_with_interval_and_people(as_):
    page = as_("anna").get("/").content.decode()
    assert "Do our customers stay?" in page
    assert "93.7" in page
    assert "Past their own rhythm" in page
    assert "What changed since last week?" in page
    assert "The goal is reached." in page
    assert "NRF" in page


@pytest.mark.usefixtures("served")
def test_a_workspace_without_events_says_what_to_do_next(as_):
    page = as_("max").get("/").content.decode()
    assert "no event has come in" in page
    assert "/imports/" in page


def test_it_is_shown_from_what_is_kept(as_, giftware):
    as_("anna").get("/")
    kept = list((giftware.path / "server" / "kept" / "answers").glob("*.page"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    as_("anna").get("/")
    assert kept[0].stat().st_mtime_ns == before
    assert current().working is False


def test_a_damaged_file_is_made_anew(as_, giftware):
    as_("anna").get("/")
    (kept,) = (giftware.path / "server" / "kept" / "answers").glob("*.page")
    kept.write_bytes(kept.read_bytes()[:100])
    assert "93.7" in as_("anna").get("/").content.decode()


@pytest.mark.usefixtures("giftware")
def test_what_was_decided_stands_beside_what_the_figures_said(as_):
    """Max decides to write to the quiet ones and to look again on 1 January; Anna may read it, not write."""
    max_ = as_("max")
    max_.get("/")
    max_.post("/reviews/", {"decision": "Write to the quiet ones.", "next_on": "2030-01-01"})
    shown = as_("anna").get("/reviews/").content.decode()
    assert "Write to the quiet ones." in shown
    assert "93.7" in shown
    assert "1 January 2030" in shown
    assert as_("anna").post("/reviews/", {"decision": "x"}).status_code == 403
    assert "Write to the quiet ones." in max_.get("/").content.decode()


@pytest.mark.usefixtures("giftware")
def test_the_weekly_report_goes_to_those_who_want_it_once_a_week(people, mailoutbox):
    """Olga wants it, Max does not. Monday at seven in London; asked again at eight, nothing is sent twice."""
    people["olga"].weekly_report = True
    people["olga"].save()
    monday = datetime(2026, 11, 23, 7, 10, tzinfo=ZoneInfo("Europe/London"))
    assert send_weekly(monday - timedelta(hours=2)) == 0
    assert send_weekly(monday) == 1
    assert send_weekly(monday + timedelta(hours=1)) == 0
    (mail,) = mailoutbox
    assert mail.to == ["olga@example.com"]
    assert "93.7" in mail.subject + mail.body
    html = mail.alternatives[0][0]
    assert "Past their own rhythm" in html
    assert "What changed" in html
    assert send_weekly(monday + timedelta(days=7)) == 1


@pytest.mark.usefixtures("served")
def test_nothing_is_sent_of_an_empty_shop(people, mailoutbox):
    people["olga"].weekly_report = True
    people["olga"].save()
    assert send_weekly(datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/London"))) == 0
    assert mailoutbox == []
