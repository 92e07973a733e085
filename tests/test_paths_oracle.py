"""Paths against plain SQL with window functions, written from the definitions, on two real clickstreams."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from holdfast.analyses.paths import Paths
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
READ = {
    "shop": "SELECT CAST(client_id AS VARCHAR) AS who, event, CAST(timestamp AS TIMESTAMP) AS time FROM read_csv($path)",
    "ecom": "SELECT user_id AS who, event, CAST(timestamp AS TIMESTAMP) AS time, user_lifecycle AS kind FROM read_csv($path)",
}
FILES = {
    "shop": DATA / "clickstream-simple-shop/simple-onlineshop_2020-05_MPL2.csv",
    "ecom": DATA / "clickstream-retentioneering-ecom/ecom.csv.gz",
}


@cache
def stream(name: str) -> tuple[Timelines, Any]:
    if not FILES[name].exists():
        pytest.skip("the data is not here")
    sql = duckdb.connect()
    sql.execute(f"CREATE TABLE clicks AS {READ[name]}", {"path": str(FILES[name])})
    # Events of one customer at one instant stand in the order of the file, which is the order of arrival.
    events = sql.sql("SELECT who AS customer_id, * EXCLUDE (who) FROM clicks ORDER BY rowid").to_arrow_table()
    return Timelines.from_arrow(events, Settings()), sql


STEPS = """
    WITH placed AS (
        SELECT who, event, time, epoch(date_trunc('second', time))::BIGINT AS second,
               row_number() OVER (PARTITION BY who ORDER BY time, rowid) AS nth FROM clicks
    ), gaps AS (
        SELECT *, coalesce(second - lag(second) OVER (PARTITION BY who ORDER BY nth) >= 1800, true) AS fresh FROM placed
    ), sessions AS (
        SELECT *, sum(fresh::INT) OVER (PARTITION BY who ORDER BY nth) AS session FROM gaps
    ), single AS (
        SELECT * FROM sessions QUALIFY lag(event) OVER (PARTITION BY who, session ORDER BY nth) IS DISTINCT FROM event
    ), steps AS (
        SELECT who, CASE WHEN $unit = 'sessions' THEN session ELSE 0 END AS part, event, second, nth FROM single
    ), units AS (SELECT count(*) AS n FROM (SELECT DISTINCT who, part FROM steps))
"""

ONWARD = """
    , opened AS (
        SELECT who, part, min(nth) AS began FROM steps WHERE event = $start GROUP BY ALL
    ), laid AS (
        SELECT who, part, event, second, row_number() OVER own - 1 AS layer,
               lead(event) OVER own AS next, lead(second) OVER own AS next_second
        FROM steps JOIN opened USING (who, part) WHERE nth >= began WINDOW own AS (PARTITION BY who, part ORDER BY nth)
    )
    SELECT layer, event, CASE WHEN next IS NULL THEN '(drop-off)' WHEN layer = $steps THEN '(goes on)' ELSE next END AS onto,
           count(*), count(DISTINCT who), (SELECT n FROM units),
           CASE WHEN onto NOT LIKE '(%' THEN quantile_cont(next_second - second, 0.5) END,
           CASE WHEN onto NOT LIKE '(%' THEN quantile_cont(next_second - second, 0.9) END
    FROM laid WHERE layer <= $steps GROUP BY layer, event, onto
"""

BACKWARD = """
    , closed AS (
        SELECT who, part, min(nth) AS ended FROM steps WHERE event = $end GROUP BY ALL
    ), laid AS (
        SELECT who, part, event, second, 1 - row_number() OVER back AS layer,
               lead(event) OVER back AS next, lead(second) OVER back AS next_second
        FROM steps JOIN closed USING (who, part) WHERE nth <= ended WINDOW back AS (PARTITION BY who, part ORDER BY nth DESC)
    )
    SELECT layer - 1,
           CASE WHEN next IS NULL THEN '(begins)' WHEN layer = -$steps THEN '(goes back)' ELSE next END AS came, event,
           count(*), count(DISTINCT who), (SELECT n FROM units),
           CASE WHEN came NOT LIKE '(%' THEN quantile_cont(second - next_second, 0.5) END,
           CASE WHEN came NOT LIKE '(%' THEN quantile_cont(second - next_second, 0.9) END
    FROM laid WHERE layer >= -$steps GROUP BY layer, came, event
