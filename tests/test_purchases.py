"""What was really bought (SEMANTICS 17): orders after their refunds, as of an instant, in the two ways to count.

Notation of the stories: `o1 100 @5` is an order of 100 on day 5; `-o1 30 @9` takes 30 of it back on day 9; `-? 5 @9` takes back
5 of nobody knows which order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.settings import Settings
from holdfast.timelines.purchases import RefundMode
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)
FIRST_DAY = (START - datetime(1970, 1, 1, tzinfo=UTC)).days


def told(story: str) -> Timelines:
    """The timelines of one customer from a story."""
    rows: list[tuple[str, str | None, Decimal, datetime]] = []
    for sign, order, amount, day in re.findall(r"(-?)(\w+|\?) ([\d.]+) @(\d+)", story):
        name = "Order Refunded" if sign else "Order Completed"
        rows.append((name, None if order == "?" else order, Decimal(amount), START + timedelta(days=int(day))))
    names, orders, amounts, times = zip(*rows, strict=True)
    frame = pa.table(
        {
            "customer_id": ["ann"] * len(rows),
            "event": names,
            "order_id": pa.array(orders, pa.string()),
            "revenue": pa.array(amounts, pa.decimal128(18, 4)),
            "time": pa.array(times, pa.timestamp("us", tz="UTC")),
        }
    )
    return Timelines.from_arrow(frame, Settings())


def bought(timelines: Timelines, mode: RefundMode = "order", day: int | None = None) -> dict[str, list[tuple[int, float]]]:
    """Orders and adjustments as (day, money)."""
    until = timelines.as_of(None if day is None else START + timedelta(days=day, hours=1)).until
    found = timelines.source.purchases(until, mode)

    def pairs(days: Any, amounts: Any) -> list[tuple[int, float]]:
        return [(int(d) - FIRST_DAY, int(a) / 10_000) for d, a in zip(days, amounts, strict=True)]

    return {"orders": pairs(found.day, found.amount), "adjustments": pairs(found.adjust_day, found.adjust_amount)}


def test_a_refund_reduces_its_order_in_the_orders_period() -> None:
    assert bought(told("o1 100 @5  -o1 30 @40")) == {"orders": [(5, 70)], "adjustments": []}


def test_in_ledger_mode_it_counts_at_its_own_date() -> None:
    assert bought(told("o1 100 @5  -o1 30 @40"), "ledger") == {"orders": [(5, 100)], "adjustments": [(40, -30)]}


def test_an_order_taken_back_in_full_leaves_and_the_birth_moves() -> None:
    assert bought(told("o1 100 @5  o2 20.50 @30  -o1 60 @40  -o1 40 @41")) == {"orders": [(30, 20.5)], "adjustments": []}


def test_before_the_refund_the_order_still_counts() -> None:
    assert bought(told("o1 100 @5  -o1 100 @40"), day=39) == {"orders": [(5, 100)], "adjustments": []}


def test_a_refund_of_an_unknown_order_is_negative_money_at_its_own_date() -> None:
    assert bought(told("o1 100 @5  -? 30 @40")) == {"orders": [(5, 100)], "adjustments": [(40, -30)]}


def test_more_back_than_was_paid_keeps_the_difference() -> None:
    assert bought(told("o1 100 @5  -o1 130 @40")) == {"orders": [], "adjustments": [(5, -30)]}


def test_a_refund_that_comes_before_its_order_is_tied_all_the_same() -> None:
    assert bought(told("-o1 30 @4  o1 100 @5")) == {"orders": [(5, 70)], "adjustments": []}


def test_a_free_order_is_an_order() -> None:
    assert bought(told("o1 0 @5")) == {"orders": [(5, 0)], "adjustments": []}


def test_an_order_over_nothing_that_was_taken_back_is_no_order_in_either_way() -> None:
    """So a shop says that a paid order was cancelled: it is worth nothing, and a refund of nothing takes it out."""
    modes: tuple[RefundMode, ...] = ("order", "ledger")
    for mode in modes:
        assert bought(told("o1 0 @5  o2 20 @30  -o1 0 @5"), mode) == {"orders": [(30, 20)], "adjustments": []}
        assert bought(told("o1 9 @5  -o1 0 @5"), mode) == {"orders": [(5, 9)], "adjustments": []}


stories = st.lists(
    st.tuples(st.sampled_from(["", "-"]), st.sampled_from(["a", "b", "c", "?"]), st.integers(0, 5_000), st.integers(0, 60)),
    min_size=1,
    max_size=15,
)


@given(stories, st.integers(0, 61))
@settings(max_examples=150, deadline=None)
def test_money_is_the_same_to_the_unit_in_both_ways_and_as_of_any_day(rows: list[tuple[str, str, int, int]], day: int) -> None:
    """Orders and adjustments together are orders minus refunds, of what had happened by then and was not replaced."""
    latest = {order: n for n, (sign, order, _, _) in enumerate(rows) if not sign and order != "?"}
    kept = [row for n, row in enumerate(rows) if row[0] or row[1] == "?" or latest[row[1]] == n]
    expected = sum((-1 if sign else 1) * cents for sign, _, cents, when in kept if when <= day)
    timelines = told("  ".join(f"{sign}{order} {cents / 100:.2f} @{when}" for sign, order, cents, when in rows))
    for mode in ("order", "ledger"):
        found = bought(timelines, mode, day)  # type: ignore[arg-type]
        assert round(100 * sum(money for _, money in found["orders"] + found["adjustments"])) == expected
