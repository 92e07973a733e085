"""Sessions, bounce, exits and lengths: by hand, by brute force, and against plain SQL in DuckDB on three streams."""

from __future__ import annotations

import pickle
from collections import defaultdict
from datetime import timedelta
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from clicks import START, clicks, ecom, simple_shop
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from holdfast import Settings, Timelines, datasets
from holdfast.analyses.scope import parse_where
from holdfast.analyses.sessions import Sessions
from holdfast.analyses.sessions.tables import ALL_PAGES
from holdfast.analyses.statistics import wilson
from holdfast.errors import UnknownName, UsageError

FOUR = ("ann|FR A@0 A@1 B@3 C@40", "ben|FR A@0 B@29.5", "cleo|GB B@5 B@60 B@61", "dan|GB A@2880")


def rows(table: pa.Table, *keys: str) -> dict[tuple, dict]:
    return {tuple(row[key] for key in keys): row for row in table.to_pylist()}


def test_four_people_by_hand():
    """Ann has A A B, then C alone; Ben A B; Cleo B alone, then B B; Dan A alone: six sessions, three of one step."""
    answer = clicks(*FOUR).ask(Sessions())
    found = rows(answer.table, "landing")
    assert {page: (row["sessions"], row["customers"], row["bounces"], row["customers_bounced"])
            for (page,), row in found.items()} == {"A": (3, 3, 1, 1), "B": (2, 1, 1, 1), "C": (1, 1, 1, 1)}  # fmt: skip
    top = found[("A",)]
    assert next(iter(found)) == ("A",)
    assert (top["bounce_rate"], top["low"], top["high"]) == pytest.approx((1 / 3, *wilson(1, 3)))  # each customer has one
    assert (top["share"], top["share_n"], top["mean_steps"], top["median_steps"]) == (0.5, 6, 2, 2)
    assert (top["median_seconds"], top["above_average"]) == ((180 + 29.5 * 60) / 2, -0.5)
    assert found[("C",)]["median_seconds"] is None
    exits = {
        page: (row["sessions"], row["exits"], row["exit_rate"]) for (page,), row in rows(answer.extra["exits"], "page").items()
    }
    assert exits == {"A": (3, 1, 1 / 3), "B": (4, 4, 1), "C": (1, 1, 1)}
    lengths = {size: row["sessions"] for (size,), row in rows(answer.extra["lengths"], "length").items() if row["sessions"]}
    assert lengths == {"1": 3, "2": 2, "3": 1}
    assert answer.people(landing="A").ids == ("ann", "ben", "dan")
    assert answer.people(landing="A", what="bounced").ids == ("dan",)
    assert answer.people(landing="A", what="went on").ids == ("ann", "ben")
    assert answer.people(what="bounced").ids == ("ann", "cleo", "dan")
    assert answer.people(exit="A").ids == ("dan",)
    assert answer.people(exit="A", what="sessions").ids == ("ann", "ben", "dan")
    assert answer.people(length="2").ids == ("ben", "cleo")
    assert answer.words.startswith("6 sessions of 4 customers began on 3 pages; 50.0 % (")
    assert answer.words.endswith("No page is surely above that average.")


def test_a_gap_of_exactly_thirty_minutes_begins_a_session():
    timelines = clicks("ann A@0 A@29.98 A@59.98")
    assert timelines.ask(Sessions()).table["sessions"].to_pylist() == [2]
    assert timelines.ask(Sessions(gap_minutes=29)).table["sessions"].to_pylist() == [3]
    assert timelines.ask(Sessions(gap_minutes=0)).table["sessions"].to_pylist() == [1]
    with pytest.raises(UsageError, match="gap"):
        Sessions(gap_minutes=-1)


def test_the_trend_is_by_the_local_day_of_the_first_step_and_the_last_period_is_open():
    """11:30 pm in London on 31 January: a session over midnight counts in January."""
    timelines = clicks("ann A@43890 B@43910 A@43950", "ben A@44000", settings=Settings(zone="Europe/London"))
    answer = timelines.ask(Sessions(period="month"))
    found = rows(answer.extra["by_period"], "landing", "period")
    assert {key: (row["sessions"], row["bounces"], row["state"]) for key, row in found.items()} == {
        (ALL_PAGES, "2024-01"): (1, 0, "complete"), (ALL_PAGES, "2024-02"): (2, 2, "in progress"),
        ("A", "2024-01"): (1, 0, "complete"), ("A", "2024-02"): (2, 2, "in progress"),
    }  # fmt: skip
    assert answer.people(landing="A", period="2024-02", what="bounced").ids == ("ann", "ben")
    assert answer.people(period="2024-01").ids == ("ann",)
    with pytest.raises(UsageError, match="2024-01 to 2024-02"):
        answer.people(period="2025-01")
    with pytest.raises(UsageError, match="period='month'"):
        timelines.ask(Sessions()).people(period="2024-01")


