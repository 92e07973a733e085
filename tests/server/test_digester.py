"""Stories of events on their way from the inbox to the lake: told once, put right, refused with a reason."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from arriving import NOON, NOON_US, arrive, digest, digester, empty_inbox, rows  # noqa: F401 - a fixture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.intake import digester as digester_module
from holdfast.server.intake import kept as kept_module
from holdfast.server.intake.inbox import inbox
from holdfast.server.intake.laying import laid
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.replaying import replay, replay_edited
from holdfast.server.intake.unpacking import unpacked
from holdfast.server.sources.newest import Memory
from holdfast.settings_file import write_settings
from holdfast.workspace import Workspace
from tests.server.test_source_shopify import GIVEN_BACK
from tests.server.test_source_stripe import LIFE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_inbox")]

HOUR = timedelta(hours=1)


def track(event="Clicked", user="ann", **more):
    return {"type": "track", "event": event, "userId": user, "timestamp": "2026-03-02T11:59:00Z", **more}


def order(number, revenue, **more):
    return track("Order Completed", messageId=f"m{number}", properties={"order_id": number, "revenue": revenue, **more})


def at(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


# ------------------------------------------------------------------------------------------------------- what is in the lake


def test_an_order_becomes_an_event(served):
    """Ann buys two mugs for 19.90."""
    mugs = [{"product_id": "mug", "quantity": 2, "price": 9.95}]
    arrive("track", order("A1", 19.90, currency="GBP", products=mugs, coupon=" SPRING ", address={"city": "Bath"}))
    done = digest(served)
    assert (done.requests, done.events, done.refused, done.known) == (1, 1, 0, 0)
    assert rows(served, "event_id", "type", "event", "customer_id", "order_id", "revenue", "currency", "source") == [
        ("mA1", "track", "Order Completed", "ann", "A1", Decimal("19.9000"), "GBP", "key:1")
    ]
    assert json.loads(rows(served, "products")[0]) == mugs
    assert json.loads(rows(served, "properties")[0]) == {"coupon": "SPRING", "address.city": "Bath"}
    assert rows(served, "batch") == ["live:2026-03-02"]


def test_each_call_is_told_as_files_tell_it(served):
    """Calls without an event are named by their type; what they tell stands in their properties."""
    arrive(
        "identify",
        {"userId": "ann", "traits": {"email": "ann@example.com", "age": 31}, "context": {"timezone": "Europe/London"}},
    )
    arrive(
        "page", {"anonymousId": "b1", "name": "Mugs", "properties": {"path": "/mugs"}, "context": {"page": {"path": "/mugs"}}}
    )
    arrive("screen", {"userId": 17850, "name": "Cart"})
    arrive("group", {"userId": "ann", "groupId": "acme", "traits": {"name": "Acme"}})
    arrive("alias", {"userId": "ann", "previousId": "b1"})
    digest(served)
    assert [(kind, event) for kind, event in rows(served, "type", "event")] == [
        ("identify", "Identify"), ("page", "Page"), ("screen", "Screen"), ("group", "Group"), ("alias", "Alias"),
    ]  # fmt: skip
    assert rows(served, "customer_id") == ["ann", None, "17850", "ann", "ann"]
    assert [json.loads(text) for text in rows(served, "properties")] == [
        {"traits.email": "ann@example.com", "traits.age": "31", "context.timezone": "Europe/London"},
        {"path": "/mugs", "name": "Mugs"},
        {"name": "Cart"},
        {"traits.name": "Acme", "groupId": "acme"},
        {"previousId": "b1"},
    ]


def test_an_alias_makes_two_ids_one_person(served):
    """Ann browses, then says who she is: the timeline of ann holds what b1 did."""
    arrive("track", {"anonymousId": "b1", "event": "Clicked", "timestamp": "2026-03-02T11:00:00Z"})
    arrive("alias", {"userId": "ann", "previousId": "anon:b1", "timestamp": "2026-03-02T11:01:00Z"})
    digest(served)
    assert served.timelines.source.columns.ids().to_pylist() == ["ann"]


def test_a_refund_takes_back_its_order(served):
    """A refund's money is positive, `total` serves where revenue is missing, and a negative order is a refund."""
    arrive("batch", {"batch": [
        order("A1", "30.00"),
        track("Order Refunded", messageId="r1", properties={"order_id": "A1", "total": "10.00"}),
        track("Order Completed", messageId="r2", properties={"order_id": "A1", "revenue": -5}),
    ]})  # fmt: skip
    digest(served)
    assert rows(served, "event", "order_id", "revenue") == [
        ("Order Completed", "A1", Decimal("30.0000")),
        ("Order Refunded", "A1", Decimal("10.0000")),
        ("Order Refunded", "A1", Decimal("5.0000")),
    ]


