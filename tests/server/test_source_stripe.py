"""Stripe: Cleo tries, subscribes, pauses, changes her plan and leaves; invoices are orders, refunds take them back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.sources.registry import SOURCES
from holdfast.server.sources.stripe.amounts import amount
from tests.server.hooked import money_kept, named, net, stripe_mac, timelines, told

pytestmark = pytest.mark.one_database

DAY = 86_400
JUNE = 1_717_200_000
"""2024-06-01 00:00 UTC."""


def event(kind: str, thing: dict[str, Any], at: int, before: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """An event of Stripe; its id follows from what it says, so that a redelivery has the same."""
    data = {"object": thing} | ({"previous_attributes": before} if before is not None else {})
    return kind, {
        "id": f"evt_{kind}_{at}",
        "object": "event",
        "api_version": "2024-06-20",
        "created": at,
        "type": kind,
        "data": data,
    }


def subscription(**changes: Any) -> dict[str, Any]:
    """Cleo's monthly plan at 12.00."""
    price = {
        "id": "price_month",
        "nickname": "Basic",
        "product": "prod_1",
        "unit_amount": 1200,
        "currency": "gbp",
        "recurring": {"interval": "month", "interval_count": 1},
    }
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_cleo",
        "status": "active",
        "currency": "gbp",
        "created": JUNE,
        "start_date": JUNE,
        "trial_end": None,
        "ended_at": None,
        "canceled_at": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "pause_collection": None,
        "items": {"data": [{"id": "si_1", "quantity": 1, "price": price}]},
    } | changes


TRIED = {"trial_end": JUNE + 14 * DAY}
YEARLY = {
    "items": {
        "data": [
            {
                "id": "si_1",
                "quantity": 2,
                "price": {"id": "price_year", "unit_amount": 10000, "currency": "gbp", "product": "prod_1"},
            }
        ]
    }
}

LIFE = [
    event("customer.subscription.created", subscription(status="trialing", **TRIED), JUNE),
    event("customer.subscription.updated", subscription(**TRIED), JUNE + 14 * DAY),
    event("customer.subscription.updated", subscription(**TRIED, pause_collection={"behavior": "void"}), JUNE + 20 * DAY),
    event("customer.subscription.updated", subscription(**TRIED), JUNE + 25 * DAY),
    event("customer.subscription.updated", subscription(**TRIED, **YEARLY), JUNE + 26 * DAY),
    event("customer.subscription.updated", subscription(**TRIED, **YEARLY, cancel_at_period_end=True), JUNE + 27 * DAY),
    event(
        "customer.subscription.deleted",
        subscription(**TRIED, **YEARLY, status="canceled", ended_at=JUNE + 60 * DAY, canceled_at=JUNE + 27 * DAY),
        JUNE + 60 * DAY,
    ),
]


@pytest.mark.django_db
def test_a_life_of_a_subscription_is_told_once_each():
    messages = told("stripe", [one for each in LIFE for one in (each, each)])
    assert [(one["event"], one["timestamp"][:10]) for one in messages] == [
        ("Trial Started", "2024-06-01"),
        ("Subscription Started", "2024-06-15"),
        ("Subscription Paused", "2024-06-21"),
        ("Subscription Resumed", "2024-06-26"),
        ("Subscription Changed", "2024-06-27"),
        ("Subscription Cancellation Scheduled", "2024-06-28"),
        ("Subscription Ended", "2024-07-31"),
    ]
    assert named(messages, "Subscription Started")[0]["properties"] == {
        "subscription_id": "sub_1",
        "plan": "Basic",
        "amount": 12,
        "currency": "GBP",
        "interval": "month",
        "interval_count": "1",
    }
    assert named(messages, "Subscription Changed")[0]["properties"]["amount"] == 200


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=5))
def test_start_and_end_are_the_same_in_any_order_of_arrival(life, again):
    messages = told("stripe", [*life, *again])
    start, end = named(messages, "Subscription Started"), named(messages, "Subscription Ended")
    assert [one["timestamp"][:10] for one in start] == ["2024-06-15"]
    assert [one["timestamp"][:10] for one in end] == ["2024-07-31"]


@pytest.mark.django_db
def test_a_trial_that_ended_without_a_payment_was_no_subscription():
    over = subscription(**TRIED, status="canceled", ended_at=JUNE + 14 * DAY)
    messages = told("stripe", [LIFE[0], event("customer.subscription.deleted", over, JUNE + 14 * DAY)])
    assert [one["event"] for one in messages] == ["Trial Started", "Trial Ended"]


