"""Plain events: Segment's JSON lines, clickstreams, workbooks; what is kept, what is streamed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa

from holdfast.events.digest import Seen
from holdfast.events.options import ImportOptions
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import EVENTS
from holdfast.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def read(source: Any, **keys: Any) -> list[dict[str, Any]]:
    reading = read_events(plan_import(source, Settings(), **keys), Settings(), now=NOW)
    return pa.Table.from_batches(list(reading.events), EVENTS).to_pylist()


def test_segment_calls_keep_their_ids_names_and_properties(tmp_path: Path) -> None:
    """Ann looks at a page without being known, signs in, orders for 10.05 and takes 1.05 back."""
    calls = [
        {"messageId": "m1", "type": "page", "anonymousId": "a", "timestamp": "2024-01-05T10:00:00Z",
         "properties": {"path": "/tea"}},
        {"messageId": "m2", "type": "identify", "anonymousId": "a", "userId": "ann", "timestamp": "2024-01-05T10:01:00.5Z"},
        {"messageId": "m3", "type": "track", "event": "Order Completed", "userId": "ann",
         "timestamp": "2024-01-05T11:02:00+01:00",
         "properties": {"order_id": "7", "revenue": 10.05, "products": [{"product_id": "tea", "quantity": 1}]}},
        {"messageId": "m4", "type": "track", "event": "Order Refunded", "userId": "ann", "timestamp": "2024-01-06T10:00:00Z",
         "properties": {"order_id": "7", "revenue": -1.05}},
    ]  # fmt: skip
    path = tmp_path / "calls.ndjson"
    path.write_text("".join(json.dumps(call) + "\n" for call in calls))
    rows = read(path)
    assert [(row["event_id"], row["type"], row["event"], row["customer_id"], row["anonymous_id"]) for row in rows] == [
        ("m1", "page", "Page", None, "a"),
        ("m2", "identify", "Identify", "ann", "a"),
        ("m3", "track", "Order Completed", "ann", None),
        ("m4", "track", "Order Refunded", "ann", None),
    ]
    assert json.loads(rows[0]["properties"]) == {"path": "/tea"}
    assert [(row["order_id"], row["revenue"]) for row in rows[2:]] == [("7", Decimal("10.05")), ("7", Decimal("1.05"))]
    assert json.loads(rows[2]["products"]) == [{"product_id": "tea", "quantity": 1}]
    assert [row["time"].strftime("%H:%M:%S.%f") for row in rows[1:3]] == ["10:01:00.500000", "10:02:00.000000"]


def test_rows_that_repeat_exactly_are_kept_counted_and_said_or_dropped(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text("user_id,event,timestamp\n" + "ann,View,2024-01-05 10:00:00\n" * 3 + "ben,View,2024-01-05 10:00:00\n")
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    ids = [one for batch in reading.events for one in batch["event_id"].to_pylist()]
    assert len(set(ids)) == 4
    assert reading.counts["duplicates_kept"] == 2
    assert any("2 rows repeat" in note for note in reading.notes())
    dropped = read_events(plan_import(path, Settings(), options=ImportOptions(duplicates="drop")), Settings(), now=NOW)
    assert [one for batch in dropped.events for one in batch["event_id"].to_pylist()] == [ids[0], ids[3]]


def test_a_workbook_is_read_with_its_dates_and_a_formula_without_value_is_said(tmp_path: Path) -> None:
    """Ann's order has an amount, Ben's only a formula that no program has worked out yet."""
    book = openpyxl.Workbook()
    book.active.append(["customer", "date", "amount"])
    book.active.append(["ann", dt.datetime(2024, 1, 5, 10), 10.05])
    book.active.append(["ben", dt.datetime(2024, 1, 6, 10), "=1+1"])
    book.active.append([None, None, None])
    book.active.append(["cleo", dt.date(2024, 1, 7), 7])
    book.save(tmp_path / "orders.xlsx")
    reading = read_events(plan_import(tmp_path / "orders.xlsx", Settings()), Settings(), now=NOW)
    rows = pa.Table.from_batches(list(reading.events), EVENTS).to_pylist()
    assert [(row["customer_id"], row["revenue"]) for row in rows] == [
        ("ann", Decimal("10.05")),
        ("ben", None),
        ("cleo", Decimal(7)),
    ]
    assert [row["time"].day for row in rows] == [5, 6, 7]
    assert [(one.row, one.reason) for one in reading.refusals] == [(4, "empty_row")]
    assert reading.counts["without_amount"] == 1


def test_progress_is_told_and_a_field_with_line_ends_keeps_the_line_numbers_true(tmp_path: Path) -> None:
    """Ann's note spans lines 2 and 3; Ben's bad time stands on line 4."""
    path = tmp_path / "notes.csv"
    path.write_text(
        'user_id,event,timestamp,note\nann,View,2024-01-05,"two\nlines"\nben,View,never,x\ncleo,View,2024-01-06,y\n'
    )
    told: list[tuple[int, int | None]] = []
    reading = read_events(plan_import(path, Settings()), Settings(), lambda done, total: told.append((done, total)), now=NOW)
    rows = pa.Table.from_batches(list(reading.events), EVENTS).to_pylist()
    assert [(one.row, one.reason) for one in reading.refusals] == [(4, "time_unreadable")]
    assert json.loads(rows[0]["properties"]) == {"note": "two\nlines"}
    assert told[-1][0] == 3


def test_the_same_rows_give_the_same_ids_in_every_format(tmp_path: Path) -> None:
    frame = pa.table(
        {"user_id": ["ann", "ben"], "event": ["View", "Buy"], "timestamp": ["2024-01-05 10:00:00", "2024-01-06 11:00:00"]}
    )
    path = tmp_path / "clicks.csv"
    path.write_text("user_id;event;timestamp\nann;View;05/01/2024 10:00\nben;Buy;06/01/2024 11:00\n")
    assert [row["event_id"] for row in read(frame)] == [row["event_id"] for row in read(path)]


def test_repetitions_are_counted_over_many_stretches() -> None:
    """Each of 1,000 digests comes once in every one of 20 stretches."""
    import numpy as np

    seen, digests = Seen(), np.arange(1000, dtype=np.uint64) * np.uint64(7_919_000_003)
    for stretch in range(1, 21):
        assert (seen.occurrences(digests[:: 1 if stretch % 2 else -1]) == stretch).all()
    assert seen.occurrences(np.array([5, 5, 5], np.uint64)).tolist() == [1, 2, 3]


def test_calls_without_any_event_name_are_events_too(tmp_path: Path) -> None:
    """A file of nothing but identify calls tells who people are; it is no file of orders without amounts."""
    path = tmp_path / "who.jsonl"
    calls = [{"type": "identify", "userId": who, "timestamp": "2024-01-05", "traits": {"name": who}} for who in ("ann", "ben")]
    path.write_text("".join(json.dumps(call) + "\n" for call in calls))
    assert plan_import(path, Settings()).shape.value == "events"
    assert [(row["type"], row["customer_id"]) for row in read(path)] == [("identify", "ann"), ("identify", "ben")]