def test_a_message_of_a_batch_takes_what_the_batch_says(served):
    """Context and sentAt of the batch hold for its messages."""
    arrive("batch", {"context": {"campaign": {"source": "news"}}, "sentAt": at(NOON + HOUR), "batch": [
        track(messageId="1", timestamp=at(NOON + HOUR)), track(messageId="2", context={}, timestamp=at(NOON + HOUR)),
    ]})  # fmt: skip
    digest(served)
    said = {"context.campaign.source": "news", "context.clock_off_seconds": "-3600"}
    assert [json.loads(text) for text in rows(served, "properties")] == [said] * 2
    assert rows(served, "time") == [NOON, NOON]


# ------------------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(("clock", "shift"), [(HOUR, HOUR), (-HOUR, -HOUR), (timedelta(seconds=20), timedelta())])
def test_a_clock_that_is_off_is_put_right(served, clock, shift):
    """Ben's phone is an hour fast (or slow): what he did five minutes ago happened five minutes ago, and is flagged.
    Twenty seconds stay."""
    did = NOON + clock - timedelta(minutes=5)
    arrive("track", track(user="ben", timestamp=at(did), sentAt=at(NOON + clock)))
    digest(served)
    assert rows(served, "time") == [did - shift]
    flag = {"context.clock_off_seconds": str(-int(shift.total_seconds()))} if shift else None
    assert rows(served, "properties") == [flag and json.dumps(flag, separators=(",", ":"))]


