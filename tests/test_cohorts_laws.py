"""Laws of cohort grids: arrival order and threads change nothing, people are the number, on-or-after never rises."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import shop

from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.cohorts.walks import GridStep
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

MOVES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 150 * 24), st.sampled_from(["Order Completed", "Visited"])),
    min_size=1,
    max_size=40,
)
RULES = ("on", "on or after", "on or before", "every")
QUESTIONS = [
    Cohorts(),
    Cohorts(entry="each period", returns="on or after"),
    Cohorts(entry="first in window", window=("2011-02-01", "2011-08-31"), clock="elapsed"),
    Cohorts(brackets=(1, 7, 30, 90), returns="on or before"),
    Cohorts(by="country", period="quarter", returns="every"),
    Cohorts(by="country", period="quarter", entry="each period", moment="current"),
    Cohorts(start=("any",), period="quarter", clock="elapsed"),
]


def made(moves) -> Timelines:
    rows = [(who, datetime(2011, 1, 1) + timedelta(hours=hour), what) for who, hour, what in moves]
    names = ("customer_id", "time", "event")
    table = pa.table([pa.array([row[i] for row in rows]) for i in range(3)], names=list(names))
    return Timelines.from_arrow(table, Settings(zone="Europe/London"))


@settings(max_examples=40)
@given(MOVES, st.sampled_from(["calendar", "elapsed"]), st.sampled_from(["first ever", "each period"]))
def test_on_or_after_never_rises_and_the_rules_nest(moves, clock, entry):
    timelines = made(moves)
    grids = {rule: timelines.ask(Cohorts(returns=rule, clock=clock, entry=entry)).table.to_pylist() for rule in RULES}
    for place, after in enumerate(grids["on or after"]):
        on, before, every = (grids[rule][place] for rule in ("on", "on or before", "every"))
        if after["customers"] is None:
            continue
        assert on["customers"] <= min(after["customers"], before["customers"])
        assert max(row["customers"] for row in (after, before, every)) <= after["size"]
        earlier = grids["on or after"][place - 1] if after["period"] else None
        if earlier and after["cohort"] != "all":
            assert after["customers"] <= earlier["customers"]
            assert before["customers"] >= grids["on or before"][place - 1]["customers"]
            assert every["customers"] <= grids["every"][place - 1]["customers"]


@settings(max_examples=40)
@given(MOVES, st.sampled_from(RULES), st.sampled_from([(), ("any",)]))
def test_the_order_of_arrival_changes_no_answer(moves, returns, start):
    moves = list({(who, hour): (who, hour, what) for who, hour, what in moves}.values())
    question = Cohorts(returns=returns, start=start)
    one, other = made(moves).ask(question), made(moves[::-1]).ask(question)
    assert one.table == other.table
    assert one.extra == other.extra


@pytest.mark.parametrize("question", QUESTIONS, ids=[str(place) for place in range(len(QUESTIONS))])
def test_shards_and_threads_change_no_answer(question, monkeypatch):
    alone = Timelines(shop(True).source.columns, shop(True).settings, threads=1).ask(question)
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 5_000)
    several = Timelines(shop(True).source.columns, shop(True).settings, threads=3).ask(question)
    assert alone.table == several.table
    assert alone.extra == several.extra


@pytest.mark.parametrize("question", QUESTIONS, ids=[str(place) for place in range(len(QUESTIONS))])
def test_every_number_opens_to_exactly_that_many_people(question):
    answer = shop(True).ask(question)
    rows = [row for row in answer.table.to_pylist() if row["customers"] is not None]
    chosen = rows[:: max(len(rows) // 12, 1)] + [row for row in rows if row["cohort"] == "all"][:4]
    for row, (count, number) in product(chosen, (("customers", "customers"), ("size", "size"))):
        cell = {key: row[key] for key in ("segment", "cohort", "period")}
        people = answer.people(**cell, count=count)
        assert len(people) == len(set(people.ids)) == row[number], (row, count)
        assert list(people.ids) == sorted(people.ids)


def test_a_step_can_be_sent_to_another_process():
    frame, _ = Cohorts(by="country", measure="revenue").frame(shop(True))
    step = pickle.loads(pickle.dumps(GridStep(frame)))
    assert (shop(True).walk(step).counts == shop(True).walk(GridStep(frame)).counts).all()
