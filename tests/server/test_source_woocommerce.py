"""WooCommerce: Ben buys as a guest and as a customer, cancels, subscribes and pauses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.sources.registry import SOURCES, meant
from tests.server.hooked import base64_mac, money_kept, named, net, timelines, told

pytestmark = pytest.mark.one_database


def order(**changes: Any) -> dict[str, Any]:
    """Two mugs at 9.00 less 10 %, tax 3.24, shipping 4.00: 23.44 in all."""
    return {
        "id": 727,
        "parent_id": 0,
        "status": "processing",
        "currency": "GBP",
        "version": "8.9.1",
        "date_created_gmt": "2024-03-22T16:28:02",
        "date_modified_gmt": "2024-03-22T16:28:08",
        "date_paid_gmt": "2024-03-22T16:28:08",
        "discount_total": "1.80",
        "shipping_total": "4.00",
        "total": "23.44",
        "total_tax": "3.24",
        "customer_id": 26,
        "created_via": "checkout",
        "billing": {
            "first_name": "Ben",
            "last_name": "Baker",
            "email": "Ben@example.com",
            "phone": "0113",
            "city": "York",
            "country": "GB",
        },
        "line_items": [
            {
                "id": 315,
                "name": "Mug - blue",
                "parent_name": "Mug",
                "product_id": 93,
                "variation_id": 95,
                "quantity": 2,
                "subtotal": "18.00",
                "total": "16.20",
                "sku": "MUG-B",
                "price": 8.1,
            }
        ],
        "coupon_lines": [{"id": 1, "code": "ten", "discount": "1.80"}],
        "refunds": [],
    } | changes


PENDING = order(status="pending", date_paid_gmt=None, date_modified_gmt="2024-03-22T16:28:02")
PAID = order()
DONE = order(status="completed", date_modified_gmt="2024-03-23T09:00:00")
PARTLY = order(
    status="completed", date_modified_gmt="2024-03-30T09:00:00", refunds=[{"id": 726, "reason": "chip", "total": "-10.00"}]
)
CANCELLED = order(
    status="cancelled", date_modified_gmt="2024-04-02T09:00:00", refunds=[{"id": 726, "reason": "chip", "total": "-10.00"}]
)
STORY = [("order.created", PENDING), ("order.updated", PAID), ("order.updated", DONE), ("order.updated", PARTLY)]


def test_an_order_is_told_to_the_cent_with_its_products():
    (done,) = (one.body for one in meant("woocommerce", "order.updated", json.dumps(order()).encode()))
    assert done["userId"] == "26"
    assert done["timestamp"] == "2024-03-22T16:28:02.000000Z"
    assert done["properties"] == {
        "order_id": "727",
        "revenue": 23.44,
        "currency": "GBP",
        "tax": 3.24,
        "shipping": 4,
        "discount": 1.8,
        "coupon": "ten",
        "channel": "checkout",
        "products": [
            {"product_id": "93", "variant": "95", "sku": "MUG-B", "name": "Mug", "quantity": 2, "price": 9, "discount": 1.8}
        ],
    }


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=6))
def test_any_order_of_arrival_and_any_repetition_give_the_same_order(story, again):
    messages = told("woocommerce", [*story, *again])
    assert net(messages) == {"727": 13.44}
    assert len(named(messages, "Order Refunded")) == 1


@pytest.mark.django_db
def test_the_timelines_have_one_order_and_its_money():
    assert money_kept(timelines(told("woocommerce", STORY))) == {"26": (1, 13.44)}
    assert money_kept(timelines(told("woocommerce", STORY[::-1]))) == {"26": (1, 13.44)}


@pytest.mark.django_db
def test_a_paid_order_that_is_cancelled_is_taken_back_as_far_as_it_was_not():
    assert money_kept(timelines(told("woocommerce", [*STORY, ("order.updated", CANCELLED)]))) == {"26": (0, 0.0)}
    assert money_kept(timelines(told("woocommerce", [("order.updated", CANCELLED), *STORY]))) == {"26": (0, 0.0)}


@pytest.mark.django_db
def test_what_was_never_paid_is_no_order():
    for status in ("pending", "on-hold", "failed", "cancelled", "checkout-draft"):
        messages = told("woocommerce", [("order.updated", order(status=status, date_paid_gmt=None))])
        assert named(messages, "Order Completed") == []


def test_an_order_that_a_plugin_gave_a_state_of_its_own_counts_when_it_was_paid():
    (done,) = meant("woocommerce", "order.updated", json.dumps(order(status="packed")).encode())
    assert done.body["event"] == "Order Completed"


@pytest.mark.django_db
def test_a_guest_is_her_address():
    messages = told("woocommerce", [("order.created", order(customer_id=0))])
    assert {one["userId"] for one in messages} == {"ben@example.com"}


@pytest.mark.django_db
def test_a_customer_is_told_once_as_she_is_now():
    ben = {
        "id": 26,
        "date_created_gmt": "2024-03-01T00:00:00",
        "date_modified_gmt": "2024-03-05T00:00:00",
        "email": "ben@example.com",
        "first_name": "Ben",
        "last_name": "Baker",
        "billing": {
            "phone": "0113",
            "company": "Baker Ltd",
            "address_1": "2 High St",
            "city": "York",
            "postcode": "YO1",
            "country": "GB",
        },
    }
    older = ben | {"date_modified_gmt": "2024-03-02T00:00:00", "first_name": "B."}
    messages = told("woocommerce", [("customer.updated", ben), ("customer.created", older)])
    assert [one["traits"] for one in messages] == [
        {
            "email": "ben@example.com",
            "firstName": "Ben",
            "lastName": "Baker",
            "phone": "0113",
            "company": "Baker Ltd",
            "address": {"street": "2 High St", "city": "York", "postalCode": "YO1", "country": "GB"},
            "createdAt": "2024-03-01T00:00:00.000000Z",
        }
    ]


def subscription(status: str, day: int, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Ben's monthly box as it was on a day of May."""
    body = {
        "id": 900,
        "status": status,
        "currency": "GBP",
        "total": "12.00",
        "customer_id": 26,
        "billing_period": "month",
        "billing_interval": "1",
        "start_date_gmt": "2024-05-01T00:00:00",
        "date_modified_gmt": f"2024-05-{day:02}T00:00:00",
        "line_items": [{"name": "Tea box", "product_id": 5}],
        "billing": {"email": "ben@example.com"},
    }
    return "subscription.updated", body | changes