@pytest.mark.django_db
def test_a_subscription_that_was_never_paid_says_nothing():
    assert told("stripe", [event("customer.subscription.created", subscription(status="incomplete"), JUNE)]) == []


@pytest.mark.django_db
def test_a_pause_that_stripe_calls_paused_is_one_too():
    paused = subscription(**TRIED, status="paused")
    messages = told(
        "stripe",
        [
            LIFE[0],
            event("customer.subscription.paused", paused, JUNE + 14 * DAY),
            event("customer.subscription.updated", paused, JUNE + 14 * DAY),
            event("customer.subscription.resumed", subscription(**TRIED), JUNE + 16 * DAY),
        ],
    )
    assert [one["event"] for one in messages] == [
        "Trial Started",
        "Subscription Paused",
        "Subscription Started",
        "Subscription Resumed",
    ]


def invoice(**changes: Any) -> dict[str, Any]:
    """A month of Cleo's plan, paid."""
    return {
        "id": "in_1",
        "customer": "cus_cleo",
        "currency": "gbp",
        "amount_paid": 1200,
        "amount_due": 1200,
        "subtotal": 1000,
        "tax": 200,
        "created": JUNE,
        "subscription": "sub_1",
        "billing_reason": "subscription_cycle",
        "status_transitions": {"paid_at": JUNE + 5},
        "payment_intent": "pi_1",
        "lines": {
            "data": [
                {
                    "id": "il_1",
                    "description": "1 × Basic",
                    "amount": 1000,
                    "quantity": 1,
                    "price": {"id": "price_month", "product": "prod_1"},
                }
            ]
        },
    } | changes


def charge(back: int, **changes: Any) -> dict[str, Any]:
    """The charge of that invoice, of which so much was paid back by now."""
    return {
        "id": "ch_1",
        "customer": "cus_cleo",
        "currency": "gbp",
        "amount": 1200,
        "amount_refunded": back,
        "payment_intent": "pi_1",
        "invoice": "in_1",
    } | changes


MONEY = [
    event("invoice.paid", invoice(), JUNE + 5),
    event("charge.refunded", charge(300), JUNE + DAY, {"amount_refunded": 0}),
    event("charge.refunded", charge(505), JUNE + 2 * DAY, {"amount_refunded": 300}),
]


@pytest.mark.django_db
def test_a_paid_invoice_is_an_order():
    (done,) = told("stripe", MONEY[:1])
    assert done["messageId"] == "stripe:invoice:in_1:paid"
    assert done["timestamp"] == "2024-06-01T00:00:05.000000Z"
    assert done["properties"] == {
        "order_id": "in_1",
        "revenue": 12,
        "currency": "GBP",
        "tax": 2,
        "subtotal": 10,
        "subscription_id": "sub_1",
        "billing_reason": "subscription_cycle",
        "products": [{"product_id": "prod_1", "variant": "price_month", "name": "1 × Basic", "quantity": 1, "price": 10}],
    }


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(MONEY), st.lists(st.sampled_from(MONEY), max_size=4))
def test_refunds_add_up_in_any_order_of_arrival(story, again):
    assert net(told("stripe", [*story, *again])) == {"in_1": 6.95}


@pytest.mark.django_db
def test_the_timelines_have_one_order_and_its_money():
    assert money_kept(timelines(told("stripe", MONEY))) == {"cus_cleo": (1, 6.95)}
    assert money_kept(timelines(told("stripe", MONEY[::-1]))) == {"cus_cleo": (1, 6.95)}


