"""The life cycle by hand, as laws, and its ends: states, transitions, money, people."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from bought import day
from hypothesis import given, settings
from hypothesis import strategies as st
from people import told
from shops import shop

from holdfast.analyses.clustered import clustered
from holdfast.analyses.lifecycle import LifeCycle
from holdfast.analyses.lifecycle.walk import STATES
from holdfast.analyses.scope import Condition
from holdfast.analyses.statistics import count_ratio, wilson
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.walk import Shard

SHOP = """ann o1 100 @0 ann o2 60 @31 ann o3 80 @60 ann o4 80 @91 ben o5 50 @3 ben o6 30 @70 cleo o7 20 @9
dan o8 40 @40 eve o9 10 @120 fay Login @125"""
COUNTS = ("active", "before", "new", "kept", "returned", "lost", "dormant")


def rows(answer, *names):
    return {row["period"]: tuple(row[name] for name in names) for row in answer.table.to_pylist()}


def ways(answer, period="all"):
    found = [row for row in answer.extra["transitions"].to_pylist() if row["period"] == period]
    return {(row["from"], row["to"]): (row["n"], row["of"], row["customers"]) for row in found}


def test_five_people_by_hand():
    """Ann buys each month, Ben in January and March, Cleo in January, Dan in February, Eve in April; May has only begun."""
    answer = told(SHOP).ask(LifeCycle())
    assert rows(answer, *COUNTS) == {
        "2024-01": (3, 0, 3, 0, 0, 0, 0),
        "2024-02": (2, 3, 1, 1, 0, 2, 0),
        "2024-03": (2, 2, 0, 1, 1, 1, 1),
        "2024-04": (2, 2, 1, 1, 0, 1, 2),
        "2024-05": (0, 2, 0, 0, 0, 2, 3),
    }
    assert rows(answer, "state")["2024-05"] == ("in progress",)
    march = next(row for row in answer.table.to_pylist() if row["period"] == "2024-03")
    assert (march["kept_share"], march["lost_share"], march["new_share"], march["returned_share"]) == (0.5, 0.5, 0, 0.5)
    assert (march["kept_share_low"], march["kept_share_high"]) == wilson(1, 2)
    assert (march["pulse"], march["pulse_low"], march["pulse_high"]) == count_ratio(1, 1)
    january = answer.table.to_pylist()[0]
    assert (january["pulse"], january["pulse_low"], january["kept_share"]) == (None, None, None)
    assert "no pulse" in january["note"]
    assert answer.words.startswith("In 2024-04, 2 customers were active: 1 new, 1 kept, 0 returned. Of the 2 active")
    assert answer.definition.n == 5


def test_transitions_by_hand():
    answer = told(SHOP).ask(LifeCycle())
    assert {way: counts for way, counts in ways(answer).items() if counts[0]} == {
        ("not yet", "new"): (5, None, 5),
        ("new", "kept"): (1, 4, 1),
        ("kept", "kept"): (2, 2, 1),
        ("new", "lost"): (3, 4, 3),
        ("returned", "lost"): (1, 1, 1),
        ("lost", "returned"): (1, 3, 1),
        ("lost", "dormant"): (2, 3, 2),
        ("dormant", "dormant"): (1, 1, 1),
    }
    assert ways(answer, "2024-04")["lost", "dormant"] == (1, 1, 1)
    assert answer.people(**{"from": "lost", "to": "dormant"}).ids == ("cleo", "dan")
    assert answer.people(period="2024-04", **{"from": "lost", "to": "dormant"}).ids == ("dan",)
    assert answer.people(period="all", **{"from": "kept", "to": "kept"}).ids == ("ann",)


def test_money_by_hand():
    """In February Ann spends 40 less, Ben and Cleo take 70 away, Dan brings 40: 170 + 40 − 40 − 70 = 100."""
    table = told(SHOP).ask(LifeCycle()).extra["money"].to_pylist()
    names = ("start", "new", "returned", "expansion", "contraction", "lost", "end", "kept_before", "kept_now")
    assert {row["period"]: tuple(row[name] for name in names) for row in table} == {
        "2024-01": (0, 170, 0, 0, 0, 0, 170, 0, 0),
        "2024-02": (170, 40, 0, 0, 40, 70, 100, 100, 60),
        "2024-03": (100, 0, 30, 20, 0, 40, 110, 60, 80),
        "2024-04": (110, 10, 0, 0, 0, 30, 90, 80, 80),
        "2024-05": (90, 0, 0, 0, 0, 90, 0, 0, 0),
    }


def test_money_in_words():
    words = told(SHOP).ask(LifeCycle(show="money")).words
    assert words.startswith(
        "90.00 EUR in 2024-04: 10.00 of new customers, 80.00 of kept ones, 0.00 of returned ones. Of the 110.00"
    )
    assert words.endswith("30.00 went with those lost, and the kept spent 0.00 more.")
    assert told("ann Login @0").ask(LifeCycle(events="Login", show="money")).words == "No money moved yet."


def test_money_of_a_first_period_has_no_before():
    answer = told("ann o1 5 @0").ask(LifeCycle(show="money"))
    assert answer.words == "5.00 EUR in 2024-01: 5.00 of new customers, 0.00 of kept ones, 0.00 of returned ones."


def test_each_table_can_come_first():
    whole = told(SHOP).ask(LifeCycle())
    for show in ("transitions", "money"):
        answer = told(SHOP).ask(LifeCycle(show=show))
        assert answer.table == whole.extra[show]
        assert answer.extra["customers"] == whole.table
        assert (answer.words == whole.words) == (show == "transitions")
        assert answer.notes[: len(whole.notes)] == whole.notes
        assert answer.figure().layout.title.text
    with pytest.raises(UsageError, match="transitions"):
        LifeCycle(show="people")


def test_a_refund_in_a_quiet_month_shrinks_and_does_not_make_anyone_active():
    """Gus spends 100 in January; in March 5 go back of nobody knows which order; he stays dormant."""
    answer = told("gus o1 100 @0 -gus ? 5 @65 hal o2 1 @100").ask(LifeCycle())
    assert rows(answer, "lost", "dormant")["2024-03"] == (0, 1)
    money = {row["period"]: (row["lost"], row["contraction"], row["expansion"], row["end"]) for row in rows_of(answer)}
    assert (money["2024-02"], money["2024-03"], money["2024-04"]) == ((100, 0, 0, 0), (0, 5, 0, -5), (0, 0, 5, 1))


def rows_of(answer):
    return answer.extra["money"].to_pylist()


def test_a_first_order_taken_back_moves_the_birth():
    answer = told("ida o1 10 @0 -ida o1 10 @2 ida o2 10 @40 jon o3 1 @1").ask(LifeCycle())
    assert answer.people(period="2024-01", state="new").ids == ("jon",)
    assert answer.people(period="2024-02", state="new").ids == ("ida",)


def test_any_event_can_count_and_periods_can_be_cut():
    timelines = told("ann Login @0 ann Login @40 ben o1 5 @45 ben Login @70")
    answer = timelines.ask(LifeCycle(events=("Login", "Order Completed")))
    assert rows(answer, "new", "kept", "returned", "lost") == {
        "2024-01": (1, 0, 0, 0), "2024-02": (1, 1, 0, 0), "2024-03": (0, 1, 0, 1),
    }  # fmt: skip
    later = timelines.ask(LifeCycle(events=("Login", "Order Completed"), first="2024-02", last="2024-02"))
    assert rows(later, *COUNTS) == {"2024-02": (2, 1, 1, 1, 0, 0, 0)}
    assert ways(later)["new", "kept"] == (1, 1, 1)
    assert timelines.ask(LifeCycle(events="Login")).people(state="lost", period="2024-02").ids == ()
    weeks = timelines.ask(LifeCycle("week", events="Login", as_of="2024-01-20"))
    assert rows(weeks, "new", "lost", "dormant", "state") == {
        "2024-W01": (1, 0, 0, "complete"), "2024-W02": (0, 1, 0, "complete"), "2024-W03": (0, 0, 1, "in progress"),
    }  # fmt: skip


def test_wrong_questions_name_what_is_right():
    answer = told(SHOP).ask(LifeCycle())
    with pytest.raises(UnknownName, match="dormant"):
        answer.people(state="asleep")
    with pytest.raises(UnknownName, match="did you mean 2024-02"):
        answer.people(period="2024-12", state="new")
    with pytest.raises(UsageError, match="nobody can go"):
        answer.people(**{"from": "lost", "to": "kept"})
    with pytest.raises(UsageError, match="two ends"):
        answer.people(**{"from": "lost"})
    with pytest.raises(UnknownName, match="Login"):
        told(SHOP).ask(LifeCycle(events="Visit"))
    with pytest.raises(UnknownName, match="segment"):
        answer.people(state="new", segment="France")


def test_nobody_active_and_no_orders_are_said():
    answer = told("ann Login @0 ben Login @33").ask(LifeCycle())
    assert "Nobody was active" in answer.words
    seen = told("ann Login @0 ben Login @33").ask(LifeCycle(events="Login"))
    assert any("no money" in note for note in seen.notes)
    assert seen.figure().layout.title.text


@pytest.mark.parametrize(("a", "b", "ratio"), [(0, 4, 0.0), (3, 4, 0.75), (3, 0, None), (0, 0, None)])
def test_ratio_of_two_counts(a, b, ratio):
    """Of 3 and 4: Wilson's interval of 3 / 7 is 0.1582 to 0.7495; its odds 0.188 to 2.993."""
    found, low, high = count_ratio(a, b)
    assert found == ratio
    if ratio is not None:
        assert low is not None
        assert high is not None
        assert low <= ratio <= high
    if (a, b) == (3, 4):
        assert (round(low, 3), round(high, 3)) == (0.188, 2.993)


