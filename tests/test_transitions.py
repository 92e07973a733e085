"""Transitions: counts, customers, intervals that follow customers, exact times, conservation; by hand and by brute force."""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from clicks import clicks, ecom
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from people import told

from holdfast.analyses.clustered import clustered, difference
from holdfast.analyses.narrowing import Ranges, place_value, quantiles
from holdfast.analyses.scope import parse_where
from holdfast.analyses.statistics import newcombe, wilson, wilson_arrays
from holdfast.analyses.steps import Naming
from holdfast.analyses.transitions import Transitions
from holdfast.errors import UnknownName, UsageError

THREE = ("ann|FR A@0 A@1 B@3 C@40", "ben|FR A@0 B@10", "cleo|GB B@5 A@6 A@7")


def edges(answer, segment: str = "everyone") -> dict[tuple[str, str], dict]:
    return {(row["from"], row["to"]): row for row in answer.table.to_pylist() if row["segment"] == segment}


def counts(answer, name: str = "transitions") -> dict[str, int]:
    return {f"{one}→{other}": row[name] for (one, other), row in edges(answer).items()}


def test_three_people_by_hand():
    answer = clicks(*THREE).ask(Transitions(gap_minutes=None))
    assert counts(answer) == {
        "(start)→A": 2, "(start)→B": 1, "A→A": 2, "A→B": 2, "B→C": 1, "B→A": 1,
        "A→(drop-off)": 1, "B→(drop-off)": 1, "C→(drop-off)": 1,
    }  # fmt: skip
    row = edges(answer)["A", "B"]
    assert (row["customers"], row["n"], row["probability"], row["share"], row["share_n"]) == (2, 5, 0.4, 2 / 3, 3)
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson(2, 3))
    assert (row["median_seconds"], row["p90_seconds"]) == (360, 552)  # 120 and 600 seconds
    assert edges(answer)["(start)", "A"]["median_seconds"] is None
    nodes = {row["node"]: (row["visits"], row["customers"], row["starts"], row["drop_offs"]) for row in
             answer.extra["nodes"].to_pylist()}  # fmt: skip
    assert nodes == {"A": (5, 3, 2, 1), "B": (3, 3, 1, 1), "C": (1, 1, 0, 1)}
    assert answer.people(**{"from": "A", "to": "B"}).ids == answer.people(source="A", target="B").ids == ("ann", "ben")
    assert answer.people(node="C").ids == answer.people(to="C").ids == ("ann",)
    assert answer.people(**{"from": "A"}, to="(drop-off)").ids == ("cleo",)
    assert answer.words == (
        "3 customers took 9 steps. The most travelled way is A → B: 40.0 % (11.8 to 76.9) of what follows A, after a median of "
        "6 minutes. Most paths end with A (1): nothing follows it 20.0 % (3.6 to 62.4) of the time."
    )


def test_a_gap_makes_paths_of_sessions_and_loops_collapse_within_them():
    timelines = clicks("ann A@0 A@1 B@3 A@33 A@34", "ben A@0 A@30 A@31")
    kept = timelines.ask(Transitions(gap_minutes=30, unit="sessions"))
    assert counts(kept) == {"(start)→A": 4, "A→A": 3, "A→B": 1, "A→(drop-off)": 3, "B→(drop-off)": 1}
    assert counts(kept, "count") == {"(start)→A": 4, "A→A": 3, "A→B": 1, "A→(drop-off)": 3, "B→(drop-off)": 1}
    once = timelines.ask(Transitions(gap_minutes=30, loops="collapsed"))
    assert counts(once) == {"(start)→A": 4, "A→B": 1, "A→(drop-off)": 3, "B→(drop-off)": 1}
    assert edges(once)["A", "B"]["median_seconds"] == 180  # from the first A of the run
    assert counts(timelines.ask(Transitions(gap_minutes=0))) == counts(timelines.ask(Transitions(gap_minutes=None)))
    assert counts(timelines.ask(Transitions())) == counts(kept)
    again = clicks("ann A@0 B@1 A@2 B@3 A@50 B@51").ask(Transitions(gap_minutes=30, unit="sessions"))
    assert (edges(again)["A", "B"]["count"], edges(again)["A", "B"]["transitions"]) == (2, 3)
    assert counts(again.source.ask(Transitions(unit="customers")), "count")["A→B"] == 1


