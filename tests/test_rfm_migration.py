"""RFM migration (SEMANTICS 20): the same cuts on both dates, rows for entered and left, margins that equal the sizes."""

from __future__ import annotations

import duckdb
import pytest
from bought import day, told
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import shop

from holdfast.analyses.rfm import Rfm, rfm_customers
from holdfast.analyses.rfm.cuts import Cuts
from holdfast.analyses.rfm.migration import RfmMigration
from holdfast.analyses.scope import Condition
from holdfast.errors import UnknownName, UsageError

CUTS = Cuts.given((5, 20, 40, 70), (1, 2, 3, 4), (20, 50, 100, 300))
STORY = """
ann  100@0 100@10 100@20 100@30 100@98 100@190
ben  60@80 60@85 60@92 60@97 60@99
cleo 30@0 30@90 30@195
dan  10@99
eve  500@198
"""


def moves(timelines, question):
    return {
        (row["before"], row["after"]): row["customers"] for row in timelines.ask(question).table.to_pylist() if row["customers"]
    }


def test_five_people_between_two_dates():
    """Day 100: Ann 555, Ben 554, Cleo 423, Dan 511. Day 200: Ann 455, Ben 154, Cleo 533, Dan 111, Eve comes with 515."""
    timelines = told(STORY)
    question = RfmMigration(day(100), day(200), method="cuts", cuts=CUTS)
    assert moves(timelines, question) == {
        ("Champions", "Loyal"): 1,
        ("Champions", "Cannot Lose Them"): 1,
        ("Potential Loyalist", "Potential Loyalist"): 1,
        ("New", "Lost"): 1,
        ("Entered", "Potential Loyalist"): 1,
    }
    answer = timelines.ask(question)
    assert answer.people(before="Champions", after="Cannot Lose Them").ids == ("ben",)
    assert answer.people(before="Entered").ids == ("eve",)


def test_with_a_window_the_silent_leave():
    """Within 90 dates: at day 200 Ben and Dan have no order, Ann one."""
    question = RfmMigration(day(100), day(200), window_days=90, method="cuts", cuts=CUTS)
    answer = told(STORY).ask(question)
    assert answer.people(after="Left").ids == ("ben", "dan")
    assert answer.people(before="Entered").ids == ("eve",)
    assert answer.people(before="Champions", after="Left").ids == ("ben",)


def test_conditions_hold_as_of_the_first_date_for_those_who_were_there():
    """Champions at day 100 are Ann and Ben by cuts of quintiles: only they are followed."""
    timelines = told(STORY)
    only = RfmMigration(day(100), day(200), where=(Condition("rfm", ("Champions",)),))
    best = [row["customer"] for row in rfm_customers(timelines, Rfm(day(100))).to_pylist() if row["segment"] == "Champions"]
    followed = timelines.ask(only)
    assert [name for name in followed.people().ids if name != "eve"] == best


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY)
    with pytest.raises(UsageError, match="not after"):
        timelines.ask(RfmMigration(day(100), day(100)))
    with pytest.raises(UnknownName, match="Left"):
        RfmMigration(day(100)).people(timelines, after="Lefty")


def margins(timelines, question, first, second):
    """Both margins against the sizes that `Rfm` gives on either date with the cuts of the first."""
    answer = timelines.ask(question)
    cuts = {row["measure"]: tuple(row[f"cut{place}"] for place in (1, 2, 3, 4)) for row in answer.extra["cuts"].to_pylist()}
    same = Cuts.given(cuts["recency"], cuts["frequency"], cuts["monetary"])
    for side, when in (("before", first), ("after", second)):
        table = timelines.ask(Rfm(when, question.window_days, "cuts", same)).table.to_pylist()
        sizes = {row["rfm"]: row["customers"] for row in table}
        summed = dict.fromkeys(sizes, 0)
        for row in answer.table.to_pylist():
            if row[side] in summed:
                summed[row[side]] += row["customers"]
        assert summed == sizes


people = st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 500)), min_size=1, max_size=6), min_size=1, max_size=12)


@settings(max_examples=20)
@given(people, st.integers(0, 30), st.integers(31, 60), st.sampled_from([None, 10, 25]))
def test_margins_equal_the_sizes(bought, first, second, window):
    timelines = told(
        "\n".join(f"c{place} " + " ".join(f"{units}@{at}" for at, units in own) for place, own in enumerate(bought))
    )
    margins(timelines, RfmMigration(day(first), day(second), window), day(first), day(second))


def test_every_cell_of_the_real_shop_equals_a_join_of_the_two_dates():
    timelines = shop()
    question = RfmMigration("2011-06-30", "2011-12-09", 120)
    margins(timelines, question, "2011-06-30", "2011-12-09")
    answer = timelines.ask(question)
    cuts = {row["measure"]: tuple(row[f"cut{place}"] for place in (1, 2, 3, 4)) for row in answer.extra["cuts"].to_pylist()}
    before = rfm_customers(timelines, Rfm("2011-06-30", 120))
    after = rfm_customers(timelines, Rfm("2011-12-09", 120, "cuts", Cuts.given(*cuts.values())))
    sql = duckdb.connect()
    sql.register("b", before)
    sql.register("a", after)
    joined = sql.execute(
        "select coalesce(b.segment, 'Entered'), coalesce(a.segment, 'Left'), count(*) "
        "from b full join a using (customer) group by all"
    ).fetchall()
    assert {(one, other): n for one, other, n in joined} == moves(timelines, question)
    for row in answer.table.to_pylist()[::7]:
        assert len(answer.people(before=row["before"], after=row["after"])) == row["customers"]
