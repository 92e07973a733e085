"""Shopify: Ann buys, gives one thing back, and the webhooks come in any order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.sources.newest import Memory
from holdfast.server.sources.registry import SOURCES, meant, translated
from tests.server.hooked import base64_mac, money_kept, named, net, timelines, told

pytestmark = pytest.mark.one_database

TEAPOT = {
    "id": 466157049,
    "product_id": 632910392,
    "variant_id": 39072856,
    "title": "Teapot",
    "variant_title": "green",
    "sku": "TEA-1",
    "vendor": "Kettle & Co",
    "quantity": 1,
    "price": "40.00",
    "discount_allocations": [{"amount": "4.00"}],
}
CUPS = {
    "id": 518995019,
    "product_id": 921728736,
    "title": "Cup",
    "sku": "CUP-1",
    "vendor": "Kettle & Co",
    "quantity": 4,
    "price": "5.05",
}


def order(**changes: Any) -> dict[str, Any]:
    """Ann's order of a teapot and four cups: goods 60.20, less 4.00, tax 11.24, shipping 4.95: 72.39 in all."""
    return {
        "id": 820982911946154508,
        "name": "#9999",
        "test": False,
        "email": "ann@example.com",
        "created_at": "2024-06-01T12:00:00+02:00",
        "processed_at": "2024-06-01T12:00:00+02:00",
        "updated_at": "2024-06-01T12:00:05+02:00",
        "cancelled_at": None,
        "financial_status": "paid",
        "currency": "GBP",
        "total_price": "72.39",
        "subtotal_price": "56.20",
        "total_tax": "11.24",
        "total_discounts": "4.00",
        "total_shipping_price_set": {"shop_money": {"amount": "4.95", "currency_code": "GBP"}},
        "discount_codes": [{"code": "SPRING", "amount": "4.00", "type": "fixed_amount"}],
        "source_name": "web",
        "customer": {"id": 115310627314723954, "first_name": "Ann", "last_name": "Archer"},
        "billing_address": {"city": "Leeds", "zip": "LS1", "country_code": "GB"},
        "line_items": [TEAPOT, CUPS],
        "refunds": [],
        "fulfillments": [],
    } | changes


REFUND = {
    "id": 890088186047892319,
    "created_at": "2024-06-09T09:00:00+02:00",
    "processed_at": "2024-06-09T09:00:00+02:00",
    "transactions": [{"kind": "refund", "status": "success", "amount": "12.12", "currency": "GBP"}],
    "refund_line_items": [{"quantity": 2, "subtotal": 10.10, "line_item": CUPS}],
}
SHIPMENT = {"id": 255858046, "status": "success", "created_at": "2024-06-03T08:00:00+02:00"}

UNPAID = order(financial_status="pending")
PAID = order(updated_at="2024-06-01T12:01:00+02:00")
SHIPPED = order(updated_at="2024-06-03T08:00:00+02:00", fulfillments=[SHIPMENT])
EDITED = order(updated_at="2024-06-05T08:00:00+02:00", fulfillments=[SHIPMENT], total_price="82.39")
GIVEN_BACK = order(
    updated_at="2024-06-09T09:00:01+02:00",
    fulfillments=[SHIPMENT],
    total_price="82.39",
    financial_status="partially_refunded",
    refunds=[REFUND],
)
STORY = [
    ("orders/create", UNPAID),
    ("orders/paid", PAID),
    ("orders/updated", SHIPPED),
    ("orders/updated", EDITED),
    ("orders/updated", GIVEN_BACK),
]


def test_an_order_is_told_to_the_cent_with_its_products():
    (who, done) = (one.body for one in meant("shopify", "orders/create", json.dumps(order()).encode()))
    assert done == {
        "type": "track",
        "event": "Order Completed",
        "messageId": "",
        "timestamp": "2024-06-01T10:00:00.000000Z",
        "userId": "115310627314723954",
        "properties": {
            "order_id": "820982911946154508",
            "revenue": 72.39,
            "currency": "GBP",
            "subtotal": 56.2,
            "tax": 11.24,
            "shipping": 4.95,
            "discount": 4,
            "coupon": "SPRING",
            "order_name": "#9999",
            "channel": "web",
            "products": [
                {
                    "product_id": "632910392",
                    "sku": "TEA-1",
                    "name": "Teapot",
                    "variant": "green",
                    "brand": "Kettle & Co",
                    "quantity": 1,
                    "price": 40,
                    "discount": 4,
                },
                {
                    "product_id": "921728736",
                    "sku": "CUP-1",
                    "name": "Cup",
                    "brand": "Kettle & Co",
                    "quantity": 4,
                    "price": 5.05,
                },
            ],
        },
    }
    assert who["traits"] == {
        "email": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Archer",
        "address": {"city": "Leeds", "postalCode": "LS1", "country": "GB"},
    }


