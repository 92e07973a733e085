"""Revenue concentration: top shares, Gini, how few bring 80 %, against figures by hand and plain SQL."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from bought import told
from hypothesis import given
from hypothesis import strategies as st
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.concentration import Concentration, ranked
from holdfast.errors import UnknownName, UsageError

FOUR = "ann 700@0 100@9\nben 100@1\ncleo 60@2\ndan 40@3"


def test_four_people_by_hand():
    """Ann 800 of 1,000. Gini of 40, 60, 100, 800: 2(1·40 + 2·60 + 3·100 + 4·800) / (4·1000) − 5/4 = 0.58."""
    answer = told(FOUR).ask(Concentration())
    rows = {row["top"]: (row["customers"], row["revenue"], row["share"]) for row in answer.table.to_pylist()}
    assert rows == dict.fromkeys((1, 5, 10, 20), (1, 800.0, 0.8)) | {50: (2, 900.0, 0.9)}
    summary = answer.extra["summary"].to_pylist()[0]
    assert summary["gini"] == pytest.approx(0.58)
    assert (summary["customers_for_80"], summary["share_for_80"], summary["zero"], summary["negative"]) == (1, 0.25, 0, 0)
    assert answer.people(what="reach 80").ids == ("ann",)
    assert answer.people(top=50).ids == ("ann", "ben")
    curve = {row["top"]: row for row in answer.extra["curve"].to_pylist()}
    assert (curve[0]["share"], curve[100]["share"], curve[75]["share"]) == (0, 1, 0.96)
    assert (curve[0]["lorenz"], curve[25]["lorenz"], curve[100]["lorenz"]) == (0, pytest.approx(0.04), 1)


def test_who_is_tied_at_the_border_is_taken_in_order_of_the_id():
    timelines = told("\n".join(f"{name} 10@0" for name in ("eve", "dan", "cleo", "ben", "ann")))
    assert timelines.ask(Concentration()).people(top=20).ids == ("ann",)
    assert timelines.ask(Concentration()).people(top=50).ids == ("ann", "ben", "cleo")
    assert timelines.ask(Concentration()).extra["summary"]["gini"].to_pylist() == [pytest.approx(0)]


def test_customers_without_money_are_counted_stated_and_openable():
    """Ben's money all went back, Dan's and more."""
    answer = told("ann 90@0\nben 10@1 -10@2\ncleo 20@1\ndan 5@1 -15@2").ask(Concentration())
    summary = answer.extra["summary"].to_pylist()[0]
    assert (summary["n"], summary["revenue"], summary["zero"], summary["negative"]) == (4, 100.0, 1, 1)
    assert answer.people(what="zero").ids == ("ben",)
    assert answer.people(what="negative").ids == ("dan",)
    assert any("no money left" in note for note in answer.notes)


def test_no_money_at_all_is_null_not_nought():
    answer = told("ann 10@0 -10@1").ask(Concentration())
    assert answer.words == "There is no revenue to share out."
    assert set(answer.table["share"].to_pylist()) == {None}
    assert answer.extra["summary"].to_pylist()[0]["gini"] is None


def test_wrong_cells_are_refused():
    timelines = told(FOUR)
    with pytest.raises(UsageError, match="percent of customers"):
        Concentration().people(timelines, top=200)
    with pytest.raises(UnknownName, match="reach 80"):
        Concentration().people(timelines, what="reach 90")
    with pytest.raises(UnknownName, match="cell key"):
        Concentration().people(timelines, decile=1)


SQL = """
with own as (
    select customer_id, cast(10000 * sum(case when event = 'Order Refunded' then -revenue else revenue end) as hugeint) money
    from events where customer_id is not null group by customer_id having bool_or(event = 'Order Completed')
)
select money, row_number() over w place, sum(money) over (w rows unbounded preceding) running, count(*) over () n,
       sum(money) over () total
from own window w as (order by money desc, customer_id) order by place
"""


@pytest.mark.parametrize(("shop", "events"), [(shop, shop_events), (cdnow, cdnow_events)])
def test_concentration_equals_sql(shop, events):
    sql = duckdb.connect()
    sql.register("events", events())
    rows = sql.execute(SQL).fetchall()
    n, total = rows[0][3], rows[0][4]
    answer = shop().ask(Concentration())
    summary = answer.extra["summary"].to_pylist()[0]
    assert (summary["n"], summary["revenue"]) == (n, float(total) / 10_000)
    assert summary["customers_for_80"] == min(place for _, place, running, *_ in rows if running * 100 >= total * 80)
    assert summary["gini"] == pytest.approx(
        sum((2 * (n - place + 1) - n - 1) * money for money, place, *_ in rows) / (n * total), abs=1e-12
    )
    assert summary["zero"] == sum(row[0] == 0 for row in rows)
    assert summary["negative"] == sum(row[0] < 0 for row in rows)
    for row in answer.table.to_pylist():
        size = -(-n * row["top"] // 100)
        assert (row["customers"], row["revenue"]) == (size, float(rows[size - 1][2]) / 10_000)
        assert row["share"] == pytest.approx(float(rows[size - 1][2] / total), abs=1e-12)
        assert len(answer.people(top=row["top"])) == size
    assert len(answer.people(what="reach 80")) == summary["customers_for_80"]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_the_curve_never_falls_and_gini_lies_between_nought_and_one(values):
    group = ranked(np.array(values, np.int64))
    shares = [group.share(group.top(point)) for point in range(101)]
    if sum(values) == 0:
        assert set(shares) == {None}
        return
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert -1e-12 <= group.gini() < 1
    assert group.share(group.reaching(80)) >= 0.8
