"""Threads and Spark run the same tests: a real master with two workers gives the same tables cell by cell, the same people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spark_cluster import HERE, QUICK_START, cluster
from spark_questions import CELLS, HARDER, SILENT, questions
from spark_steps import LaidBare, Misled, Whereabouts, same_arrays

from holdfast import datasets
from holdfast.analyses.answer import Answer, Question
from holdfast.analyses.scope import coverage
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

ENGINES = ("threads", "spark")
TESTS = Path(__file__).parent
SHOP = Settings(zone="Europe/London", currency="GBP")


pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="session")
def spark(needs, tmp_path_factory) -> Iterator[Any]:
    """A session on a real master with two workers, started once."""
    needs("spark")
    from holdfast.timelines.spark_session import start

    home = TESTS.parent / "src"
    options = {
        "spark.driver.host": HERE,
        "spark.driver.bindAddress": HERE,
        "spark.driver.extraJavaOptions": QUICK_START,
        "spark.executor.extraJavaOptions": QUICK_START,
        "spark.executor.cores": "1",
        "spark.executor.memory": "512m",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Executors import the steps of these tests, too.
        "spark.executorEnv.PYTHONPATH": os.pathsep.join([str(home), str(TESTS)]),
    }
    os.environ["SPARK_LOCAL_IP"] = HERE
    with cluster(tmp_path_factory.mktemp("spark")) as master:
        session = start(master, options=options)
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


Build = Callable[..., Timelines]


@pytest.fixture(scope="session", params=ENGINES)
def build(request, tmp_path_factory) -> Build:
    """Timelines of an Arrow table, on one machine or on the cluster."""
    if request.param == "threads":
        return Timelines.from_arrow
    spark = request.getfixturevalue("spark")
    folder = tmp_path_factory.mktemp("frames")

    def on_cluster(table: pa.Table, settings: Settings, **names: Any) -> Timelines:
        place = folder / f"{len(list(folder.iterdir()))}"
        place.mkdir()
        half = (len(table) + 1) // 2
        for part in range(2):
            pq.write_table(table.slice(part * half, half), place / f"{part}.parquet")
        return Timelines.from_spark(spark.read.parquet(str(place)), settings, **names)

    return on_cluster


@pytest.fixture(scope="session")
def shop_events() -> pa.Table:
    """Online Retail as orders and refunds, with an arrival number."""
    found = duckdb.sql(
        """
        with lines as (
            select cast(CustomerID as varchar) as customer_id, InvoiceNo, Country,
                cast(InvoiceDate as timestamp) as t, Quantity * cast(UnitPrice as decimal(18, 4)) as money
            from read_parquet($path)
        ), orders as (
            select customer_id, min(t) as time, sum(money) as money, InvoiceNo, any_value(Country) as country
            from lines group by customer_id, InvoiceNo
        )
        select customer_id, time, case when money < 0 then 'Order Refunded' else 'Order Completed' end as event,
            case when money < 0 then null else InvoiceNo end as order_id, cast(abs(money) as decimal(18, 4)) as revenue,
            country, row_number() over (order by time, InvoiceNo) as sequence
        from orders order by time desc, InvoiceNo
        """,
        params={"path": str(datasets.path("online_retail"))},
    )
    return found.to_arrow_table()


@pytest.fixture(scope="session")
def one_machine(shop_events) -> Timelines:
    return Timelines.from_arrow(shop_events, SHOP)


@pytest.fixture(scope="session")
def expected(one_machine) -> Callable[[Question], Answer]:
    """The answer of one machine, asked once."""
    return cache(one_machine.ask)


@pytest.fixture(scope="session")
def shop_on(build, shop_events) -> Timelines:
    """The shop on the engine of the parameter."""
    return build(shop_events, SHOP)


def test_ann_ben_and_cleo_are_the_same_on_both_engines(build):
    """Ann orders 10.05 and 20.00 and sends half of the second back; Ben orders once at 00:30 of the night in which London puts
    the clocks forward; Cleo browsed as b1 before she signed up; someone unknown ordered for 5.00; a row has no time.
    """
    table = pa.Table.from_pylist(
        [
            {"who": "ann", "when": at(1, 9), "what": "Order Completed", "id": "o1", "money": 10.05, "plan": "gold"},
            {"who": "ann", "when": at(2, 9), "what": "Order Completed", "id": "o2", "money": 20.0, "plan": None},
            {"who": "ann", "when": at(3, 9), "what": "Order Refunded", "id": "o2", "money": 10.0, "plan": None},
            {"who": "ben", "when": at(31, 0, 30), "what": "Order Completed", "id": "o3", "money": 7.0, "plan": "tin"},
            {"who": "ben", "when": at(31, 23, 30), "what": "Product Viewed", "id": None, "money": None, "plan": None},
            {
                "who": None,
                "device": "b1",
                "when": at(4, 12),
                "what": "Product Viewed",
                "id": None,
                "money": None,
                "plan": "tin",
            },
            {"who": "cleo", "when": at(5, 12), "what": "Order Completed", "id": "o4", "money": 1.5, "plan": None},
            {"who": None, "when": at(6, 12), "what": "Order Completed", "id": "o5", "money": 5.0, "plan": None},
            {"who": "dan", "when": None, "what": "Order Completed", "id": "o6", "money": 5.0, "plan": None},
        ],
        pa.schema(
            [
                *(("who", pa.string()), ("device", pa.string()), ("when", pa.timestamp("us", tz="UTC")), ("what", pa.string())),
                *(("id", pa.string()), ("money", pa.float64()), ("plan", pa.string())),
            ]
        ),
    )
    names = {"customer": "who", "anonymous": "device", "time": "when", "event": "what", "order": "id", "revenue": "money"}
    store = build(table, Settings(zone="Europe/London"), **names)
    assert (store.customers, store.events, store.meta.skipped) == (4, 7, 1)
    assert store.meta.events == ("", "Order Completed", "Order Refunded", "Product Viewed")
    assert store.meta.properties == {"plan": ("", "gold", "tin")}
    assert (store.meta.refunds, store.meta.tied) == (1, 1)
    seen = store.walk(LaidBare(store.as_of().until))
    assert seen.sums == {"orders": 4, "revenue": 285_500}
    assert sorted(seen.rows["id"].to_pylist()) == ["ann", "anon:b1", "ben", "cleo"]
    days = dict(zip(seen.rows["bought.amount"].tolist(), seen.rows["bought.day"].tolist(), strict=True))
    assert days[70_000] - days[100_500] == 30
    assert coverage(store, store.as_of()) == 4 / 5


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=UTC)


def test_aliases_join_before_customers_are_dealt_out(spark):
    """b1 is Cleo: her timeline begins with what the browser did."""
    rows = [
        {"anonymous_id": "b1", "event": "Viewed", "time": at(1, 1)},
        {"customer_id": "cleo", "event": "Bought", "time": at(2, 1)},
    ]
    table = pa.Table.from_pylist(
        [{"customer_id": None, "anonymous_id": None, **row} for row in rows],
        pa.schema(
            [
                ("customer_id", pa.string()),
                ("anonymous_id", pa.string()),
                ("event", pa.string()),
                ("time", pa.timestamp("us", "UTC")),
            ]
        ),
    )
    store = Timelines.from_spark(spark.createDataFrame(table), aliases=(pa.array(["anon:b1"]), pa.array(["cleo"])))
    seen = store.walk(LaidBare(store.as_of().until)).rows
    assert seen["id"].to_pylist() == ["cleo"]
    assert [store.meta.events[code] for code in seen["code"]] == ["Viewed", "Bought"]


def test_the_shop_has_the_same_arrays(shop_on, one_machine):
    """22,190 events of 4,372 customers: every array of every timeline, in the same order."""
    assert (shop_on.customers, shop_on.events) == (4_372, 22_190)
    assert shop_on.meta == one_machine.meta
    step = LaidBare(shop_on.as_of("2011-06-30").until)
    mine, theirs = shop_on.walk(step), one_machine.walk(step)
    assert mine.sums == theirs.sums
    same_arrays(plain(mine.rows), plain(theirs.rows))
    a, b = shop_on.source.columns.nobody, one_machine.source.columns.nobody
    assert np.array_equal(np.sort(a.second), np.sort(b.second))
    assert (int(a.amount.sum()), np.bincount(a.code).tolist()) == (int(b.amount.sum()), np.bincount(b.code).tolist())


def test_both_workers_walk(spark, shop_events):
    """A worker's executor runs in the folder work0 or work1: the walk was in both, and covered everyone."""
    store = Timelines.from_spark(spark.createDataFrame(shop_events), SHOP)
    seen = store.walk(Whereabouts())
    assert seen.sums["customers"] == 4_372
    assert {Path(folder).parts[-3] for folder in seen.rows["folder"]} == {"work0", "work1"}
    store.close()