def test_times_as_people_write_them(served):
    """Seconds, milliseconds, no offset (UTC), an offset, none at all: when it arrived."""
    said = [NOON_US // 10**6, NOON_US // 1000, "2026-03-02 12:00", "2026-03-02T13:00:00+01:00", None]
    arrive("batch", {"batch": [track(messageId=str(number), timestamp=time) for number, time in enumerate(said)]})
    digest(served)
    assert rows(served, "time") == [NOON] * 5


# -------------------------------------------------------------------------------------------------------------------- once


def test_the_same_message_is_one_event(served):
    """Twice in a batch, in two requests, after a restart, after a compaction."""
    arrive("batch", {"batch": [track(messageId="m"), track(messageId="m")]})
    arrive("track", track(messageId="m"))
    done = digest(served)
    assert (done.events, done.known) == (1, 2)
    arrive("import", {"batch": [track(messageId="m")]})
    assert digest(served).known == 1
    served.lake.compact()
    arrive("track", track(messageId="m"))
    arrive("track", track(messageId="n"))
    assert (digest(served).known, rows(served, "event_id")) == (1, ["m", "n"])


def test_the_seen_index_can_be_deleted(served):
    """It is read from the lake again."""
    import shutil

    arrive("track", track(messageId="m"))
    digest(served)
    shutil.rmtree(served.path / "server" / "kept")
    arrive("track", track(messageId="m"))
    assert digest(served).known == 1


def test_after_a_week_an_id_can_be_given_again(served):
    arrive("track", track(messageId="m"))
    digest(served)
    later = NOON + timedelta(days=9)
    arrive("track", track(messageId="m"), received_us=NOON_US + 9 * 86_400_000_000)
    worker = digester_module.Digester(inbox(), served, lambda: later)
    assert worker.step().events == 1


def test_a_retry_of_a_message_without_an_id_is_one_event(served):
    """It is known by its content and time; without a time nothing tells a retry from the same thing done twice."""
    arrive("track", track(sentAt="2026-03-02T12:00:00Z"))
    arrive("track", track(sentAt="2026-03-02T12:00:09Z"))
    arrive("track", track(timestamp="2026-03-02T11:58:00Z"))
    arrive("track", {"event": "Clicked", "userId": "ann"})
    arrive("track", {"event": "Clicked", "userId": "ann"})
    digest(served)
    assert len(rows(served, "event_id")) == 4


def test_an_inbox_that_was_lost_begins_anew(served):
    """Its ids start again at 1; they are other rows than those which the lake has."""
    for number in range(3):
        arrive("track", track(messageId=f"old {number}"))
    digest(served)
    box = inbox()
    if not hasattr(box, "_path"):
        pytest.skip("the table of a PostgreSQL is not lost alone")
    box.close()
    for path in box._path.parent.glob("inbox.sqlite*"):
        path.unlink()
    arrive("track", track(messageId="new"))
    digest(served)
    assert rows(served, "event_id") == ["old 0", "old 1", "old 2", "new"]


# ----------------------------------------------------------------------------------------------------------------- refused

BAD = {
    "nobody": {"event": "Clicked"},
    "no_event": {"userId": "ann"},
    "type_unknown": {"type": "shout", "userId": "ann"},
    "id_unreadable": {"userId": {"id": 7}, "event": "Clicked"},
    "field_too_large": {"userId": "a" * 600, "event": "Clicked"},
    "not_object": track(properties="many"),
    "time_unreadable": track(timestamp="yesterday"),
    "time_in_future": track(timestamp="2026-03-04T12:00:01Z"),
    "time_too_early": track(timestamp="1970-01-01T00:00:00Z"),
    "number_unreadable": track(properties={"revenue": "much"}),
    "amount_absurd": track(properties={"revenue": 10**12}),
    "currency_unknown": track(properties={"revenue": 5, "currency": "XAU"}),
    "no_group": {"type": "group", "userId": "ann"},
    "no_previous": {"type": "alias", "userId": "ann"},
}


@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_used_is_kept_with_its_reason(served, code):
    arrive("track", BAD[code])
    assert digest(served).refused == 1
    kept = RefusedEvent.objects.get()
    assert (kept.code, json.loads(kept.message), kept.outcome) == (code, BAD[code], "")
    assert kept.sentence
    assert kept.mend
    assert rows(served, "event_id") == []


def test_a_bad_message_does_not_keep_the_good_ones_from_the_lake(served):
    arrive("batch", {"sentAt": at(NOON), "batch": [order("A1", 5), 7, order("A2", "much"), order("A3", 7)]})
    arrive("batch", "[1, 2")
    done = digest(served)
    assert (done.events, done.refused) == (2, 3)
    kept = RefusedEvent.objects.order_by("id")
    assert [(one.place, one.code, one.kind) for one in kept] == [
        (1, "not_json", "message"), (2, "number_unreadable", "message"), (-1, "not_json", "batch"),
    ]  # fmt: skip
    assert json.loads(kept[1].message) == {"sentAt": at(NOON), **order("A2", "much")}


def test_foreign_money_counts_at_the_rate_of_the_settings(served):
    """Euros are refused until they have a rate; then the same event is sent in again, and in."""
    arrive("track", order("A1", "10.00", currency="eur"))
    digest(served)
    assert RefusedEvent.objects.get().code == "currency_unknown"
    changed = served.with_settings(rates={"EUR": 0.85})
    write_settings(served.path / "holdfast.toml", changed.settings)
    assert replay(RefusedEvent.objects.all(), inbox()) == 1
    assert digest(served).events == 1
    assert rows(served, "revenue", "currency", "time") == [(Decimal("8.5000"), "EUR", NOON - timedelta(minutes=1))]
    assert RefusedEvent.objects.get().outcome == "used"
    assert replay(RefusedEvent.objects.all(), inbox()) == 0


def test_sent_in_again_and_refused_again_is_one_refusal(served):
    arrive("track", track(messageId="m", timestamp="yesterday"))
    digest(served)
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    kept = RefusedEvent.objects.get()
    assert (kept.code, kept.outcome, kept.replayed_at is not None) == ("time_unreadable", "", True)
    replay_edited(kept, json.dumps(track(messageId="m", timestamp=at(NOON))), inbox())
    digest(served)
    assert (RefusedEvent.objects.get().outcome, rows(served, "event_id", "time")) == ("used", [("m", NOON)])


def test_a_replay_corrects_the_clock_by_the_first_arrival(served):
    """Refused for its currency on Monday with a clock an hour fast, sent in again later: it happened on Monday at noon."""
    arrive("batch", {"sentAt": at(NOON + HOUR), "batch": [order("A1", 1, currency="EUR") | {"timestamp": at(NOON + HOUR)}]})
    digest(served)
    write_settings(served.path / "holdfast.toml", served.with_settings(rates={"EUR": 1.0}).settings)
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    assert rows(served, "time") == [NOON]


def test_our_own_bug_stops_nobody(served, monkeypatch, caplog):
    """The code fails on Ben's row: it is kept as refused, the rows around it are digested, and the log quotes nothing."""

    def failing(given, memory):
        for row in given:
            if b"poison" in row.body:
                raise KeyError(json.loads(row.body)["userId"])
            yield from unpacked([row], memory)

    monkeypatch.setattr(digester_module, "unpacked", failing)
    arrive("track", track(messageId="1"))
    arrive("track", track(messageId="poison", user="ben@example.com"))
    arrive("track", track(messageId="3"))
    with caplog.at_level(logging.ERROR):
        digest(served)
    assert rows(served, "event_id") == ["1", "3"]
    assert RefusedEvent.objects.get().code == "bug"
    assert "digester.py" in caplog.text or "test_digester.py" in caplog.text
    assert "ben@example.com" not in caplog.text


def test_our_own_bug_on_a_message_does_not_stop_its_batch(served, monkeypatch):
    def failing(messages):
        if any(message.body["messageId"] == "poison" for message in messages):
            raise KeyError
        return laid(messages)

    monkeypatch.setattr(digester_module, "laid", failing)
    arrive("batch", {"batch": [track(messageId=one) for one in ("1", "poison", "3")]})
    digest(served)
    assert rows(served, "event_id") == ["1", "3"]
    kept = RefusedEvent.objects.get()
    assert (kept.code, kept.place, json.loads(kept.message)["messageId"]) == ("bug", 1, "poison")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ('{"type": ["track"], "userId": "a"}', "type_unknown"),
        ('{"type": {"a": 1}, "userId": "a"}', "type_unknown"),
        ('{"type": "track", "userId": "a", "event": "x", "properties": {"n": ' + "9" * 5000 + "}}", "not_json"),
    ],
)
def test_a_message_that_cannot_be_read_does_not_keep_its_batch_from_the_lake(served, bad, code):
    good = json.dumps(track(messageId="good"))
    arrive("batch", f'{{"sentAt": "2026-03-02T12:00:00Z", "batch": [{bad}, {good}]}}')
    digest(served)
    assert rows(served, "event_id") == ["good"]
    kept = RefusedEvent.objects.get()
    assert (kept.code, kept.place, kept.kind) == (code, 0, "message")
    assert kept.message.replace(" ", "").endswith(bad[1:].replace(" ", ""))