def test_the_page_that_loses_most_is_named_and_pages_can_be_grouped():
    """Twenty people land on /sale and leave, two go on; of forty on / four leave."""
    people = [f"s{who} /sale/{who % 3}@0" + (" /cart@1" if who < 2 else "") for who in range(22)]
    people += [f"h{who} /@0" + ("" if who < 4 else " /cart@1") for who in range(40)]
    answer = clicks(*people).ask(Sessions(groups=("/sale/*",)))
    assert answer.table["landing"].to_pylist() == ["/", "/sale/*"]
    assert answer.words == (
        "62 sessions of 62 customers began on 2 pages; 38.7 % (27.6 to 51.2) were bounces, of a single step. Most are lost on "
        "/sale/*: 20 of 22, 90.9 % (72.2 to 97.5), 11 more than the average page would lose."
    )
    assert answer.table["low"].to_pylist() == pytest.approx([wilson(4, 40)[0], wilson(20, 22)[0]])


def test_pages_are_a_property_and_the_answer_says_how_to_name_them():
    times = pa.array([START + timedelta(seconds=each) for each in (0, 60, 7200)], pa.timestamp("us", tz="UTC"))
    table = pa.table({"customer_id": ["ann"] * 3, "time": times, "event": ["Page Viewed"] * 3, "path": ["/a", "/b", "/b"]})
    timelines = Timelines.from_arrow(table)
    assert timelines.ask(Sessions(page="path")).table["landing"].to_pylist() == ["/a", "/b"]
    assert "“name by” path" in timelines.ask(Sessions()).notes[0]
    assert not any("name by" in note for note in timelines.ask(Sessions(page="path")).notes)
    with pytest.raises(UnknownName, match="path"):
        timelines.ask(Sessions(page="pth"))
    assert "give page events a property" in clicks(*FOUR).ask(Sessions()).notes[0]


def test_segments_stand_at_the_first_step():
    answer = clicks(*FOUR).ask(Sessions(by="country"))
    assert {key: row["sessions"] for key, row in rows(answer.table, "segment", "landing").items()} == {
        ("FR", "A"): 2, ("FR", "C"): 1, ("GB", "B"): 2, ("GB", "A"): 1,
    }  # fmt: skip
    assert "FR 33.3 %" in answer.words
    assert "GB 66.7 %" in answer.words
    assert answer.people(landing="A", segment="GB").ids == ("dan",)
    assert answer.source.ask(Sessions(where=parse_where(["country=FR"]))).definition.n == 2


def test_what_is_not_there_is_refused_and_nobody_is_said():
    answer = clicks(*FOUR).ask(Sessions())
    for cell, word in (
        ({"landing": "Z"}, "page"),
        ({"length": "7"}, "length"),
        ({"exit": "Z"}, "page"),
        ({"of": 1}, "cell key"),
    ):
        with pytest.raises(UnknownName, match=word):
            answer.people(**cell)
    with pytest.raises(UsageError, match="what"):
        answer.people(landing="A", what="sold")
    with pytest.raises(UsageError, match="one of them"):
        answer.people(landing="A", exit="A")
    nobody = answer.source.ask(Sessions(exclude=("*",)))
    assert (nobody.words, nobody.table.num_rows) == ("Nobody took a step: there are no sessions.", 0)
    assert nobody.figure() is not None


CLICKS = st.lists(
    st.tuples(st.sampled_from(["ann", "ben", "cleo", "dan"]), st.sampled_from("ABC"), st.integers(0, 300)),
    min_size=1, max_size=40, unique_by=lambda one: (one[0], one[2]),
)  # fmt: skip


