"""Orders from lines and refunds tied to them: stories with literals, and laws that no file may break."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.options import ImportOptions
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.events.refunds import Holding, ReturnedLine, tie
from holdfast.events.schema import EVENTS, ORDER, REFUND
from holdfast.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
COLUMNS = ("order", "customer", "date", "product", "category", "quantity", "price")
Line = tuple[str, str | None, str, str, str, str, str]


def table(lines: list[Line]) -> pa.Table:
    return pa.table([pa.array(column, pa.string()) for column in zip(*lines, strict=True)], names=list(COLUMNS))


def read(source: Any, **keys: Any) -> list[dict[str, Any]]:
    plan = plan_import(source, Settings(), options=ImportOptions(shape="lines", dates="iso", decimal=".", **keys))
    return pa.Table.from_batches(list(read_events(plan, Settings(), now=NOW).events), EVENTS).to_pylist()


STORY: list[Line] = [
    ("1", "ann", "2024-01-05 10:00", "cup", "home", "4", "2.50"),
    ("1", "ann", "2024-01-05 10:00", "tea", "food", "3", "10.05"),
    ("2", "ann", "2024-02-05 10:00", "cup", "home", "2", "2.50"),
    ("3", "ben", "2024-02-06 10:00", "cup", "home", "1", "2.50"),
    ("3", "ben", "2024-02-06 10:00", "voucher", "", "-1", "0.50"),
    ("C4", "ann", "2024-03-01 10:00", "cup", "home", "-5", "2.50"),
    ("C5", "ann", "2024-03-02 10:00", "cup", "home", "-3", "2.50"),
    ("C6", "dan", "2024-03-03 10:00", "cup", "home", "-1", "2.50"),
    ("7", None, "2024-03-04 10:00", "tea", "food", "1", "10.05"),
]


def test_the_story_of_anns_cups() -> None:
    """Ann buys 4 cups and tea (10.00 + 30.15), then 2 cups (5.00). She returns 5 cups: 2 of her latest order (5.00), 3 of
    the first (7.50).

    She returns 3 more: 1 is left of the first order (2.50), 2 were never bought (5.00, no order). Ben's voucher lowers his
    order to
    2.00. Dan returns a cup he never bought (2.50, no order). Somebody nameless buys tea.
    """
    events = read(table(STORY))
    orders = [(one["order_id"], one["customer_id"], one["revenue"]) for one in events if one["event"] == ORDER]
    assert orders == [
        ("1", "ann", Decimal("40.15")),
        ("2", "ann", Decimal(5)),
        ("3", "ben", Decimal(2)),
        ("7", None, Decimal("10.05")),
    ]
    refunds = [
        (json.loads(one["properties"])["refund_id"], one["order_id"], one["revenue"])
        for one in events
        if one["event"] == REFUND
    ]
    assert refunds == [
        ("C4", "2", Decimal(5)),
        ("C4", "1", Decimal("7.5")),
        ("C5", "1", Decimal("2.5")),
        ("C5", None, Decimal(5)),
        ("C6", None, Decimal("2.5")),
    ]


def test_an_order_keeps_its_products_in_row_order_and_the_category_of_its_largest_line() -> None:
    first = read(table(STORY))[0]
    assert json.loads(first["products"]) == [
        {"product_id": "cup", "category": "home", "quantity": 4, "price": 2.5},
        {"product_id": "tea", "category": "food", "quantity": 3, "price": 10.05},
    ]
    assert json.loads(first["properties"])["category"] == "food"
    assert first["time"] == dt.datetime(2024, 1, 5, 10, tzinfo=dt.UTC)


def test_a_refund_that_names_its_order_is_tied_to_it() -> None:
    frame = table(STORY).append_column("refund_of", pa.array([None] * 5 + ["1", "1", None, None], pa.string()))
    refunds = [(one["order_id"], one["revenue"]) for one in read(frame) if one["event"] == REFUND]
    assert refunds == [("1", Decimal("12.5")), ("1", Decimal("7.5")), (None, Decimal("2.5"))]


def test_customer_and_time_on_the_first_line_only_serve_the_whole_order(tmp_path: Path) -> None:
    """Shopify writes them once an order."""
    path = tmp_path / "shopify.csv"
    path.write_text(
        "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price\n"
        "#1,ann@example.com,2024-01-05 10:00:00 +0100,1,cup,2.50\n#1,,,2,tea,10.05\n#2,,,1,tea,10.05\n"
    )
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    events = pa.Table.from_batches(list(reading.events), EVENTS).to_pylist()
    assert [(one["order_id"], one["customer_id"], one["revenue"]) for one in events] == [
        ("#1", "ann@example.com", Decimal("22.60"))
    ]
    assert [(one.row, one.reason, (one.values or {})["Lineitem name"]) for one in reading.refusals] == [(4, "no_time", "tea")]


def test_whole_orders_with_a_negative_row_are_refunds_of_the_order_they_name(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,customer,date,total\n1,ann,2024-01-05,10.05\n2,ben,2024-01-06,7\n9,ben,2024-01-07,-7\n")
    plan = plan_import(path, Settings(), options=ImportOptions(shape="orders"))
    events = pa.Table.from_batches(list(read_events(plan, Settings(), now=NOW).events), EVENTS).to_pylist()
    assert [(one["event"], one["order_id"], one["revenue"]) for one in events] == [
        (ORDER, "1", Decimal("10.05")), (ORDER, "2", Decimal(7)), (REFUND, None, Decimal(7)),
    ]  # fmt: skip
    path.write_text("order_id,customer,date,total\n1,ann,2024-01-05,10.05\n1,ann,2024-01-07,-3\n")
    plan = plan_import(path, Settings(), options=ImportOptions(shape="orders"))
    events = pa.Table.from_batches(list(read_events(plan, Settings(), now=NOW).events), EVENTS).to_pylist()
    assert [(one["event"], one["order_id"], one["revenue"]) for one in events] == [
        (ORDER, "1", Decimal("10.05")),
        (REFUND, "1", Decimal(3)),
    ]


def test_a_line_shared_over_orders_keeps_every_ten_thousandth() -> None:
    """10.0000 for 3 pieces, one of each of three orders: 3.3333 + 3.3333 + 3.3334."""
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    held = [("ann", "cup", Holding(str(number), day + dt.timedelta(number), 10_000)) for number in range(3)]
    line = ReturnedLine(0, day + dt.timedelta(9), "ann", "cup", 30_000, 100_000)
    assert [(part.order, part.amount) for part in tie([line], held)] == [("2", 33_333), ("1", 33_333), ("0", 33_334)]


MOMENT = st.sampled_from([f"2024-01-0{day} 10:00" for day in range(1, 8)])
LINES = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "5", "6"]), st.sampled_from(["ann", "ben", None]), MOMENT,
        st.sampled_from(["cup", "tea"]),
        st.sampled_from(["home", "food"]), st.integers(-9, 9).map(str), st.sampled_from(["0", "0.01", "1.05", "10.05",
        "3.3333"]),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def lined(lines: list[Line]) -> pa.Table:
    """Every order number belongs to one customer, so that no line is filled from another."""
    return table([(f"{line[1]}-{line[0]}" if line[1] else f"-{line[0]}", *line[1:]) for line in lines])


def net(events: list[dict[str, Any]]) -> Decimal:
    return sum((one["revenue"] if one["event"] == ORDER else -one["revenue"] for one in events), Decimal(0))


@QUICK
@given(LINES)
def test_law_money_is_the_sum_of_the_lines(lines: list[Line]) -> None:
    assert net(read(lined(lines))) == sum((Decimal(line[5]) * Decimal(line[6]) for line in lines), Decimal(0))


@QUICK
@given(LINES, st.randoms(use_true_random=False))
def test_law_the_order_of_rows_changes_no_revenue(lines: list[Line], random: Any) -> None:
    shuffled = random.sample(lines, len(lines))

    def orders(events: list[dict[str, Any]]) -> Counter[Any]:
        return Counter(
            (one["order_id"], one["customer_id"], one["time"], one["revenue"]) for one in events if one["event"] == ORDER
        )

    there, back = read(lined(lines)), read(lined(shuffled))
    assert orders(there) == orders(back)
    assert net(there) == net(back)


@QUICK
@given(LINES, LINES)
def test_law_ids_are_the_same_each_time_and_in_a_longer_file(lines: list[Line], more: list[Line]) -> None:
    """Whole orders: each row an event; the ids of a file are among those of the file with rows added."""

    def ids(rows: list[Line]) -> list[str]:
        plan = plan_import(table(rows), Settings(), options=ImportOptions(shape="orders", dates="iso"), mapping={"order": ""})
        return [one for batch in read_events(plan, Settings(), now=NOW).events for one in batch["event_id"].to_pylist()]

    assert ids(lines) == ids(lines)
    assert len(set(ids(lines))) == len(lines)
    assert set(ids(lines)) <= set(ids(lines + more)) & set(ids(more + lines))


@QUICK
@given(LINES)
def test_law_dropped_duplicates_are_those_counted_when_kept(lines: list[Line]) -> None:
    twice = lined(lines + lines)
    assert net(read(twice, duplicates="drop")) == net(read(lined(list(dict.fromkeys(lines)))))
    plan = plan_import(twice, Settings(), options=ImportOptions(shape="lines", dates="iso"))
    reading = read_events(plan, Settings(), now=NOW)
    assert sum(batch.num_rows for batch in reading.events) == reading.counts["events"]
    assert reading.counts["duplicates_kept"] == 2 * len(lines) - len(set(lines))


@pytest.mark.parametrize("name", ["refusals.jsonl", "again.txt"])
def test_a_refusals_file_is_read_again_with_what_was_put_right(name: str, tmp_path: Path) -> None:
    """Ben's amount was "ten"; put right in the refusals file, his order goes in, with its own row number and the rest's
    mapping."""
    path = tmp_path / "orders.csv"
    path.write_text("customer,date,total\nann,2024-01-05,10.05\nben,2024-01-06,ten\ncleo,never,1\n")
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    assert sum(batch.num_rows for batch in reading.events) == 1
    assert reading.refusals.by_reason() == {"number_unreadable": 1, "time_unreadable": 1}
    kept = reading.refusals.write(tmp_path / name)
    kept.write_text(kept.read_text().replace('"total": "ten"', '"total": "10"'))
    plan = plan_import(kept, Settings())
    assert plan.facts["replay"].value == "refusals"
    again = read_events(plan, Settings(), now=NOW)
    events = pa.Table.from_batches(list(again.events), EVENTS).to_pylist()
    assert [(one["customer_id"], one["revenue"]) for one in events] == [("ben", Decimal(10))]
    assert [(one.row, one.reason) for one in again.refusals] == [(4, "time_unreadable")]
