"""Cohort grids told with people: the traps of SEMANTICS 5 to 11, each with figures worked out by hand."""

from __future__ import annotations

import pytest
from cohort_stories import told

from holdfast.analyses.cohorts import Cohorts
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings

SHOP = """
    ann   2011-01-05 100, 2011-01-20 50, 2011-02-03 20, 2011-04-02 10
    ben   2011-01-31 10, 2011-03-01 5
    cleo  2011-02-10 30, 2011-04-30 70
    dan   2011-04-15 1
"""


def grid(answer, column="customers", segment=None):
    """cohort → the column's values by period."""
    found = {}
    for row in answer.table.to_pylist():
        if segment is None or row["segment"] == segment:
            found.setdefault(row["cohort"], []).append(row[column])
    return found


def test_the_triangle_by_hand_empty_is_0_and_not_observable_is_null():
    """As of 30 April: April is still open (its last day is not over), May has not begun."""
    answer = told(SHOP).ask(Cohorts(as_of="2011-04-29"))
    assert grid(answer) == {
        "2011-01": [1, 1, 1, 1],
        "2011-02": [0, 0, 0, None],
        "2011-04": [0, None, None, None],
        "all": [1, 1, 1, None],
    }
    assert grid(answer, "state")["2011-02"] == ["complete", "complete", "in progress", "not observable"]
    assert grid(answer, "size")["2011-01"] == [2, 2, 2, 2]
    assert grid(answer, "rate")["2011-02"] == [0.0, 0.0, 0.0, None]


def test_a_cell_is_complete_when_its_last_day_is_over():
    assert grid(told(SHOP).ask(Cohorts(as_of="2011-04-29")), "state")["2011-04"][0] == "in progress"
    assert grid(told(SHOP).ask(Cohorts(as_of="2011-04-30")), "state")["2011-04"][0] == "complete"


@pytest.mark.parametrize(
    ("returns", "january"),
    [("on", [1, 1, 1, 1]), ("on or after", [2, 2, 2, 1]), ("on or before", [1, 1, 2, 2]), ("every", [2, 1, 0, 0])],
)
def test_the_four_return_rules_by_hand(returns, january):
    """Ann: periods 0, 1, 3. Ben: period 2."""
    assert grid(told(SHOP).ask(Cohorts(returns=returns)))["2011-01"] == january


def test_a_mean_over_cohorts_is_pooled():
    """800 of January's 1,000 come back, 100 of February's 500: 900 / 1,500 = 60 %, not the mean of 80 and 20 %."""
    lines = [f"j{i} 2011-01-10 1" + (", 2011-02-10 1" if i < 800 else "") for i in range(1000)]
    lines += [f"f{i} 2011-02-11 1" + (", 2011-03-10 1" if i < 100 else "") for i in range(500)]
    answer = told("\n".join(lines)).ask(Cohorts(as_of="2011-03-31"))
    pooled = next(row for row in answer.table.to_pylist() if row["cohort"] == "all" and row["period"] == 1)
    assert (pooled["size"], pooled["customers"], pooled["rate"]) == (1500, 900, 0.6)
    assert answer.words.startswith("60.0 % (57.5 to 62.5) of 1,500 customers ordered again in the month after their first one")


def test_across_a_daylight_saving_night_the_next_day_is_day_1():
    """London, 27 March 2011 has 23 hours and 30 October 25; elapsed days are 24 hours whatever the clocks do."""
    london = Settings(zone="Europe/London")
    spring = told("eve 2011-03-26T23:30 1, 2011-03-27T23:15 1", london)
    assert grid(spring.ask(Cohorts(period="day")))["2011-03-26"] == [0, 1]
    assert grid(spring.ask(Cohorts(period="day", clock="elapsed")))["2011-03-26"] == [1]
    autumn = told("eve 2011-10-29T23:30 1, 2011-10-30T23:10 1", london)
    assert grid(autumn.ask(Cohorts(period="day")))["2011-10-29"] == [0, 1]
    assert grid(autumn.ask(Cohorts(period="day", clock="elapsed")))["2011-10-29"] == [0, 1]