Story = list[list[tuple[int, int]]]


def of_story(story: Story, order: list[int] | None = None) -> Timelines:
    lines = [f"c{who} ? {amount} @{at}" for who, own in enumerate(story) for at, amount in own]
    lines = [lines[place] for place in order] if order else lines
    return told(" ".join([*lines, "zoe Login @130"]), Settings())


def month(at: int) -> int:
    return int(day(at).month)


def brute(own: list[tuple[int, int]], place: int) -> str:
    """The state of a customer in a month, from the set of her months alone."""
    months = {month(at) for at, _ in own}
    if not months or place < min(months):
        return "not yet"
    if place in months:
        return "new" if place == min(months) else "kept" if place - 1 in months else "returned"
    return "lost" if place - 1 in months else "dormant"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 129), st.integers(1, 9)), min_size=1, max_size=7), min_size=1, max_size=7),
    st.randoms(),
)
def test_everything_equals_sets_of_months(story: Story, random: Any) -> None:
    size = sum(map(len, story))
    answer = of_story(story).ask(LifeCycle(first="2024-01" if any(month(at) == 1 for o in story for at, _ in o) else None))
    shuffled = of_story(story, random.sample(range(size), size)).ask(answer.question)
    assert shuffled.table == answer.table
    assert shuffled.extra["transitions"] == answer.extra["transitions"]
    step, _ = answer.question.step(answer.source)
    parts = step(Shard(answer.source.source, 0, 1)) + step(Shard(answer.source.source, 1, answer.source.customers))
    assert all((parts.sums[name] == value).all() for name, value in answer.source.walk(step).sums.items() if name != "n")
    table = {row["period"]: row for row in answer.table.to_pylist()}
    pooled: Counter[tuple[str, str]] = Counter()
    who: dict[tuple[str, str], set[str]] = {}
    each = [Counter[tuple[str, str]]() for _ in story]
    for period, row in table.items():
        place = int(period[5:])
        now = [brute(own, place) for own in story]
        counts = Counter(now)
        for state in STATES[1:]:
            assert row[state] == counts[state] == len(answer.people(period=period, state=state))
        assert row["active"] == row["new"] + row["kept"] + row["returned"] == len(answer.people(period=period, state="active"))
        assert row["before"] == row["kept"] + row["lost"] == len(answer.people(period=period, state="before"))
        made = Counter((brute(own, place - 1), state) for own, state in zip(story, now, strict=True) if state != "not yet")
        found = {way: n for way, (n, _, _) in ways(answer, period).items() if n}
        assert found == dict(made)
        if row["state"] == "complete":
            pooled += made
            for name, (own, state) in enumerate(zip(story, now, strict=True)):
                who.setdefault((brute(own, place - 1), state), set()).add(f"c{name}")
                each[name][brute(own, place - 1), state] += 1
    for (start, end), (n, _, customers) in ways(answer).items():
        people = who.get((start, end), set())
        assert (n, customers) == (pooled[start, end], len(people))
        assert answer.people(**{"from": start, "to": end}).ids == tuple(sorted(people))
    _intervals_follow_customers(answer, each)
    _money_adds_up(answer, story)


