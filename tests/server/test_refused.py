"""What could not be used, and why? Max looks, puts right, sends in again; Agnes looks; nobody else comes in."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from arriving import NOON_US, arrive, digest, empty_inbox, rows  # noqa: F401 - a fixture
from django.utils import timezone

from holdfast.server.intake.inbox import inbox
from holdfast.server.intake.jobs import old_refusals_deleted
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.replaying import replay_edited
from holdfast.server.people.models import AuditEntry, WriteKey
from holdfast.settings_file import write_settings

pytestmark = pytest.mark.django_db

DAY_US = 86_400_000_000


@pytest.fixture
def refusals(served, empty_inbox):  # noqa: F811
    """Two orders in euros, which have no rate; a call of nobody; something that is no JSON, a day later."""
    order = {"type": "track", "event": "Order Completed", "userId": "ann", "timestamp": "2026-03-02T11:00:00Z"}
    euros = [order | {"messageId": f"m{n}", "properties": {"order_id": n, "revenue": 10.10, "currency": "EUR"}} for n in (1, 2)]
    key, _ = WriteKey.make("Web shop")
    arrive("batch", {"batch": euros}, source=f"key:{key.pk}")
    arrive("track", {"event": "Clicked <script>alert(1)</script>"}, source=f"key:{key.pk}")
    arrive("batch", "{oops", received_us=NOON_US + DAY_US, source="key:999")
    digest(served)
    return served


def with_rate(workspace):
    write_settings(workspace.path / "holdfast.toml", workspace.with_settings(rates={"EUR": 0.5}).settings)


def test_an_empty_page_says_so(as_):
    page = as_("agnes").get("/refused/").content.decode()
    assert "Everything that arrived could be used." in page


def test_reasons_with_counts_and_what_to_do(as_, refusals):
    page = as_("agnes").get("/refused/").content.decode()
    assert "<b>4 events</b> wait to be put right" in page
    assert "the currency has no rate in the settings" in page
    assert "add its rate under [rates] in holdfast.toml" in page
    assert "Web shop" in page
    assert "Send these 4 in again" not in page
    assert "Send these 4 in again" in as_("max").get("/refused/").content.decode()


@pytest.mark.parametrize(
    ("query", "shown"), [("code=nobody", 1), ("source=key:999", 1), ("since=2026-03-03", 1), ("show=used", 0), ("show=all", 4)]
)
def test_a_choice_narrows_the_list_and_the_file(as_, refusals, query, shown):
    anna = as_("anna")
    lines = b"".join(anna.get(f"/refused/refused.jsonl?{query}").streaming_content).splitlines()
    assert len(lines) == shown
    assert anna.get(f"/refused/?{query}").content.count(b'<td class="when"><a href="/refused/') == shown


def test_a_message_is_shown_as_text(as_, refusals):
    one = RefusedEvent.objects.get(code="nobody")
    page = as_("max").get(f"/refused/{one.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_half_a_character_is_shown_as_it_was_sent(as_, served, empty_inbox):  # noqa: F811
    arrive("webhook:shopify:orders/paid", '{"name": "Ann \\ud83d"}', source="Shop")
    digest(served)
    one = RefusedEvent.objects.get()
    assert "Ann \\ud83d" in as_("max").get(f"/refused/{one.pk}/").content.decode()


def test_digits_stay_as_they_were_sent(as_, refusals):
    one = RefusedEvent.objects.filter(code="currency_unknown").first()
    assert "&quot;revenue&quot;: 10.1," in as_("max").get(f"/refused/{one.pk}/").content.decode()


def test_all_of_a_reason_are_sent_in_again(as_, refusals):
    with_rate(refusals)
    max_ = as_("max")
    assert max_.post("/refused/", {"code": "currency_unknown"}).status_code == 302
    assert "just sent in again" in max_.get("/refused/?show=again").content.decode()
    digest(refusals)
    assert sorted(rows(refusals, "event_id")) == ["m1", "m2"]
    assert RefusedEvent.objects.filter(outcome="used").count() == 2
    assert AuditEntry.objects.get(action="refused.replay").details["events"] == 2


def test_one_is_put_right_and_sent_in(as_, refusals):
    one = RefusedEvent.objects.get(code="nobody")
    max_ = as_("max")
    assert max_.post(f"/refused/{one.pk}/", {"message": "{oops"}).status_code == 422
    assert max_.post(f"/refused/{one.pk}/", {"message": json.dumps({"event": "Clicked", "userId": "ben"})}).status_code == 302
    digest(refusals)
    assert rows(refusals, "customer_id") == ["ben"]
    assert "is in the lake now" in max_.get(f"/refused/{one.pk}/").content.decode()


def test_sending_in_twice_is_once(as_, refusals):
    with_rate(refusals)
    one = RefusedEvent.objects.filter(code="currency_unknown").first()
    for _ in range(2):
        as_("max").post(f"/refused/{one.pk}/")
    replay_edited(one, "{}", inbox())  # of somebody who opened the page before
    assert inbox().waiting().rows == 1


def test_agnes_looks_and_anna_looks_but_neither_sends(as_, refusals):
    one = RefusedEvent.objects.first()
    for who in ("agnes", "anna"):
        assert as_(who).get(f"/refused/{one.pk}/").status_code == 200
        assert as_(who).post(f"/refused/{one.pk}/").status_code == 403
        assert as_(who).post("/refused/").status_code == 403
    assert as_(None).get(f"/refused/{one.pk}/").status_code == 302


def test_many_are_sent_in_by_a_job(as_, refusals, monkeypatch):
    from holdfast.server.intake import refused

    monkeypatch.setattr(refused, "REPLAYED_AT_ONCE", 1)
    as_("max").post("/refused/", {"code": "currency_unknown"})
    assert inbox().waiting().rows == 2


def test_old_refusals_go(refusals):
    RefusedEvent.objects.update(received_at=timezone.now())
    RefusedEvent.objects.filter(code="nobody").update(received_at=timezone.now() - timedelta(days=91))
    old_refusals_deleted.call_local()
    assert RefusedEvent.objects.count() == 3
