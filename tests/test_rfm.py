"""RFM (SEMANTICS 19, 21): scores, eleven segments, people behind them, and RFM as a filter of other questions."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pyarrow as pa
import pytest
from bought import day, told
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import datasets
from holdfast.analyses.concentration import Concentration
from holdfast.analyses.rfm import Rfm, rfm_customers
from holdfast.analyses.rfm.cuts import Cuts
from holdfast.analyses.rfm.segments import ACTIONS, CODES, SEGMENTS, code_place, code_segments, segment_of
from holdfast.analyses.scope import Condition
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

FOUR = """
ann  100@0 100@10 100@20 100@30 100@98
ben  60@0 60@5 60@12 60@20
cleo 30@0 30@90
dan  10@40
"""


def scored(timelines: Timelines, question: Rfm | None = None) -> dict[str, tuple[int, int, float, str, str]]:
    rows = rfm_customers(timelines, question).to_pylist()
    return {row["customer"]: (row["recency"], row["frequency"], row["monetary"], row["code"], row["segment"]) for row in rows}


def test_four_people_by_given_cuts():
    """Ann a champion, Ben fading, Cleo came back, Dan bought once; as of day 100."""
    cuts = Cuts.given((5, 20, 40, 70), (1, 2, 3, 4), (20, 50, 100, 300))
    assert scored(told(FOUR), Rfm(as_of=day(100), method="cuts", cuts=cuts)) == {
        "ann": (2, 5, 500.0, "555", "Champions"),
        "ben": (80, 4, 240.0, "144", "At Risk"),
        "cleo": (10, 2, 60.0, "423", "Potential Loyalist"),
        "dan": (60, 1, 10.0, "211", "Hibernating"),
    }


def test_a_value_at_a_cut_point_is_not_above_it():
    cuts = Cuts.given((0, 1, 2, 3), (1, 2, 3, 4), (10.05, 20, 30, 40))
    story = told("ann 10.05@3\nben 10.06@3\ncleo 10.04@3")
    found = scored(story, Rfm(as_of=day(3), method="cuts", cuts=cuts))
    assert {name: row[3] for name, row in found.items()} == {"ann": "511", "ben": "512", "cleo": "511"}
    assert found["ann"][2] == 10.05


def test_five_people_in_a_row_get_the_five_scores():
    """Quintiles of 1, 2, 3, 4, 5 by linear interpolation are 1.8, 2.6, 3.4, 4.2: one person a score."""
    story = "\n".join(f"p{k} " + " ".join(f"{k}@{k - 1}" for _ in range(k)) for k in range(1, 6))
    answer = told(story).ask(Rfm())
    assert {name: row[3] for name, row in scored(told(story)).items()} == {f"p{k}": f"{k}{k}{k}" for k in range(1, 6)}
    cuts = {row["measure"]: [row[f"cut{place}"] for place in (1, 2, 3, 4)] for row in answer.extra["cuts"].to_pylist()}
    assert cuts["frequency"] == [1.8, 2.6, 3.4, 4.2]
    assert cuts["recency"] == [0.8, 1.6, 2.4, 3.2]
    assert cuts["monetary"] == [3.4, 7.0, 11.8, 17.8]


def test_a_hundred_identical_customers_all_get_the_same_scores():
    answer = told("\n".join(f"c{place} 10.05@1 10.05@4" for place in range(100))).ask(Rfm())
    counts = {row["code"]: row["customers"] for row in answer.extra["scores"].to_pylist() if row["customers"]}
    assert counts == {"511": 100}
    row = next(row for row in answer.table.to_pylist() if row["customers"])
    assert (row["rfm"], row["revenue"], row["monetary"], row["share"]) == ("New", 2010.0, 20.1, 1.0)


def test_every_code_has_exactly_one_segment():
    assert len(set(CODES)) == 125
    assert Counter(segment_of(*map(int, code)) for code in CODES) == {
        "Champions": 10,
        "Loyal": 20,
        "Potential Loyalist": 28,
        "New": 1,
        "Promising": 1,
        "Needs Attention": 9,
        "About to Sleep": 6,
        "Cannot Lose Them": 6,
        "At Risk": 32,
        "Hibernating": 6,
        "Lost": 6,
    }
    assert set(ACTIONS) == set(SEGMENTS)
    assert [code_place(*map(int, code)) for code in CODES] == list(range(125))
    assert [SEGMENTS[place] for place in code_segments()] == [segment_of(*map(int, code)) for code in CODES]


def test_the_corners_of_the_map():
    named = {
        "555": "Champions",
        "511": "New",
        "411": "Promising",
        "111": "Lost",
        "155": "Cannot Lose Them",
        "211": "Hibernating",
    }
    more = {"333": "Needs Attention", "311": "About to Sleep", "345": "Loyal", "243": "At Risk", "522": "Potential Loyalist"}
    assert {code: segment_of(*map(int, code)) for code in named | more} == named | more


def test_a_window_forgets_older_orders_and_money():
    """Within the 30 dates up to day 100 Ann has one order, Cleo one; Ben and Dan are not scored."""
    found = scored(told(FOUR), Rfm(as_of=day(100), window_days=30))
    assert {name: row[:3] for name, row in found.items()} == {"ann": (2, 1, 100.0), "cleo": (10, 1, 30.0)}
    assert set(scored(told(FOUR), Rfm(as_of=day(100), window_days=11))) == {"ann", "cleo"}
    assert set(scored(told(FOUR), Rfm(as_of=day(100), window_days=10))) == {"ann"}


def test_money_is_net_and_a_refund_of_no_known_order_counts_against_it():
    assert scored(told("ann 100@0 20@5 -30.05@6"), Rfm())["ann"][:3] == (1, 2, 89.95)


def test_rows_after_the_as_of_do_not_count():
    assert scored(told(FOUR), Rfm(as_of=day(4)))["ben"][:3] == (4, 1, 60.0)
    assert "dan" not in scored(told(FOUR), Rfm(as_of=day(39)))


def test_every_number_opens_to_its_people_and_adds_up():
    timelines = told(FOUR)
    answer = timelines.ask(Rfm(as_of=day(100)))
    rows = answer.table.to_pylist()
    assert [row["rfm"] for row in rows] == list(SEGMENTS)
    assert sum(row["customers"] for row in rows) == 4
    assert sum(row["revenue"] for row in rows) == 810.0
    assert sum(row["revenue_share"] for row in rows) == pytest.approx(1)
    for row in rows:
        assert len(answer.people(rfm=row["rfm"])) == row["customers"]
    for row in answer.extra["scores"].to_pylist():
        assert len(answer.people(code=row["code"])) == row["customers"]
    assert answer.people().ids == ("ann", "ben", "cleo", "dan")


def test_wrong_questions_name_what_is_right():
    timelines = told(FOUR)
    with pytest.raises(UnknownName, match="Champions"):
        Rfm().people(timelines, rfm="Champion")
    with pytest.raises(UsageError, match="three digits"):
        Rfm().people(timelines, code=666)
    with pytest.raises(UnknownName, match="cell key"):
        Rfm().people(timelines, cohort="2011-01")
    with pytest.raises(UsageError, match="method"):
        Rfm(method="deciles")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="go together"):
        Rfm(method="cuts")
    with pytest.raises(UsageError, match="four, ascending"):
        Cuts.given((1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4))
    with pytest.raises(UsageError, match="window_days"):
        Rfm(window_days=0)


def test_nobody_to_score_is_said():
    answer = told(FOUR).ask(Rfm(as_of="2020-01-01"))
    assert "Nobody" in answer.words
    assert {row["share"] for row in answer.table.to_pylist()} == {None}


def test_rfm_is_a_filter_and_a_breakdown_of_other_questions():
    """Five people with one to five orders: p5 is 555, a Champion; p1 is 111, Lost."""
    timelines = told("\n".join(f"p{k} " + " ".join(f"{k}@{k - 1}" for _ in range(k)) for k in range(1, 6)))
    only = Concentration(where=(Condition("rfm", ("Champions",)),))
    assert timelines.ask(only).people(top=100).ids == ("p5",)
    rest = Concentration(where=(Condition("rfm", ("Champions", "Lost"), negated=True),))
    assert timelines.ask(rest).people(top=100).ids == ("p2", "p3", "p4")
    sizes = {row["segment"]: row["n"] for row in timelines.ask(Concentration(by="rfm")).extra["summary"].to_pylist()}
    expected = Counter(row[4] for row in scored(timelines).values())
    assert sizes == expected
    for label, size in expected.items():
        assert len(timelines.ask(Concentration(by="rfm")).people(top=100, segment=label)) == size


def test_the_reference_table_of_the_r_package_rfm():
    """Its documentation prints the third money threshold to the unit: 506."""
    table = datasets.load("rfm_reference")
    kept = table.select(["customer_id", "order_date", "revenue"])
    dates = pa.compute.cast(kept["order_date"].cast(pa.string()), pa.date32())
    frame = pa.table({"customer_id": kept["customer_id"], "time": dates.cast(pa.timestamp("us")), "revenue": kept["revenue"]})
    timelines = Timelines.from_arrow(frame, Settings())
    question = Rfm(as_of="2006-12-31", method="r-package")
    answer = timelines.ask(question)
    cuts = {row["measure"]: [row[f"cut{place}"] for place in (1, 2, 3, 4)] for row in answer.extra["cuts"].to_pylist()}
    assert cuts == {"recency": [115, 181, 297.4, 482], "frequency": [4, 5, 6, 8], "monetary": [255.8, 382, 506.4, 666]}
    assert answer.definition.n == 995
    found = scored(timelines, question)
    assert found["Abbey O'Reilly"][:4] == (205, 6, 472.0, "343")
    assert found["Add Senger"][:4] == (140, 3, 340.0, "412")
    assert found["Aden Murphy"][:4] == (98, 7, 596.0, "544")


people = st.lists(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5000)), min_size=1, max_size=6), min_size=1, max_size=12
)


@settings(max_examples=25)
@given(people, st.randoms())
def test_scores_are_monotone_and_arrival_order_changes_nothing(bought, chance):
    lines = [
        f"c{place} " + " ".join(f"{Decimal(cents) / 100}@{at}" for at, cents in moves) for place, moves in enumerate(bought)
    ]
    rows = rfm_customers(told("\n".join(lines))).to_pylist()
    chance.shuffle(lines)
    assert rfm_customers(told("\n".join(lines))).to_pylist() == rows
    for a in rows:
        for b in rows:
            assert (a["recency"] < b["recency"]) <= (a["r"] >= b["r"])
            assert (a["frequency"] < b["frequency"]) <= (a["f"] <= b["f"])
            assert (a["monetary"] < b["monetary"]) <= (a["m"] <= b["m"])
            assert (a["monetary"] == b["monetary"]) <= (a["m"] == b["m"])


def test_a_trait_says_that_it_is_of_the_as_of_not_of_the_first_order():
    assert told(FOUR).ask(Concentration(by="rfm")).definition.rules["by"] == "rfm at as-of"
