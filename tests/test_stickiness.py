"""Stickiness: exact DAU, WAU, MAU and days active, against figures by hand and plain SQL."""

from __future__ import annotations

import duckdb
import pytest
from bought import day, told
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.stickiness import LENGTHS, Stickiness
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines


def test_three_people_by_hand():
    """Ann on days 0, 1, 2 and 30, Ben on 0 (twice) and 8, Cleo on 1; the data end on day 31, which Dan opens."""
    timelines = told("ann 1@0 1@1 1@2 1@30\nben 1@0 1@0 1@8\ncleo 1@1\ndan 1@31")
    answer = timelines.ask(Stickiness())
    rows = {row["date"]: row for row in answer.table.to_pylist()}
    assert len(rows) == 32
    counts = {at: tuple(rows[str(day(at))][name] for name in LENGTHS) for at in (0, 1, 2, 6, 7, 8, 9, 14, 15, 29, 30, 31)}
    assert counts == {
        0: (2, 2, 2), 1: (2, 3, 3), 2: (1, 3, 3), 6: (0, 3, 3), 7: (0, 2, 3), 8: (1, 2, 3), 9: (0, 1, 3), 14: (0, 1, 3),
        15: (0, 0, 3), 29: (0, 0, 3), 30: (1, 1, 3), 31: (1, 2, 3),
    }  # fmt: skip
    states = {at: tuple(rows[str(day(at))][f"{name}_state"] for name in LENGTHS) for at in (0, 5, 6, 28, 29, 31)}
    done, open_ = "complete", "in progress"
    assert states == {
        0: (done, open_, open_), 5: (done, open_, open_), 6: (done, done, open_), 28: (done, done, open_),
        29: (done, done, done), 31: (open_, open_, open_),
    }  # fmt: skip
    pooled = {row["ratio"]: (row["sum_above"], row["sum_below"], row["days"]) for row in answer.extra["pooled"].to_pylist()}
    assert pooled["dau/mau"] == (1, 6, 2)
    assert answer.people(date=str(day(31)), measure="mau").ids == ("ann", "ben", "dan")
    assert answer.people(date=str(day(8)), measure="wau").ids == ("ann", "ben")


def test_days_active_of_the_last_complete_week_and_month():
    """Day 0 is Monday 1 January 2024; the last complete week is days 28 to 34, the last month January."""
    timelines = told("ann 1@28 1@29 1@34\nben 1@28 1@28\ncleo 1@3\ndan 1@36 1@0")
    rows = timelines.ask(Stickiness()).extra["days_active"].to_pylist()
    week = {row["days"]: (row["exactly"], row["at_least"], row["n"]) for row in rows if row["unit"] == "week"}
    assert week == {1: (1, 2, 2), 2: (0, 1, 2), 3: (1, 1, 2), 4: (0, 0, 2), 5: (0, 0, 2), 6: (0, 0, 2), 7: (0, 0, 2)}
    month = [row for row in rows if row["unit"] == "month"]
    assert (month[0]["period"], len(month), month[0]["exactly"], month[1]["exactly"], month[0]["n"]) == ("2024-01", 31, 3, 1, 4)
    assert timelines.ask(Stickiness()).people(unit="week", days=3, count="exactly").ids == ("ann",)
    assert timelines.ask(Stickiness()).people(unit="month", days=1).ids == ("ann", "ben", "cleo", "dan")


def test_across_a_daylight_saving_night_the_next_day_is_the_next_day():
    """London, 30 and 31 March 2024: 23:30 and, an hour and a minute later by the clock's jump, 02:01 local."""
    import pyarrow as pa

    times = pa.array(["2024-03-30T23:30:00Z", "2024-03-31T01:01:00Z", "2024-04-01T00:30:00+01:00"])
    stamps = pa.compute.cast(times, pa.timestamp("us", tz="UTC"))
    table = pa.table({"customer_id": ["ann", "ann", "ann"], "time": stamps})
    answer = Timelines.from_arrow(table, Settings(zone="Europe/London")).ask(Stickiness())
    assert [(row["date"], row["dau"]) for row in answer.table.to_pylist()] == [
        ("2024-03-30", 1),
        ("2024-03-31", 1),
        ("2024-04-01", 1),
    ]