@given(CLICKS, st.sampled_from([10, 30, 100]), st.randoms())
@tried(max_examples=40)
def test_every_number_equals_brute_force_opens_to_its_people_and_adds_up(moves, gap, chance):
    told = [f"{who} {event}@{minute}" for who, event, minute in moves]
    chance.shuffle(told)
    answer = clicks(*told).ask(Sessions(gap_minutes=gap))
    sessions: list[tuple[str, list[tuple[str, int]]]] = []
    for who, event, minute in sorted(moves, key=lambda move: (move[0], move[2])):
        if not sessions or sessions[-1][0] != who or minute - sessions[-1][1][-1][1] >= gap:
            sessions.append((who, []))
        sessions[-1][1].append((event, minute))
    landed, bounced, ended, saw = (defaultdict(list) for _ in range(4))
    for who, steps in sessions:
        landed[steps[0][0]].append((who, steps))
        if len(steps) == 1:
            bounced[steps[0][0]].append(who)
        ended[steps[-1][0]].append(who)
        for page in {event for event, _ in steps}:
            saw[page].append(who)
    table = rows(answer.table, "landing")
    assert sum(row["sessions"] for row in table.values()) == len(sessions)
    assert {page for (page,) in table} == set(landed)
    for (page,), row in table.items():
        went = [60 * (steps[-1][1] - steps[0][1]) for _, steps in landed[page] if len(steps) > 1]
        assert (row["sessions"], row["bounces"]) == (len(landed[page]), len(bounced[page]))
        assert row["median_steps"] == np.median([len(steps) for _, steps in landed[page]])
        assert row["median_seconds"] == (np.median(went) if went else None)
        assert len(answer.people(landing=page)) == row["customers"] == len({who for who, _ in landed[page]})
        assert set(answer.people(landing=page, what="bounced").ids) == set(bounced[page])
        assert row["low"] <= row["bounce_rate"] <= row["high"]
        assert row["share_low"] <= row["share"] <= row["share_high"]
    for (page,), row in rows(answer.extra["exits"], "page").items():
        assert (row["sessions"], row["exits"]) == (len(saw[page]), len(ended[page]))
        assert set(answer.people(exit=page).ids) == set(ended[page])
        assert len(answer.people(exit=page, what="sessions")) == row["customers"] == len(set(saw[page]))
    for (length,), row in rows(answer.extra["lengths"], "length").items():
        assert len(answer.people(length=length)) == row["customers"]


@pytest.mark.parametrize("asked", [Sessions(period="week"), Sessions(by="platform", as_of="2024-05-01")])
def test_shards_and_threads_change_nothing(asked, monkeypatch):
    timelines = ecom()[1]
    whole = timelines.ask(asked)
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 1_000)
    again = timelines.ask(asked)
    assert again.table.equals(whole.table)
    assert again.extra == whole.extra
    assert pickle.loads(pickle.dumps(asked.step(timelines))).cells == asked.step(timelines).cells


@cache
def made() -> tuple[pa.Table, Timelines]:
    stream = datasets.made_stream(400)
    return stream, Timelines.from_arrow(stream)


SQL = """
    WITH step AS (SELECT customer_id, coalesce({page}, event) AS page, epoch_us(time) // 1000000 AS second, time,
                         row_number() OVER () AS arrival FROM events WHERE {steps}),
    gaps AS (SELECT *, coalesce(second - lag(second) OVER mine >= 1800, true) AS fresh FROM step
             WINDOW mine AS (PARTITION BY customer_id ORDER BY time, arrival)),
    numbered AS (SELECT *, sum(fresh::INT) OVER (PARTITION BY customer_id ORDER BY time, arrival) AS session FROM gaps),
    sessions AS (SELECT customer_id, session, count(*) AS steps, max(second) - min(second) AS seconds, min(time) AS began,
                        first(page ORDER BY time, arrival) AS landing, last(page ORDER BY time, arrival) AS ended
                 FROM numbered GROUP BY ALL)
"""
LANDINGS = """
    SELECT landing, count(*), count(DISTINCT customer_id), count(*) FILTER (steps = 1),
           count(DISTINCT customer_id) FILTER (steps = 1), avg(steps), quantile_cont(steps, 0.5),
           quantile_cont(seconds, 0.5) FILTER (steps > 1)
    FROM sessions GROUP BY ALL
"""
EXITS = """
    SELECT page, count(DISTINCT (customer_id, session)), count(DISTINCT customer_id),
           count(DISTINCT (customer_id, session)) FILTER (page = ended), count(DISTINCT customer_id) FILTER (page = ended)
    FROM numbered JOIN sessions USING (customer_id, session) GROUP BY ALL
"""
LENGTHS = "SELECT steps, count(*), count(DISTINCT customer_id) FROM sessions WHERE steps <= 5 GROUP BY ALL"
MONTHS = "SELECT strftime(began, '%Y-%m'), count(*), count(*) FILTER (steps = 1) FROM sessions GROUP BY ALL"


