"""Stripe tells which invoice a payment paid in a webhook of its own: a refund that comes before it waits for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any
from unittest.mock import Mock

import pyarrow as pa
import pytest
from django.utils import timezone

from holdfast.server.intake.digester import Digester
from holdfast.server.intake.inbox import Arrived, inbox
from holdfast.server.intake.jobs import old_refusals_deleted
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.sources.awaiting import AWAITED, DAYS, send_tied, unknown
from holdfast.server.sources.jobs import orders_awaited_no_longer
from holdfast.timelines.timelines import Timelines
from holdfast.workspace import Workspace
from tests.server.hooked import money_kept
from tests.server.test_source_stripe import DAY, JUNE, charge, event, invoice

PAID = invoice(payment_intent=None, subscription=None, lines={})
PAID_BY = {"id": "inpay_1", "invoice": "in_1", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
SINCE_2025 = {name: value for name, value in charge(0).items() if name != "invoice"}
STORY = [
    event("invoice.paid", PAID, JUNE + 5),
    event("invoice_payment.paid", PAID_BY, JUNE + 5),
    event("charge.refunded", SINCE_2025 | {"amount_refunded": 300}, JUNE + DAY, {"amount_refunded": 0}),
    event("charge.refunded", SINCE_2025 | {"amount_refunded": 505}, JUNE + 2 * DAY, {"amount_refunded": 300}),
]
LATELY, DAY_US = 60_000_000, 86_400_000_000


class Post:
    """Webhooks on the real way: inbox, digester, lake. Each customer has a story of her own, told in its own order."""

    def __init__(self, served: Workspace) -> None:
        self.box, self.path = inbox(), served.path
        self.box.done(2**62)
        self.digester = Digester(self.box, served)

    def deliver(self, customer: int, one: tuple[str, dict[str, Any]], before_us: int = LATELY) -> None:
        kind, body = one
        raw = json.dumps(body)
        for name in ("cus_cleo", "in_1", "pi_1", "ch_1", "evt_"):
            raw = raw.replace(name, f"{name}{customer:02}")
        self.box.put([Arrived(time.time_ns() // 1000 - before_us, "Stripe", f"webhook:stripe:{kind}", raw.encode())])

    def digested(self) -> None:
        while self.digester.step().upto:
            pass

    def money(self) -> dict[str, tuple[int, float]]:
        return money_kept(Timelines.from_arrow(pa.Table.from_batches(Workspace.open(self.path).lake.scan())))

    def events(self, name: str) -> list[dict[str, Any]]:
        return [row for part in Workspace.open(self.path).lake.scan() for row in part.to_pylist() if row["event"] == name]


@pytest.fixture
def post(served, db) -> Iterator[Post]:
    made = Post(served)
    yield made
    made.digester.close()


@pytest.mark.parametrize("pace", ["one by one", "all at once"])
def test_since_2025_a_refund_that_comes_before_its_payment_is_tied_waits_for_it(post, pace):
    """Each customer has the same story in another order, and something of it twice."""
    orders = [(*turned, turned[place % 4]) for place, turned in enumerate(permutations(STORY))]
    for now in zip(*orders, strict=True):
        for customer, one in enumerate(now):
            post.deliver(customer, one)
        if pace == "one by one":
            post.digested()
    post.digested()
    assert post.money() == {f"cus_cleo{customer:02}": (1, 6.95) for customer in range(24)}
    back = post.events("Order Refunded")
    assert len(back) == 48
    assert all(row["order_id"] == row["customer_id"].replace("cus_cleo", "in_1") for row in back)
    assert not RefusedEvent.objects.filter(outcome__in=("", "again")).exists()
    assert RefusedEvent.objects.filter(code=AWAITED).exists()


def test_a_refund_whose_payment_is_never_tied_is_told_after_three_days(post):
    """A payment without an invoice and without Checkout: its refund has waited, and is money at its own date."""
    post.deliver(1, STORY[2])
    post.digested()
    orders_awaited_no_longer.call_local()
    post.digested()
    assert post.events("Order Refunded") == []
    waits = RefusedEvent.objects.get()
    assert (waits.outcome, waits.sentence) == ("", "what the payment pi_101 has paid is not known yet")
    RefusedEvent.objects.update(received_at=waits.received_at - timedelta(days=DAYS))
    orders_awaited_no_longer.call_local()
    post.digested()
    assert [row["order_id"] for row in post.events("Order Refunded")] == ["pi_101"]
    assert RefusedEvent.objects.get().outcome == "used"


def test_what_is_looked_at_for_the_first_time_has_not_waited_however_long_ago_it_came(post):
    """The worker was away for four days: what tells the order of the payment may stand behind its refund in the inbox."""
    for one in (STORY[2], STORY[1], STORY[0]):
        post.deliver(1, one, before_us=4 * DAY_US)
    post.deliver(2, STORY[2], before_us=4 * DAY_US)
    post.digested()
    assert [row["order_id"] for row in post.events("Order Refunded")] == ["in_101"]
    orders_awaited_no_longer.call_local()
    post.digested()
    assert [row["order_id"] for row in post.events("Order Refunded")] == ["in_101", "pi_102"]


@pytest.mark.parametrize("steps", [1, 2])
def test_what_waits_is_sent_in_again_though_the_digester_was_killed_before_it_said_so(post, monkeypatch, steps):
    """Also where the refund, its tie and the order came in one step, so that the next digester looks at all three again."""
    post.deliver(1, STORY[2])
    if steps == 2:
        post.digested()
    post.deliver(1, STORY[1])
    post.deliver(1, STORY[0])
    with monkeypatch.context() as patch:
        patch.setattr("holdfast.server.sources.newest.send_tied", Mock(side_effect=OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            post.digested()
    post.digester = Digester(post.box, Workspace.open(post.path))
    post.digested()
    assert post.money() == {"cus_cleo01": (1, 9.0)}
    assert [row["order_id"] for row in post.events("Order Refunded")] == ["in_101"]


def test_a_refund_that_waits_or_is_on_its_way_again_is_not_deleted_where_refused_events_are_kept_for_a_day(post, monkeypatch):
    """The worker was away: the nightly deletion may come before the hourly sending, and before the digester."""
    monkeypatch.setenv("HOLDFAST_REFUSED_DAYS", "1")
    post.deliver(1, STORY[2])
    post.digested()
    RefusedEvent.objects.update(received_at=timezone.now() - timedelta(days=DAYS, hours=1))
    old_refusals_deleted.call_local()
    orders_awaited_no_longer.call_local()
    old_refusals_deleted.call_local()
    assert RefusedEvent.objects.get().outcome == "again"
    post.digested()
    assert len(post.events("Order Refunded")) == 1
    old_refusals_deleted.call_local()
    assert not RefusedEvent.objects.exists()


def test_ten_thousand_payments_of_one_step_are_looked_for_among_what_waits_in_few_questions(
    db, served, django_assert_max_num_queries
):
    """What waits in another shop for a payment of that name goes on waiting."""
    waits = [
        RefusedEvent(
            inbox="test",
            inbox_row=number,
            place=-1,
            received_at=timezone.now(),
            source="Stripe",
            kind=f"webhook:stripe{'/b' if number % 2 else ''}:charge.refunded",
            code=AWAITED,
            sentence=str(unknown(f"pi_{number}")),
            mend="",
            message="{}",
        )
        for number in range(1_000)
    ]
    RefusedEvent.objects.bulk_create(waits)
    with django_assert_max_num_queries(20):
        assert send_tied(("stripe", f"pi_{number}") for number in range(998, 11_000)) == 1
    assert RefusedEvent.objects.get(outcome="again").inbox_row == 998
    inbox().done(2**62)
