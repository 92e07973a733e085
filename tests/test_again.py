"""Buying once a period: a charity whose givers the model made, the past of CDNOW, the people, and what cannot be told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from people import told
from shops import cdnow, shop
from simulated_values import DONATIONS, gifts

from holdfast.analyses.again import Again
from holdfast.analyses.opportunities import opportunities
from holdfast.errors import UsageError
from holdfast.timelines.timelines import Timelines


def charity(customers: int = 3_000) -> Timelines:
    """Givers as BG/BB has them, a gift a year on 1 July, first in 2010 to 2014, seen until the end of 2018."""
    x, t_x, n = gifts(DONATIONS, customers, 3)
    random, rows = np.random.default_rng(4), []
    for place in range(customers):
        first = 2018 - int(n[place])
        between = random.permutation(np.arange(1, t_x[place]))[: max(x[place] - 1, 0)]
        years = [first, *(first + int(year) for year in between), *([first + int(t_x[place])] if x[place] else [])]
        rows += [(f"g{place}", datetime(year, 7, 1, 12, tzinfo=UTC)) for year in years]
    rows.append(("late", datetime(2019, 2, 1, tzinfo=UTC)))
    return Timelines.from_arrow(
        pa.table(
            {
                "customer_id": [who for who, _ in rows], "event": ["Order Completed"] * len(rows),
                "order_id": [str(place) for place in range(len(rows))], "revenue": [Decimal("20.00")] * len(rows),
                "time": [time for _, time in rows],
            }
        )
    )  # fmt: skip


def test_a_charity_of_the_models_own_making():
    """The rows that went in come out again; the truth lies in the intervals; who came in 2019 waits."""
    timelines = charity()
    x, t_x, n = gifts(DONATIONS, 3_000, 3)
    found = opportunities(timelines, timelines.as_of(None), "year")
    assert sorted(zip(found.x, found.t_x, found.n, strict=True)) == sorted(zip(x, t_x, n, strict=True))
    answer = timelines.ask(Again())
    for row in answer.extra["model"].to_pylist():
        assert row["low"] <= DONATIONS[row["parameter"]] <= row["high"]
    assert answer.notes[0] == "1 customer came first in the year that is not over: not counted yet"
    rows = answer.table.to_pylist()
    assert sum(row["customers"] for row in rows) == 3_000
    for row in rows[:8]:
        assert len(answer.people(x=row["x"], t_x=row["t_x"], n=row["n"])) == row["customers"]
        assert row["low"] <= row["expected"] <= row["high"] <= 5
        assert row["expected"] / 5 <= row["any"] <= row["alive"] <= 1
    [whole] = answer.extra["summary"].to_pylist()
    assert whole["expected"] == pytest.approx(sum(row["customers"] * row["expected"] for row in rows))
    assert "3,000 customers over 9 years" in answer.words


def test_the_past_of_cdnow_came_as_foretold():
    """As of the end of 1997 by quarters: 7,313 orders (7,021 to 7,547) to be expected in the half-year after, 7,134 came."""
    whole = cdnow()
    [told_] = whole.ask(Again(every="quarter", ahead=2, as_of="1997-12-31")).extra["summary"].to_pylist()
    earlier, later = (opportunities(whole, whole.as_of(day), "quarter") for day in ("1997-12-31", "1998-06-30"))
    came = int(later.x.sum() - earlier.x.sum())
    assert came == 7_134
    assert round(told_["expected"]) == 7_313
    assert told_["low"] <= came <= told_["high"]


def test_what_cannot_be_told_is_said_in_words():
    assert "cannot tell who has left" in shop().ask(Again(every="month")).words
    assert shop().ask(Again(every="month")).table.num_rows == 0
    assert cdnow().ask(Again()).words == "What the next years bring cannot be told: no period is over yet after the first."
    assert "nobody first ordered in a period that is over" in told("ann a 5 @0").ask(Again()).words
    assert "only 1 customer" in told("ann a 5 @0\nann b 5 @400").ask(Again(as_of="2025-12-31")).words
    with pytest.raises(UsageError, match="ahead cannot be 0"):
        Again(ahead=0)


def test_the_picture_draws():
    assert charity(600).ask(Again(ahead=3)).figure().data
