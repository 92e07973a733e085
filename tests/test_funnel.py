"""Funnels: the best chain, against figures by hand and against a search over all chains."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from funnel_chains import START, Asked, Happened, best, could_go_on, starting_in, timelines_of
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import shop

from holdfast.analyses.funnel import Funnel
from holdfast.analyses.steps import Naming
from holdfast.analyses.windows import window_of
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

HOUR, DAY = 3_600, 86_400


def told(story: str) -> Timelines:
    """A line a customer: `ann A0 A5 B6` is Ann's A at minute 0, A at 5, B at 6; `A5:red` has red as its item."""
    people = {}
    for line in story.strip().splitlines():
        who, *moves = line.split()
        found = [re.fullmatch(r"(\w)([\d.]+)(?::(\w+))?", move).groups() for move in moves]
        people[who] = [Happened(60 * float(at), name, item) for name, at, item in found]
    return timelines_of(people)


def reached(timelines: Timelines, question: Funnel) -> list[int]:
    rows = timelines.ask(question).table.to_pylist()
    for row in rows:
        for what, number in (("reached", row["reached"]), ("dropped", row["dropped"]), ("in progress", row["in_progress"])):
            assert len(question.people(timelines, step=row["step"], what=what, segment=row["segment"])) == number
    return [row["reached"] for row in rows]


def test_the_best_chain_not_the_greedy_one():
    """A A B within the window of the second A counts (SEMANTICS 25)."""
    timelines = told("ann A0 A50 B60\nben A0 B60\ncleo A0 A61\ndan B5 A6 A100")
    question = Funnel(("A", "B"), window="30 minutes")
    answer = timelines.ask(question)
    assert reached(timelines, question) == [4, 1]
    assert question.people(timelines, what="converted").ids == ("ann",)
    assert question.people(timelines, what="not converted").ids == ("ben", "cleo", "dan")
    assert question.people(timelines, what="in progress").ids == ("dan",)  # the data end at minute 100
    row = answer.table.to_pylist()[1]
    assert (row["previous"], row["share_of_previous"], row["entered"], row["share_of_first"]) == (4, 0.25, 4, 0.25)
    assert (row["timed"], row["median_seconds"], row["p90_seconds"]) == (1, 600.0, 600.0)
    whole = answer.extra["conversion"].to_pylist()[0]
    assert (whole["entered"], whole["converted"], whole["in_progress"], whole["settled"]) == (4, 1, 1, 3)
    assert "25.0 %" in answer.words
    assert "within 30 minutes" in answer.words


def test_a_window_ends_with_its_last_microsecond():
    """Ann needs 60 minutes exactly, Ben a microsecond more."""
    timelines = timelines_of(
        {
            "ann": [Happened(0.5, "A"), Happened(HOUR + 0.5, "B")],
            "ben": [Happened(0.5, "A"), Happened(HOUR + 0.500001, "B")],
        }
    )
    assert Funnel(("A", "B"), window="1 hour").people(timelines, step=2).ids == ("ann",)


def test_orders_of_steps():
    """Ann A B C, Ben A X B C, Cleo C B A, Dan A A B C with a stranger before; X is any other event."""
    timelines = told("ann A0 B1 C2\nben A0 X1 B2 C3\ncleo C0 B1 A2\ndan X0 A1 A2 B3 C4")
    steps = ("A", "B", "C")
    assert reached(timelines, Funnel(steps)) == [4, 3, 3]
    assert reached(timelines, Funnel(steps, "strict")) == [4, 2, 2]
    assert reached(timelines, Funnel(steps, "any")) == [4, 4, 4]
    assert reached(timelines, Funnel(steps, "strict", naming=Naming(exclude=("X",)))) == [4, 3, 3]
    assert Funnel(steps, "strict").people(timelines, what="converted").ids == ("ann", "dan")


def test_repeated_steps_need_as_many_events():
    timelines = told("ann A0 A1 B2\nben A0 B1\ncleo A0 B1 A2\ndan B0 A1 A2")
    assert reached(timelines, Funnel(("A", "A", "B"))) == [4, 3, 1]
    assert reached(timelines, Funnel(("A", "A", "B"), "any")) == [4, 4, 3]
    assert Funnel(("A", "A", "B"), "any").people(timelines, step=3).ids == ("ann", "cleo", "dan")


def test_an_event_that_breaks_the_chain():
    """Ann begins again after the break; Ben's break comes after he is through; Cleo's break ends hers."""
    timelines = told("ann A0 X1 A2 B3\nben A0 B1 X2\ncleo A0 X1 B2")
    question = Funnel(("A", "B"), broken_by=("X",))
    assert reached(timelines, question) == [3, 2]
    assert question.people(timelines, what="dropped").ids == ("cleo",)
    assert not question.people(timelines, what="in progress")  # her only chain is broken