def plain(rows: dict[str, Any]) -> dict[str, Any]:
    return {name: value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value for name, value in rows.items()}


@pytest.mark.parametrize(
    "question",
    questions(),
    ids=lambda question: type(question).__name__ + (f"-{question.by}" if getattr(question, "by", None) else ""),
)
def test_an_answer_is_the_same_cell_by_cell(question, shop_on, expected):
    mine, theirs = shop_on.ask(question), expected(question)
    assert mine.table.equals(theirs.table)
    assert mine.to_dict() == theirs.to_dict()
    assert len(mine.table) > 0 or (isinstance(question, SILENT) and question not in HARDER)


@pytest.mark.parametrize(
    ("question", "cell"), CELLS, ids=lambda each: type(each).__name__ if not isinstance(each, dict) else None
)
def test_the_people_behind_a_number_are_the_same(question, cell, shop_on, one_machine):
    mine = question.people(shop_on, **cell)
    assert mine == question.people(one_machine, **cell)
    assert len(mine) > 0


def test_a_mistake_in_a_question_is_said_in_the_same_words(shop_on):
    with pytest.raises(UnknownName, match="no property is called 'planet'"):
        shop_on.walk(Misled())


def test_a_column_that_is_not_there_is_said_before_anything_runs(build, shop_events):
    with pytest.raises(UnknownName, match="did you mean revenue"):
        build(shop_events, SHOP, revenue="revnue")


def test_a_frame_without_rows_is_walked_all_the_same(build, shop_events):
    store = build(shop_events.slice(0, 0), SHOP)
    assert (store.customers, store.events) == (0, 0)
    assert store.walk(LaidBare(2**31)).sums == {"orders": 0, "revenue": 0}


def test_a_step_must_not_carry_the_timelines(spark):
    """Executors would have to hold what they are parts of; the message says what to carry instead."""
    table = pa.table({"customer_id": ["ann"], "time": pa.array([at(1, 1)])})
    store = Timelines.from_spark(spark.createDataFrame(table))
    with pytest.raises(Exception, match="a step carries the timelines"):
        store.walk(lambda _: store)
    with pytest.raises(UsageError, match="not saved"):
        store.save("x")
    with pytest.raises(AttributeError, match="lies on the executors"):
        _ = store.source.columns.offsets
    store.close()
