"""NPS, CSAT and CES: figures by hand, and 13,954 real answers of shoppers counted by plain SQL."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.analyses.scores import ces, csat, latest, nps
from holdfast.errors import UsageError

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "nps-retail-fr" / "nps.csv"


def test_nps_by_hand() -> None:
    """Five promoters, three passives, two detractors of ten: 50 - 20 = 30; variance .5 + .2 - .09 = .61."""
    score = nps([9, 10, 9, 9, 10, 7, 8, 7, 6, 0])
    assert score.counts == {"promoters": 5, "passives": 3, "detractors": 2}
    assert (score.value, score.n) == (30, 10)
    assert score.margin == pytest.approx(100 * 1.959964 * math.sqrt(0.061), rel=1e-6)


@given(st.lists(st.floats(0, 10), max_size=50))
def test_any_number_lands_in_exactly_one_class(answers: list[float]) -> None:
    score = nps(answers)
    assert sum(score.counts.values()) == score.n == len(answers)
    if score.value is not None and score.low is not None and score.high is not None:
        assert -100 <= score.low <= score.value <= score.high <= 100


def test_the_edges_of_the_classes() -> None:
    assert nps([6.999, 7, 8.999, 9]).counts == {"promoters": 1, "passives": 2, "detractors": 1}


def test_csat_is_the_top_two_and_ces_has_a_direction() -> None:
    assert csat([5, 4, 3, 1]).value == 0.5
    assert csat([7, 6, 5, 1], scale=7).value == 0.5
    assert ces([7, 5]).value == 6
    assert ces([1, 3], easy="low").value == 6


def test_nobody_answered() -> None:
    for score in (nps([]), csat([]), ces([])):
        assert (score.value, score.low, score.high, score.n, score.margin) == (None, None, None, 0, None)
    assert (ces([4]).value, ces([4]).margin) == (4, None)


@pytest.mark.parametrize("answer", [11, -1, float("nan")])
def test_an_answer_off_the_scale_is_refused(answer: float) -> None:
    with pytest.raises(UsageError, match="scale from 0 to 10"):
        nps([9, answer])


def test_one_answer_a_person_the_latest() -> None:
    told = [("ann", 2, 9.0), ("ann", 1, 3.0), ("ben", 1, 7.0), ("ben", 1, 8.0)]
    assert latest(told) == {"ann": 9.0, "ben": 8.0}


@pytest.mark.skipif(not SHARED.exists(), reason="the French shoppers' answers are not beside the project")
def test_real_answers_equal_plain_sql() -> None:
    import duckdb

    read = "create or replace temp view told as select try_cast(nps as double) as nps from read_csv('{}', ignore_errors = true)"
    duckdb.sql(read.format(SHARED))
    counted = duckdb.sql(
        "select count(*) filter (nps >= 9), count(*) filter (nps < 7), count(*), 100 * avg((nps >= 9)::int - (nps < 7)::int) "
        "from told where nps between 0 and 10"
    ).fetchall()[0]
    answers = [row[0] for row in duckdb.sql("select nps from told where nps between 0 and 10").fetchall()]
    score = nps(answers)
    assert (score.counts["promoters"], score.counts["detractors"], score.n) == counted[:3]
    assert score.value == pytest.approx(counted[3], abs=1e-9)
