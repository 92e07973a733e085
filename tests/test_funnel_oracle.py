"""Funnels and abandonment on two real clickstreams equal SQL that is written from the definitions."""

from __future__ import annotations

import duckdb
import pytest
from clicks import ecom, simple_shop

from holdfast.analyses.abandonment import Abandonment
from holdfast.analyses.funnel import Funnel

WAYS = [
    (simple_shop, ("product1|product2", "cart", "delivery_choice", "payment_done"), 1),
    (simple_shop, ("main", "products", "cart", "payment_done"), 7),
    (simple_shop, ("products", "products", "cart"), 1),
    (ecom, ("product_view", "add_to_cart", "shipping_details", "purchase"), 1),
    (ecom, ("home", "search", "product_view", "add_to_cart"), 30),
]

EVENTS = """
    CREATE TABLE events AS
    SELECT *, epoch_us(time) AS us, row_number() OVER (ORDER BY time, arrival) AS place
    FROM (SELECT *, row_number() OVER () AS arrival FROM source)
"""

# All chains of every depth, as first and last event: each step later than the one before and within the window of the first.
CHAINS = """
    CREATE TABLE chains AS
    WITH RECURSIVE chain AS (
        SELECT customer_id, 1 AS depth, place AS first, us AS begun, place AS last FROM events
        WHERE list_contains(string_split($steps[1], '|'), event)
        UNION
        SELECT c.customer_id, c.depth + 1, c.first, c.begun, e.place
        FROM chain c JOIN events e USING (customer_id)
        WHERE c.depth < len($steps) AND e.place > c.last AND e.us <= c.begun + $window
          AND list_contains(string_split($steps[c.depth + 1], '|'), e.event)
    )
    SELECT * FROM chain
"""

REACHED = "SELECT depth, count(DISTINCT customer_id) FROM chains GROUP BY depth ORDER BY depth"

# The chain that counts: deepest, first there, begun last; the platform at its first event.
BY_PLATFORM = """
    WITH best AS (
        SELECT DISTINCT ON (customer_id) customer_id, depth, first FROM chains
        ORDER BY customer_id, depth DESC, last, first DESC
    )
    SELECT platform, step, count(*) FROM best JOIN events ON events.place = best.first, range(1, len($steps) + 1) r(step)
    WHERE step <= depth GROUP BY ALL ORDER BY ALL
"""

TIMES = """
    WITH best AS (SELECT DISTINCT ON (customer_id) * FROM chains ORDER BY customer_id, depth DESC, last, first DESC)
    SELECT quantile_cont(took, 0.5), quantile_cont(took, 0.9)
    FROM (SELECT e.us // 1000000 - begun // 1000000 AS took
          FROM best JOIN events e ON e.place = best.last WHERE depth = len($steps))
"""


def told(made, steps: tuple[str, ...], days: int) -> duckdb.DuckDBPyConnection:
    sql = duckdb.connect()
    sql.register("source", made()[0])
    sql.execute(EVENTS)
    sql.execute(CHAINS, {"steps": list(steps), "window": days * 86_400_000_000})
    return sql


@pytest.mark.parametrize(("made", "steps", "days"), WAYS)
def test_a_funnel_equals_all_chains_in_sql(made, steps, days):
    sql = told(made, steps, days)
    answer = made()[1].ask(Funnel(steps, window=f"{days} days"))
    assert [(row["step"], row["reached"]) for row in answer.table.to_pylist()] == sql.execute(REACHED).fetchall()
    whole = answer.extra["conversion"].to_pylist()[0]
    middle, late = sql.execute(TIMES, {"steps": list(steps)}).fetchall()[0]
    assert (whole["median_seconds"], whole["p90_seconds"]) == pytest.approx((middle, late), rel=1e-12)
    for row in answer.table.to_pylist():
        assert len(answer.people(step=row["step"])) == row["reached"]


def test_segments_equal_sql():
    _, steps, days = WAYS[3]
    expected = told(ecom, steps, days).execute(BY_PLATFORM, {"steps": list(steps)}).fetchall()
    answer = ecom()[1].ask(Funnel(steps, window=f"{days} days", by="platform"))
    found = sorted((row["segment"], row["step"], row["reached"]) for row in answer.table.to_pylist())
    assert found == expected
    for segment, step, number in expected:
        assert len(answer.people(step=step, segment=segment)) == number


# Runs of what keeps a cart or checkout alive, cut after an order and where the window passes; a run with an opening is one.
LEFT = """
    WITH alive AS (
        SELECT *, lag(event) OVER each AS before, us - lag(us) OVER each AS silent FROM events
        WHERE list_contains($alive, event) OR list_contains($orders, event)
        WINDOW each AS (PARTITION BY customer_id ORDER BY place)
    ), cut AS (
        SELECT *, sum((before IS NULL OR silent > $window OR list_contains($orders, before))::INT)
                  OVER (PARTITION BY customer_id ORDER BY place) AS run FROM alive
    ), runs AS (
        SELECT customer_id, strftime(make_timestamp(min(us) FILTER (list_contains($opening, event))), '%Y-%m') AS month,
               arg_max(event, place) AS ending, max(us) AS last
        FROM cut GROUP BY customer_id, run HAVING count(*) FILTER (list_contains($opening, event)) > 0
    ), ended AS (
        SELECT *, CASE WHEN list_contains($orders, ending) THEN 'bought'
                       WHEN (SELECT max(us) // 1000000 + 1 FROM events) - last // 1000000 <= $window // 1000000
                       THEN 'in progress'
                       ELSE 'abandoned' END AS ended FROM runs
    )
    SELECT month, ended, count(*), count(DISTINCT customer_id) FROM ended GROUP BY ALL ORDER BY ALL
"""

SHOPS = [
    (simple_shop, ["cart"], ["delivery_choice", "payment_choice"], ["payment_done"]),
    (ecom, ["add_to_cart"], ["shipping_details", "payment_details"], ["purchase"]),
]


@pytest.mark.parametrize(("made", "cart", "checkout", "orders"), SHOPS)
@pytest.mark.parametrize("hours", [1, 24, 240])
def test_abandonment_equals_sql(made, cart, checkout, orders, hours):
    sql = told(made, ("nothing",), 1)
    answer = made()[1].ask(Abandonment(window=f"{hours} hours"))
    columns = {"bought": "customers_bought", "in_progress": "customers_in_progress", "abandoned": "customers"}
    for what, opening, alive in (("cart", cart, cart + checkout), ("checkout", checkout, checkout)):
        asked = {"opening": opening, "alive": alive, "orders": orders, "window": hours * 3_600_000_000}
        expected = sql.execute(LEFT, asked).fetchall()
        found = sorted(
            (row["period"], ended.replace("_", " "), row[ended], row[customers])
            for row in answer.table.to_pylist()
            for ended, customers in columns.items()
            if row["what"] == what and row["period"] != "all" and row[ended]
        )
        assert found == expected
        for month, ended, _, customers in expected:
            assert len(answer.people(what=what, period=month, outcome=ended)) == customers