def test_a_refunded_order_is_an_event_but_no_order():
    timelines = told("ann 5@0 -1@3\nben 5@1")
    assert [row["dau"] for row in timelines.ask(Stickiness()).table.to_pylist()] == [1, 1, 0, 1]
    assert [row["dau"] for row in timelines.ask(Stickiness("orders")).table.to_pylist()] == [1, 1, 0, 0]
    assert [row["dau"] for row in timelines.ask(Stickiness(("Order Refunded",))).table.to_pylist()] == [0, 0, 0, 1]


def test_wrong_questions_name_what_is_right():
    timelines = told("ann 1@0 1@40")
    with pytest.raises(UnknownName, match="Order Completed"):
        timelines.ask(Stickiness("Order"))
    with pytest.raises(UnknownName, match="mau"):
        Stickiness().people(timelines, measure="mou")
    with pytest.raises(UsageError, match="outside the data"):
        Stickiness().people(timelines, date="2030-01-01")
    with pytest.raises(UsageError, match="1 to 7"):
        Stickiness().people(timelines, unit="week", days=8)
    with pytest.raises(UsageError, match="no date"):
        timelines.ask(Stickiness(first="soon"))


SQL = """
with own as (
    select distinct customer_id, cast(time as date) as active from events
    where customer_id is not null and (event = 'Order Completed' or not $orders)
), days as (
    select cast(unnest(generate_series(first, $last::date, interval 1 day)) as date) as day
    from (select min(cast(time as date)) as first from events)
)
select cast(day as varchar), count(distinct customer_id) filter (active = day) dau,
       count(distinct customer_id) filter (active > day - 7) wau, count(distinct customer_id) mau
from days left join own on active between day - 29 and day group by day order by day
"""

DAYS = """
with own as (
    select customer_id, count(distinct cast(time as date)) as how_many from events
    where customer_id is not null and event = 'Order Completed' and cast(time as date) between $low::date and $high::date
    group by customer_id
)
select how_many, count(*) from own group by how_many
"""


@pytest.mark.parametrize(
    ("made", "events", "last", "week", "month"),
    [
        (shop, shop_events, "2011-12-09", ("2011-11-28", "2011-12-04"), ("2011-11-01", "2011-11-30")),
        (cdnow, cdnow_events, "1998-06-30", ("1998-06-22", "1998-06-28"), ("1998-05-01", "1998-05-31")),
    ],
)
def test_stickiness_equals_sql(made, events, last, week, month):
    sql = duckdb.connect()
    sql.register("events", events())
    for which, orders in (("any", False), ("orders", True)):
        expected = sql.execute(SQL, {"orders": orders, "last": last}).fetchall()
        answer = made().ask(Stickiness(which))
        assert [(row["date"], row["dau"], row["wau"], row["mau"]) for row in answer.table.to_pylist()] == expected
        pooled = answer.extra["pooled"].to_pylist()[0]
        assert (pooled["sum_above"], pooled["sum_below"]) == (
            sum(r[1] for r in expected[29:-1]),
            sum(r[3] for r in expected[29:-1]),
        )
    active = answer.extra["days_active"].to_pylist()
    for unit, (low, high) in (("week", week), ("month", month)):
        found = {row["days"]: row["exactly"] for row in active if row["unit"] == unit and row["exactly"]}
        assert found == dict(sql.execute(DAYS, {"low": low, "high": high}).fetchall())
        for row in active:
            if row["unit"] == unit and row["days"] < 5:
                assert len(answer.people(unit=unit, days=row["days"])) == row["at_least"]
    for row in answer.table.to_pylist()[20::90]:
        for measure in LENGTHS:
            assert len(answer.people(date=row["date"], measure=measure)) == row[measure]


def test_an_earlier_as_of_equals_data_that_end_there():
    whole, part = (
        told("ann 1@0 1@9 1@33\nben 1@3 1@31 1@70" if more else "ann 1@0 1@9 1@33\nben 1@3 1@31") for more in (True, False)
    )
    assert whole.ask(Stickiness(as_of=day(33))).table["mau"] == part.ask(Stickiness()).table["mau"]


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 70), min_size=1, max_size=9), min_size=1, max_size=6))
def test_counts_equal_a_plain_count_of_sets(people):
    timelines = told("\n".join(f"c{place} " + " ".join(f"1@{at}" for at in days) for place, days in enumerate(people)))
    first = min(map(min, people))
    for row in timelines.ask(Stickiness(("Order Completed",))).table.to_pylist():
        at = next(index for index in range(first, 71) if str(day(index)) == row["date"])
        for name, length in LENGTHS.items():
            assert row[name] == sum(any(at - length < one <= at for one in days) for days in people)