def test_elapsed_is_exact_to_the_second():
    early = told("ann 2011-01-01T10:00:00 1, 2011-01-08T09:59:59 1, 2011-01-09 1")
    assert grid(early.ask(Cohorts(period="week", clock="elapsed")))["2010-W52"] == [1, 1]
    late = told("ann 2011-01-01T10:00:00 1, 2011-01-08T10:00:00 1")
    assert grid(late.ask(Cohorts(period="week", clock="elapsed")))["2010-W52"] == [0, 1]


def test_an_elapsed_month_from_the_31st_ends_on_the_last_day_of_february():
    """Ann, 31 January 12:00: her month is over on 28 February 12:00, not before; 30 days would be 2 March 12:00."""
    before = told("ann 2011-01-31T12:00 1, 2011-02-28T11:59:59 1")
    on = told("ann 2011-01-31T12:00 1, 2011-02-28T12:00:00 1")
    assert grid(before.ask(Cohorts(clock="elapsed")))["2011-01"] == [1]
    assert grid(on.ask(Cohorts(clock="elapsed")))["2011-01"] == [0, 1]
    assert grid(on.ask(Cohorts(clock="elapsed", month="30 days")))["2011-01"] == [1]


def test_two_events_in_the_same_second_are_two_and_the_later_one_is_a_return():
    answer = told("ann 2011-01-05T10:00:00 1, 2011-01-05T10:00:00 2\nben 2011-01-06 1").ask(Cohorts())
    assert grid(answer)["2011-01"] == [1]


def test_a_full_refund_moves_the_birth_and_leaves_the_returns():
    """Ann's January order is taken back in March: she was born in February. Ben's return is taken back: he never returned."""
    story = """
        ann 2011-01-05 100 #1, 2011-02-03 20 #2, 2011-03-01 -100 #1, 2011-03-09 7 #5
        ben 2011-02-01 10 #3, 2011-03-02 30 #4, 2011-03-20 -30 #4
    """
    assert grid(told(story).ask(Cohorts(as_of="2011-03-31"))) == {"2011-02": [0, 1], "all": [0, 1]}
    ledger = told(story, Settings(refunds="ledger")).ask(Cohorts(as_of="2011-03-31"))
    assert grid(ledger)["2011-01"] == [0, 1, 1]


def test_named_events_do_not_count_an_order_that_was_taken_back():
    """Walked along all events, orders are the same orders."""
    story = (
        "ann 2011-01-05 100 #1, 2011-02-03 20 #2, 2011-03-01 -100 #1, 2011-03-09 7 #5\nben 2011-01-02 Visited, 2011-02-07 3 #6"
    )
    orders = told(story).ask(Cohorts())
    named = told(story).ask(Cohorts(start=("Order Completed",), back=("Order Completed", "Visited")))
    assert grid(orders)["2011-02"] == grid(named)["2011-02"] == [0, 1]
    visits = told(story).ask(Cohorts(start=("Visited",), back=("Order Completed",)))
    assert grid(visits)["2011-01"] == [0, 1, 0]
    either = told(story).ask(Cohorts(start=("Visited", "Order Completed")))
    assert grid(either) == {"2011-01": [0, 1, 0], "2011-02": [0, 1, None], "all": [0, 1, None]}
    everything = told(story).ask(Cohorts(start=("any",)))
    assert grid(everything)["2011-01"] == [0, 2, 1]


def test_entry_modes_by_hand_totals_count_each_customer_once():
    timelines = told(SHOP)
    window = ("2011-02-01", "2011-03-31")
    cut = timelines.ask(Cohorts(entry="first in window", window=window))
    assert grid(cut) == {"2011-02": [0, 0, 2], "2011-03": [0, 0, None], "all": [0, 0, None]}
    assert cut.notes[0] == "Cut off on the left: 2 of 3 customers had started before the window."
    ever = timelines.ask(Cohorts(window=window))
    assert grid(ever) == {"2011-02": [0, 0, 1], "all": [0, 0, None]}
    each = timelines.ask(Cohorts(entry="each period", as_of="2011-04-30"))
    assert grid(each)["2011-01"] == [1, 1, 1, 1]
    assert grid(each)["2011-02"] == [0, 0, 2, None]
    assert grid(each)["2011-04"] == [0, None, None, None]
    assert grid(each, "size")["all"] == [4, 3, 3, 2]
    assert grid(each)["all"] == [1, 1, 3, 1]
    assert each.extra["curve"]["n"].to_pylist() == [8, 5, 4, 2]


