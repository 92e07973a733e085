"""Breadth of features and adoption of platforms: by hand, by plain SQL on real data, every number opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from clicks import ecom
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import shop, shop_events

from holdfast.analyses.adoption import EARLY, USED, Adoption
from holdfast.analyses.breadth import Breadth
from holdfast.analyses.orders import Orders
from holdfast.analyses.scope import Condition
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, 12, tzinfo=UTC)


def used(*lines: str) -> Timelines:
    """The timelines of `ann Login/web@0 Search/ios@8`: event, platform (may be left out), day after 1 January 2024, noon."""
    rows = []
    for line in lines:
        who, *steps = line.split()
        for step in steps:
            what, _, at = step.partition("@")
            event, _, platform = what.partition("/")
            time = START + timedelta(days=int(at))
            rows.append({"customer_id": who, "event": event, "platform": platform or None, "time": time})
    kinds = [(name, pa.string()) for name in ("customer_id", "event", "platform")] + [("time", pa.timestamp("us", tz="UTC"))]
    return Timelines.from_arrow(pa.Table.from_pylist(rows, pa.schema(kinds)), Settings(small_group=1))


STORY = (
    "ann Login/web@0 Search/web@1 Share/ios@6 Login/ios@9",
    "ben Login/web@0 Login/web@3 Search/web@7",
    "cleo Login/ios@2 Search/ios@2 Chat/ios@40",
    "dan Login@0",
    "eve Login/web@60 Search/ios@100",
)
"""As of day 100 Eve is not observed to the end (60 + 67 days). In the first seven days Ann uses three features, Ben one (his
search on day 7 is late), Cleo two, Dan one. Ann (day 9), Ben (day 7) and Cleo (day 40) stay."""


def test_breadth_by_hand():
    timelines = used(*STORY)
    ask = Breadth(few=1)
    answer = timelines.ask(ask)
    rows = {row["features"]: (row["customers"], row["stayed"]) for row in answer.table.to_pylist()}
    assert rows == {0: (0, 0), 1: (2, 1), 2: (1, 1), 3: (1, 1)}
    ever = {row["features"]: row["customers"] for row in answer.extra["ever"].to_pylist()}
    assert ever == {0: 0, 1: 1, 2: 2, 3: 2}
    features = {row["feature"]: (row["customers"], row["only"], row["show"]) for row in answer.extra["used"].to_pylist()}
    assert features == {"Chat": (1, 0, 1), "Share": (1, 0, 1), "Search": (4, 0, 1), "Login": (5, 1, 0)}
    assert ask.people(timelines, features=1, what="left").ids == ("dan",)
    assert ask.people(timelines, features=2, when="ever").ids == ("ben", "eve")
    assert ask.people(timelines, feature="Search", what="show").ids == ("dan",)
    assert Breadth().people(timelines, feature="Chat", what="show").ids == ("ben", "dan", "eve")
    assert Breadth().people(timelines, feature="Chat", what="not used").ids == ("ann", "ben", "dan", "eve")


def test_breadth_of_a_property_and_as_a_trait():
    timelines = used(*STORY)
    answer = timelines.ask(Breadth("platform"))
    assert {row["features"]: row["customers"] for row in answer.table.to_pylist()} == {0: 1, 1: 2, 2: 1}
    assert Breadth("platform").people(timelines, features=0).ids == ("dan",)
    narrow = Adoption(where=(Condition("breadth", ("1", "2")),))
    assert timelines.ask(narrow).definition.n == 3
    assert narrow.people(timelines, value="web", what="used").ids == ("ben", "eve")
    told = {row["segment"] for row in shop().ask(Orders(by="breadth")).table.to_pylist()}
    assert "1" in told


def test_adoption_by_hand():
    timelines = used(*STORY)
    ask = Adoption()
    answer = timelines.ask(ask)
    rows = {row["value"]: row for row in answer.table.to_pylist()}
    assert {name: (row["customers"], row["n"], row["only"]) for name, row in rows.items()} == {
        "web": (3, 5, 1),
        "ios": (3, 5, 1),
    }
    early = {name: (row["early"], row["early_stayed"], row["others"], row["others_stayed"]) for name, row in rows.items()}
    assert early == {"web": (2, 2, 2, 1), "ios": (2, 2, 2, 1)}
    curve = {(row["value"], row["period"]): (row["adopted"], row["known"]) for row in answer.extra["curve"].to_pylist()}
    assert curve == {
        ("ios", "2024-01"): (2, 4), ("ios", "2024-02"): (2, 4), ("ios", "2024-03"): (2, 5), ("ios", "2024-04"): (3, 5),
        ("web", "2024-01"): (2, 4), ("web", "2024-02"): (2, 4), ("web", "2024-03"): (3, 5), ("web", "2024-04"): (3, 5),
    }  # fmt: skip
    combined = {row["values"]: row["customers"] for row in answer.extra["combined"].to_pylist()}
    assert combined == {0: 1, 1: 2, 2: 2}
    assert ask.people(timelines, value="ios", period="2024-03").ids == ("ann", "cleo")
    assert ask.people(timelines, value="ios", what="not early and left").ids == ("dan",)
    assert ask.people(timelines, value="web", what="only").ids == ("ben",)
    assert ask.people(timelines, values=2).ids == ("ann", "eve")


def test_without_a_platform_the_events_are_shown():
    answer = shop().ask(Adoption())
    assert any("no platform" in note for note in answer.notes)
    # What happens to a customer, as a refund, is nothing that she uses.
    assert [row["value"] for row in answer.table.to_pylist()] == ["Order Completed"]
    assert "the only feature in the data" in answer.words
    assert "too few to say how broadly" in shop().ask(Breadth()).words


def test_wrong_questions_name_what_is_right():
    timelines = used(*STORY)
    with pytest.raises(UnknownName, match="platform"):
        timelines.ask(Adoption("plattform"))
    with pytest.raises(UnknownName, match="ios"):
        Adoption().people(timelines, value="iphone")
    with pytest.raises(UnknownName, match="once"):
        Adoption().people(timelines, value="ios", what="once")
    with pytest.raises(UnknownName, match="Search"):
        Breadth().people(timelines, feature="Find")
    with pytest.raises(UsageError, match="0 to 10"):
        Breadth().people(timelines, features=11)
    with pytest.raises(UsageError, match="1 to 9"):
        Breadth(few=0)


ADOPTED = """
with entry as (
    select customer_id, min(cast(time as date)) as born from events where customer_id is not null group by customer_id
),
first as (
    select customer_id, value, min(day) as since from (
        select customer_id, cast(time as date) as day, case when $of = 'platform' then platform else event end as value
        from events
    ) where customer_id is not null and value is not null group by customer_id, value
)
select value, strftime(month, '%Y-%m'), count(*) filter (since < month + interval 1 month),
       (select count(*) from entry where born < month + interval 1 month)