def _intervals_follow_customers(answer: Any, each: list[Counter[tuple[str, str]]]) -> None:
    """The pooled limits equal those of the customers' own counts, laid out one by one."""
    for row in answer.extra["transitions"].to_pylist():
        if row["period"] != "all" or not row["of"]:
            continue
        x = np.array([own[row["from"], row["to"]] for own in each])
        y = np.array([sum(n for way, n in own.items() if way[0] == row["from"]) for own in each])
        limits = clustered(x.sum(), y.sum(), x @ x, x @ y, y @ y, (y > 0).sum())
        assert (row["low"], row["high"]) == (float(limits.low), float(limits.high))


def test_many_periods_of_one_customer_are_not_many_customers():
    """Ann buys every month of 2024: kept in ten months of ten is the habit of one customer, not of ten."""
    answer = told(" ".join([f"ann a{at} 10 @{31 * at}" for at in range(12)] + ["zoe Login @366"])).ask(
        LifeCycle(show="transitions")
    )
    row = next(row for row in answer.table.to_pylist() if (row["period"], row["from"], row["to"]) == ("all", "kept", "kept"))
    assert (row["n"], row["of"], row["customers"]) == (10, 10, 1)
    assert (row["low"], row["high"]) == wilson(1, 1)
    assert any("follow customers" in note for note in answer.notes)