def test_rare_steps_are_folded_and_nothing_is_lost():
    answer = clicks("ann A@0 B@1 C@2 D@3 A@4", "ben A@0 A@1 B@2 C@3 C@4").ask(Transitions(most=2))
    assert counts(answer) == {
        "(start)→A": 2, "A→(other)": 2, "(other)→C": 2, "C→(other)": 1, "(other)→A": 1, "A→A": 1, "C→C": 1,
        "A→(drop-off)": 1, "C→(drop-off)": 1,
    }  # fmt: skip
    assert answer.notes[0] == "2 rarer steps stand together as (other): B, D; most= shows more by name"
    with pytest.raises(UsageError, match="among the rarer steps"):
        answer.people(node="D")
    assert answer.people(node="(other)").ids == ("ann", "ben")


def test_segments_stand_side_by_side_at_the_first_step():
    answer = clicks(*THREE, "dan|GB C@0").ask(Transitions(by="country"))
    assert {row["segment"]: row["share_n"] for row in answer.table.to_pylist()} == {"FR": 2, "GB": 2}
    assert edges(answer, "FR")["A", "B"]["probability"] == 2 / 3
    row = {(row["from"], row["to"]): row for row in answer.extra["difference"].to_pylist()}["A", "B"]
    assert (row["segment_a"], row["segment_b"]) == ("FR", "GB")
    assert (row["probability_a"], row["n_a"], row["probability_b"], row["n_b"]) == (2 / 3, 3, 0, 2)
    assert row["low"] < 2 / 3 == row["difference"] < row["high"] <= 1
    assert row["p"] <= row["p_adjusted"] <= 1
    assert answer.people(**{"from": "A", "to": "B"}, segment="FR").ids == ("ann", "ben")
    assert answer.people(**{"from": "A", "to": "B"}, segment="GB").ids == ()
    only = answer.source.ask(Transitions(where=parse_where(["country=GB"])))
    assert (only.definition.n, counts(only)["(start)→B"]) == (2, 1)
    turned = answer.source.ask(Transitions(by="country", versus=("GB", "FR"))).extra["difference"].to_pylist()
    assert {(row["segment_a"], row["segment_b"]) for row in turned} == {("GB", "FR")}


def test_lonely_steps_are_said_to_be_so():
    """One visit a day, one step a visit: within sessions nothing follows, over the customer's life much does."""
    timelines = clicks("ann A@0 B@1440 A@2880", "ben A@0 A@1440")
    alone = timelines.ask(Transitions())
    assert counts(alone) == {"(start)→A": 4, "A→(drop-off)": 4, "(start)→B": 1, "B→(drop-off)": 1}
    assert alone.notes[0].startswith("5 sessions of 5 steps: hardly anything follows within a session of 30 minutes")
    assert not any("hardly" in note for note in timelines.ask(Transitions(gap_minutes=None)).notes)
    assert not any("hardly" in note for note in clicks(*THREE).ask(Transitions()).notes)


def test_only_steps_before_the_as_of_count():
    timelines = clicks("ann A@0 B@1 A@1500", "ben B@1440")
    assert counts(timelines.ask(Transitions(as_of="2024-01-01"))) == {"(start)→A": 1, "A→B": 1, "B→(drop-off)": 1}


def test_what_cannot_be_is_refused_with_the_mend():
    timelines = clicks(*THREE)
    with pytest.raises(UsageError, match="gap_minutes=30"):
        Transitions(gap_minutes=None, unit="sessions")
    with pytest.raises(UsageError, match="by="):
        Transitions(versus=("FR", "GB"))
    with pytest.raises(UnknownName, match="FR"):
        timelines.ask(Transitions(by="country", versus=("FR", "Atlantis")))
    with pytest.raises(UsageError, match="node=Cart"):
        Transitions().people(timelines)
    with pytest.raises(UnknownName, match="step is called 'Z'"):
        Transitions().people(timelines, node="Z")
    with pytest.raises(UnknownName, match="cell key"):
        Transitions().people(timelines, period=1)
    with pytest.raises(UsageError, match="most"):
        Transitions(most=0)


def test_nobody_is_said_and_drawn():
    answer = clicks(*THREE).ask(Transitions(naming=Naming(exclude=("*",))))
    assert (answer.words, answer.table.num_rows) == ("Nobody took a step: there is nothing to follow.", 0)
    assert answer.figure() is not None


CLICKS = st.lists(
    st.tuples(st.sampled_from(["ann", "ben", "cleo", "dan", "eve"]), st.sampled_from("ABCD"), st.integers(0, 200)),
    min_size=1, max_size=40, unique_by=lambda one: (one[0], one[2]),
)  # fmt: skip


