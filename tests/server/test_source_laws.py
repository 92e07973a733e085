"""Laws of sources: however the webhooks of an order arrive, and however often, purchases are those of its newest telling.

The orders of Ann (Shopify) and Ben (WooCommerce) are paid, changed, partly paid back, cancelled and taken up again at random.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.intake.digester import Digester
from holdfast.server.intake.inbox import Arrived, inbox
from holdfast.workspace import Workspace
from tests.server.hooked import money_kept, named, timelines, told
from tests.server.test_source_shopify import order as shopify_order
from tests.server.test_source_woocommerce import order as woo_order
from tests.server.test_source_woocommerce import subscription

pytestmark = pytest.mark.one_database

Delivery = tuple[str, dict[str, Any]]

LATER_DAY = datetime(2024, 8, 2, 9, tzinfo=UTC)
LATER = "2024-08-02T09:00:00"
CANCELLED = {"updated_at": f"{LATER}Z", "cancelled_at": f"{LATER}Z"}

SOON = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def kept(source: str, deliveries: list[Delivery]) -> dict[str, tuple[int, float]]:
    """Customer → orders that count, and money, after these deliveries."""
    messages = [one for one in told(source, deliveries) if one["type"] == "track"]
    return money_kept(timelines(messages)) if messages else {}


def cents(amount: int) -> str:
    return f"{amount / 100:.2f}"


@st.composite
def woo_stories(draw) -> list[Delivery]:
    """An order of WooCommerce that waits, is paid, and then goes from one state to another; refunds only come to it."""
    states = draw(st.lists(st.sampled_from(["processing", "completed", "cancelled", "packed"]), min_size=1, max_size=5))
    total, refunds = draw(st.integers(500, 5_000)), []
    story = [("order.created", woo_order(status="pending", date_paid_gmt=None, total=cents(total)))]
    for minute, status in enumerate(states, start=10):
        left = total - sum(refunds)
        if left and draw(st.booleans()):
            refunds.append(draw(st.integers(1, left)))
        body = woo_order(
            status="refunded" if sum(refunds) == total else status,
            total=cents(total),
            date_modified_gmt=f"2024-03-22T17:{minute}:00",
            refunds=[{"id": number, "total": f"-{cents(one)}"} for number, one in enumerate(refunds, start=1)],
        )
        story.append(("order.updated", body))
    return story


@st.composite
def shopify_stories(draw) -> list[Delivery]:
    """An order of Shopify: authorised, perhaps voided and paid after all, or edited; then refunds."""
    total, refunds = draw(st.integers(500, 5_000)), []
    story: list[Delivery] = [("orders/create", shopify_order(financial_status="pending", total_price=cents(total)))]
    first = draw(st.lists(st.sampled_from(["authorized", "voided", "paid"]), min_size=1, max_size=3))
    for minute, status in enumerate([*first, *(["paid"] * draw(st.integers(0, 3)))], start=10):
        left = total - sum(refunds)
        if status == "paid" and left and draw(st.booleans()):
            refunds.append(draw(st.integers(1, left)))
        if refunds:
            status = "refunded" if sum(refunds) == total else "partially_refunded"
        elif draw(st.booleans()):
            total += 100
        paid_back = [
            {
                "id": number,
                "created_at": f"2024-06-02T10:{number:02}:00Z",
                "transactions": [{"kind": "refund", "status": "success", "amount": cents(one)}],
            }
            for number, one in enumerate(refunds, start=1)
        ]
        cancelled = draw(st.sampled_from([None, "2024-06-02T00:00:00Z"]))
        body = shopify_order(
            financial_status=status,
            total_price=cents(total),
            cancelled_at=cancelled,
            updated_at=f"2024-06-02T12:{minute}:00Z",
            refunds=paid_back,
        )
        story.append(("orders/cancelled" if cancelled else "orders/updated", body))
    return story


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "stories"), [("woocommerce", woo_stories()), ("shopify", shopify_stories())])
def test_purchases_are_those_of_the_newest_telling_however_all_of_them_arrive(source, stories):
    @SOON
    @given(st.data())
    def law(data):
        story = data.draw(stories)
        arriving = data.draw(st.permutations([*story, *data.draw(st.lists(st.sampled_from(story), max_size=3))]))
        assert kept(source, arriving) == kept(source, story[-1:])

    law()


@pytest.mark.django_db
def test_a_cancelled_order_that_is_paid_back_by_hand_is_taken_back_once():
    """WooCommerce pays nothing back when a paid order is cancelled: Max does, the next day."""
    cancelled = woo_order(status="cancelled", date_modified_gmt="2024-04-02T09:00:00")
    back = [{"id": 5, "total": "-23.44"}]
    paid_back = woo_order(status="refunded", date_modified_gmt="2024-04-03T09:00:00", refunds=back)
    story = [("order.updated", one) for one in (woo_order(), cancelled, paid_back)]
    assert kept("woocommerce", story) == kept("woocommerce", story[::-1]) == {"26": (0, 0.0)}


PAID_THEN_GONE = {
    "woocommerce": ("order.updated", woo_order(), woo_order(status="cancelled", date_modified_gmt=LATER)),
    "shopify": ("orders/updated", shopify_order(), shopify_order(financial_status="voided", **CANCELLED)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("source", PAID_THEN_GONE)
def test_a_cancelled_order_is_out_of_the_counts_as_of_every_day_not_only_after_it_was_cancelled(source):
    """It is worth nothing at its own date, so it is no order there either: nobody is born with an order over nothing."""
    topic, *bodies = PAID_THEN_GONE[source]
    story = [(topic, body) for body in bodies]
    for arriving in (story, story[::-1]):
        lines = timelines(told(source, arriving))
        assert set(money_kept(lines, until=LATER_DAY - timedelta(days=1)).values()) == {(0, 0.0)}
        assert set(money_kept(lines).values()) == {(0, 0.0)}
        assert set(money_kept(lines, mode="ledger").values()) == {(0, 0.0)}
        (gone,) = named(told(source, arriving), "Order Refunded")
        assert gone["properties"]["cancelled_at"] == f"{LATER}.000000Z"


@pytest.mark.django_db
@pytest.mark.parametrize("source", PAID_THEN_GONE)
def test_paid_and_cancelled_within_one_second_it_is_cancelled(source):
    """Clocks of shops tick in seconds; of contents that differ each second another would win if chance decided."""
    topic, paid, gone = PAID_THEN_GONE[source]
    changed = "updated_at" if source == "shopify" else "date_modified_gmt"
    for total in range(10, 18):
        price = {"total_price" if source == "shopify" else "total": f"{total}.00"}
        story = [(topic, body | price | {changed: f"{LATER}Z"}) for body in (paid, gone)]
        for arriving in (story, story[::-1]):
            assert [orders for orders, _ in kept(source, arriving).values()] == [0]


@pytest.mark.django_db
@pytest.mark.parametrize("source", ["woocommerce", "shopify"])
def test_an_order_that_is_somebody_elses_by_now_takes_no_money_from_who_had_it_when_that_comes_late(source):
    if source == "woocommerce":
        back = {"refunds": [{"id": 4, "total": "-4.00"}]}
        hers = "order.updated", woo_order(customer_id=0, **back)
        his = "order.updated", woo_order(date_modified_gmt="2024-06-01T10:00:00", **back)
        whose = {"26": (1, 19.44)}
    else:
        paid = [{"kind": "refund", "status": "success", "amount": "4.00"}]
        back = {"refunds": [{"id": 4, "created_at": "2024-06-02T10:00:00Z", "transactions": paid}]}
        hers = "orders/updated", shopify_order(customer=None, **back)
        his = "orders/updated", shopify_order(updated_at="2024-06-09T10:00:00Z", **back)
        whose = {"115310627314723954": (1, 68.39)}
    assert kept(source, [his, hers, his]) == whose


LIFE = [
    subscription("pending", 1),
    subscription("active", 2),
    subscription("on-hold", 4),
    subscription("active", 6),
    subscription("pending-cancel", 7),
    subscription("cancelled", 20, end_date_gmt="2024-05-20T00:00:00"),
]


@pytest.mark.django_db
@SOON
@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=4))
def test_a_subscription_starts_and_ends_once_and_is_not_left_paused(life, again):
    messages = sorted(told("woocommerce", [*life, *again]), key=lambda one: one["timestamp"])
    begun, over = named(messages, "Subscription Started"), named(messages, "Subscription Ended")
    assert [one["timestamp"][:10] for one in (*begun, *over)] == ["2024-05-01", "2024-05-20"]
    assert messages[0] == begun[0]
    assert messages[-1] == over[0]


def test_an_order_that_changes_hands_counts_with_both_and_merged_is_paid_back_twice(served, db):
    """A limit that docs/sources.md tells: nothing that a shop sends says whose an order was before."""
    box, back = inbox(), {"refunds": [{"id": 4, "total": "-4.00"}]}
    hers, his = woo_order(customer_id=0, **back), woo_order(date_modified_gmt="2024-06-01T10:00:00", **back)
    merge = {"userId": "26", "previousId": "ben@example.com", "messageId": "m", "timestamp": "2024-07-01T00:00:00Z"}
    box.done(2**62)
    digester = Digester(box, served)

    def after(*rows: tuple[str, dict[str, Any]]) -> dict[str, tuple[int, float]]:
        box.put([Arrived(time.time_ns() // 1000, "York", kind, json.dumps(body).encode()) for kind, body in rows])
        digester.step()
        return money_kept(Workspace.open(served.path).timelines)

    webhook = "webhook:woocommerce:order.updated"
    assert after((webhook, hers), (webhook, his)) == {"ben@example.com": (1, 19.44), "26": (1, 19.44)}
    assert after(("alias", merge)) == {"26": (1, 15.44)}
    digester.close()
