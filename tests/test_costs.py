"""Winning against keeping, with the firm's own numbers."""

from __future__ import annotations

import pytest
from people import told
from shops import shop

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.costs import Costs
from holdfast.analyses.statistics import count_interval
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings

STORY = " ".join(f"{who} ? 10 @{day}" for who in ("ann", "ben") for day in range(0, 150, 10)) + " cleo ? 10 @70 dan ? 10 @100"
"""Ann and Ben come every ten days from January on; Cleo orders once in March, Dan once in April."""


def test_the_interval_of_a_count_is_that_of_the_tables() -> None:
    """Exact Poisson limits of 10 are 4.795 and 18.390; Byar's come within a hundredth."""
    low, high = count_interval(10)
    assert (low, high) == pytest.approx((4.795, 18.390), abs=0.02)
    assert count_interval(0)[0] == 0


def test_costs_are_money_by_customers_as_by_hand() -> None:
    """Gone after 30 days. From February to April the months begin with Ann and Ben; Cleo comes new in March and is there at its
    end, Dan in April. Kept: two in each of the three months, of which none lost but Cleo in April."""
    timelines = told(STORY, Settings(gone_after=30))
    answer = Costs(acquiring=100, keeping=60).answer(timelines)
    new, kept = answer.table.to_pylist()
    bridge = [row for row in Bridge(gone_after=30).answer(timelines).table.to_pylist() if row["state"] == "complete"]
    used = [row for row in bridge if row["start"] and not row["note"]]
    assert [row["period"] for row in used] == ["2024-02", "2024-03", "2024-04"]
    assert new["customer_months"] == 2
    assert new["cost"] == pytest.approx(100 * 3 / 2)
    assert kept["customer_months"] == 2 + 2 + 2
    assert kept["cost"] == pytest.approx(60 * 3 * 12 / 6)
    assert new["low"] < new["cost"] < new["high"]


def test_numbers_open_to_their_people() -> None:
    timelines = told(STORY, Settings(gone_after=30))
    answer = Costs(acquiring=100, keeping=60).answer(timelines)
    assert answer.people(what="new").ids == ("cleo", "dan")
    assert answer.people(what="new", period="2024-03").ids == ("cleo",)
    assert answer.people(what="kept").ids == ("ann", "ben")
    for row in answer.table.to_pylist():
        assert len(answer.people(what=row["what"])) == row["customers"]
    with pytest.raises(UnknownName):
        answer.people(what="lost")
    with pytest.raises(UnknownName):
        answer.people(period="2031-01")


def test_on_a_real_shop_the_settings_speak_where_nothing_is_said() -> None:
    timelines = shop()
    settings = timelines.settings
    timelines.settings = Settings(zone="Europe/London", currency="GBP", costs=(("acquiring", 12_000.0),))
    try:
        answer = Costs(gone_after=161).answer(timelines)
        more = Costs(gone_after=161, acquiring=24_000, keeping=9_000).answer(timelines)
    finally:
        timelines.settings = settings
    new, kept = answer.table.to_pylist()
    assert kept["cost"] is None
    assert any("“keeping”" in note for note in answer.notes)
    assert more.table.to_pylist()[0]["cost"] == pytest.approx(2 * new["cost"])
    times = next(row for row in more.extra["worth"].to_pylist() if "so many kept" in row["what"])
    assert times["low"] < times["value"] < times["high"]
    assert len(answer.people(what="new")) == new["customers"] == new["customer_months"]


def test_a_shop_of_one_day_and_impossible_money() -> None:
    answer = Costs(acquiring=5, keeping=5).answer(told("ann o1 100 @5"))
    assert "cannot be told yet" in answer.words
    with pytest.raises(UsageError):
        Costs(acquiring=-1)
