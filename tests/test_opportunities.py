"""Opportunities: a story by hand, and the same from plain SQL over CDNOW."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from people import told
from shops import cdnow, cdnow_events

from holdfast.analyses.opportunities import opportunities
from holdfast.errors import UsageError


def test_a_story():
    """Ann gives in each year but 2026, twice in 2025. Ben once, in 2025. Cleo first in 2027, which is not over."""
    story = "ann a 5 @10\nann b 5 @380\nann c 5 @390\nann d 5 @1100\nben e 5 @400\ncleo f 5 @1101\ndan g 5 @20\n-dan g 5 @30"
    timelines = told(story)
    found = opportunities(timelines, timelines.as_of("2027-06-30"), "year")
    assert found.periods.labels() == ["2024", "2025", "2026"]
    rows = dict(zip(found.ids.to_pylist(), np.column_stack([found.x, found.t_x, found.n]).tolist(), strict=True))
    # In 2027 Ann's fourth gift falls into a year that is not over; Dan's gift was taken back.
    assert rows == {"ann": [1, 1, 2], "ben": [0, 0, 1]}
    assert found.late == 1
    over = opportunities(timelines, timelines.as_of("2027-12-31"), "year")
    assert dict(zip(over.ids.to_pylist(), over.x.tolist(), strict=True)) == {"ann": 2, "ben": 0, "cleo": 0}
    with pytest.raises(UsageError, match="every cannot be"):
        opportunities(timelines, timelines.as_of(None), "decade")  # type: ignore[arg-type]


def test_months_are_those_of_plain_sql():
    events = cdnow_events()  # noqa: F841 - DuckDB reads it by name
    expected = duckdb.sql(
        """WITH months AS (SELECT DISTINCT customer_id, date_diff('month', DATE '1997-01-01', CAST(time AS DATE)) AS month
                           FROM events),
                first AS (SELECT customer_id, min(month) AS first, max(month) AS last, count(*) - 1 AS x FROM months GROUP BY 1)
           SELECT x, last - first AS t_x, 17 - first AS n, count(*) FROM first GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    found = opportunities(cdnow(), cdnow().as_of(None), "month")
    rows, counts = np.unique(np.column_stack([found.x, found.t_x, found.n]), axis=0, return_counts=True)
    assert [(*row, count) for row, count in zip(rows.tolist(), counts.tolist(), strict=True)] == expected
