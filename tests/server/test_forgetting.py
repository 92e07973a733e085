"""An erased person is taken out of what waits and of what was refused; nobody else loses anything."""

from __future__ import annotations

import json

import pytest
from arriving import arrive, digest, empty_inbox, rows  # noqa: F401 - a fixture
from django.utils.timezone import now

from holdfast.events.locking import held_by
from holdfast.server.customers.models import Customer
from holdfast.server.intake import forgetting, kept
from holdfast.server.intake.forgetting import forget, refused
from holdfast.server.intake.inbox import inbox
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.replaying import replay
from holdfast.server.place import server_folder
from holdfast.server.sources.models import Connection

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_inbox")]

ANN = frozenset({"ann@example.com", "17", "anon:b1"})


def clicked(number, **who):
    return {"type": "track", "event": "Clicked", "messageId": str(number), "properties": {"price": 10.50}, **who}


def test_what_waits_goes_on_without_her(served):
    arrive("track", clicked(1, userId="ann@example.com"))
    arrive("batch", {"batch": [clicked(2, userId=17), clicked(3, userId="ben"), clicked(4, anonymousId="b1"), 7]})
    arrive("track", clicked(5, userId="ben", anonymousId="b1"))
    arrive("alias", {"userId": "ben", "previousId": "anon:b1"})
    arrive("track", clicked(6, userId="cleo") | {"properties": {"friend": "ask ann@example.com!"}})
    arrive("webhook:shopify:orders/paid", {"customer": {"id": 17}})
    arrive("replay:9:webhook:shopify:orders/paid", {"customer": {"id": 17}})
    arrive("track", b"no json of ann@example.com")
    assert forget(ANN) == 8
    digest(served)
    assert rows(served, "event_id", "customer_id", "anonymous_id") == [("3", "ben", None), ("5", "ben", None)]
    assert rows(served, "properties")[1] == '{"price":"10.5"}' or rows(served, "properties")[1] == '{"price":"10.50"}'


def test_who_has_an_address_that_ends_in_hers_loses_nothing(served):
    arrive("track", clicked(1, userId="mary_ann@example.com"))
    arrive("batch", {"batch": [clicked(2, userId="mary.ann@example.com"), clicked(3, userId="ann@example.com.au"), 7]})
    arrive("track", clicked(4, userId="cleo") | {"properties": {"link": "?email=ann%40example.com"}})
    assert forget(ANN) == 1
    assert digest(served).events == 3
    assert [json.loads(one.message) for one in RefusedEvent.objects.all()] == [7]
    assert refused(frozenset({"mary_ann@example.com"})) == []


def test_an_order_of_seventeen_cups_is_not_customer_17s(served):
    cups = {"id": 17, "customer_id": 4, "total": "17.0", "line_items": [{"id": 17, "quantity": 17}]}
    arrive("webhook:woocommerce:order.created", cups)
    arrive("webhook:woocommerce:order.created", {"id": 3, "customer_id": 17})
    arrive("webhook:woocommerce:customer.updated", {"id": 17})
    arrive("webhook:shopify:orders/paid", {"id": 4, "line_items": [{"id": 17}], "customer": {"id": 17}})
    for place, one in enumerate((cups, {"id": 3, "billing": {"userId": "17"}})):
        RefusedEvent.objects.create(
            inbox="x", inbox_row=1, place=place, received_at=now(), source="1",
            kind="webhook:woocommerce:order.created", code="bug", message=json.dumps(one),
        )  # fmt: skip
    assert forget(ANN) == 4
    assert [json.loads(one.message) for one in RefusedEvent.objects.all()] == [cups]
    assert [json.loads(row.body) for row in inbox().take(0, 10)] == [cups, *[{"batch": []}] * 3]


def refusal(place, kind, body, **more):
    return RefusedEvent.objects.create(
        inbox="x",
        inbox_row=1,
        place=place,
        received_at=now(),
        source="1",
        kind=kind,
        code="bug",
        message=json.dumps(body),
        **more,
    )


def test_an_address_is_hers_in_any_case_of_letters(served):
    """A guest's id is her address in small letters; a shop sends it as she typed it, as JSON may be written."""
    guest = {"customer": None, "billing_details": {"email": "Ann@Example.com"}}
    arrive("webhook:stripe:charge.refunded", guest)
    arrive("webhook:stripe:charge.refunded", json.dumps(guest).replace("@", "\\u0040"))
    arrive("track", clicked(1, userId="ANN@example.com"))
    arrive("track", clicked(2, userId="joAnn@example.com"))
    refusal(0, "webhook:stripe:charge.refunded", guest)
    refusal(1, "webhook:stripe:charge.refunded", {"email": "joAnn@example.com"})
    assert [one.place for one in refused(ANN)] == [0]
    assert forget(ANN) == 4
    assert [one.place for one in RefusedEvent.objects.all()] == [1]
    digest(served)
    assert rows(served, "customer_id") == ["joAnn@example.com"]


def test_a_customer_who_is_called_so_in_other_letters_is_another_one(served):
    Customer.objects.create(person="ANN@example.com", first_us=1, first_seen=now())
    arrive("track", clicked(1, userId="ANN@example.com"))
    arrive("webhook:stripe:charge.refunded", {"customer": None, "customer_email": "ANN@example.com"})
    refusal(0, "track", clicked(2, userId="ANN@example.com"))
    assert forget(ANN) == 1
    digest(served)
    assert rows(served, "customer_id") == ["ANN@example.com"]
    assert RefusedEvent.objects.count() == 1