"""

BETWEEN = """
    , opened AS (
        SELECT who, part, min(nth) AS began FROM steps WHERE event = $start GROUP BY ALL
    ), goal AS (
        SELECT who, part, any_value(began) AS began, min(nth) FILTER (event = $end AND nth > began) AS ended
        FROM steps JOIN opened USING (who, part) GROUP BY ALL
    ), inner_steps AS (
        SELECT who, part, event, second, nth, row_number() OVER (PARTITION BY who, part ORDER BY nth) AS place, ended
        FROM steps JOIN goal USING (who, part) WHERE nth > began AND (ended IS NULL OR nth < ended)
    ), entries AS (
        SELECT who, part, 0 AS layer, event AS name, second AS came, second AS left_at FROM steps JOIN goal USING (who, part)
        WHERE nth = began
        UNION ALL SELECT who, part, place, event, second, second FROM inner_steps WHERE place <= $steps
        UNION ALL SELECT who, part, $steps + 1, '(more)', min(second), max(second) FROM inner_steps WHERE place > $steps
        GROUP BY who, part
        UNION ALL SELECT who, part, $steps + 2, event, second, second FROM steps JOIN goal USING (who, part) WHERE nth = ended
    ), laid AS (
        SELECT *, lead(name) OVER own AS next, lead(came) OVER own AS next_came FROM entries
        WINDOW own AS (PARTITION BY who, part ORDER BY layer)
    )
    SELECT layer, name, coalesce(next, '(drop-off)') AS onto, count(*), count(DISTINCT who), (SELECT n FROM units),
           quantile_cont(next_came - left_at, 0.5), quantile_cont(next_came - left_at, 0.9)
    FROM laid WHERE layer <= $steps + 1 GROUP BY layer, name, onto
"""

ASKED = [
    ("shop", "onward", {"start": "cart"}), ("shop", "backward", {"end": "payment_done"}),
    ("shop", "between", {"start": "main", "end": "payment_done"}), ("ecom", "onward", {"start": "add_to_cart"}),
    ("ecom", "backward", {"end": "purchase"}), ("ecom", "between", {"start": "home", "end": "purchase"}),
]  # fmt: skip
SQL = {"onward": ONWARD, "backward": BACKWARD, "between": BETWEEN}
KEYS = ("layer", "from", "to", "count", "customers", "n", "median_seconds", "p90_seconds")


@pytest.mark.parametrize("unit", ["customers", "sessions"])
@pytest.mark.parametrize(("data", "shape", "anchors"), ASKED)
def test_links_drop_offs_customers_and_times_equal_sql(data, shape, anchors, unit):
    timelines, sql = stream(data)
    answer = timelines.ask(Paths(**anchors, unit=unit, steps=3, nodes=50))
    expected = sql.execute(STEPS + SQL[shape], {**anchors, "unit": unit, "steps": 3}).fetchall()
    found = {tuple(row[key] for key in KEYS[:3]): tuple(row[key] for key in KEYS[3:]) for row in answer.table.to_pylist()}
    assert found.keys() == {row[:3] for row in expected}
    for row in expected:
        assert found[row[:3]] == pytest.approx(row[3:]), row[:3]
    most = max(expected, key=lambda row: (row[3], row[:3]))
    assert len(answer.people(layer=most[0], **{"from": most[1], "to": most[2]})) == most[4]


def test_whole_sessions_equal_sql():
    timelines, sql = stream("ecom")
    answer = timelines.ask(Paths(unit="sessions", longest=100, most_paths=50))
    top = sql.execute(
        STEPS
        + "SELECT whole, count(*), count(DISTINCT who) FROM (SELECT who, part, string_agg(event, ' > ' ORDER BY nth) AS whole "
        "FROM steps GROUP BY who, part) GROUP BY whole",
        {"unit": "sessions"},
    ).fetchall()
    known = {whole: (count, customers) for whole, count, customers in top}
    rows = answer.extra["paths"].to_pylist()
    assert len(rows) == 51
    assert [row["count"] for row in rows[:50]] == sorted((count for count, _ in known.values()), reverse=True)[:50]
    for row in rows[:50]:
        assert (row["count"], row["customers"]) == known[row["path"]]
    assert sum(row["count"] for row in rows) == sum(count for count, _ in known.values()) == rows[0]["n"]
    assert len(answer.people(path="(other paths)")) == rows[50]["customers"]
    assert len(answer.people(path=rows[3]["path"])) == rows[3]["customers"]


def test_two_segments_equal_sql():
    """Shares of customers of the two largest kinds who went from a page to another nth the first step."""
    timelines, sql = stream("ecom")
    answer = timelines.ask(Paths(by="kind", nodes=50))
    kinds = dict(sql.execute("SELECT who, first(kind ORDER BY time, rowid) FROM clicks GROUP BY who").fetchall())
    rows = [row for row in answer.extra["difference"].to_pylist() if row["layer"] == 0]
    one, other = rows[0]["segment_a"], rows[0]["segment_b"]
    first = sql.execute(
        STEPS + "SELECT who, event, lead(event) OVER own FROM steps WINDOW own AS (PARTITION BY who ORDER BY nth) "
        "QUALIFY row_number() OVER own = 1",
        {"unit": "customers"},
    ).fetchall()
    for row in rows:
        for label, side in ((one, "a"), (other, "b")):
            among = [who for who, kind in kinds.items() if kind == label]
            took = [who for who, here, there in first if (here, there or "(drop-off)") == (row["from"], row["to"])]
            took = [who for who in took if kinds[who] == label]
            assert (row[f"customers_{side}"], row[f"n_{side}"]) == (len(took), len(among))