def test_very_many_refused_messages_of_a_batch_are_kept_together(served, monkeypatch):
    """A script gone wild sends thirty orders in euros and more; once the rate is there all are sent in again."""
    monkeypatch.setattr(kept_module, "MOST_ALIKE", 20)
    euros = [order(number, 10, currency="EUR") for number in range(30)] + [order(99, "ten", currency="EUR")]
    arrive("batch", {"context": {"campaign": {"source": "news"}}, "batch": [track(messageId="a"), *euros, {}]})
    with monkeypatch.context() as broken:
        broken.setattr(digester_module.Digester, "_pour", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            digest(served)
    assert digest(served).refused == 32
    told = {one.code: one for one in RefusedEvent.objects.all()}
    assert {code: (one.kind, one.place) for code, one in told.items()} == {
        "currency_unknown": ("batch", 1), "number_unreadable": ("message", 31), "type_unknown": ("message", 32),
    }  # fmt: skip
    assert "30 messages of this batch" in told["currency_unknown"].sentence
    assert len(json.loads(told["currency_unknown"].message)["batch"]) == 30
    write_settings(served.path / "holdfast.toml", served.with_settings(rates={"EUR": 0.5}).settings)
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    assert len(rows(served, "event_id")) == 31
    assert {one.code: one.outcome for one in RefusedEvent.objects.all()} == {
        "currency_unknown": "used", "number_unreadable": "", "type_unknown": "",
    }  # fmt: skip


def test_of_a_batch_that_is_sent_in_again_only_what_is_refused_again_is_kept(served, monkeypatch):
    monkeypatch.setattr(kept_module, "MOST_ALIKE", 1)
    orders = [order(1, 10, currency="EUR"), order(2, 10, currency="CHF")]
    arrive("batch", {"sentAt": at(NOON), "batch": orders})
    digest(served)
    write_settings(served.path / "holdfast.toml", served.with_settings(rates={"EUR": 1.0}).settings)
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    assert json.loads(RefusedEvent.objects.get().message) == {"sentAt": at(NOON), "batch": orders[1:]}


def test_a_step_takes_no_more_than_it_has_the_memory_for(served, monkeypatch):
    monkeypatch.setattr(digester_module, "MOST_OBJECTS", 7)
    for number in range(5):
        arrive("batch", {"batch": [track(messageId=f"{number} {one}") for one in range(3)]})
    worker = digester(served)
    assert [(step.requests, step.more) for step in (worker.step(), worker.step(), worker.step())] == [(1, True)] * 3
    digest(served)
    assert len(set(rows(served, "event_id"))) == 15


def test_a_failing_database_refuses_nothing(served, monkeypatch):
    from django.db import OperationalError

    def failing(*_):
        raise OperationalError("gone")

    arrive("track", track(messageId="1"))
    with monkeypatch.context() as broken:
        broken.setattr(digester_module, "unpacked", failing)
        with pytest.raises(OperationalError):
            digest(served)
    assert inbox().waiting().rows == 1
    assert not RefusedEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"x"', b"{}", b'{"batch": 7}', b'{"batch": [null, [], 1e999, "x"]}', b"\xff\xfe", b"[" * 5000,
        b'{"userId": "\\u0000", "event": "\\u0000x"}', b'{"userId": "a\\ud800", "event": "x"}',
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"userId": 1e999999999, "event": "x", "timestamp": 1e999999999}',
        b'{"userId": "a", "event": "x", "timestamp": "99999-01-01T00:00:00Z", "sentAt": "0000-00-00"}',
        b'{"userId": "a", "event": "Order Completed", "properties": {"revenue": 1e999999999}}',
        b'{"userId": "a", "event": "Order Completed", "properties": {"products": [{"price": 1e99999999}]}}',
        b'{"userId": "a", "event": "x", "properties": {"\\u0000": {"\\u0000": "\\u0000"}}}',
        b'{"userId": "a", "event": "x", "timestamp": true, "messageId": false}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["track", "batch", "identify"])