from first, (select distinct date_trunc('month', cast(time as date)) as month from events) group by all
"""

EARLY_BREADTH = """
with entry as (
    select customer_id, min(cast(time as date)) as born from events where customer_id is not null group by customer_id
),
seen as (select * from entry where born + 21 <= $last::date),
breadth as (
    select s.customer_id, count(distinct e.event) filter (cast(e.time as date) - born < 7) as features,
           count(*) filter (cast(e.time as date) - born between 7 and 20) > 0 as stayed
    from seen s join events e using (customer_id) group by s.customer_id
)
select least(features, 10), count(*), count(*) filter (stayed) from breadth group by 1
"""


def test_adoption_equals_sql_on_a_real_clickstream():
    events, timelines = ecom()
    sql = duckdb.connect()
    sql.register("events", events)
    for of in ("platform", "event"):
        expected = {(value, month): pair for value, month, *pair in sql.execute(ADOPTED, {"of": of}).fetchall()}
        answer = timelines.ask(Adoption(of))
        found = {(row["value"], row["period"]): [row["adopted"], row["known"]] for row in answer.extra["curve"].to_pylist()}
        assert {key: found[key] for key in expected} == expected
        for (value, month), (adopted, known) in list(expected.items())[::7]:
            assert len(Adoption(of).people(timelines, value=value, period=month)) == adopted
            assert len(Adoption(of).people(timelines, value=value, period=month, what="not used")) >= known - adopted
        for row in answer.table.to_pylist()[:4]:
            counts = {what: len(Adoption(of).people(timelines, value=row["value"], what=what)) for what in (*USED, *EARLY)}
            assert counts == {
                "used": row["customers"], "not used": row["n"] - row["customers"], "only": row["only"],
                "early": row["early"], "early and stayed": row["early_stayed"],
                "early and left": row["early"] - row["early_stayed"],
                "not early": row["others"], "not early and stayed": row["others_stayed"],
                "not early and left": row["others"] - row["others_stayed"],
            }  # fmt: skip


def test_breadth_equals_sql_on_a_real_clickstream():
    events, timelines = ecom()
    sql = duckdb.connect()
    sql.register("events", events)
    expected = {row[0]: row[1:] for row in sql.execute(EARLY_BREADTH, {"last": str(timelines.as_of().last)}).fetchall()}
    ask = Breadth(horizon_days=14)
    answer = timelines.ask(ask)
    found = {row["features"]: (row["customers"], row["stayed"]) for row in answer.table.to_pylist() if row["customers"]}
    assert found == expected
    for features, (customers, stayed) in found.items():
        assert len(ask.people(timelines, features=features)) == customers
        assert len(ask.people(timelines, features=features, what="stayed")) == stayed
    for row in answer.extra["used"].to_pylist()[::5]:
        for what, key in (("used", "customers"), ("only", "only"), ("show", "show")):
            assert len(ask.people(timelines, feature=row["feature"], what=what)) == row[key]
    for row in answer.extra["ever"].to_pylist():
        assert len(ask.people(timelines, features=row["features"], when="ever")) == row["customers"]


def test_countries_of_the_shop_equal_sql():
    sql = duckdb.connect()
    sql.register("events", shop_events())
    expected = dict(
        sql.execute(
            "select country, count(distinct customer_id) from events where customer_id is not null group by 1"
        ).fetchall()
    )
    answer = shop().ask(Adoption("country", start="any"))
    assert {row["value"]: row["customers"] for row in answer.table.to_pylist() if row["customers"]} == {
        name: count for name, count in expected.items() if count
    }


@settings(max_examples=20)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("ABC"), st.sampled_from(["web", "ios", ""]), st.integers(0, 120)), min_size=1, max_size=7
        ),
        min_size=1,
        max_size=7,
    )
)
def test_laws_users_and_others_are_everyone_and_a_curve_never_loses_a_user(customers):
    lines = [f"c{place} " + " ".join(f"{e}/{p}@{at}" for e, p, at in own) for place, own in enumerate(customers)]
    timelines, turned = used(*lines), used(*lines[::-1])
    answer = timelines.ask(Adoption("event"))
    assert answer.table.to_pylist() == turned.ask(Adoption("event")).table.to_pylist()
    for row in answer.table.to_pylist():
        assert row["customers"] == sum(any(e == row["value"] for e, _, _ in own) for own in customers)
        assert row["early"] + row["others"] <= row["n"] == len(customers)
        assert len(Adoption("event").people(timelines, value=row["value"], what="only")) == row["only"]
    by_value: dict[str, list[int]] = {}
    for row in answer.extra["curve"].to_pylist():
        by_value.setdefault(row["value"], []).append(row["adopted"])
    assert all(counts == sorted(counts) for counts in by_value.values())
    breadth = timelines.ask(Breadth())
    assert sum(row["customers"] for row in breadth.extra["ever"].to_pylist()) == len(customers)
    for row in breadth.table.to_pylist():
        assert len(Breadth().people(timelines, features=row["features"])) == row["customers"]