def paths(moves, gap: float | None, collapsed: bool) -> dict[str, list[list[tuple[str, int]]]]:
    """Each customer's paths as (step, minute), by brute force."""
    found: dict[str, list[list[tuple[str, int]]]] = defaultdict(list)
    before: dict[str, int] = {}
    for who, event, minute in sorted(moves, key=lambda move: move[2]):
        fresh = who not in before or (gap is not None and minute - before[who] >= gap)
        before[who] = minute
        if fresh:
            found[who].append([])
        elif collapsed and found[who][-1][-1][0] == event:
            continue
        found[who][-1].append((event, minute))
    return found


@given(CLICKS, st.sampled_from([None, 30]), st.booleans(), st.sampled_from([2, 200]), st.randoms())
@tried(max_examples=60)
def test_counts_times_and_people_equal_brute_force_and_flow_is_conserved(moves, gap, collapsed, most, chance):
    lines = [f"{who} {event}@{minute}" for who, event, minute in moves]
    chance.shuffle(lines)
    timelines = clicks(*lines)
    asked = Transitions(gap_minutes=gap, loops="collapsed" if collapsed else "kept", most=most)
    answer = timelines.ask(asked)
    shown = {row["node"] for row in answer.extra["nodes"].to_pylist()}
    often, who_did, seconds, sets = Counter(), defaultdict(set), defaultdict(list), defaultdict(int)
    for who, own in paths(moves, gap, collapsed).items():
        for path in own:
            named = [(event if event in shown else "(other)", minute) for event, minute in path]
            way = [("(start)", None), *named, ("(drop-off)", None)]
            for one, other in pairwise(way):
                edge = one[0], other[0]
                often[edge] += 1
                who_did[edge].add(who)
                if one[1] is not None and other[1] is not None:
                    seconds[edge].append(60 * (other[1] - one[1]))
            sets["paths"] += 1
    found = edges(answer)
    assert {edge: row["transitions"] for edge, row in found.items()} == often
    for edge, row in found.items():
        assert set(answer.people(**{"from": edge[0], "to": edge[1]}).ids) == who_did[edge]
        assert row["customers"] == len(who_did[edge])
        assert 0 <= row["low"] <= row["probability"] <= row["high"] <= 1
        if edge in seconds:
            wanted = np.quantile(seconds[edge], [0.5, 0.9])
            assert (row["median_seconds"], row["p90_seconds"]) == pytest.approx(tuple(wanted))
        else:
            assert row["median_seconds"] is None
    for node in answer.extra["nodes"].to_pylist():
        into = sum(row["transitions"] for (_, to), row in found.items() if to == node["node"])
        out = sum(row["transitions"] for (one, _), row in found.items() if one == node["node"])
        assert into == out == node["visits"]
        came, went = answer.people(to=node["node"]).ids, answer.people(**{"from": node["node"]}).ids
        assert came == went
        assert len(came) == node["customers"]
    assert sum(node["starts"] for node in answer.extra["nodes"].to_pylist()) == sets["paths"]
    assert sum(node["drop_offs"] for node in answer.extra["nodes"].to_pylist()) == sets["paths"]
    if gap is not None:
        by_session = edges(timelines.ask(replace(asked, unit="sessions", times="none")))
        assert sum(row["count"] for (one, _), row in by_session.items() if one == "(start)") == sets["paths"]
        assert sum(row["count"] for (_, to), row in by_session.items() if to == "(drop-off)") == sets["paths"]


@pytest.mark.parametrize("asked", [
    Transitions(by="platform"), Transitions(gap_minutes=30, loops="collapsed", unit="sessions", most=7),
    Transitions(as_of="2024-03-20", naming=Naming(groups=("*_page",), exclude=("home",))),
])  # fmt: skip
def test_shards_and_threads_change_nothing(asked, monkeypatch):
    timelines = ecom()[1]
    whole = timelines.ask(asked)
    monkeypatch.setattr("holdfast.timelines.walk.EVENTS_A_SHARD", 1_000)
    assert timelines.ask(asked).table.equals(whole.table)
    assert timelines.ask(asked).extra["nodes"].equals(whole.extra["nodes"])
    step = asked.step(timelines)
    assert pickle.loads(pickle.dumps(step)).square.kept == step.square.kept
    for row in whole.table.slice(0, 40).to_pylist():
        cell = {key: row[key] for key in ("from", "to", "segment")}
        assert len(whole.people(**cell)) == row["customers"]