def test_hostile_bodies_are_refused_or_used(served, kind, body):
    arrive(kind, body)
    done = digest(served)
    assert not RefusedEvent.objects.filter(code="bug").exists()
    assert done.requests == 1
    assert inbox().waiting().rows == 0
    assert "\0" not in json.dumps(rows(served, "customer_id", "event", "properties"), ensure_ascii=False)


def test_a_webhook_goes_the_same_way(served):
    """A shop tells of an order that has no customer, twice; and sends something that is no order."""
    paid = {"id": 17, "name": "#1001", "currency": "GBP", "total_price": "19.90", "created_at": "2026-03-02T11:00:00Z",
            "updated_at": "2026-03-02T11:00:00Z", "processed_at": "2026-03-02T11:00:00Z", "financial_status": "paid",
            "line_items": [], "customer": None}  # fmt: skip
    arrive("webhook:shopify:orders/paid", paid, source="shopify")
    arrive("webhook:shopify:orders/paid", paid, source="shopify")
    arrive("webhook:shopify:orders/paid", "[]", source="shopify")
    done = digest(served)
    assert (done.events, done.known, done.refused) == (1, 0, 1)
    assert rows(served, "event", "order_id", "revenue", "customer_id") == [("Order Completed", "17", Decimal("19.9000"), None)]
    kept = RefusedEvent.objects.get()
    assert (kept.code, kept.kind, kept.message) == ("not_json", "webhook:shopify:orders/paid", "[]")
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    assert RefusedEvent.objects.get().outcome == ""


DAY_US = 86_400_000_000


