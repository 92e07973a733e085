"""/hooks/<token>/ and the pages of sources: Olga connects shops, their webhooks arrive, are checked, kept and digested."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from holdfast.server.intake.inbox import Inbox, inbox
from holdfast.server.sources.connecting import secrets_of
from holdfast.server.sources.models import Connection, PrivacyRequest
from tests.server.hooked import base64_mac, stripe_mac
from tests.server.test_source_shopify import STORY
from tests.server.test_source_shopify import order as shopify_order
from tests.server.test_source_stripe import MONEY


@pytest.fixture
def box(served) -> Inbox:
    made = inbox()
    for row in made.take(0, 1000):  # in PostgreSQL it is one table for all tests
        made.done(row.id)
    return made


def connected(olga: Client, kind: str, secret: str = "hush", **more: str) -> Connection:
    """A connection with a known secret."""
    olga.post(f"/sources/connect/{kind}/", {"name": f"Our {kind}", "prefix": "", **more})
    made = Connection.objects.latest("pk")
    olga.post(f"/sources/{made.pk}/secret/", {"secret": secret})
    return Connection.objects.get(pk=made.pk)


def shopify(one: Connection, topic: str, body: dict, secret: str = "hush") -> int:
    raw = json.dumps(body).encode()
    headers = {"X-Shopify-Topic": topic, "X-Shopify-Hmac-Sha256": base64_mac(raw, secret)}
    return Client(enforce_csrf_checks=True).post(f"/hooks/{one.token}/", raw, "application/json", headers=headers).status_code


def test_a_signed_webhook_is_kept_and_a_wrong_signature_is_not(as_, box):
    shop = connected(as_("olga"), "shopify")
    assert shopify(shop, "orders/paid", shopify_order()) == 200
    assert shopify(shop, "orders/paid", shopify_order(), "guessed") == 401
    (row,) = box.take(0, 10)
    assert (row.source, row.kind) == ("Our shopify", "webhook:shopify:orders/paid")
    assert json.loads(row.body) == shopify_order()
    shop.refresh_from_db()
    assert (shop.received, shop.refused) == (1, 1)


def test_while_the_secret_is_changed_both_are_taken_and_then_the_old_one_no_more(as_, box):
    olga = as_("olga")
    shop = connected(olga, "shopify", "first")
    olga.post(f"/sources/{shop.pk}/secret/", {"secret": "second"})
    assert [shopify(shop, "orders/paid", shopify_order(), one) for one in ("first", "second")] == [200, 200]
    olga.post(f"/sources/{shop.pk}/secret/", {"secret": "third"})
    assert [shopify(shop, "orders/paid", shopify_order(), one) for one in ("first", "second", "third")] == [401, 200, 200]
    assert box.waiting().rows == 4


def test_secrets_are_not_in_the_database_in_the_clear(as_):
    shop = connected(as_("olga"), "shopify", "a very plain secret")
    assert "plain" not in shop.sealed
    assert secrets_of(shop) == ["a very plain secret"]


def test_stripe_cannot_be_replayed_after_five_minutes(as_, box):
    stripe = connected(as_("olga"), "stripe", "whsec_1")
    raw = json.dumps(MONEY[0][1]).encode()
    post = Client().post
    url = f"/hooks/{stripe.token}/"
    assert post(url, raw, "application/json", headers={"Stripe-Signature": stripe_mac(raw, "whsec_1")}).status_code == 200
    old = stripe_mac(raw, "whsec_1", time.time() - 400)
    assert post(url, raw, "application/json", headers={"Stripe-Signature": old}).status_code == 401
    assert [row.kind for row in box.take(0, 10)] == ["webhook:stripe:invoice.paid"]


def test_woocommerce_is_greeted_and_its_second_shop_has_ids_of_its_own(as_, box):
    olga = as_("olga")
    olga.post("/sources/connect/woocommerce/", {"name": "York", "prefix": ""})
    same = olga.post("/sources/connect/woocommerce/", {"name": "Leeds", "prefix": ""})
    assert same.status_code == 422
    assert "mixed up" in same.content.decode()
    page = olga.post("/sources/connect/woocommerce/", {"name": "Leeds", "prefix": "leeds-"}).content.decode()
    leeds = Connection.objects.get(name="Leeds")
    (secret,) = secrets_of(leeds)
    assert secret in page
    assert secret not in olga.get(f"/sources/{leeds.pk}/").content.decode()
    assert Client().post(f"/hooks/{leeds.token}/", b"webhook_id=3", "application/x-www-form-urlencoded").status_code == 200
    raw = b'{"id": 1}'
    headers = {"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Signature": base64_mac(raw, secret)}
    assert Client().post(f"/hooks/{leeds.token}/", raw, "application/json", headers=headers).status_code == 200
    assert [row.kind for row in box.take(0, 10)] == ["webhook:woocommerce/leeds-:order.updated"]


@pytest.mark.parametrize("name", ["", "a:b", "x" * 81, "Shop\u200b", "Tea\nroom", "\U0001f469\u200d\U0001f4bb"])
def test_a_name_that_no_row_could_keep_is_refused_when_it_is_given(as_, box, name):
    """Signs that cannot be seen would be refused by the inbox, with each webhook."""
    assert as_("olga").post("/sources/connect/shopify/", {"name": name, "prefix": ""}).status_code == 422


def test_a_source_whose_folder_is_gone_stops_no_page(as_, box):
    shop = connected(as_("olga"), "shopify")
    Connection.objects.update(kind="till")
    olga = as_("olga")
    assert olga.get("/sources/").status_code == 200
    assert olga.get(f"/sources/{shop.pk}/").status_code == 404
    assert shopify(shop, "orders/paid", shopify_order()) == 404


def test_what_is_no_webhook_is_turned_away(as_, box):
    olga = as_("olga")
    shop = connected(olga, "shopify")
    anyone = Client(raise_request_exception=False)
    assert anyone.get(f"/hooks/{shop.token}/").status_code == 405
    assert anyone.post("/hooks/nobody/", b"{}", "application/json").status_code == 404
    assert anyone.post(f"/hooks/{shop.token}/", b"x" * 4_000_001, "application/json").status_code == 413
    assert anyone.post(f"/hooks/{shop.token}/", b"x" * 6_000_001, "application/json").status_code == 413
    unnamed = {"X-Shopify-Hmac-Sha256": base64_mac(b"{}", "hush")}
    assert anyone.post(f"/hooks/{shop.token}/", b"{}", "application/json", headers=unnamed).status_code == 400
    olga.post(f"/sources/{shop.pk}/disconnect/")
    assert shopify(shop, "orders/paid", shopify_order()) == 410
    assert box.waiting().rows == 0


def test_nothing_is_acknowledged_that_could_not_be_written_down(as_, monkeypatch):
    from holdfast.server.intake.inbox import InboxRefused

    class Full:
        def put(self, _arrived):
            raise InboxRefused("the disk is full", "")

    shop = connected(as_("olga"), "shopify")
    monkeypatch.setattr("holdfast.server.sources.receiving.inbox", Full)
    assert shopify(shop, "orders/paid", shopify_order()) == 503


def test_a_request_to_erase_is_kept_once_and_carried_out(as_, box, monkeypatch, django_capture_on_commit_callbacks):
    erased = []
    monkeypatch.setattr("holdfast.server.customers.erasing.erase", lambda person, by: erased.append((person, by)))
    shop = connected(as_("olga"), "shopify")
    body = {"shop_id": 1, "customer": {"id": 191167, "email": "ann@example.com"}, "orders_to_redact": [299938]}
    with django_capture_on_commit_callbacks(execute=True):
        assert [shopify(shop, "customers/redact", body) for _ in range(2)] == [200, 200]
    assert erased == [("191167", f"source {shop.pk}")]
    assert PrivacyRequest.objects.get().outcome == "erased"
    assert box.waiting().rows == 0


def test_a_request_to_erase_whose_job_was_lost_is_carried_out_when_the_worker_starts(as_, box, monkeypatch):
    """The worker was killed with the job in its hands; what is for a manager to do still waits for her."""
    from holdfast.server.process import worker

    erased = []
    monkeypatch.setattr("holdfast.server.customers.erasing.erase", lambda person, _by: erased.append(person))
    shop = connected(as_("olga"), "shopify")
    asked = [("erase", "7"), ("erase", "erased"), ("erase", ""), ("tell", "8"), ("erase all", "")]
    for number, (kind, person) in enumerate(asked):
        PrivacyRequest.objects.create(connection=shop, kind=kind, person=person, delivery=str(number))
    worker._queue_what_was_lost()
    assert erased == ["7"]
    left = PrivacyRequest.objects.filter(done_at=None).order_by("pk")
    assert [(one.kind, one.person) for one in left] == [("erase", ""), ("tell", "8"), ("erase all", "")]
    worker._queue_what_was_lost()
    assert erased == ["7"]


def test_a_request_for_data_waits_for_a_manager(as_):
    shop = connected(as_("olga"), "shopify")
    shopify(shop, "customers/data_request", {"customer": {"id": 7}})
    max_ = as_("max")
    assert "export on her page" in max_.get("/sources/").content.decode()
    assert "export on her page" not in as_("anna").get("/sources/").content.decode()
    max_.post(f"/sources/privacy/{PrivacyRequest.objects.get().pk}/done/")
    assert "export on her page" not in max_.get("/sources/").content.decode()


def test_what_arrived_is_an_order_in_the_lake_whatever_the_order_of_arrival(as_, box, served):
    from holdfast.server.intake.digester import Digester
    from holdfast.workspace import Workspace

    shop = connected(as_("olga"), "shopify")
    for topic, body in [*STORY[::-1], *STORY]:
        assert shopify(shop, topic, body) == 200
    digester = Digester(box, Workspace.open(served.path))
    digester.step()
    digester.close()
    assert box.waiting().rows == 0
    rows = [row for batch in Workspace.open(served.path).lake.scan() for row in batch.to_pylist()]
    orders = [row for row in rows if row["event"] == "Order Completed"]
    assert {(row["customer_id"], row["order_id"], row["source"]) for row in orders} == {
        ("115310627314723954", "820982911946154508", "Our shopify")
    }
    assert str(max(orders, key=lambda row: row["sequence"])["revenue"]) == "82.3900"
    assert [str(row["revenue"]) for row in rows if row["event"] == "Order Refunded"] == ["12.1200"]


@pytest.mark.parametrize(
    ("name", "looks", "steers", "owns"),
    [
        (None, 302, 302, 302),
        ("anna", 200, 403, 403),
        ("agnes", 200, 403, 403),
        ("max", 200, 200, 403),
        ("olga", 200, 200, 200),
    ],
)
def test_who_may_see_and_who_may_connect(as_, name, looks, steers, owns):
    shop = connected(as_("olga"), "shopify")
    client = as_(name)
    assert client.get("/sources/").status_code == looks
    assert client.get(f"/sources/{shop.pk}/").status_code == steers
    assert client.get("/sources/connect/stripe/").status_code == owns
    if name != "olga":
        assert client.post(f"/sources/{shop.pk}/disconnect/").status_code in (401, 403)
        assert Connection.objects.get(pk=shop.pk).disconnected_at is None


def test_the_page_waits_for_the_first_event_and_then_tells_of_it(as_, box):
    olga = as_("olga")
    shop = connected(olga, "shopify")
    waiting = olga.get(f"/sources/{shop.pk}/").content.decode()
    assert "Waiting for the first event" in waiting
    assert 'hx-trigger="every 3s"' in waiting
    shopify(shop, "orders/paid", shopify_order(), "wrong")
    assert "its signature was wrong" in olga.get(f"/sources/{shop.pk}/state/").content.decode()
    shopify(shop, "orders/paid", shopify_order())
    told = olga.get(f"/sources/{shop.pk}/state/").content.decode()
    assert "It works" in told
    assert "hx-trigger" not in told
    assert box.waiting().rows == 1