def test_a_share_over_customers_has_the_interval_of_its_effective_trials():
    """Ann's hits 1 of 2, Ben's 1 of 1, Cleo's 0 of 2, twenty times over: variance 1.04 / 25 / 20 of the share 0.4."""
    x, y = np.tile([1, 1, 0], 20), np.tile([2, 1, 2], 20)
    found = clustered(*(np.array([v.sum()]) for v in (x, y, x * x, x * y, y * y)), np.array([60]))
    trials = min(0.24 / (1.04 / 25 / 20), 100)
    assert found.trials[0] == pytest.approx(trials)
    assert (found.low[0], found.high[0]) == pytest.approx((0.3094, 0.4980), abs=1e-4)
    alike = clustered(*(np.array([v]) for v in (30, 100, 300, 300, 1000, 10)))
    assert alike.trials[0] == pytest.approx(0.21 * 100**2 / (300 - 0.6 * 300 + 0.09 * 1000))  # 3 of 10 with all or nothing
    once = clustered([7], [20], [7], [7], [20], [20])
    assert (once.low[0], once.high[0]) == pytest.approx(wilson(7, 20))
    none = clustered([0, 0], [12, 0], [0, 0], [0, 0], [50, 0], [4, 0])
    assert (none.low[0], none.high[0]) == pytest.approx(wilson(0, 4))
    assert np.isnan(none.share[1])
    other = clustered([3], [30], [3], [3], [30], [30])
    sides = [(s.share[0], s.low[0], s.high[0], s.trials[0]) for s in (once, other)]
    assert difference(*sides)[:3] == pytest.approx(newcombe(7, 20, 3, 30))


@given(st.lists(st.lists(st.integers(0, 70_000), max_size=30), min_size=1, max_size=5))
@tried(max_examples=40)
def test_narrowing_finds_every_quantile_exactly(cells):
    def count(ranges: Ranges) -> np.ndarray:
        counts = ranges.counts()
        for place, values in enumerate(cells):
            for value in values:
                place_value(np.uint64(ranges.cell_of[place]), np.uint64(value), *ranges.asked(), counts)
        return counts

    found = quantiles(np.array([len(values) for values in cells]), (0.5, 0.9), 70_000, count)
    for place, values in enumerate(cells):
        wanted = np.quantile(values, [0.5, 0.9]) if values else [np.nan, np.nan]
        assert found[:, place] == pytest.approx(wanted, nan_ok=True)


def test_what_is_not_known_is_compared_last_and_traits_are_said_to_be_made_of_the_steps():
    answer = clicks("ann A@0", "ben A@0", "cleo A@0", "dan|FR A@0", "eve|GB B@0").ask(Transitions(by="country"))
    assert {(row["segment_a"], row["segment_b"]) for row in answer.extra["difference"].to_pylist()} == {("FR", "GB")}
    assert not any("worked out" in note for note in answer.notes)
    by_status = told("ann Login @0 ann o1 5 @1 ben Login @0").ask(Transitions(by="status"))
    assert by_status.notes[-1].startswith("status is worked out from what customers did")


def test_the_interval_covers_the_truth_where_trials_come_in_clusters_and_wilsons_does_not():
    """2,000 draws of 200 customers with 1 to 30 trials each at a chance of their own, 0.3 in the mean."""
    draw = np.random.default_rng(7)
    y = draw.integers(1, 31, (2_000, 200))
    x = draw.binomial(y, draw.beta(1.5, 3.5, y.shape))
    sums = [part.sum(axis=1) for part in (x, y, x * x, x * y, y * y)]
    found = clustered(*sums, np.full(2_000, 200))
    assert 0.93 <= np.mean((found.low <= 0.3) & (found.high >= 0.3)) <= 0.97
    low, high = wilson_arrays(sums[0], sums[1])
    assert np.mean((low <= 0.3) & (high >= 0.3)) < 0.75


def test_a_page_gives_each_picture_the_room_that_it_needs():
    """A map of three rows is no taller than it is, a flow is moved sideways on a narrow screen rather than squeezed."""
    from holdfast.analyses.paths import Paths
    from holdfast.report.answer_page import answer_page

    answer = clicks(*THREE).ask(Transitions(by="country"))
    figure = answer.figure()
    assert figure.layout.title.text.startswith("What follows what: FR less GB, in points")
    page = answer_page(answer)
    assert f"height:{figure.layout.height - 40}px;min-width:" in page
    assert "min-width:520px" in answer_page(answer.source.ask(Paths(steps=2)))
