"""The made stream: what is planted is found again by plain counting."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from holdfast import Settings, Timelines, datasets
from holdfast.datasets.made_recipe import BROWSING, EXTRAS, LEAVES_CART_AT, PERSONAS, WAYS, MadeStream
from holdfast.errors import UsageError

RECIPE = MadeStream()
PAGES = dict(zip(("Page Viewed", "Products Searched", "Product List Viewed", "Product Viewed"), BROWSING, strict=True))


@pytest.fixture(scope="module")
def sql() -> Any:
    """The stream as `events` with the session's number, and the customers as `truth`."""
    connection = duckdb.connect()
    connection.register("stream", datasets.made_stream())
    connection.register("truth", datasets.made_truth())
    connection.execute("set timezone = 'UTC'")
    connection.execute(
        """create table events as
        with gaps as (select *, epoch(time)::bigint as second, time - lag(time) over customer as gap from stream
                      where event <> 'Order Refunded' window customer as (partition by customer_id order by time))
        select *, sum((gap is null or gap >= interval 30 minute)::int) over (partition by customer_id order by time) as session
        from gaps"""
    )
    return connection


def _near(found: float, share: float, n: int, errors: float = 4.0) -> bool:
    """Whether a share of n draws lies within so many standard errors of the planted one."""
    return abs(found - share) <= errors * math.sqrt(share * (1 - share) / n) + 1e-12


def test_equal_arguments_give_equal_streams_and_other_seeds_others() -> None:
    first, again, other = (datasets.made_stream(60, seed, 200) for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)
    assert datasets.made_truth(60, 3, 200).equals(datasets.made_truth(60, 3, 200))


def test_too_short_a_stream_is_refused() -> None:
    with pytest.raises(UsageError, match="150 days"):
        datasets.made_stream(10, 1, 100)


def test_the_stream_is_walked_as_it_is() -> None:
    shop = Timelines.from_arrow(datasets.made_stream(60, 3, 200), Settings(properties=("path", "platform", "account")))
    assert shop.customers == 60
    assert "Order Completed" in shop.meta.events
    assert "/checkout/thanks" in shop.meta.properties["path"]


def test_the_ways_between_browsing_pages_are_the_planted_ones(sql: Any) -> None:
    rows = sql.sql(
        """select event, next, count(*) from (select event, lead(event) over (partition by customer_id, session order by time)
        as next from events) group by all"""
    ).fetchall()
    counts = {(PAGES[a], PAGES[b]): n for a, b, n in rows if a in PAGES and b in PAGES}
    for row, page in enumerate(BROWSING):
        n = sum(counts[page, other] for other in BROWSING)
        for place, other in enumerate(BROWSING):
            assert _near(counts[page, other] / n, WAYS[row][place], n), (page, other)


def test_sessions_lie_on_days_of_their_own_eight_hours_apart(sql: Any) -> None:
    most, days = sql.sql(
        "select max(n), min(n) from (select count(distinct session) as n from events group by customer_id, time::date)"
    ).fetchall()[0]
    assert (most, days) == (1, 1)
    (least,) = sql.sql("select min(gap) from events where gap >= interval 30 minute").fetchall()[0]
    assert least.total_seconds() > 6 * 3600


def test_the_personas_are_exactly_those_planted(sql: Any) -> None:
    rows = sql.sql(
        """with what as (
             select customer_id, session, count(*) as steps, bool_or(event = 'Product Added') as filled,
                    count(*) filter (event = 'Order Completed') as orders, max(revenue) as paid
             from events group by all),
           who as (select customer_id, max(steps) as steps, bool_or(filled) as filled, sum(orders) as orders, max(paid) as paid
                   from what group by 1)
        select persona, case when orders > 1 then 'repeat buyer' when orders = 1 and paid < 60 then 'one-time low'
               when orders = 1 and paid > 120 then 'one-time high' when filled then 'cart abandoner'
               when steps > 1 then 'passive browser' when steps = 1 then 'bouncer' end as found, count(*)
        from truth join who using (customer_id) group by all"""
    ).fetchall()
    assert {(planted, found): n for planted, found, n in rows} == {
        (name, name): round(share * RECIPE.customers) for name, share in PERSONAS.items()
    }


def test_carts_are_left_where_planted(sql: Any) -> None:
    rows = dict(
        sql.sql(
            """select reached, count(*) from (
                 select max(case event when 'Checkout Started' then 1 when 'Checkout Step Completed' then 1 + step::int
                            when 'Order Completed' then 9 else 0 end) as reached
                 from events where cart_id is not null group by cart_id) where reached < 9 group by 1"""
        ).fetchall()
    )
    n = sum(rows.values())
    assert all(_near(rows[step] / n, share, n) for step, share in enumerate(LEAVES_CART_AT))


