"""Personas of three real shops against plain SQL in DuckDB written from the definitions."""

from __future__ import annotations

import duckdb
import pytest
from persona_streams import SHOPS, events_of, timelines_of

from holdfast.analyses.personas import Personas
from holdfast.analyses.personas.card import PersonaCard
from holdfast.analyses.personas.moves import PersonaMoves
from holdfast.analyses.personas.rules import PERSONAS
from holdfast.datasets import made_stream, made_truth
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import date_of

CARTS = ("cart", "delivery_choice", "payment_choice", "add_to_cart", "shipping_details", "payment_details", "payment_error")

SQL = """
WITH known AS (
    SELECT customer_id, event, order_id, revenue, row_number() OVER () AS place, CAST(floor(epoch(time)) AS BIGINT) AS second
    FROM (SELECT customer_id, event, order_id, revenue, timezone('UTC', timezone($zone, time)) AS time FROM events)
    WHERE customer_id IS NOT NULL
), seen AS (
    SELECT * FROM known WHERE second < $until
), back AS (
    SELECT customer_id, order_id, sum(revenue) AS money FROM seen
    WHERE event = 'Order Refunded' AND order_id IS NOT NULL GROUP BY ALL
), bought AS (
    SELECT o.customer_id, o.place, coalesce(o.revenue, 0) - coalesce(back.money, 0) AS net
    FROM seen o LEFT JOIN back USING (customer_id, order_id)
    WHERE event = 'Order Completed' AND (back.money IS NULL OR o.revenue > back.money)
), buyer AS (
    SELECT customer_id, count(*) AS orders, sum(net) AS money, arg_min(net, place) AS first FROM bought GROUP BY customer_id
), split AS (
    SELECT coalesce($split, floor(median(CAST(first AS DOUBLE)) * 10000) / 10000) AS at FROM buyer
), walked AS (
    SELECT customer_id, second - lag(second) OVER (PARTITION BY customer_id ORDER BY place) AS wait
    FROM seen WHERE event NOT IN ('Order Completed', 'Order Refunded')
), told AS (
    SELECT customer_id, bool_or(list_contains($carts, event) OR event LIKE 'Order %') AS cart FROM seen GROUP BY customer_id
), stayed AS (
    SELECT customer_id, bool_or(wait < 1800) AS stayed FROM walked GROUP BY customer_id
)
SELECT customer_id, CASE WHEN orders >= 2 THEN 'repeat buyer'
                         WHEN orders = 1 AND first > split.at THEN 'one-time high value'
                         WHEN orders = 1 THEN 'one-time low value'
                         WHEN cart THEN 'cart abandoner'
                         WHEN stayed THEN 'passive browser' ELSE 'bouncer' END AS persona,
       coalesce(orders, 0) AS orders, coalesce(money, 0) AS money
FROM told LEFT JOIN buyer USING (customer_id) LEFT JOIN stayed USING (customer_id) CROSS JOIN split
ORDER BY customer_id
"""


def expected(shop, until, split=None):
    sql = duckdb.connect()
    sql.execute("set threads = 1")
    sql.register("events", events_of(shop))
    given = {"zone": timelines_of(shop).meta.zone, "until": until, "split": split, "carts": list(CARTS)}
    return sql.execute(SQL, given).fetchall()


def sizes(rows):
    return [sum(row[1] == name for row in rows) for name in PERSONAS]


@pytest.mark.parametrize("shop", SHOPS)
def test_personas_equal_sql_person_by_person(shop):
    timelines = timelines_of(shop)
    answer = timelines.ask(Personas())
    rows = expected(shop, timelines.as_of().until)
    table = {row["persona"]: row for row in answer.table.to_pylist()}
    assert sum(row["customers"] for row in table.values()) == len(rows) == timelines.customers
    for name, size in zip(PERSONAS, sizes(rows), strict=True):
        row = table.get(name, {"customers": 0, "orders": 0})
        assert (row["customers"], row["orders"]) == (size, sum(one[2] for one in rows if one[1] == name))
        assert list(answer.people(persona=name).ids) == [one[0] for one in rows if one[1] == name]


@pytest.mark.parametrize("shop", SHOPS)
def test_moves_and_sizes_before_equal_sql_at_both_dates(shop):
    timelines = timelines_of(shop)
    last = timelines.as_of()
    step = Personas().step(timelines)
    first = timelines.as_of(date_of(last.day - 30))
    split = step.rule.split / 10_000
    before = {row[0]: row[1] for row in expected(shop, first.until, split)}
    after = {row[0]: row[1] for row in expected(shop, last.until)}
    moves = timelines.ask(PersonaMoves(date_of(last.day - 30)))
    found = {(row["before"], row["after"]): row["customers"] for row in moves.table.to_pylist()}
    counted: dict = {}
    for who, now in after.items():
        pair = before.get(who, "not yet here"), now
        counted[pair] = counted.get(pair, 0) + 1
    assert {pair: count for pair, count in found.items() if count} == counted
    told = {row["persona"]: row for row in timelines.ask(Personas()).table.to_pylist()}
    for row in moves.extra["sizes"].to_pylist():
        assert row["after"] == sum(one == row["persona"] for one in after.values())
        assert row["before"] == sum(one == row["persona"] for one in before.values())
        if row["persona"] in told and told[row["persona"]]["before_30"] is not None:
            assert told[row["persona"]]["before_30"] == row["before"]


def test_revenue_adds_up_to_the_shops():
    timelines = timelines_of("online retail")
    table = timelines.ask(Personas()).table.to_pylist()
    sql = duckdb.connect()
    sql.register("events", events_of("online retail"))
    ((whole,),) = sql.sql(
        "select sum(case event when 'Order Refunded' then -revenue else revenue end) from events where customer_id is not null"
    ).fetchall()
    assert round(sum(row["revenue"] for row in table), 2) == round(float(whole), 2)


def test_the_made_stream_gives_its_truth_back_for_people_and_for_accounts():
    """Order values of one-time buyers lie under 60 or above 120: with a split of 90 everybody is what she was made as."""
    stream, truth = made_stream(600), made_truth(600)
    timelines = Timelines.from_arrow(stream, Settings())
    answer = timelines.ask(Personas(split=90))
    made = dict(zip(truth["customer_id"].to_pylist(), truth["persona"].to_pylist(), strict=True))
    for name in PERSONAS:
        expected = sorted(who for who, persona in made.items() if persona == name.removesuffix(" value"))
        assert list(answer.people(persona=name).ids) == expected
    seekers = {who for who, is_one in zip(made, truth["discount_seeker"].to_pylist(), strict=True) if is_one}
    marked = set(answer.people(mark="discount seeker").ids)
    assert len(marked & seekers) >= 0.8 * len(seekers)
    assert len(marked - seekers) <= 0.1 * len(marked)
    firms = stream.set_column(stream.schema.get_field_index("customer_id"), "customer_id", stream["account"])
    accounts = Timelines.from_arrow(firms.filter(firms["account"].is_valid()), Settings(small_group=5))
    table = accounts.ask(Personas()).table.to_pylist()
    assert sum(row["customers"] for row in table) == accounts.customers > 10
    card = accounts.ask(PersonaCard("repeat buyer"))
    assert set(card.people().ids) <= set(firms["account"].to_pylist())
    assert "repeat buyers" in card.words