def test_a_refund_that_is_told_with_each_change_of_its_order_for_weeks_is_one(served):
    """Ann's shop tags her order three weeks later: its webhook holds refund and shipment once more."""
    for day in (0, 1, 20):
        changed = GIVEN_BACK | {"updated_at": at(NOON + timedelta(days=day))}
        arrive("webhook:shopify:orders/updated", changed, source="shop", received_us=NOON_US + day * DAY_US)
        worker = digester_module.Digester(inbox(), served, lambda day=day: NOON + timedelta(days=day))
        worker.step()
        worker.close()
    assert sorted(rows(served, "event")) == ["Order Completed", "Order Refunded", "Order Shipped"]


def _paused_and_resumed():
    for told in LIFE[1:4]:
        arrive(f"webhook:stripe:{told[0]}", told[1], source="stripe", received_us=NOON_US)


def test_a_lake_that_fails_once_costs_no_pause(served, monkeypatch):
    """What was told is remembered once the lake has it: the second attempt does not take the pause for an old one."""
    _paused_and_resumed()
    with monkeypatch.context() as broken:
        broken.setattr(digester_module.Digester, "_pour", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            digest(served)
    digest(served)
    assert rows(served, "event")[-2:] == ["Subscription Paused", "Subscription Resumed"]


def test_killed_before_it_remembered_it_remembers_at_the_next_start(served, monkeypatch):
    _paused_and_resumed()
    with monkeypatch.context() as killed:
        killed.setattr(Memory, "write", lambda *_, **__: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            digest(served)
    before = rows(served, "event")
    assert before[-2:] == ["Subscription Paused", "Subscription Resumed"]
    _paused_and_resumed()
    digest(served)
    assert rows(served, "event") == before
    assert inbox().waiting().rows == 0


def test_an_order_in_a_currency_without_a_rate_is_in_once_when_the_rate_is_there(served):
    """Of Ann's order, told twice, the money is refused; what else is told is in, and stays one event."""
    for minute in ("01", "02"):
        changed = GIVEN_BACK | {"currency": "CHF", "updated_at": f"2026-03-02T11:{minute}:00Z"}
        arrive("webhook:shopify:orders/updated", changed, source="shop")
    digest(served)
    assert rows(served, "event") == ["Order Refunded", "Order Shipped"]
    write_settings(served.path / "holdfast.toml", served.with_settings(rates={"CHF": 0.9}).settings)
    replay(RefusedEvent.objects.all(), inbox())
    digest(served)
    assert sorted(rows(served, "event")) == ["Order Completed", "Order Refunded", "Order Shipped"]
    assert {one.outcome for one in RefusedEvent.objects.all()} <= {"used", "known"}


# -------------------------------------------------------------------------------------------------------------------- laws

MESSAGES = [
    *(order(number, f"{number}.10") for number in range(4)),
    *(track("Clicked", user, messageId=f"{user}{number}") for user in ("ben", "cleo") for number in range(3)),
    track(timestamp="2026-03-02T10:00:00Z"),
    {"type": "identify", "userId": "dan", "messageId": "i", "traits": {"plan": "gold"}},
    track(timestamp="never", messageId="bad"),
]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_however_messages_are_split_the_lake_is_the_same(tmp_path_factory, monkeypatch, data):
    """Any order of the messages in any number of requests and digests, with any repetitions."""
    workspace = Workspace.create(tmp_path_factory.mktemp("split") / "shop")
    monkeypatch.setenv("HOLDFAST_WORKSPACE", str(workspace.path))
    inbox().done(2**62)
    sent = data.draw(st.permutations(MESSAGES + data.draw(st.lists(st.sampled_from(MESSAGES), max_size=5))))
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        arrive("batch", {"batch": sent[:size]})
        sent = sent[size:]
        if data.draw(st.booleans()):
            digest(workspace)
    digest(workspace)
    columns = ("type", "event", "time", "customer_id", "order_id", "revenue", "properties")
    assert sorted(rows(workspace, *columns), key=str) == sorted(_expected(), key=str)


def _expected():
    for message in MESSAGES[:-1]:
        told = dict(message.get("properties", {}))
        number, revenue = told.pop("order_id", None), told.pop("revenue", None)
        said = message.get("timestamp")
        yield (
            message["type"],
            message.get("event", "Identify"),
            NOON if said is None else datetime.fromisoformat(said),
            message["userId"],
            None if number is None else str(number),
            None if revenue is None else Decimal(revenue).quantize(Decimal("0.0001")),
            '{"traits.plan":"gold"}' if message["type"] == "identify" else None,
        )