@pytest.mark.django_db
def test_a_subscription_starts_pauses_resumes_and_ends_each_once():
    life = [
        subscription("pending", 1),
        subscription("active", 2),
        subscription("active", 3),
        subscription("on-hold", 4),
        subscription("on-hold", 5),
        subscription("active", 6),
        subscription("pending-cancel", 7),
        subscription("cancelled", 20, end_date_gmt="2024-05-20T00:00:00"),
    ]
    messages = told("woocommerce", [one for each in life for one in (each, each)])
    assert [(one["event"], one["timestamp"][:10]) for one in messages] == [
        ("Subscription Started", "2024-05-01"),
        ("Subscription Paused", "2024-05-04"),
        ("Subscription Resumed", "2024-05-06"),
        ("Subscription Cancellation Scheduled", "2024-05-07"),
        ("Subscription Ended", "2024-05-20"),
    ]
    assert messages[0]["properties"] == {
        "subscription_id": "900",
        "plan": "Tea box",
        "amount": 12,
        "currency": "GBP",
        "interval": "month",
        "interval_count": "1",
    }


@pytest.mark.django_db
def test_start_and_end_are_the_same_in_any_order_of_arrival():
    life = [subscription("cancelled", 20, end_date_gmt="2024-05-20T00:00:00"), subscription("active", 2)]
    messages = told("woocommerce", life)
    assert [one["event"] for one in messages] == ["Subscription Started", "Subscription Ended"]


def test_the_signature_is_checked_on_the_raw_body_and_the_greeting_is_known():
    body = json.dumps(order()).encode()
    source = SOURCES["woocommerce"]
    assert source.signed({"x-wc-webhook-signature": base64_mac(body, "s")}, body, ["s"], 0)
    assert not source.signed({"x-wc-webhook-signature": base64_mac(body, "t")}, body, ["s"], 0)
    assert source.greeting({}, b"webhook_id=12")
    assert not source.greeting({}, b"webhook_id=12&more=1")