def test_money_by_hand_net_of_refunds_and_10_05_stays_10_05():
    """The untied refund of 3 counts at its own date, in period 2."""
    story = "ann 2011-01-05 10.05, 2011-01-20 0.10, 2011-02-03 20, 2011-03-05 -3\nben 2011-01-07 1"
    month = told(story).ask(Cohorts(measure="revenue", as_of="2011-03-31"))
    assert grid(month, "value")["2011-01"] == [11.15, 20.0, -3.0]
    assert grid(month, "value_per_customer")["2011-01"] == [5.575, 10.0, -1.5]
    running = told(story).ask(Cohorts(measure="cumulative revenue", as_of="2011-03-31"))
    assert grid(running, "value")["2011-01"] == [11.15, 31.15, 28.15]
    assert grid(running, "value")["all"] == [11.15, 31.15, 28.15]


def test_a_segment_is_frozen_at_entry_unless_current_is_asked_for():
    story = (
        "ann 2011-01-05 1 @France, 2011-02-03 1 @Spain\nben 2011-01-07 1 @Spain, 2011-02-09 1 @Spain\ndan 2011-01-09 1 @France"
    )
    frozen = told(story).ask(Cohorts(by="country"))
    assert grid(frozen, segment="France")["2011-01"] == [0, 1]
    assert grid(frozen, "size", segment="Spain")["2011-01"] == [1, 1]
    current = told(story).ask(Cohorts(by="country", moment="current"))
    assert grid(current, segment="France")["2011-01"] == [0, 0]
    assert grid(current, "size", segment="Spain")["2011-01"] == [2, 2]


def test_brackets_by_hand():
    """Days 0, 1 to 6, 7 to 29; Ann returns on days 6 and 29, Ben on day 30, after all brackets."""
    story = "ann 2011-01-01 1, 2011-01-07 1, 2011-01-30 1\nben 2011-01-01 1, 2011-01-31 1"
    assert grid(told(story).ask(Cohorts(brackets=(1, 7, 30))))["2011-01"] == [0, 1, 1]
    assert grid(told(story).ask(Cohorts(brackets=(1, 7, 30), returns="on or after")))["2011-01"] == [2, 2, 2]


def test_kaplan_meier_counts_late_joiners_as_long_as_they_were_seen():
    """Returns after 10 and 20 days; Cleo is seen for 15: 1 of 3, then 1 of the 1 still open: 1 − (2/3) × 0 = 1."""
    story = "ann 2011-01-01 1, 2011-01-11 1\nben 2011-01-05 1, 2011-01-25 1\ncleo 2011-01-10 1"
    table = told(story).ask(Cohorts()).extra["kaplan-meier"].to_pydict()
    assert table["day"] == [10, 20]
    assert table["at_risk"] == [3, 1]
    assert table["share"] == pytest.approx([1 / 3, 1])


def test_what_cannot_be_asked_names_what_can():
    timelines = told(SHOP)
    with pytest.raises(UsageError, match="month"):
        Cohorts(period="decade")
    with pytest.raises(UsageError, match="rising"):
        Cohorts(brackets=(7, 1))
    with pytest.raises(UsageError, match="window"):
        Cohorts(entry="first in window")
    with pytest.raises(UnknownName, match="Order Completed"):
        timelines.ask(Cohorts(start=("Order Compelted",)))
    answer = timelines.ask(Cohorts())
    with pytest.raises(UsageError, match="they run from"):
        answer.people(cohort="1999-01", period=1)
    with pytest.raises(UsageError, match="cannot be observed"):
        answer.people(cohort="2011-04", period=2)
    with pytest.raises(UnknownName, match="cohort"):
        answer.people(cohrt="2011-04")
