"""The Today page: do our customers stay, who needs looking after, what changed, what was decided."""

from __future__ import annotations

import html
import re
import time
from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from holdfast.server.today import kept
from holdfast.server.today.models import WeeklySent
from holdfast.server.today.today import current
from holdfast.server.today.told import TodayTold
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
    (sent,) = mailoutbox
    assert sent.to == ["olga@example.com"]
    assert "93.7" in sent.subject + sent.body
    html = sent.alternatives[0][0]
    assert "Past their own rhythm" in html
    assert "What changed" in html
    assert send_weekly(monday + timedelta(days=7)) == 1


@pytest.mark.usefixtures("served")
def test_nothing_is_sent_of_an_empty_shop(people, mailoutbox):
    people["olga"].weekly_report = True
    people["olga"].save()
    assert send_weekly(datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/London"))) == 0
    assert mailoutbox == []


@pytest.mark.usefixtures("giftware")
def test_the_weekly_report_tells_the_figures_of_now(people, mailoutbox):
    """What Today kept is of last week, when somebody looked; Monday's mail is of Monday's data."""
    from holdfast.server.insights import kept as answers

    people["olga"].weekly_report = True
    people["olga"].save()
    now = answers.data_now()
    told = TodayTold("last week's figures", "", None, "", "", (), "", "", "", (), None, "2011-12-02", 0, 0, 1)
    old = kept.Kept(kept.FORM, "older data", now.settings, now.erasures, time.time(), 1.0, told)
    answers.write(answers.place_of("today", "page"), msgspec.msgpack.encode(old))
    assert send_weekly(datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Europe/London"))) == 1
    assert "last week" not in mailoutbox[0].subject


@pytest.mark.usefixtures("giftware")
def test_a_mail_server_that_does_not_answer_on_monday_is_asked_an_hour_later(people, mailoutbox, settings):
    people["olga"].weekly_report = True
    people["olga"].save()
    monday = datetime(2026, 11, 23, 7, 10, tzinfo=ZoneInfo("Europe/London"))
    ours, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert send_weekly(monday) == 0
    settings.EMAIL_BACKEND = ours
    assert send_weekly(monday + timedelta(hours=1)) == 1


class DroppedOnce(BaseEmailBackend):
    """A mail server that ends its connection with the first mail, and takes all over the next one."""

    ways: ClassVar[list[str]] = []

    def open(self) -> bool:
        if getattr(self, "there", False):
            return False
        self.there = True
        self.ways.append("opened")
        return True

    def close(self) -> None:
        self.there = False

    def send_messages(self, email_messages) -> int:
        self.open()
        if len(self.ways) == 1:
            raise SMTPServerDisconnected("please run connect() first")
        mail.outbox.extend(email_messages)
        return len(email_messages)


def wanting(people, *names: str) -> None:
    """They want the week's report."""
    for name in names:
        people[name].weekly_report = True
        people[name].save()


@pytest.mark.usefixtures("giftware")
def test_a_connection_that_breaks_costs_nobody_the_week(people, mailoutbox, settings):
    wanting(people, "olga", "max", "anna")
    settings.EMAIL_BACKEND = f"{__name__}.DroppedOnce"
    DroppedOnce.ways.clear()
    assert send_weekly(datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Europe/London"))) == 3
    assert len(mailoutbox) == 3
    assert set(WeeklySent.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.usefixtures("giftware")
def test_without_a_way_for_mail_the_week_is_not_burned(people, mailoutbox, settings):
    """Once HOLDFAST_EMAIL_URL is set, on the Thursday, Olga gets Monday's report."""
    wanting(people, "olga")
    monday = datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Europe/London"))
    ours, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "holdfast.server.people.mailing.Nowhere"
    assert send_weekly(monday) == 0
    assert not WeeklySent.objects.exists()
    settings.EMAIL_BACKEND = ours
    assert send_weekly(monday + timedelta(days=3)) == 1


@pytest.mark.usefixtures("served")
def test_no_mail_server_is_asked_where_there_is_nothing_to_send(people, settings):
    wanting(people, "olga")
    settings.EMAIL_BACKEND = f"{__name__}.DroppedOnce"
    DroppedOnce.ways.clear()
    assert send_weekly(datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Europe/London"))) == 0
    assert DroppedOnce.ways == []


@pytest.mark.usefixtures("served")
def test_an_initiative_or_a_goal_is_on_today_at_once(served):
    """Young as it is, what was worked out under other settings is worked out anew."""
    from holdfast.server.insights.kept import data_now

    (served.path / "timelines" / "CURRENT").write_text("7")
    now = data_now()
    told = TodayTold("words", "", None, "", "", (), "", "", "", (), None, "2011-12-02", 0, 0, 1)
    made = kept.Kept(kept.FORM, "older data", now.settings, now.erasures, time.time(), 9.0, told)
    assert kept.fresh(made, now, time.time())
    served.with_settings(goal=0.95).save_settings()
    assert not kept.fresh(made, data_now(), time.time())


@pytest.mark.usefixtures("giftware")
def test_every_number_of_people_on_today_opens_to_that_many(as_):
    """Tiles, bridge, groups, what changed since last week, cohorts with their pooled row."""
    anna = as_("anna")
    text = anna.get("/").content.decode()
    found = {html.unescape(one) for one in re.findall(r'href="(/insights/[a-z-]+/people/[^"]+)"', text)}
    for part in ("what=kept", "what=second", "period=week", "cell.group=quiet", "cell.cohort=all", "orders/people"):
        assert any(part in one for one in found), part
    week = next(one for one in found if "period=week" in one and "what=lost" in one)
    told = re.search(r'<a href="[^"]*' + re.escape(html.escape(week.split("?")[1])) + r'">([0-9,]+)</a>', text)[1]
    assert f"<b>{told} customer" in anna.get(week).content.decode()
