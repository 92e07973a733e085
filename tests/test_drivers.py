"""Drivers: what the first days count, who stayed, every number opened, and the counts and differences by plain SQL."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from clicks import ecom
from hypothesis import given, settings
from hypothesis import strategies as st
from people import START, told
from shops import shop, shop_events

from holdfast.analyses.drivers import WHAT, Drivers
from holdfast.analyses.scope import Condition
from holdfast.analyses.stratified import mantel_haenszel
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

SMALL = Settings(small_group=1)

STORY = """
ann Signed Up @0  ann Project @2  ann Project @6  ann o1 10 @7  ann Project @8
ben Signed Up @0  ben Project @7  ben o2 10 @66
cleo Signed Up @1  cleo Project @1  cleo o3 10 @68
dan Signed Up @0  dan o4 10 @6
eve Signed Up @40  eve o5 10 @50
fay Signed Up @0  fay Project @3  fay o6 10 @66
gus Project @90
"""
"""First days are days 0 to 6 of each, staying days 7 to 66; the data end on day 90, so that Eve's window is open.

Ann: two projects in time, an order on day 7: stayed. Ben: his project on day 7 is late; an order on day 66: stayed. Cleo: a
project on her first day; her order on her day 67 is late: left. Dan: his order on day 6 is early: left. Fay: a project, an
order on day 66: stayed. Gus only lets the data end.
"""


EVERYONE: dict[str, object] = {"start": "any", "staying": "orders"}


def rows_of(timelines: Timelines, **choices: object) -> dict[tuple[str, int], tuple[int, int, int, int]]:
    """(behaviour, n) → did, of them stayed, others, of them stayed; of everyone, by orders, where nothing else is chosen."""
    table = timelines.ask(Drivers(**{**EVERYONE, **choices})).extra["thresholds"].to_pylist()
    return {(row["behaviour"], row["n"]): (row["did"], row["did_stayed"], row["others"], row["others_stayed"]) for row in table}


def test_five_people_by_hand():
    timelines = told(STORY, SMALL)
    rows = rows_of(timelines)
    assert rows["Project", 1] == (3, 2, 2, 1)
    assert rows["Project", 2] == (1, 1, 4, 2)
    assert rows["Project", 3] == (0, 0, 5, 3)
    assert rows["Signed Up", 1] == (5, 3, 0, 0)
    assert rows["Order Completed", 1] == (1, 0, 4, 3)
    ask = Drivers(**EVERYONE)
    assert ask.people(timelines, behaviour="Project", n=1, what="did").ids == ("ann", "cleo", "fay")
    assert ask.people(timelines, behaviour="Project", n=1, what="did and left").ids == ("cleo",)
    assert ask.people(timelines, behaviour="Project", n=2, what="did not and stayed").ids == ("ben", "fay")
    assert ask.people(timelines, behaviour="Order Completed", what="did").ids == ("dan",)


def test_an_earlier_as_of_and_another_start():
    """As of day 66 nobody but those of day 0 is over; entering by order, only Dan's and Ann's windows are over."""
    timelines = told(STORY, SMALL)
    assert rows_of(timelines, as_of="2024-03-07")["Project", 1] == (2, 2, 2, 1)
    assert rows_of(timelines, start="orders")["Order Completed", 1] == (2, 0, 0, 0)
    assert rows_of(timelines, staying=("Project",))["Signed Up", 1] == (5, 2, 0, 0)


def test_words_say_together_never_because():
    answer = told(STORY, SMALL).ask(Drivers(**EVERYONE))
    assert "none goes with it beyond chance" in answer.words or "no behaviour could be tested" in answer.words
    reasons = {row["behaviour"]: row["reason"] for row in answer.table.to_pylist()}
    assert reasons["Signed Up"] == "everyone did it"
    assert any("control group" in note for note in answer.notes)
    assert {row["finding"] for row in answer.table.to_pylist()} <= {"not testable", "no difference shown"}
    few = told(STORY).ask(Drivers(**EVERYONE))
    assert {row["reason"] for row in few.table.to_pylist()} == {"everyone did it", "fewer than 30 did it"}


def test_staying_is_own_activity_where_there_is_more_than_orders_and_buyers_are_compared_with_buyers():
    """Any visit keeps Ben; the ticket, the refund and the mail that reach Cleo are not her coming back; Dan only ordered."""
    story = """
    ann Visit @0  ann o1 10 @1  ann o2 10 @20
    ben Visit @0  ben Visit @20
    cleo Visit @0  cleo o3 10 @1  cleo Ticket Opened @20  -cleo o3 10 @21  cleo Email Sent @22
    dan o4 10 @0
    gus Visit @90
    """
    timelines = told(story, SMALL)
    answer = timelines.ask(Drivers())
    assert any("any activity" in note for note in answer.notes)
    assert answer.people(behaviour="Visit", what="did and stayed").ids == ("ann", "ben")
    assert answer.people(behaviour="Visit", what="did and left").ids == ("cleo",)
    orders = Drivers(staying="orders")
    # Cleo's only order was given back, Ben never bought: neither is a buyer who could stay or leave.
    assert timelines.ask(orders).definition.rules["entry"] == "first order"
    assert orders.people(timelines, behaviour="Order Completed").ids == ("ann", "dan")
    mixed = timelines.ask(Drivers(**EVERYONE))
    assert any("never ordered" in note for note in mixed.notes)
    assert mixed.definition.n == 4
    assert (
        told(story, Settings(small_group=1, active=("Order Completed",))).ask(Drivers()).definition.rules["entry"]
        == "first order"
    )
    # Orders alone: orders are staying, and nothing has to be said.
    alone = told("ann o1 10 @0  ann o2 10 @20\ngus o3 1 @90", SMALL).ask(Drivers())
    assert alone.definition.rules["stayed"] == "orders on days 7 to 66"
    assert not any("staying is" in note or "never ordered" in note for note in alone.notes)


def test_what_hardly_any_customer_changes_is_had_not_done():
    """Online Retail: eight of 3,059 customers ever had two countries. What was asked for by name is counted as it is."""
    answer = shop().ask(Drivers())
    thresholds = {row["n"] for row in answer.extra["thresholds"].to_pylist() if row["kind"] == "country"}
    assert thresholds == {1}
    assert any("had or not: country" in note for note in answer.notes)
    asked = shop().ask(Drivers(touched=("country",)))
    assert {row["n"] for row in asked.extra["thresholds"].to_pylist() if row["kind"] == "country"} == {1, 2, 3, 4, 5}
    _, clicks = ecom()
    found = {(row["kind"], row["n"]) for row in clicks.ask(Drivers()).extra["thresholds"].to_pylist()}
    # Of 600, 180 use two platforms and 568 go from new to returning.
    assert {("platform", 5), ("lifecycle", 5)} <= found


def test_nobody_observed_long_enough():
    answer = told("ann Signed Up @0 ann o1 5 @3").ask(Drivers())
    assert answer.words.startswith("Nobody has been observed for 67 days yet")
    assert {row["finding"] for row in answer.table.to_pylist()} == {"not testable"}


def test_without_orders_any_event_is_staying():
    answer = told("ann Seen @0 ann Seen @9 ben Seen @0 ben Seen @80").ask(Drivers())
    assert any("no orders" in note for note in answer.notes)
    assert answer.table.to_pylist()[0]["did"] == 2
    assert answer.extra["thresholds"].to_pylist()[0]["did_stayed"] == 1


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY)
    with pytest.raises(UnknownName, match="Project"):
        timelines.ask(Drivers(start=("Projekt",)))
    with pytest.raises(UnknownName, match="Project"):
        Drivers().people(timelines, behaviour="Projekt")
    with pytest.raises(UnknownName, match="did not"):
        Drivers().people(timelines, behaviour="Project", what="dit")
    with pytest.raises(UsageError, match="whole number of days"):
        timelines.ask(Drivers(first_days=0))
    with pytest.raises(UsageError, match="tenure"):
        Drivers(adjust=("age",))
    with pytest.raises(UsageError, match="1 to 50"):
        Drivers(most=0)
    with pytest.raises(UnknownName, match="cell key"):
        Drivers().people(timelines, event="Project")


COUNTS = """
with entry as (
    select customer_id, min(cast(time as date)) as born from events where customer_id is not null group by customer_id
), seen as (
    select customer_id, born, exists (
        select 1 from events e where e.customer_id = entry.customer_id and e.event = $stays
        and cast(e.time as date) - born between 7 and 66) as stayed
    from entry where born + 67 <= $last::date
), did as (
    select s.customer_id, s.stayed, b.behaviour, count(*) as times from seen s join behaviours b using (customer_id)
    where b.at - s.born between 0 and 6 group by all
)
select behaviour, n, count(*) filter (times >= n), count(*) filter (times >= n and stayed),
       (select count(*) from seen) - count(*) filter (times >= n),
       (select count(*) filter (stayed) from seen) - count(*) filter (times >= n and stayed)
