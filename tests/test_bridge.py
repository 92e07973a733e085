"""The bridge on people one can count by hand: start + new + returned - lost = end (SEMANTICS 12, 13, 15)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import told

from holdfast.analyses.bridge import Bridge
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Contract, Settings
from holdfast.timelines.timelines import Timelines

STORY = """
    ann a1 10 @0   ann a2 10 @25   ann a3 10 @50   ann a4 10 @75   ann a5 10 @100
    ben b1 10 @0   ben b2 10 @20
    cleo c1 10 @5  cleo c2 10 @95
    dan d1 10 @35
"""
"""2024: January has days 0 to 30, February 31 to 59, March 60 to 90, April from 91. Ann comes every 25 days, Ben fades after
day 20,
Cleo is gone and comes back on 5 April, Dan orders once, on 5 February."""

COUNTS = ["start", "new", "returned", "lost", "end"]


def rows(timelines: Timelines, **asked: Any) -> dict[str, tuple[int, ...]]:
    """Counts by period."""
    table = Bridge(**asked).answer(timelines).table.to_pylist()
    return {row["period"]: tuple(row[name] for name in COUNTS) for row in table}


def test_the_four_by_hand() -> None:
    """gone_after 30. On 1 February (day 31) the window is days 1 to 30: Ann, Ben (20), Cleo (5). On 1 March (day 60) it is
    30 to 59:
    Ann (50), Dan (35). On 1 April (day 91) 61 to 90: Ann (75). The end of the data is day 100: window 71 to 100: Ann, Cleo."""
    found = rows(told(STORY), gone_after=30)
    assert found == {
        "2024-01": (0, 3, 0, 0, 3),
        "2024-02": (3, 1, 0, 2, 2),
        "2024-03": (2, 0, 0, 1, 1),
        "2024-04": (1, 0, 1, 0, 2),
    }


def test_rates_of_february() -> None:
    """S 3, E 2, N 1: CRR (2 - 1) / 3."""
    row = Bridge(gone_after=30, first="2024-02", last="2024-02").answer(told(STORY)).table.to_pylist()[0]
    assert row["crr"] == 1 / 3
    assert row["churn"] == 2 / 3
    assert row["state"] == "complete"


def test_people_of_each_number() -> None:
    answer = Bridge(gone_after=30).answer(told(STORY))
    assert answer.people(period="2024-02", what="lost").ids == ("ben", "cleo")
    assert answer.people(period="2024-02", what="new").ids == ("dan",)
    assert answer.people(period="2024-02", what="kept").ids == ("ann",)
    assert answer.people(period="2024-04", what="returned").ids == ("cleo",)


def test_nobody_at_the_start_is_null_with_a_reason() -> None:
    row = Bridge(gone_after=30).answer(told(STORY)).table.to_pylist()[0]
    assert (row["start"], row["crr"], row["crr_low"], row["churn"]) == (0, None, None, None)
    assert row["note"] == "no customers at the start; base still filling"


def test_left_cut_history_is_flagged_until_the_base_is_filled() -> None:
    """Data begin on day 0, gone_after 40: 1 February (day 31) is before day 40, 1 March is not."""
    notes = Bridge(gone_after=40).answer(told(STORY)).table["note"].to_pylist()
    assert ["filling" in note for note in notes] == [True, True, False, False]


def test_the_last_period_is_in_progress_until_its_end_has_come() -> None:
    states = Bridge(gone_after=30).answer(told(STORY)).table["state"].to_pylist()
    assert states == ["complete", "complete", "complete", "in progress"]
    assert Bridge(gone_after=30, as_of=date(2024, 3, 31)).answer(told(STORY)).table["state"].to_pylist()[-1] == "complete"


def test_as_of_ignores_what_came_later() -> None:
    early = rows(told(STORY), gone_after=30, as_of="2024-02-29")
    assert early == {"2024-01": (0, 3, 0, 0, 3), "2024-02": (3, 1, 0, 2, 2)}


def test_bought_and_gone_within_one_period_is_never_at_either_end() -> None:
    """gone_after 7, an order on day 2 of January only: on 1 February she is gone, and was never there on 1 January."""
    story = "eve e1 5 @2  ann a1 5 @28  ann a2 5 @58  eve e2 5 @57"
    found = rows(told(story), gone_after=7)
    assert found["2024-01"] == (0, 1, 0, 0, 1)
    assert found["2024-02"] == (1, 0, 1, 0, 2)


def test_gap_of_exactly_gone_after_is_no_loss_and_one_more_is() -> None:
    """Days 10 and 40: with gone_after 30 the window of each day in between still holds one of them; with 29, day 40 has
    none."""
    story = "ann a1 5 @10  ann a2 5 @40  zoe z1 1 @41"
    for gone, lost in ((30, 0), (29, 1)):
        days = (
            Bridge(period="day", gone_after=gone, first="2024-01-12", last="2024-02-10").answer(told(story)).table.to_pylist()
        )
        assert sum(row["lost"] for row in days) == lost


@pytest.mark.parametrize(("mode", "expected"), [("order", ("ben",)), ("ledger", ("ann", "ben"))])
def test_a_refunded_first_order_moves_the_birth(mode: Any, expected: tuple[str, ...]) -> None:
    """Ann's order of January is taken back in full in February, and she orders again in February: in order mode she is born
    then."""
    story = "ann a1 50 @3  -ann a1 50 @33  ann a2 20 @40  ben b1 5 @3  ben b2 5 @45"
    answer = Bridge(gone_after=40).answer(told(story, Settings(refunds=mode)))
    assert answer.people(period="2024-01", what="new").ids == expected
    assert answer.people(period="2024-02", what="new").ids == (("ann",) if mode == "order" else ())


def test_a_contract_lasts_from_start_to_end_and_a_pause_changes_nothing() -> None:
    """Ann starts on day 5 and pauses; Ben ends in February and starts again in April; Cleo ends and restarts within
    February."""
    story = """
        ann Subscription Started @5    ann Subscription Paused @35   ann Subscription Resumed @70
        ben Subscription Started @6    ben Subscription Ended @40    ben Subscription Started @95
        cleo Subscription Started @7   cleo Subscription Ended @33   cleo Subscription Started @50
        dan Subscription Started @61   dan Subscription Ended @62    dan Login @100
    """
    found = rows(told(story, Settings(base="contract", contract=Contract())))
    assert found == {
        "2024-01": (0, 3, 0, 0, 3),
        "2024-02": (3, 0, 0, 1, 2),
        "2024-03": (2, 0, 0, 0, 2),
        "2024-04": (2, 0, 1, 0, 3),
    }


def test_other_events_count_when_the_settings_say_so() -> None:
    """Logins count; Ben's only order is taken back, so it does not."""
    story = "ann Login @2  ann Login @33  ben b1 5 @4  -ben b1 5 @6  cleo Login @34  cleo Login @34  zoe Browse @61"
    found = rows(told(story, Settings(active=("Login", "Order Completed"))), gone_after=30)
    assert found["2024-01"] == (0, 1, 0, 0, 1)
    assert found["2024-02"] == (1, 1, 0, 0, 2)