@pytest.mark.django_db
def test_since_2025_a_refund_finds_its_invoice_by_its_payment():
    new = invoice(
        payment_intent=None,
        subscription=None,
        parent={"subscription_details": {"subscription": "sub_1"}},
        lines={
            "data": [
                {
                    "id": "il_1",
                    "amount": 1000,
                    "quantity": 1,
                    "pricing": {"price_details": {"price": "price_month", "product": "prod_1"}},
                }
            ]
        },
    )
    by = {"id": "inpay_1", "invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}, "status": "paid"}
    messages = told(
        "stripe",
        [
            event("invoice_payment.paid", by, JUNE + 4),
            event("invoice.paid", new, JUNE + 5),
            event("charge.refunded", charge(1200, invoice=None), JUNE + DAY, {"amount_refunded": 0}),
        ],
    )
    assert messages[0]["properties"]["subscription_id"] == "sub_1"
    assert messages[0]["properties"]["products"][0]["product_id"] == "prod_1"
    assert money_kept(timelines(messages)) == {"cus_cleo": (0, 0.0)}


@pytest.mark.django_db
def test_an_invoice_over_nothing_is_no_order_and_a_refused_payment_is_told():
    assert told("stripe", [event("invoice.paid", invoice(amount_paid=0), JUNE)]) == []
    (failed,) = told("stripe", [event("invoice.payment_failed", invoice(attempt_count=2), JUNE)])
    assert (failed["event"], failed["properties"]["amount"], failed["properties"]["attempt"]) == ("Payment Failed", 12, "2")


@pytest.mark.django_db
def test_a_one_off_payment_of_checkout_is_an_order_and_its_refund_finds_it():
    session = {
        "id": "cs_1",
        "mode": "payment",
        "payment_status": "paid",
        "payment_intent": "pi_9",
        "amount_total": 2050,
        "currency": "eur",
        "created": JUNE,
        "customer": None,
        "customer_details": {"email": "Dan@Example.com"},
    }
    back = charge(
        2050,
        id="ch_9",
        payment_intent="pi_9",
        invoice=None,
        customer=None,
        currency="eur",
        billing_details={"email": "dan@example.com"},
    )
    messages = told(
        "stripe",
        [
            event("checkout.session.completed", session, JUNE),
            event("charge.refunded", back, JUNE + DAY, {"amount_refunded": 0}),
        ],
    )
    assert messages[0]["properties"]["revenue"] == 20.5
    assert money_kept(timelines(messages)) == {"dan@example.com": (0, 0.0)}


@pytest.mark.django_db
def test_a_customer_is_told_as_she_is_now_and_joined_with_her_id_in_the_app():
    cleo = {
        "id": "cus_cleo",
        "created": JUNE,
        "email": "cleo@example.com",
        "name": "Cleo Clark",
        "address": {"line1": "3 Quay", "city": "Hull", "postal_code": "HU1", "country": "GB"},
        "metadata": {"user_id": "u-17"},
    }
    newer = event("customer.updated", cleo, JUNE + DAY)
    older = event("customer.created", cleo | {"name": "C."}, JUNE)
    who, joined = told("stripe", [newer, older])
    assert who["traits"] == {
        "email": "cleo@example.com",
        "name": "Cleo Clark",
        "address": {"street": "3 Quay", "city": "Hull", "postalCode": "HU1", "country": "GB"},
        "createdAt": "2024-06-01T00:00:00.000000Z",
    }
    assert (joined["type"], joined["previousId"], joined["userId"]) == ("alias", "cus_cleo", "u-17")


@pytest.mark.parametrize(
    ("minor", "currency", "worth"),
    [(1005, "eur", "10.05"), (1005, "jpy", "1005"), (1005, "KWD", "1.005"), (500, "isk", "5.00"), (7, "", "0.07")],
)
def test_amounts_are_read_by_their_currency(minor, currency, worth):
    assert amount(minor, currency) == Decimal(worth)


def test_the_signature_holds_for_five_minutes_and_for_several_secrets():
    body = json.dumps(MONEY[0][1]).encode()
    signed = SOURCES["stripe"].signed
    headers = {"stripe-signature": stripe_mac(body, "whsec_a", JUNE)}
    assert signed(headers, body, ["whsec_a"], JUNE + 299)
    assert signed(headers, body, ["whsec_b", "whsec_a"], JUNE - 299)
    assert not signed(headers, body, ["whsec_a"], JUNE + 301)
    assert not signed(headers, body, ["whsec_b"], JUNE)
    assert not signed(headers, body + b" ", ["whsec_a"], JUNE)
    rolled = {"stripe-signature": headers["stripe-signature"] + ",v1=" + "0" * 64 + ",v0=old"}
    assert signed(rolled, body, ["whsec_a"], JUNE)
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_x
    known = "t=1700000000,v1=be8cb8325f2202445260a855532f967e30ad2a9394ce28da66ee02880ddcb661"
    assert signed({"stripe-signature": known}, b"{}", ["whsec_x"], 1_700_000_000)
    for broken in ("", "t=,v1=", "t=x,v1=y", "v1=" + "0" * 64, "t=1,t=2,v1=a", "t=" + "9" * 400 + ",v1=a"):
        assert not signed({"stripe-signature": broken}, body, ["whsec_a"], JUNE)