def test_in_a_shop_whose_ids_have_a_beginning_she_is_called_without_it(served):
    """Its customer 17 is de-17; customer 17 is one of the other shop, and who buys 17 cups is neither."""
    Connection.objects.create(kind="woocommerce", name="Germany", token="t", prefix="de-")
    here, there = "webhook:woocommerce/de-:order.created", "webhook:woocommerce:order.created"
    order, cups = {"id": 3, "customer_id": 17}, {"id": 17, "customer_id": 4, "line_items": [{"id": 17}]}
    for place, (kind, body) in enumerate(((here, order), (here, cups), (there, order), (there, cups))):
        arrive(kind, body)
        arrive(f"replay:9:{kind}", body)
        refusal(place, kind, body)
    assert [one.place for one in refused(frozenset({"de-17"}))] == [0]
    assert forget(frozenset({"de-17"})) == 3
    assert [one.place for one in RefusedEvent.objects.order_by("place")] == [1, 2, 3]
    assert forget(frozenset({"17"})) == 3
    assert [one.place for one in RefusedEvent.objects.order_by("place")] == [1, 3]


def test_the_address_of_a_guest_has_no_beginning(served):
    """In the shop "a" nn@example.com is a guest, and cus_ABCDEF1 is acus_ABCDEF1."""
    Connection.objects.create(kind="stripe", name="A", token="t", prefix="a")
    arrive("webhook:stripe/a:charge.refunded", {"billing_details": {"email": "nn@example.com"}})
    arrive("webhook:stripe/a:charge.refunded", {"billing_details": {"email": "Ann@example.com"}})
    arrive("webhook:stripe/a:charge.refunded", {"customer": {"id": "cus_ABCDEF1"}})
    refusal(0, "webhook:stripe/a:charge.refunded", {"text": "of cus_ABCDEF1"})
    assert forget(ANN | {"acus_ABCDEF1"}) == 3
    assert [json.loads(row.body) for row in inbox().take(0, 10)][1:] == [{"batch": []}] * 2


def test_a_refund_that_is_sent_in_again_meanwhile_is_forgotten_where_it_goes(served, monkeypatch):
    """Between looking through what waits and what was refused the server may send in by itself what was refused."""
    look, lock = forgetting._of_refused, server_folder("run") / "digester-step.lock"

    def overtaken(person):
        assert held_by(lock) is not None
        replay(RefusedEvent.objects.all(), inbox())
        return look(person)

    monkeypatch.setattr(forgetting, "_of_refused", overtaken)
    refusal(0, "webhook:stripe:charge.refunded", {"id": "ch_1", "customer_email": "Ann@example.com"})
    forget(ANN)
    assert not RefusedEvent.objects.exists()
    assert [row.body for row in inbox().take(0, 10)] == [forgetting.NOTHING]


def test_nothing_of_her_is_left_in_the_file(served):
    box = inbox()
    if not hasattr(box, "_path"):
        pytest.skip("the files of a PostgreSQL are its own")
    arrive("track", clicked(1, userId="ann@example.com"))
    arrive("track", clicked(2, userId="ben"))
    digest(served)
    arrive("track", clicked(3, userId="ann@example.com"))
    forget(ANN)
    assert not [path for path in box._path.parent.glob("inbox.sqlite*") if b"ann@example.com" in path.read_bytes()]


def test_refusals_that_name_her_are_gone(served):
    arrive("batch", {"batch": [{"type": "track", "userId": who} for who in ("ann@example.com", "17", "171", "ben")]})
    digest(served)
    assert forget(ANN) == 2
    assert sorted(json.loads(one.message)["userId"] for one in RefusedEvent.objects.all()) == ["171", "ben"]


def test_of_refusals_that_are_kept_together_only_hers_are_gone(served, monkeypatch):
    monkeypatch.setattr(kept, "MOST_ALIKE", 2)
    arrive("batch", {"batch": [{"type": "track", "userId": who} for who in ("ann@example.com", "17", "171", "ben")]})
    digest(served)
    (hers,) = refused(ANN)
    assert [one["userId"] for one in json.loads(hers.message)["batch"]] == ["ann@example.com", "17"]
    assert forget(ANN) == 2
    assert [one["userId"] for one in json.loads(RefusedEvent.objects.get().message)["batch"]] == ["171", "ben"]
    assert forget(frozenset({"171", "ben"})) == 1
    assert not RefusedEvent.objects.exists()


def test_an_order_of_another_person_stays_whose_number_is_her_id(served):
    arrive("track", clicked(1, userId="ben", properties={"order_id": "1234567", "text": "about 1234567"}))
    arrive("track", clicked(2, userId="1234567"))
    assert forget(frozenset({"1234567"})) == 1
    assert digest(served).events == 1


def test_forgetting_nobody_changes_nothing(served):
    arrive("track", clicked(1, userId="ben"))
    assert forget(frozenset()) == 0
    assert forget(ANN) == 0
    assert digest(served).events == 1
