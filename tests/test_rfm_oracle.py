"""RFM against plain SQL written from the definitions, on two real shops: every customer, every segment."""

from __future__ import annotations

import duckdb
import pytest
from shops import cdnow, cdnow_events, shop, shop_events

from holdfast.analyses.rfm import Rfm, rfm_customers

SCORES = """
with orders as (
    select customer_id customer, time, case when event = 'Order Refunded' then -revenue else revenue end amount,
           event = 'Order Completed' bought
    from events
), raw as (
    select customer, max(cast(time as date)) filter (bought) as newest, count(*) filter (bought) frequency, sum(amount) monetary
    from orders where customer is not null and time < $until::timestamp and cast(time as date) >= $first::date group by customer
), own as (
    select customer, date_diff('day', newest, cast($until::timestamp - interval 1 second as date)) recency, frequency,
           cast(monetary * 10000 as bigint) monetary
    from raw where frequency > 0
), cuts as (
    select quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) r, quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) f,
           quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) m from own
), scored as (
    select customer, recency, frequency, monetary / 10000 monetary,
           5 - len(list_filter(cuts.r, lambda x: x < recency)) r, 1 + len(list_filter(cuts.f, lambda x: x < frequency)) f,
           1 + len(list_filter(cuts.m, lambda x: x < monetary)) m
    from own, cuts
), joined as (select *, (f + m + 1) // 2 fm from scored)
select customer, recency, frequency, monetary, r, f, m, concat(r, f, m) code, case
    when r = 5 and fm >= 4 then 'Champions' when r = 5 and fm >= 2 then 'Potential Loyalist' when r = 5 then 'New'
    when r = 4 and fm >= 4 then 'Loyal' when r = 4 and fm >= 2 then 'Potential Loyalist' when r = 4 then 'Promising'
    when r = 3 and fm >= 4 then 'Loyal' when r = 3 and fm = 3 then 'Needs Attention' when r = 3 then 'About to Sleep'
    when fm = 5 then 'Cannot Lose Them' when fm >= 3 then 'At Risk' when r = 2 then 'Hibernating' else 'Lost' end segment
from joined order by customer
"""

SHOPS = {"retail": (shop, shop_events), "cdnow": (cdnow, cdnow_events)}
CASES = [
    ("retail", None, "2011-12-09 12:50:01", None),
    ("retail", "2011-06-30", "2011-07-01", None),
    ("retail", "2011-06-30", "2011-07-01", 90),
    ("cdnow", None, "1998-06-30 00:00:01", None),
    ("cdnow", "1997-09-30", "1997-10-01", 180),
]


@pytest.mark.parametrize(("name", "as_of", "until", "window"), CASES)
def test_every_customers_scores_equal_sql(name, as_of, until, window):
    timelines, events = (made() for made in SHOPS[name])
    sql = duckdb.connect()
    sql.register("events", events)
    first = "1970-01-01" if window is None else sql.execute(
        "select cast($until::timestamp - interval 1 second as date) - $days::int + 1", {"until": until, "days": window}
    ).fetchone()[0]  # fmt: skip
    expected = sql.execute(SCORES, {"until": until, "first": str(first)}).fetchall()
    question = Rfm(as_of=as_of, window_days=window)
    found = [tuple(row.values()) for row in rfm_customers(timelines, question).to_pylist()]
    assert len(found) > 500
    assert [(*row[:3], round(row[3], 4), *row[4:]) for row in expected] == found
    totals: dict[str, list[float]] = {}
    for row in expected:
        total = totals.setdefault(row[8], [0, 0.0])
        total[0] += 1
        total[1] += row[3]
    answer = timelines.ask(question)
    table = {row["rfm"]: [row["customers"], row["revenue"]] for row in answer.table.to_pylist() if row["customers"]}
    assert table == {name: [count, pytest.approx(revenue, abs=1e-6)] for name, (count, revenue) in totals.items()}
    assert answer.definition.n == len(expected)


def test_every_segment_of_the_real_shop_opens_to_its_people():
    timelines = shop()
    answer = timelines.ask(Rfm(by="country"))
    some = {row["segment"]: row["n"] for row in answer.table.to_pylist()}
    for row in answer.table.to_pylist():
        if some[row["segment"]] > 25:
            assert len(answer.people(rfm=row["rfm"], segment=row["segment"])) == row["customers"]
    assert sum(some.values()) == timelines.ask(Rfm()).definition.n
