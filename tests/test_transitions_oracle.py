"""Transitions against retentioneering itself on its own sample, and against plain SQL in DuckDB on two real clickstreams."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import pytest
from clicks import HERE, ecom, first_50, plain_csv, simple_shop
from engines import oracle_python

from holdfast.analyses.transitions import Transitions
from holdfast.timelines.timelines import Timelines

MATRICES = json.loads((HERE / "retentioneering_matrices.json").read_text(encoding="utf-8"))
SCRIPT = Path(__file__).parent / "retentioneering_matrix.py"


def matrix(timelines: Timelines) -> dict[str, dict[str, int]]:
    """Our counts in retentioneering's form."""
    found: dict[str, dict[str, int]] = {}
    for row in timelines.ask(Transitions(gap_minutes=None, times="none")).table.to_pylist():
        one, other = row["from"].replace("(start)", "path_start"), row["to"].replace("(drop-off)", "path_end")
        found.setdefault(one, {})[other] = row["transitions"]
    return found


def test_the_matrix_of_fifty_customers_equals_retentioneerings():
    assert matrix(first_50()) == MATRICES["first_50"]


def test_the_matrix_of_the_whole_sample_equals_retentioneerings():
    assert matrix(ecom()[1]) == MATRICES["all"]


def test_retentioneering_itself_says_the_same_now(needs):
    """Its installed version counts the sample in its own package; we count the same file."""
    import gzip

    needs("retentioneering")
    said = subprocess.run([str(oracle_python()), str(SCRIPT)], capture_output=True, text=True, check=True)
    live = json.loads(said.stdout)
    assert live["version"] == MATRICES["version"]
    counts = {one: row for one, row in live["counts"].items() if row}
    assert counts == MATRICES["all"] == matrix(plain_csv(gzip.decompress(Path(live["file"]).read_bytes())))


SQL = """
    WITH step AS (SELECT customer_id, event, time, epoch_us(time) // 1000000 AS second, row_number() OVER () AS arrival
                  FROM events),
    gaps AS (SELECT *, second - lag(second) OVER one >= $gap OR lag(second) OVER one IS NULL AS fresh FROM step
             WINDOW one AS (PARTITION BY customer_id ORDER BY time, arrival)),
    numbered AS (SELECT *, sum(fresh::INT) OVER (PARTITION BY customer_id ORDER BY time, arrival) AS session FROM gaps),
    single AS (SELECT *, coalesce(lag(event) OVER one = event, false) AS again FROM numbered
               WINDOW one AS (PARTITION BY customer_id, session ORDER BY time, arrival)),
    kept AS (SELECT * FROM single WHERE NOT (again AND $collapsed)),
    pairs AS (SELECT customer_id, session, event AS one, second,
                     coalesce(lead(event) OVER path, '(drop-off)') AS other, lead(second) OVER path - second AS wait
              FROM kept WINDOW path AS (PARTITION BY customer_id, session ORDER BY time, arrival)
              UNION ALL
              SELECT customer_id, session, '(start)', NULL, event, NULL FROM kept
              WHERE fresh)
    SELECT one, other, count(*) AS n, count(DISTINCT customer_id) AS customers,
           count(DISTINCT (customer_id, session)) AS sessions,
           quantile_cont(wait, 0.5) AS half, quantile_cont(wait, 0.9) AS most
    FROM pairs GROUP BY ALL
"""


@pytest.mark.parametrize("stream", [simple_shop, ecom])
@pytest.mark.parametrize(("gap", "loops"), [(None, "kept"), (30, "kept"), (30, "collapsed"), (None, "collapsed")])
def test_counts_customers_sessions_and_times_equal_plain_sql(stream, gap, loops):
    events, timelines = stream()
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        sql.register("events", events)
        rows = sql.execute(SQL, {"gap": 1 << 40 if gap is None else 60 * gap, "collapsed": loops == "collapsed"}).fetchall()
    answer = timelines.ask(Transitions(gap_minutes=gap, loops=loops, unit="transitions" if gap is None else "sessions"))
    found = {(row["from"], row["to"]): row for row in answer.table.to_pylist()}
    assert set(found) == {(one, other) for one, other, *_ in rows}
    for one, other, n, customers, sessions, half, most in rows:
        row = found[one, other]
        assert (row["transitions"], row["customers"], row["count"]) == (n, customers, n if gap is None else sessions)
        if half is None:
            assert row["median_seconds"] is row["p90_seconds"] is None
        else:
            assert (row["median_seconds"], row["p90_seconds"]) == pytest.approx((half, most), rel=1e-12)