def test_steps_that_share_a_product():
    """Ann adds what she viewed; Ben adds something else; Cleo takes it out again; Dan is called away from all products."""
    timelines = told("ann A0:red A1:blue B2:red\nben A0:red B1:blue\ncleo A0:red X1:red B2:red A3:red\ndan A0:red X1 B2:red")
    assert reached(timelines, Funnel(("A", "B"))) == [4, 4]
    assert reached(timelines, Funnel(("A", "B"), key="item")) == [4, 3]
    question = Funnel(("A", "B"), key="item", broken_by=("X",))
    assert reached(timelines, question) == [4, 1]
    assert question.people(timelines, what="in progress").ids == ("ann", "ben", "cleo")[1:]


def test_within_one_session():
    """Half an hour of silence ends a session; Ann stays by looking around, Ben comes back later."""
    timelines = told("ann A0 X20 X40 B60\nben A0 B31 A32 B33\ncleo A0 B30")
    question = Funnel(("A", "B"), window="session")
    assert reached(timelines, question) == [3, 2]
    assert question.people(timelines, what="dropped").ids == ("cleo",)
    assert Funnel(("A", "B"), window="session", gap_minutes=None).people(timelines, step=2).ids == ("ann", "ben", "cleo")


def test_several_names_in_a_step_and_patterns():
    timelines = told("ann A0 C1\nben B0 C1\ncleo C0")
    assert reached(timelines, Funnel(("A|B", "C"))) == [2, 2]
    assert reached(timelines, Funnel((("A", "B"), "C"))) == [2, 2]
    assert reached(timelines, Funnel(("[AB]", "C"))) == [2, 2]


def test_the_time_of_steps_is_that_of_the_chain_that_counts():
    """Ann: of her two chains the first to be through, from its last beginning, each step as early as it can be."""
    timelines = told("ann A0 A10 B12 B14 C20 A30 B31 C32")
    table = timelines.ask(Funnel(("A", "B", "C"))).table.to_pylist()
    assert [row["median_seconds"] for row in table] == [None, 120.0, 480.0]
    some = timelines.ask(Funnel(("A", "B", "C"), "any")).table.to_pylist()
    assert [row["median_seconds"] for row in some] == [None, 240.0, 360.0]  # A10 B14 C20


def test_the_trend_counts_each_customer_in_each_period_she_began_in():
    """Ann begins in January in vain and in February with success; Ben begins on 31 January and is through in February."""
    days = {"ann": ((2, "A"), (40, "A"), (41, "B")), "ben": ((30, "A"), (32, "B")), "cleo": ((58, "A"),)}
    people = {who: [Happened(DAY * at, name) for at, name in moves] for who, moves in days.items()}
    timelines = timelines_of(people)
    question = Funnel(("A", "B"), period="month")
    rows = timelines.ask(question).extra["by_period"].to_pylist()
    assert [(row["period"], row["entered"], row["converted"], row["in_progress"]) for row in rows] == [
        ("2024-01", 2, 1, 0),
        ("2024-02", 2, 1, 1),
    ]
    assert [row["state"] for row in rows] == ["complete", "in progress"]
    assert question.people(timelines, period="2024-01", what="converted").ids == ("ben",)
    assert question.people(timelines, period="2024-02", what="not converted").ids == ("cleo",)
    assert question.people(timelines, period="2024-01", what="reached").ids == ("ann", "ben")


def test_segments_and_their_difference():
    """Of 40 who began red 30 came through, of 40 who began blue 10.

    Wilson's limits are 0.5981 to 0.8581 and 0.1419 to 0.4019; Newcombe's by hand: 0.5 − √(0.1519² + 0.1519²) = 0.2852 and
    0.5 + √(0.1081² + 0.1081²) = 0.6529.
    """
    people = {}
    for place in range(80):
        item = "red" if place < 40 else "blue"
        through = place < 30 or 40 <= place < 50
        people[f"c{place:02}"] = [Happened(0, "A", item), *([Happened(60, "B", "green")] if through else [])]
    timelines = timelines_of(people)
    answer = timelines.ask(Funnel(("A", "B"), by="item", versus=("red", "blue")))
    rows = answer.extra["difference"].to_pylist()
    assert [(row["segment_a"], row["segment_b"], row["step"], row["difference"]) for row in rows] == [("red", "blue", 2, 0.5)]
    assert [(row["reached_a"], row["n_a"], row["reached_b"], row["n_b"]) for row in rows] == [(30, 40, 10, 40)]
    turned = timelines.ask(Funnel(("A", "B"), by="item", versus=("blue", "red"))).extra["difference"].to_pylist()
    assert turned[0]["difference"] == -0.5
    assert (rows[0]["low"], rows[0]["high"]) == pytest.approx((0.2852, 0.6529), abs=2e-4)
    assert rows[0]["p"] == rows[0]["p_adjusted"] < 0.001
    assert len(answer.people(step=1, what="dropped", segment="blue")) == 30


