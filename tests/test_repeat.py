"""Second orders and the time between orders: only the watched count, the open gap is censored (SEMANTICS 16)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orders_oracle import oracle
from people import told
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.repeat import Repeat
from holdfast.errors import UnknownName, UsageError

STORY = (
    "ann a1 9 @0  ann a2 9 @20  ann a3 9 @50  ben b1 9 @10  ben b2 9 @70  cleo c1 9 @30  dan d1 9 @80  zoe z1 9 @0  "
    "zoe z2 9 @100"
)
"""Data end on day 100. First orders on days 0 (Ann, Zoe), 10 (Ben), 30 (Cleo), 80 (Dan); second ones after 20, 100 and 60
days."""


def test_only_those_watched_for_d_days_count() -> None:
    """30 days: Dan, first on day 80, is watched for 20 days only: 1 of 4 (Ann). 70 days: all but Dan: 2 of 4. 90 days: Ann,
    Zoe, Ben:
    2 of 3. 365: nobody, so there is no rate."""
    table = Repeat(within=(30, 70, 90, 365)).answer(told(STORY)).table.to_pylist()
    assert [(row["n"], row["second"], row["rate"]) for row in table] == [(4, 1, 0.25), (4, 2, 0.5), (3, 2, 2 / 3), (0, 0, None)]


def test_a_second_order_after_exactly_d_days_is_within_d_days() -> None:
    table = Repeat(within=(59, 60)).answer(told("ben b1 9 @0  ben b2 9 @60  zoe z1 1 @99")).table.to_pylist()
    assert [(row["n"], row["second"]) for row in table] == [(1, 0), (1, 1)]


def test_people_of_each_count() -> None:
    answer = Repeat(within=(90,)).answer(told(STORY))
    assert answer.people(days=90, what="second").ids == ("ann", "ben")
    assert answer.people(days=90, what="no_second").ids == ("zoe",)
    assert answer.people(what="repeat").ids == ("ann", "ben", "zoe")
    assert answer.people(what="single").ids == ("cleo", "dan")
    with pytest.raises(UnknownName, match="90"):
        answer.people(days=91)
    with pytest.raises(UsageError):
        Repeat(within=())


def test_time_between_orders_censors_the_open_gap() -> None:
    """Closed gaps 20, 30, 60, 100: their median is 45. Open: Ann 50, Ben 30, Cleo 70, Dan 20, Zoe 0. At risk on day 20 are 8
    (1 ends:
    7/8), on 30 are 6 (5/6: 0.729), on 60 are 3 (2/3: 0.486): the median is 60."""
    row = Repeat().answer(told(STORY)).extra["summary"].to_pylist()[0]
    assert (row["closed_gap_days"], row["gap_days"], row["gaps"]) == (45.0, 60.0, 4)
    assert (row["customers"], row["repeat"], row["repeat_share"]) == (5, 3, 0.6)


def test_first_to_second_is_kaplan_meier_over_everyone() -> None:
    """Waits 20, 60, 100 ended; 70 (Cleo) and 20 (Dan) open. S: 4/5 after 20, times 2/3 after 60: 0.5333, 0 after 100."""
    row = Repeat().answer(told(STORY)).extra["summary"].to_pylist()[0]
    assert row["first_to_second_days"] == 100.0
    table = {row["days"]: row for row in Repeat(within=(60,)).answer(told(STORY)).table.to_pylist()}
    assert table[60]["km_rate"] == pytest.approx(1 - 4 / 5 * 2 / 3, abs=1e-12)


def test_an_order_taken_back_in_full_repeats_nothing() -> None:
    answer = Repeat(within=(30,)).answer(told("ann a1 9 @0  ann a2 9 @5  -ann a2 9 @8  zoe z1 1 @60"))
    assert answer.people(what="repeat").ids == ()


REPEAT_SQL = """
    WITH customer AS (
        SELECT customer, min(instant) AS first, min(instant) FILTER (nth = 2) AS second FROM orders GROUP BY customer
    )
    SELECT count(*) FILTER (first + 86400 * $days <= $until),
           count(*) FILTER (first + 86400 * $days <= $until AND second <= first + 86400 * $days)
    FROM customer
"""


@pytest.mark.parametrize(
    ("timelines", "events", "zone"),
    [(lambda: shop(tied=True), lambda: shop_events(tied=True), "Europe/London"), (cdnow, cdnow_events, "America/New_York")],
)
def test_every_rate_equals_sql(timelines: Any, events: Any, zone: str) -> None:
    answer, connection = Repeat().answer(timelines()), oracle(events(), zone=zone)
    (last,) = connection.execute("SELECT max(instant) + 1 FROM tagged").fetchone()  # type: ignore[misc]
    for row in answer.table.to_pylist():
        expected = connection.execute(REPEAT_SQL, {"days": row["days"], "until": last}).fetchone()
        assert (row["n"], row["second"]) == expected
        assert row["rate"] == pytest.approx(row["second"] / row["n"], abs=1e-12)
        assert len(answer.people(days=row["days"], what="second")) == row["second"]
    several = connection.execute(
        "SELECT count(*), count(*) FILTER (n > 1) FROM (SELECT count(*) AS n FROM orders GROUP BY customer)"
    )
    summary = answer.extra["summary"].to_pylist()[0]
    assert (summary["customers"], summary["repeat"]) == several.fetchone()


CLOSED_SQL = """
    SELECT median(wait), count(*) FROM (
        SELECT lead(day) OVER (PARTITION BY customer ORDER BY time) - day AS wait FROM orders) WHERE wait IS NOT NULL
"""


@pytest.mark.parametrize(("timelines", "events"), [(shop, shop_events), (cdnow, cdnow_events)])
def test_the_median_of_closed_gaps_equals_sql(timelines: Any, events: Any) -> None:
    summary = Repeat().answer(timelines()).extra["summary"].to_pylist()[0]
    assert (summary["closed_gap_days"], summary["gaps"]) == oracle(events()).execute(CLOSED_SQL).fetchone()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 150)), min_size=1, max_size=40), st.integers(1, 120))
@settings(max_examples=60)
def test_people_are_exactly_the_counted(rows: list[tuple[int, int]], days: int) -> None:
    answer = Repeat(within=(days,)).answer(told(" ".join(f"p{who} o{place} 1 @{day}" for place, (who, day) in enumerate(rows))))
    row = answer.table.to_pylist()[0]
    second, none = answer.people(days=days, what="second"), answer.people(days=days, what="no_second")
    assert (len(second), len(none)) == (row["second"], row["n"] - row["second"])
    assert answer.people(days=days, what="eligible").ids == tuple(sorted(second.ids + none.ids))
