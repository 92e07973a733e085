"""The plain lifetime value: order value x orders a month x months, worked out by hand (SEMANTICS 14)."""

from __future__ import annotations

import pytest
from people import told
from shops import shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.clv import MONTH_DAYS, PlainClv, plain_clv
from holdfast.analyses.orders import Orders
from holdfast.errors import UsageError
from holdfast.settings import Settings

STORY = """
    ann a1 100 @0  ann a2 100 @20  ann a3 100 @50  ann a4 100 @75  ann a5 100 @90
    ben b1 40 @5   ben b2 60 @25   ben b3 20 @45
    zoe z1 10 @92
"""
"""gone_after 30: the base is filled from day 30 on, so February and March 2024 count. On 1 February (window 1 to 30) Ann,
Ben; on 1 March
(30 to 59) Ann, Ben; on 1 April (61 to 90) Ann. Lost 1 of 4 starts: churn 0.25, lifespan 4 months. Orders in both months: a3,
a4, a5, b3:
320 in 4, 80 each. Customer-months (2 + 2) / 2 + (2 + 1) / 2 = 3.5: 4 / 3.5 orders a month."""


def test_the_formula() -> None:
    assert plain_clv(50, 0.5, 24) == 600
    assert plain_clv(50, 0.5, 24, margin=0.4) == 240


def test_by_hand() -> None:
    row = PlainClv(gone_after=30).answer(told(STORY)).table.to_pylist()[0]
    assert (row["aov"], row["orders"], row["customer_months"], row["months"]) == (80.0, 4, 3.5, 2)
    assert (row["churn"], row["lifespan_months"], row["unit_of"]) == (0.25, 4.0, "revenue")
    assert row["clv"] == pytest.approx(80 * 4 / 3.5 * 4, abs=1e-9)
    assert row["clv_low"] < row["clv"] < row["clv_high"]


def test_with_a_margin_it_is_profit_and_says_so() -> None:
    answer = PlainClv(gone_after=30).answer(told(STORY, Settings(margin=0.25)))
    row = answer.table.to_pylist()[0]
    assert row["clv"] == pytest.approx(80 * 4 / 3.5, abs=1e-9)
    assert row["unit_of"] == "profit"
    assert "profit" in answer.words
    assert answer.definition.rules["value"] == "profit at a margin of 0.25"


def test_without_a_margin_it_says_revenue() -> None:
    answer = PlainClv(gone_after=30).answer(told(STORY))
    assert "of revenue" in answer.words
    assert any("no margin is set" in note for note in answer.notes)


def test_the_observed_lifespan_is_named_as_understating() -> None:
    """Ann 90 days, Ben 40, Zoe 0: 130 / 3 days."""
    answer = PlainClv("observed", gone_after=30).answer(told(STORY))
    assert answer.table.to_pylist()[0]["lifespan_months"] == pytest.approx(130 / 3 / MONTH_DAYS, abs=1e-12)
    assert any("understates" in note for note in answer.notes)


def test_given_months() -> None:
    row = PlainClv(12, gone_after=30).answer(told(STORY)).table.to_pylist()[0]
    assert row["clv"] == pytest.approx(80 * 4 / 3.5 * 12, abs=1e-9)


def test_nobody_lost_gives_no_value_but_a_reason() -> None:
    story = " ".join(f"ann a{day} 10 @{day}" for day in range(0, 100, 10))
    row = PlainClv(gone_after=30).answer(told(story)).table.to_pylist()[0]
    assert row["clv"] is None
    assert "nobody was lost" in row["note"]


@pytest.mark.parametrize("lifespan", ["forever", 0, -3])
def test_a_lifespan_that_cannot_be_is_refused(lifespan: str | float) -> None:
    with pytest.raises(UsageError):
        PlainClv(lifespan)


def test_the_shops_factors_are_those_of_its_bridge_and_orders() -> None:
    row = PlainClv(gone_after=90).answer(shop()).table.to_pylist()[0]
    base = [
        each
        for each in Bridge(gone_after=90).answer(shop()).table.to_pylist()
        if each["state"] == "complete" and not each["note"]
    ]
    sold = {each["period"]: each for each in Orders().answer(shop()).table.to_pylist()}
    assert row["churn"] == sum(each["lost"] for each in base) / sum(each["start"] for each in base)
    assert row["orders"] == sum(sold[each["period"]]["orders"] for each in base)
    assert len(PlainClv(gone_after=90).people(shop())) == base[-1]["end"]
