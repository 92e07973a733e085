"""Activation: time to value by hand, every number opened, and the shares by plain SQL on real data."""

from __future__ import annotations

import duckdb
import pytest
from clicks import clicks, ecom
from people import told
from shops import shop
from test_drivers_planted import stream

from holdfast.analyses.activation import Activation
from holdfast.analyses.repeat import Repeat
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings

STORY = """
ann Signed Up @0  ann o1 10 @0  ann o2 10 @20
ben Signed Up @0  ben o3 10 @1
cleo Signed Up @3  cleo o4 10 @11  cleo o5 10 @30
dan Signed Up @0  dan Seen @90
eve Signed Up @88
"""
"""All at noon; the data end with Dan's visit on day 90. Ann orders at once, Ben after exactly 24 hours (within one day), Cleo
after eight days, Dan never, Eve is seen for two days."""


def shares(answer):
    return {(row["cohort"], row["days"]): (row["activated"], row["n"]) for row in answer.table.to_pylist()}


def test_five_people_by_hand():
    timelines = told(STORY, Settings(small_group=1))
    answer = timelines.ask(Activation())
    assert shares(answer) == {
        ("everyone", 1): (2, 5), ("everyone", 7): (2, 4), ("everyone", 30): (3, 4),
        ("2024-01", 1): (2, 4), ("2024-01", 7): (2, 4), ("2024-01", 30): (3, 4),
        ("2024-03", 1): (0, 1), ("2024-03", 7): (0, 0), ("2024-03", 30): (0, 0),
    }  # fmt: skip
    assert answer.table.to_pylist()[-1]["share"] is None
    curve = {row["days"]: (round(row["share"], 6), row["at_risk"]) for row in answer.extra["curve"].to_pylist()}
    # 5 at risk, 1 at once; 4, 1 after a day; Eve leaves after two days; then 2 at risk, 1 after eight days.
    assert (curve[1], curve[2], curve[7], curve[8]) == ((0.4, 3), (0.4, 3), (0.4, 2), (0.7, 1))
    later = {row["group"]: (row["n"], row["stayed"]) for row in answer.extra["later"].to_pylist()}
    assert later == {"early": (2, 1), "not early": (2, 1)}
    ask = Activation()
    assert ask.people(timelines, days=7, what="activated").ids == ("ann", "ben")
    assert ask.people(timelines, days=7, what="not activated").ids == ("cleo", "dan")
    assert ask.people(timelines, cohort="2024-03", days=1, what="not activated").ids == ("eve",)
    assert ask.people(timelines, what="early and left").ids == ("ben",)
    assert ask.people(timelines, what="not early and stayed").ids == ("cleo",)


def test_the_second_order_of_those_who_enter_by_ordering():
    timelines = told(STORY, Settings(small_group=1))
    answer = timelines.ask(Activation(start="orders"))
    assert "order number 2" in answer.words
    assert shares(answer)["everyone", 30] == (2, 3)
    with pytest.raises(UsageError, match="times=2"):
        timelines.ask(Activation(start="orders", value="orders"))


def test_events_by_the_minute():
    """The third step within the day; B comes before the entry event C and does not count."""
    timelines = clicks("ann A@0 B@5 B@10 B@15", "ben B@0 A@1 B@2 B@3 A@9000", "cleo A@0")
    answer = timelines.ask(Activation(value=("B",), times=2, start=("A",), within=(1,)))
    assert shares(answer)["everyone", 1] == (2, 3)
    assert "3 minutes" not in answer.words
    assert Activation(value=("B",), times=3, start=("A",), within=(1,)).people(timelines, days=1).ids == ("ann",)


def test_the_value_can_be_the_surest_driver():
    timelines = stream(0)
    answer = timelines.ask(Activation(value="best"))
    assert answer.definition.rules["value"].startswith("Project Created number")
    early, others = answer.extra["later"].to_pylist()
    assert early["share"] > others["share"] + 0.2
    unknown = told("ann Seen @0 ann Seen @80").ask(Activation())
    assert unknown.words.startswith("What customers come for is not known: no behaviour goes together with staying")
    early = told("ann Seen @0 ann Seen @30").ask(Activation(value="best"))
    assert early.words.startswith("What customers come for is not known: nobody has been observed for 67 days yet")
    assert unknown.figure() is not None


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY)
    with pytest.raises(UnknownName, match="Signed Up"):
        timelines.ask(Activation(value="Signed"))
    with pytest.raises(UnknownName, match="not early"):
        Activation().people(timelines, what="soon")
    with pytest.raises(UsageError, match="whole numbers"):
        Activation(within=())
    with pytest.raises(UsageError, match="2024-01"):
        Activation().people(timelines, cohort="1999-01")


SQL = """
with entry as (
    select customer_id, min(time) as born from events where customer_id is not null and (event = $start or $start = 'any')
    group by customer_id
), value as (
    select entry.customer_id, born, (
        select min(time) from events e where e.customer_id = entry.customer_id and e.event = $value and e.time >= born
    ) as reached from entry
)
select strftime(born, '%Y-%m'), d, count(*), count(*) filter (reached <= born + to_days(d::int))
from value, (select unnest([1, 7, 30]) as d)
where born + to_days(d::int) <= (select max(time) from events) + interval 1 second group by all
"""


@pytest.mark.parametrize(("made", "start", "value"), [(ecom, "any", "purchase"), (ecom, "home", "cart")])
def test_shares_equal_sql_on_a_real_clickstream(made, start, value):
    events, timelines = made()
    sql = duckdb.connect()
    sql.register("events", events)
    expected = {
        (label, days): (hit, n) for label, days, n, hit in sql.execute(SQL, {"start": start, "value": value}).fetchall()
    }
    ask = Activation(value=(value,), start=start if start == "any" else (start,))
    answer = timelines.ask(ask)
    found = {key: pair for key, pair in shares(answer).items() if pair[1]}
    totals = {
        ("everyone", d): tuple(map(sum, zip(*(v for (_, k), v in expected.items() if k == d), strict=True))) for d in (1, 7, 30)
    }
    assert found == expected | totals
    for (label, days), (hit, n) in list(found.items())[:6]:
        assert len(ask.people(timelines, cohort=label, days=days)) == hit
        assert len(ask.people(timelines, cohort=label, days=days, what="not activated")) == n - hit
    for group in answer.extra["later"].to_pylist():
        assert len(ask.people(timelines, what=group["group"])) == group["n"]
        assert len(ask.people(timelines, what=f"{group['group']} and stayed")) == group["stayed"]


def test_second_orders_of_the_shop_equal_the_repeat_rate():
    """Another analysis, the same question: second orders of Online Retail, of customers observed so long."""
    answer = shop().ask(Activation(start="orders", within=(30, 60, 90)))
    rows = [row for row in answer.table.to_pylist() if row["cohort"] == "everyone"]
    again = {row["days"]: row for row in shop().ask(Repeat()).table.to_pylist() if row["segment"] == "everyone"}
    curve = {row["days"]: row["share"] for row in answer.extra["curve"].to_pylist()}
    for row in rows:
        other = again[row["days"]]
        assert (row["activated"], row["n"]) == (other["second"], other["n"])
        assert curve[row["days"]] == pytest.approx(other["km_rate"], abs=0.005)  # there in whole days, here to the second