@pytest.mark.django_db
def test_a_partial_refund_names_its_products_and_what_a_piece_brought_back():
    back = named(told("shopify", [("orders/updated", GIVEN_BACK)]), "Order Refunded")
    assert back[0]["properties"] == {
        "order_id": "820982911946154508",
        "refund_id": "890088186047892319",
        "revenue": 12.12,
        "currency": "GBP",
        "products": [
            {"product_id": "921728736", "sku": "CUP-1", "name": "Cup", "brand": "Kettle & Co", "quantity": 2, "price": 5.05}
        ],
    }
    assert back[0]["timestamp"] == "2024-06-09T07:00:00.000000Z"


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=6))
def test_any_order_of_arrival_and_any_repetition_give_the_same_order(story, again):
    messages = told("shopify", [*story, *again])
    assert net(messages) == {"820982911946154508": 70.27}
    assert len(named(messages, "Order Refunded")) == 1
    assert len(named(messages, "Order Shipped")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("turned", [STORY, STORY[::-1], [STORY[4], STORY[0], STORY[3], STORY[1], STORY[2], STORY[4]]])
def test_the_timelines_have_one_order_and_its_money(turned):
    assert money_kept(timelines(told("shopify", turned))) == {"115310627314723954": (1, 70.27)}


@pytest.mark.django_db
def test_an_order_that_is_wholly_refunded_counts_no_more():
    whole = REFUND | {"transactions": [{"kind": "refund", "status": "success", "amount": "72.39", "currency": "GBP"}]}
    messages = told("shopify", [("orders/updated", order(financial_status="refunded", refunds=[whole]))])
    assert money_kept(timelines(messages)) == {"115310627314723954": (0, 0.0)}


@pytest.mark.django_db
def test_an_order_that_was_authorised_and_voided_is_taken_back():
    first = order(financial_status="authorized")
    gone = order(financial_status="voided", updated_at="2024-06-02T00:00:00Z", cancelled_at="2024-06-02T00:00:00Z")
    for turned in ([first, gone], [gone, first]):
        messages = told("shopify", [("orders/updated", one) for one in turned])
        assert money_kept(timelines(messages)) == {"115310627314723954": (0, 0.0)}


@pytest.mark.django_db
def test_an_order_that_is_not_paid_is_placed_and_not_completed():
    messages = told("shopify", [("orders/create", UNPAID), ("orders/updated", UNPAID)])
    assert [one.get("event") for one in messages] == [None, "Order Placed"]


def test_a_test_order_says_nothing():
    assert meant("shopify", "orders/create", json.dumps(order(test=True)).encode()) == []


@pytest.mark.django_db
def test_a_refund_that_is_on_its_way_is_told_when_it_has_arrived():
    waits = REFUND | {"transactions": [{"kind": "refund", "status": "pending", "amount": "12.12"}]}
    first = told("shopify", [("orders/updated", order(refunds=[waits]))])
    assert named(first, "Order Refunded") == []


@pytest.mark.django_db
def test_a_guest_is_her_address_and_a_sale_over_the_counter_is_nobodys():
    guest = told("shopify", [("orders/updated", order(customer=None, email="Dan@Example.com"))])
    assert guest[0]["userId"] == "dan@example.com"
    counter = told("shopify", [("orders/updated", order(customer=None, email=""))])
    assert "userId" not in counter[0]


@pytest.mark.django_db
def test_customers_tell_who_they_are_and_what_they_want():
    ann = {
        "id": 706405506930370084,
        "created_at": "2024-05-01T00:00:00Z",
        "updated_at": "2024-06-02T00:00:00Z",
        "first_name": "Ann",
        "last_name": "Archer",
        "email": "ann@example.com",
        "phone": "+44 113 4960000",
        "default_address": {"address1": "1 Mill Lane", "city": "Leeds", "zip": "LS1", "country_code": "GB"},
        "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in"},
    }
    older = ann | {"updated_at": "2024-06-01T00:00:00Z", "phone": "old"}
    messages = told("shopify", [("customers/update", ann), ("customers/create", older), ("customers/update", ann)])
    assert len(messages) == 1
    assert messages[0]["traits"] == {
        "email": "ann@example.com",
        "firstName": "Ann",
        "lastName": "Archer",
        "phone": "+44 113 4960000",
        "address": {"street": "1 Mill Lane", "city": "Leeds", "postalCode": "LS1", "country": "GB"},
        "createdAt": "2024-05-01T00:00:00.000000Z",
        "emailConsent": True,
    }