def test_wishing_three_times_in_the_first_week_lifts_staying_by_the_planted_share(sql: Any) -> None:
    rows = sql.sql(
        """with first as (select customer_id, min(time)::date as day from events group by 1),
             week as (select customer_id, count(*) filter (event = 'Wishlist Product Added' and time::date < day + 7) as wishes,
                             bool_or(time::date >= day + 7 and time::date < day + 67) as later
                      from events join first using (customer_id) group by 1)
        select week.wishes >= 3, count(*), count(*) filter (later)
        from week join truth using (customer_id) where persona <> 'bouncer' group by 1 order by 1"""
    ).fetchall()
    (_, without, stayed), (_, did, did_stay) = rows
    assert _near(stayed / without, RECIPE.stays_without, without)
    assert _near(did_stay / did, RECIPE.stays_with, did)


def test_no_other_behaviour_has_a_say_in_who_stays(sql: Any) -> None:
    """Among those who are no bouncers; each behaviour is given a generous four standard errors."""
    for name in EXTRAS:
        if name == RECIPE.cause:
            continue
        rows = sql.execute(
            """with first as (select customer_id, min(time)::date as day from events group by 1),
                 week as (select customer_id, bool_or(event = $1 and time::date < day + 7) as did
                          from events join first using (customer_id) group by 1)
            select did, count(*), count(*) filter (stays) from week join truth using (customer_id)
            where persona <> 'bouncer' and wishes < 3 group by 1 order by 1""",
            [name],
        ).fetchall()
        assert all(_near(stayed / n, RECIPE.stays_without, n) for _, n, stayed in rows), name


def test_those_who_slow_down_come_a_third_as_often_and_most_say_nothing(sql: Any) -> None:
    before, after, slow = sql.execute(
        """select count(*) filter (day >= $1 - 60 and day < $1), count(*) filter (day >= $1), count(distinct customer_id)
        from (select distinct customer_id, (time::date - date '2025-01-01') as day from events)
        join truth using (customer_id) where slows""",
        [RECIPE.slow_day],
    ).fetchall()[0]
    assert slow > 30
    assert 0.25 < after / before < 0.45
    rows = dict(
        sql.sql(
            """select ticket, max(n)
            from (select customer_id, count(*) filter (event = 'Ticket Opened') as n from events group by 1)
            join truth using (customer_id) where slows group by 1"""
        ).fetchall()
    )
    assert rows == {False: 0, True: 1}


def test_discount_seekers_order_with_coupons(sql: Any) -> None:
    rows = sql.sql(
        """select discount_seeker, count(*), count(coupon) from events join truth using (customer_id)
        where event = 'Order Completed' and persona = 'repeat buyer' group by 1 order by 1"""
    ).fetchall()
    (_, others, few), (_, seekers, many) = rows
    assert _near(few / others, RECIPE.coupon_of_others, others)
    assert _near(many / seekers, RECIPE.coupon_of_seekers, seekers)


def test_the_favourite_category_is_shown_most(sql: Any) -> None:
    n, hits = sql.sql(
        """select count(*), count(*) filter (category = favourite) from events join truth using (customer_id)
        where event = 'Product Viewed'"""
    ).fetchall()[0]
    assert _near(hits / n, RECIPE.favourite + (1 - RECIPE.favourite) / 6, n)


def test_repeat_buyers_order_at_their_own_interval(sql: Any) -> None:
    rows = sql.execute(
        """select interval_days, list(time::date - date '2025-01-01' order by time) from events join truth using (customer_id)
        where event = 'Order Completed' and interval_days is not null and time < date '2025-01-01' + $1
        group by customer_id, interval_days""",
        [RECIPE.slow_day],
    ).fetchall()
    waits = [(b - a) / own for own, days in rows for a, b in pairwise(days[1:])]
    assert len(waits) > 300
    assert min(waits) >= 0.6
    assert max(waits) <= 1.5
    assert abs(sum(waits) / len(waits) - 1) < 0.03


def test_money_adds_up(sql: Any) -> None:
    wrong, orders = sql.sql(
        """with lines as (select order_id, revenue, discount, unnest(from_json(products,
             '[{"quantity": "INTEGER", "price": "DECIMAL(18,4)"}]')) as line from events where event = 'Order Completed')
        select count(*) filter (total <> revenue + coalesce(discount, 0)), count(*) from
          (select order_id, any_value(revenue) as revenue, any_value(discount) as discount,
                  sum(line.quantity * line.price) as total from lines group by 1)"""
    ).fetchall()[0]
    assert orders > 2000
    assert wrong == 0