def test_what_the_data_do_not_know_is_said():
    answer = shop().ask(Funnel())
    assert answer.table.num_rows == 1
    assert "no other of the usual steps" in answer.words
    assert any("two steps" in note for note in answer.notes)
    nothing = told("ann A0 B1").ask(Funnel())
    assert nothing.table.num_rows == 0
    assert "none of the usual steps" in nothing.words
    nobody = told("ann A0 B1").ask(Funnel(("A", "B"), as_of="2023-12-31"))
    assert "Nobody" in nobody.words


def test_wrong_questions_name_what_is_right():
    timelines = told("ann A0 B1\nben A0:red B1")
    with pytest.raises(UnknownName, match="step"):
        timelines.ask(Funnel(("A", "Z")))
    with pytest.raises(UsageError, match="breaks the chain"):
        timelines.ask(Funnel(("A", "B"), broken_by=("A",)))
    with pytest.raises(UsageError, match="share a name"):
        timelines.ask(Funnel(("A|B", "B"), "any"))
    with pytest.raises(UsageError, match="no window"):
        Funnel(("A", "B"), window="soon")
    with pytest.raises(UsageError, match="7 days"):
        Funnel(("A", "B"), window=7)
    with pytest.raises(UsageError, match="ordered, strict, any"):
        Funnel(("A", "B"), order="loose")
    with pytest.raises(UsageError, match="--by"):
        Funnel(("A", "B"), versus=("red", "blue"))
    with pytest.raises(UsageError, match="two segments"):
        Funnel(("A", "B"), by="item", versus="ab")
    with pytest.raises(UsageError, match="itself"):
        Funnel(("A", "B"), by="item", versus=("red", "red"))
    with pytest.raises(UnknownName, match="property"):
        timelines.ask(Funnel(("A", "B"), key="colour"))
    with pytest.raises(UsageError, match="numbered 1 to 2"):
        Funnel(("A", "B")).people(timelines, step=3)
    with pytest.raises(UsageError, match="by period"):
        Funnel(("A", "B")).people(timelines, period="2024-01")
    with pytest.raises(UnknownName, match="cell key"):
        Funnel(("A", "B")).people(timelines, place=3)


def test_windows_are_written_in_many_ways():
    assert [window_of(text).seconds for text in ("30m", "30 minutes", "24h", "7 days", "2w", "1.5 days")] == [
        *(1800, 1800, 24 * HOUR, 7 * DAY, 14 * DAY, 36 * HOUR),
    ]
    assert window_of("session").session
    assert window_of(None).seconds is None
    assert window_of("none").seconds is None
    for text in ("", "7", "days", "0 days", "-1 day", "200 years"):
        with pytest.raises(UsageError, match="no window"):
            window_of(text)


EVENTS = st.builds(
    Happened,
    st.integers(0, 12).map(lambda tens: 10.0 * tens * 60),
    st.sampled_from("AABBCX"),
    st.sampled_from((None, "red", "blue", "red")),
)
PEOPLE = st.lists(st.lists(EVENTS, min_size=1, max_size=8), min_size=1, max_size=4)
STEPS = st.sampled_from(
    (
        (("A",), ("B",)), (("A",), ("B",), ("C",)), (("A",), ("A",), ("B",)), (("A",), ("B",), ("A",)), (("A", "B"), ("C",)),
        (("B",), ("B",), ("B",)), (("A",), ("B", "C")), (("C",),),
    )
)  # fmt: skip
ASKED = st.builds(
    Asked,
    STEPS,
    st.sampled_from(("ordered", "strict", "any")),
    st.sampled_from((None, 600.0, 1200.0, 3600.0)),
    st.sampled_from((None, None, 1200.0)),
    st.sampled_from(((), ("X",))),
    st.booleans(),
)
MEANT = {600.0: "10 minutes", 1200.0: "20 minutes", 3600.0: "1 hour", None: None}


def question_of(asked: Asked) -> Funnel:
    """The same as a question; a window of time and a session exclude each other."""
    return Funnel(
        asked.steps, asked.order, "session" if asked.session_gap else MEANT[asked.window], asked.broken_by,
        key="item" if asked.keyed else None, gap_minutes=20,
    )  # fmt: skip


ALWAYS = {"anchor": [Happened(0.0, name, item) for name in "XCBA" for item in ("blue", "red")]}
"""Someone who makes every name and value known to the data, and gets no further than the first step."""