@pytest.mark.django_db
def test_consent_that_is_taken_back_holds_whatever_arrives_later():
    yes = {"customer_id": 7, "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2024-06-01T00:00:00Z"}}
    no = {"customer_id": 7, "email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": "2024-06-02T00:00:00Z"}}
    topic = "customers/email_marketing_consent_update"
    assert [one["traits"] for one in told("shopify", [(topic, no), (topic, yes)])] == [{"emailConsent": False}]


@pytest.mark.django_db
def test_a_checkout_is_begun_once_and_found_again_when_the_customer_is_known():
    begun = {
        "token": "t1",
        "created_at": "2024-06-01T10:00:00Z",
        "total_price": "72.39",
        "currency": "GBP",
        "line_items": [CUPS],
    }
    messages = told("shopify", [("checkouts/create", begun), ("checkouts/update", begun | {"customer": {"id": 7}})])
    assert [one["type"] for one in messages] == ["track", "identify"]
    assert (messages[1]["userId"], messages[1]["anonymousId"]) == ("7", "checkout-t1")


@pytest.mark.django_db
def test_a_checkout_is_forgotten_three_months_after_its_last_change():
    """Two begun in the same minute; the second is changed once more, and not forgotten yet."""
    from django.utils import timezone

    from holdfast.server.sources.jobs import old_checkouts_forgotten
    from holdfast.server.sources.models import Newest

    def sent(token: str, days: int) -> list[dict]:
        long, last = (timezone.now() - timedelta(days=ago) for ago in (100, days))
        body = {"token": token, "created_at": long.isoformat(), "updated_at": last.isoformat(), "customer": {"id": 7}}
        memory = Memory()
        found = translated("shopify", "checkouts/update", json.dumps(body).encode(), memory, 1)
        memory.write(refused=())
        return found

    assert [len(sent(token, days)) for token, days in (("t1", 99), ("t2", 99), ("t2", 80))] == [2, 2, 0]

    memory = Memory()
    translated("shopify", "orders/create", json.dumps(order()).encode(), memory, 1)
    memory.write(refused=())
    orders = Newest.objects.count() - 4
    old_checkouts_forgotten.call_local()
    assert Newest.objects.count() == orders + 2
    assert sent("t2", 79) == []


SECRET = "hush"


def test_the_signature_is_checked_on_the_raw_body():
    body = json.dumps(order()).encode()
    signed = SOURCES["shopify"].signed
    headers = {"x-shopify-hmac-sha256": base64_mac(body, SECRET)}
    assert signed(headers, body, [SECRET], 0)
    assert signed(headers, body, ["new", SECRET], 0)
    assert not signed(headers, body, ["new"], 0)
    assert not signed(headers, body, [], 0)
    assert not signed(headers, body, [""], 0)
    assert not signed(headers, body + b" ", [SECRET], 0)
    assert not signed({}, body, [SECRET], 0)
    assert not signed({"x-shopify-hmac-sha256": "not base64!"}, body, [SECRET], 0)
    # echo -n hello | openssl dgst -sha256 -hmac hush -binary | base64
    assert signed({"x-shopify-hmac-sha256": "zvT9tMFR8adPsBeM6dkn8QqflvWemcuCShl3MgGBDKI="}, b"hello", ["hush"], 0)