from did, (select unnest([1, 2, 3, 4, 5]) as n) group by behaviour, n
"""

EVENTS = "select customer_id, cast(time as date) as at, event as behaviour from events"
VALUES = {
    "country": "select customer_id, cast(time as date), 'country=' || country from events where country is not null",
    "platform": "select customer_id, cast(time as date), 'platform=' || platform from events where platform is not null",
    "lifecycle": "select customer_id, cast(time as date), 'lifecycle=' || lifecycle from events where lifecycle is not null",
}


@pytest.mark.parametrize(("which", "last"), [("shop", "2011-12-09"), ("ecom", None)])
def test_counts_equal_sql_on_real_data(which: str, last: str | None) -> None:
    events, timelines = (shop_events(), shop()) if which == "shop" else ecom()
    sql = duckdb.connect()
    sql.register("events", events)
    last = last or str(timelines.as_of().last)
    properties = ["country"] if which == "shop" else ["platform", "lifecycle"]
    sql.execute("create view behaviours as " + " union all ".join([EVENTS, *(VALUES[name] for name in properties)]))
    stays = "Order Completed" if which == "shop" else "home"
    expected = {(name, n): tuple(counts) for name, n, *counts in sql.execute(COUNTS, {"last": last, "stays": stays}).fetchall()}
    choices = {"start": "any", "staying": (stays,), "touched": tuple(properties)}
    found = rows_of(timelines, **choices)
    assert {key: value for key, value in found.items() if key in expected} == expected
    assert all(value[0] == 0 for key, value in found.items() if key not in expected)
    ask = Drivers(**choices)
    for (name, n), value in list(expected.items())[:: max(len(expected) // 12, 1)]:
        for what, place in (("did", 0), ("did and stayed", 1), ("did not", 2), ("did not and stayed", 3)):
            assert len(ask.people(timelines, behaviour=name, n=n, what=what)) == value[place]


def test_the_difference_within_months_of_entry_equals_sql_and_the_formula():
    """Online Retail, German orders, customers alike in the month of entry alone."""
    sql = duckdb.connect()
    sql.register("events", shop_events())
    strata = sql.execute(
        """
        with entry as (
            select customer_id, min(cast(time as date)) as born from events where customer_id is not null group by customer_id
        ), seen as (
            select date_trunc('month', born) as month,
                   exists (select 1 from events e where e.customer_id = entry.customer_id and e.event = 'Order Completed'
                           and cast(e.time as date) - born between 7 and 66) as stayed,
                   exists (select 1 from events e where e.customer_id = entry.customer_id and e.country = 'Germany'
                           and cast(e.time as date) - born between 0 and 6) as did
            from entry where born + 67 <= date '2011-12-09'
        )
        select count(*) filter (did and stayed), count(*) filter (did), count(*) filter (not did and stayed),
               count(*) filter (not did) from seen group by month
        """
    ).fetchall()
    expected = mantel_haenszel(*zip(*strata, strict=True))
    answer = shop().ask(Drivers(adjust=("tenure",), start="any", staying=("Order Completed",)))
    row = next(row for row in answer.extra["thresholds"].to_pylist() if (row["behaviour"], row["n"]) == ("country=Germany", 1))
    assert (row["adjusted_share"], row["adjusted_share_low"], row["p"]) == pytest.approx(
        (expected.difference, expected.low, expected.p), rel=1e-12
    )
    assert "month of entry" in answer.definition.rules["alike in"]


def test_conditions_narrow_the_customers():
    german = shop().ask(Drivers(start="any", where=(Condition("country", ("Germany",)),)))
    assert german.definition.n == 79
    rows = {row["behaviour"]: row["did"] for row in german.table.to_pylist()}
    assert rows["country=Germany"] == 79
    assert rows["country=France"] == 0


people = st.lists(
    st.lists(st.tuples(st.sampled_from(["A", "B", "Order Completed"]), st.integers(0, 75)), min_size=1, max_size=6),
    min_size=2,
    max_size=7,
)


def streamed(customers: list[list[tuple[str, int]]], turned: bool) -> Timelines:
    """The timelines of some customers' events by day, in order of arrival or the other way round; a last event on day 90."""
    rows = [(f"c{place}", event, at) for place, own in enumerate(customers) for event, at in own] + [("end", "A", 90)]
    rows = rows[::-1] if turned else rows
    from datetime import timedelta

    table = {
        "customer_id": [who for who, _, _ in rows],
        "event": [event for _, event, _ in rows],
        "time": pa.array([START + timedelta(days=at) for _, _, at in rows], pa.timestamp("us", tz="UTC")),
    }
    return Timelines.from_arrow(pa.table(table), SMALL)