def test_a_day_begins_where_the_shop_is_across_a_clock_change() -> None:
    """London, 31 March 2024, 23:30 UTC is already 1 April there; without daylight saving it would be March."""
    stamps = (
        pa.array(["2024-03-05T12:00:00", "2024-03-31T23:30:00", "2024-04-20T12:00:00"])
        .cast(pa.timestamp("us"))
        .cast(pa.timestamp("us", "UTC"))
    )
    frame = pa.table({"customer_id": ["ann", "eve", "ann"], "event": ["Order Completed"] * 3, "time": stamps})
    made = Timelines.from_arrow(frame, Settings(zone="Europe/London"))
    answer = Bridge(gone_after=60).answer(made)
    assert answer.people(period="2024-03", what="new").ids == ("ann",)
    assert answer.people(period="2024-04", what="new").ids == ("eve",)


def test_unknown_names_are_refused_with_the_valid_ones() -> None:
    answer = Bridge(gone_after=30).answer(told(STORY))
    with pytest.raises(UnknownName, match="lost"):
        answer.people(period="2024-02", what="lots")
    with pytest.raises(UsageError, match="2024-01"):
        answer.people(period="2023-02", what="lost")
    with pytest.raises(UsageError):
        Bridge(gone_after=0)
    with pytest.raises(UnknownName):
        Bridge().answer(told("ann a1 5 @1", Settings(active=("Loginn",))))


shops = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200)), min_size=1, max_size=40)


@given(shops, st.integers(1, 90), st.sampled_from(["week", "month", "quarter"]))
@settings(max_examples=60)
def test_the_bridge_closes_and_joins_whatever_happened(orders: list[tuple[int, int]], gone: int, unit: Any) -> None:
    made = told(" ".join(f"p{who} o{place} 1 @{day}" for place, (who, day) in enumerate(orders)))
    answer = Bridge(period=unit, gone_after=gone).answer(made)
    before = None
    for row in answer.table.to_pylist():
        assert row["start"] + row["new"] + row["returned"] - row["lost"] == row["end"]
        assert before is None or row["start"] == before
        before = row["end"]
        if row["start"]:
            assert row["crr"] == (row["end"] - row["new"] - row["returned"]) / row["start"]
    last = row["period"]
    for what in COUNTS:
        assert len(answer.people(period=last, what=what)) == row[what]


@given(shops, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_order_of_arrival_changes_nothing(orders: list[tuple[int, int]], chance: Any) -> None:
    told_rows = [f"p{who} o{place} 1 @{day}" for place, (who, day) in enumerate(orders)]
    first = Bridge(gone_after=30).answer(told(" ".join(told_rows))).table
    chance.shuffle(told_rows)
    assert Bridge(gone_after=30).answer(told(" ".join(told_rows))).table.equals(first)