@settings(max_examples=250)
@given(PEOPLE, ASKED)
def test_a_funnel_equals_a_search_over_all_chains(people, asked):
    if asked.session_gap:
        asked = replace(asked, window=None)
    lives = {f"c{place}": sorted(life, key=lambda one: one.at) for place, life in enumerate(people)} | ALWAYS
    timelines, question = timelines_of(lives), question_of(asked)
    until = max(one.at for life in lives.values() for one in life) + 1
    found = {who: best(life, asked) for who, life in lives.items()}
    rows = timelines.ask(question).table.to_pylist()
    for row in rows:
        step = row["step"]
        who = sorted(who for who, chain in found.items() if len(chain) >= step)
        assert (row["reached"], question.people(timelines, step=step).ids) == (len(who), tuple(who))
        dropped = sorted(set(who) - {one for one, chain in found.items() if len(chain) > step})
        if step < len(rows):
            assert row["dropped"] == len(dropped) == row["reached"] - rows[step]["reached"]
            alive = sorted(one for one in dropped if could_go_on(lives[one], asked, until))
            assert (row["in_progress"], question.people(timelines, step=step, what="in progress").ids) == (
                len(alive),
                tuple(alive),
            )
        if step > 1 and who:
            waits = sorted(lives[one][found[one][step - 1]].at - lives[one][found[one][step - 2]].at for one in who)
            middle = (waits[(len(waits) - 1) // 2] + waits[len(waits) // 2]) / 2
            assert (row["timed"], row["median_seconds"]) == (len(who), middle)


@settings(max_examples=60)
@given(st.lists(st.lists(EVENTS, min_size=1, max_size=7), min_size=1, max_size=3), ASKED)
def test_the_trend_equals_a_search_over_the_chains_of_each_day(people, asked):
    """Ten minutes become ten hours: the lives cover five days."""
    hours = None if asked.window is None else round(asked.window / 60)
    asked = replace(asked, window=None if hours is None else hours * HOUR, session_gap=None)
    lives = {
        f"c{place}": sorted((replace(one, at=one.at * 60) for one in life), key=lambda one: one.at)
        for place, life in enumerate(people)
    } | ALWAYS
    question = replace(
        question_of(replace(asked, window=None)), window=None if hours is None else f"{hours} hours", period="day"
    )
    timelines = timelines_of(lives)
    for place, row in enumerate(timelines.ask(question).extra["by_period"].to_pylist()):
        found = {who: starting_in(life, asked, DAY * place, DAY * (place + 1)) for who, life in lives.items()}
        through = tuple(sorted(who for who, chain in found.items() if len(chain) == len(asked.steps)))
        assert (row["entered"], row["converted"]) == (sum(bool(chain) for chain in found.values()), len(through))
        assert question.people(timelines, period=row["period"], what="converted").ids == through
        assert len(question.people(timelines, period=row["period"], what="in progress")) == row["in_progress"]


@settings(max_examples=25)
@given(PEOPLE, ASKED, st.permutations(range(4)))
def test_order_of_arrival_and_threads_change_nothing(people, asked, order):
    asked = replace(asked, window=None) if asked.session_gap else asked
    lives = {f"c{place}": life for place, life in enumerate(people)} | ALWAYS
    turned = dict(sorted(lives.items(), key=lambda item: order[len(item[1]) % 4]))
    question = question_of(asked)
    one, other = timelines_of(lives), timelines_of(turned)
    other.threads = 1
    assert one.ask(question).table == other.ask(question).table


def test_an_earlier_as_of_equals_data_that_end_there():
    whole, part = told("ann A0 B20 C50\nben A30 B31"), told("ann A0 B20\nben A30 B31")
    moment = (START + timedelta(minutes=31, seconds=1)).isoformat()
    question = Funnel(("A", "B"), window="1 hour")
    assert whole.ask(replace(question, as_of=moment)).table == part.ask(question).table


def test_a_property_names_the_steps():
    """Pages by path, grouped by pattern; an order has no path and keeps its own name."""
    paths = ("/", "/product/7", "/product/8", None)
    times = pa.array([START + timedelta(minutes=place) for place in range(4)], pa.timestamp("us", tz="UTC"))
    names = ["Page Viewed"] * 3 + ["Order Completed"]
    table = pa.table({"customer_id": ["ann"] * 4, "event": names, "path": pa.array(paths, pa.string()), "time": times})
    timelines = Timelines.from_arrow(table, Settings())
    naming = Naming("path", ("/product/*",))
    assert reached(timelines, Funnel(("/", "/product/*", "Order Completed"), naming=naming)) == [1, 1, 1]
    assert reached(timelines, Funnel(("/", "/product/*", "/product/*", "Order Completed"), "strict", naming=naming)) == [
        1,
        1,
        1,
        1,
    ]