@settings(max_examples=25)
@given(people)
def test_laws_everyone_did_or_did_not_and_arrival_changes_nothing(customers):
    """Did and others add up to everyone; at least n never rises with n; a plain count of sets agrees; every cell opens."""
    timelines, turned = (streamed(customers, turned) for turned in (False, True))
    ask = Drivers(staying=("A",))
    found = rows_of(timelines, staying=("A",))
    assert found == rows_of(turned, staying=("A",))
    entered = [(min(at for _, at in own), own) for own in customers]
    seen = [(born, own) for born, own in entered if born + 67 <= 90]
    for (name, n), (did, did_stayed, others, others_stayed) in found.items():
        doers = [(b, own) for b, own in seen if sum(e == name and at - b < 7 for e, at in own) >= n]
        stayers = [own for b, own in doers if any(e == "A" and 7 <= at - b <= 66 for e, at in own)]
        assert (did, did_stayed, did + others) == (len(doers), len(stayers), len(seen))
        assert n == 1 or did <= found[name, n - 1][0]
        if n <= 2:
            sizes = {what: len(ask.people(timelines, behaviour=name, n=n, what=what)) for what in WHAT}
            assert sizes == {
                "did": did, "did and stayed": did_stayed, "did and left": did - did_stayed,
                "did not": others, "did not and stayed": others_stayed, "did not and left": others - others_stayed,
            }  # fmt: skip