@pytest.mark.parametrize(
    ("stream", "page", "elsewhere"),
    [(simple_shop, "event", "kept"), (ecom, "event", "left out"), (made, "path", "left out"), (made, "path", "kept")],
)
def test_landings_bounces_exits_lengths_and_the_trend_equal_plain_sql(stream, page, elsewhere):
    steps = "true" if elsewhere == "kept" else "NOT regexp_matches(event, '^(Order Refunded|(Email|Ticket|Survey) .*)$')"
    events, timelines = stream()
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        sql.register("events", events)
        landings, exits, lengths, months = (
            sql.execute(SQL.replace("{page}", page).replace("{steps}", steps) + asked).fetchall()
            for asked in (LANDINGS, EXITS, LENGTHS, MONTHS)
        )
    answer = timelines.ask(Sessions(page=page, period="month", elsewhere=elsewhere))
    names = ("landing", "sessions", "customers", "bounces", "customers_bounced", "mean_steps", "median_steps", "median_seconds")
    found = sorted(tuple(row[name] for name in names) for row in answer.table.to_pylist())
    assert found == [(*row[:5], pytest.approx(row[5], rel=1e-12), *row[6:]) for row in sorted(landings)]
    names = ("page", "sessions", "customers", "exits", "customers_exited")
    assert sorted(tuple(row[name] for name in names) for row in answer.extra["exits"].to_pylist()) == sorted(exits)
    short = answer.extra["lengths"].slice(0, 5).to_pylist()
    named = [(int(row["length"]), row["sessions"], row["customers"]) for row in short if row["sessions"]]
    assert sorted(named) == sorted(lengths)
    trend = [row for row in answer.extra["by_period"].to_pylist() if row["landing"] == ALL_PAGES and row["sessions"]]
    assert sorted((row["period"], row["sessions"], row["bounces"]) for row in trend) == sorted(months)


def test_too_many_pages_for_one_table_are_refused_with_the_mend(monkeypatch):
    monkeypatch.setattr("holdfast.analyses.sessions.question.MOST_CELLS", 8)
    timelines = clicks(*FOUR)
    assert timelines.ask(Sessions(period="month")).extra["by_period"].num_rows > 0
    with pytest.raises(UsageError, match="3 pages in 3 days"):
        timelines.ask(Sessions(period="day"))
    with pytest.raises(UsageError, match="'/product/\\*'"):
        timelines.ask(Sessions(by="country"))


def test_what_happens_to_a_customer_makes_no_session():
    """A refund, an opened mail and a closed ticket on quiet days would be three bounces."""
    story = ("ann home@0 cart@1 Order_Refunded@3000 email_opened@6000", "ben home@0 Ticket_Closed@10 home@35")
    told = clicks(*story).ask(Sessions())
    assert {row["landing"]: (row["sessions"], row["bounces"]) for row in told.table.to_pylist()} == {"home": (3, 2)}
    assert told.definition.rules["left out"] == "Order_Refunded, Ticket_Closed, email_opened"
    kept = told.source.ask(Sessions(elsewhere="kept"))
    assert {row["landing"]: row["sessions"] for row in kept.table.to_pylist()} == {
        "home": 2, "Order_Refunded": 1, "email_opened": 1,
    }  # fmt: skip
    assert "left out" not in kept.definition.rules
    named = told.source.ask(Sessions(only=("home", "email_opened"), exclude=("cart",)))
    assert {row["landing"]: row["sessions"] for row in named.table.to_pylist()} == {"home": 3, "email_opened": 1}
    with pytest.raises(UsageError, match="left out, kept"):
        Sessions(elsewhere="both")
    with pytest.raises(UsageError, match="month"):
        Sessions(period="fortnight")