def _money_adds_up(answer: Any, story: Story) -> None:
    for row in rows_of(answer):
        place = int(row["period"][5:])
        spent = [[sum(amount for at, amount in own if month(at) == one) for one in (place - 1, place)] for own in story]
        states = [brute(own, place) for own in story]
        assert row["end"] == sum(b for _, b in spent)
        assert row["start"] == sum(a for a, _ in spent)
        gained = row["new"] + row["returned"] + row["expansion"]
        assert row["start"] + gained - row["contraction"] - row["lost"] == row["end"]
        for name, side in (("new", 1), ("returned", 1), ("lost", 0)):
            assert row[name] == sum(pair[side] for pair, state in zip(spent, states, strict=True) if state == name)
        assert row["expansion"] == sum(max(b - a, 0) for (a, b), state in zip(spent, states, strict=True) if state == "kept")


def test_segments_add_up_to_everyone():
    """Two countries: their rows add up to the row of all."""
    dates = ["2024-01-05", "2024-01-06", "2024-02-05", "2024-03-01", "2024-03-02"]
    times = pa.array([date.fromisoformat(one) for one in dates])
    table = pa.table(
        {
            "customer_id": ["ann", "ben", "ann", "ben", "cleo"], "time": times,
            "country": ["France", "Spain", "France", "Spain", "Spain"],
        }
    )  # fmt: skip
    timelines = Timelines.from_arrow(table, Settings(properties=("country",)))
    split = timelines.ask(LifeCycle(by="country")).table.to_pylist()
    whole = timelines.ask(LifeCycle()).table.to_pylist()
    for row in whole:
        same = [other for other in split if other["period"] == row["period"]]
        assert tuple(row[name] for name in COUNTS) == tuple(sum(other[name] for other in same) for name in COUNTS)
    spain = timelines.ask(LifeCycle(where=(Condition("country", ("Spain",)),)))
    assert rows(spain, "new", "kept", "returned", "lost") == {
        "2024-01": (1, 0, 0, 0), "2024-02": (0, 0, 0, 1), "2024-03": (1, 0, 1, 0),
    }  # fmt: skip
    assert timelines.ask(LifeCycle(by="country")).people(period="2024-01", state="new", segment="Spain").ids == ("ben",)


def test_the_state_in_the_last_complete_month_is_a_trait():
    """Split by it, the last complete month's own numbers stand alone in their segments."""
    for as_of in (None, "2011-09-15"):
        whole = [row for row in shop().ask(LifeCycle(as_of=as_of)).table.to_pylist() if row["state"] == "complete"][-1]
        split = shop().ask(LifeCycle(by="lifecycle", as_of=as_of)).table.to_pylist()
        for name in ("new", "kept", "returned", "lost", "dormant"):
            rows = {row["segment"]: row[name] for row in split if row["period"] == whole["period"] and row[name]}
            assert rows == {name: whole[name]}
    small = told("ann o1 5 @3 ben o2 5 @40")
    assert {row["segment"] for row in small.ask(LifeCycle(by="lifecycle")).table.to_pylist()} == {"new", "not yet"}
    assert {row["segment"] for row in small.ask(LifeCycle(by="lifecycle", as_of="2024-01-20")).table.to_pylist()} == {
        "(not known)"
    }


def test_an_earlier_as_of_equals_data_that_end_there():
    early = told(SHOP).ask(LifeCycle(as_of=day(60)))
    alone = told("ann o1 100 @0 ann o2 60 @31 ann o3 80 @60 ben o5 50 @3 cleo o7 20 @9 dan o8 40 @40").ask(LifeCycle())
    assert early.table == alone.table
    assert early.extra["money"] == alone.extra["money"]
