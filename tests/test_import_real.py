"""The real files, read and counted against plain SQL in DuckDB written from the definitions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from holdfast.events.options import ImportOptions
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import EVENTS
from holdfast.settings import Settings

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
PACKED = Path(__file__).parent.parent / "src" / "holdfast" / "datasets"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SHOP = Settings(zone="Europe/London", currency="GBP")


def _file(*choices: Path) -> Path:
    found = next((path for path in choices if path.exists()), None)
    if found is None:
        pytest.skip("the data is not here")
    return found


@pytest.fixture(scope="module")
def retail() -> dict[str, Any]:
    path = _file(DATA / "online-retail/online_retail.csv.gz", PACKED / "online_retail.parquet")
    reading = read_events(plan_import(path, SHOP), SHOP, now=NOW)
    events = pa.Table.from_batches(list(reading.events), EVENTS)
    connection = duckdb.connect()
    lines = "read_csv($1, all_varchar = true)" if path.suffix == ".gz" else "read_parquet($1)"
    connection.execute(
        "create table raw as select InvoiceNo as invoice, regexp_replace(CustomerID::varchar, '[.]0$', '') as customer, "
        "Quantity::int as quantity, UnitPrice::decimal(12, 4) as price, Country as country, InvoiceDate::timestamp as moment "
        f"from {lines}",
        [str(path)],
    )
    connection.register("events", events)
    return {"sql": connection, "events": events, "counts": reading.counts, "refusals": reading.refusals}


def _sql(retail: dict[str, Any], text: str) -> list[tuple[Any, ...]]:
    return list(retail["sql"].sql(text).fetchall())


def test_every_line_of_online_retail_goes_in(retail: dict[str, Any]) -> None:
    """541,909 lines, 135,080 without customer, 5,268 exact duplicates: as the data's own notes say."""
    counts = retail["counts"]
    assert (counts["rows"], counts["anonymous_rows"], counts["duplicates_kept"], counts["refused"]) == (
        541_909,
        135_080,
        5_268,
        0,
    )


def test_orders_of_online_retail_equal_plain_sql(retail: dict[str, Any]) -> None:
    """An invoice of a customer with a line that does not take back is an order; its money is the exact sum of its lines."""
    wrong = _sql(
        retail,
        """
        with expected as (
            select invoice, customer, sum(quantity * price)::decimal(18, 4) as revenue, min(moment) as moment, count(*) as lines
            from raw group by invoice, customer
            having not bool_and(quantity * price < 0 or (quantity * price = 0 and quantity < 0)) and sum(quantity * price) >= 0
        ), found as (
            select order_id as invoice, customer_id as customer, revenue, timezone('Europe/London', time)::timestamp as moment,
                json_array_length(products) as lines
            from events where event = 'Order Completed'
        )
        select * from ((from expected except all from found) union all (from found except all from expected)) limit 5
        """,
    )
    assert wrong == []


def test_money_of_online_retail_is_kept_to_the_cent(retail: dict[str, Any]) -> None:
    """Orders less refunds equal the sum of all lines: 9,747,747.934 pounds."""
    net = _sql(retail, "select sum(case event when 'Order Completed' then revenue else -revenue end) from events")[0][0]
    assert net == Decimal("9747747.9340") == _sql(retail, "select sum(quantity * price) from raw")[0][0]


def test_each_tied_refund_names_an_earlier_order_of_its_customer(retail: dict[str, Any]) -> None:
    wrong = _sql(
        retail,
        """
        select count(*) from events as back
        where back.event = 'Order Refunded' and back.order_id is not null and not exists (
            select 1 from events as sold where sold.event = 'Order Completed' and sold.order_id = back.order_id
                and sold.customer_id = back.customer_id and sold.time <= back.time)
        """,
    )
    assert wrong == [(0,)]
    assert retail["counts"]["refunds_tied"] > retail["counts"]["refunds_untied"] > 0


def test_no_product_is_taken_back_more_often_than_it_was_sold(retail: dict[str, Any]) -> None:
    wrong = _sql(
        retail,
        """
        with pieces as (
            select event, order_id, customer_id, unnest(from_json(products, '[{"product_id": "VARCHAR",
            "quantity": "DOUBLE"}]')) as one
            from events where order_id is not null and customer_id is not null
        ), sums as (
            select order_id, customer_id, one.product_id as product,
                sum(one.quantity) filter (event = 'Order Completed') as sold, sum(one.quantity) filter (event = 'Order
                Refunded') as back
            from pieces group by all
        )
        select count(*) from sums where back > sold + 0.00001 or (back is not null and sold is null)
        """,
    )
    assert wrong == [(0,)]


def test_ids_of_online_retail_are_all_different_and_countries_are_kept(retail: dict[str, Any]) -> None:
    assert _sql(retail, "select count(*) = count(distinct event_id) from events") == [(True,)]
    assert _sql(retail, "select count(distinct properties->>'$.Country') from events") == _sql(
        retail, "select count(distinct country) from raw"
    )


def test_cdnow_rows_are_orders_in_plain_sql_too() -> None:
    """69,659 rows of 23,570 customers, 2,500,315.63 dollars; a day is a local date of the workspace."""
    path = _file(DATA / "cdnow/CDNOW_master.txt.gz")
    settings = Settings(zone="America/New_York", currency="USD")
    plan = plan_import(path, settings)
    assert (plan.shape.value, plan.dates.value, plan.facts["separator"].value) == ("orders", "compact", "whitespace")
    events = pa.Table.from_batches(list(read_events(plan, settings, now=NOW).events), EVENTS)
    connection = duckdb.connect()
    connection.register("events", events)
    assert connection.sql(
        "select count(*), count(distinct customer_id), sum(revenue), count(distinct order_id) from events"
    ).fetchall() == [(69_659, 23_570, Decimal("2500315.6300"), 69_659)]
    days = connection.sql(
        "select min(timezone('America/New_York', time))::varchar, max(timezone('America/New_York', time))::varchar from events"
    )
    assert days.fetchall() == [("1997-01-01 00:00:00", "1998-06-30 00:00:00")]


def test_cdnow_sample_without_header_is_recognised() -> None:
    plan = plan_import(_file(DATA / "cdnow/CDNOW_sample.txt"), Settings())
    assert plan.mapping == {"time": "column3", "customer": "column1", "revenue": "column5"}
    assert plan.facts["header"].value == "none"


def test_dropping_duplicates_of_cdnow_drops_what_sql_counts() -> None:
    path = _file(DATA / "cdnow/clvtools_cdnow.csv")
    options = ImportOptions(duplicates="drop")
    reading = read_events(plan_import(path, Settings(), options=options), Settings(), now=NOW)
    rows = sum(batch.num_rows for batch in reading.events)
    distinct = duckdb.sql(
        "select count(*) from (select distinct * from read_csv($1, all_varchar = true))", params=[str(path)]
    ).fetchall()[0][0]
    assert rows == distinct == reading.counts["rows"] - reading.counts["duplicates_dropped"]
