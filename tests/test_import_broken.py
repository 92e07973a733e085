"""Broken inputs, a deterministic corpus of kinds × mutations: each ends in InputError or in refusals, never in another
exception."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.errors import InputError
from holdfast.events.plan import plan_import
from holdfast.events.reading import read_events
from holdfast.events.schema import EVENTS
from holdfast.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HEADER = ["order_id", "customer_id", "order_date", "sku", "quantity", "price", "country"]
ROWS = [
    ["1", "ann", "2024-01-05 10:00:00", "A", "2", "10.05", "DE"],
    ["1", "ann", "2024-01-05 10:00:00", "B", "1", "5.00", "DE"],
    ["2", "ben", "2024-02-07 11:30:00", "A", "1", "10.05", "FR"],
    ["3", "cleo", "2024-03-09 12:45:00", 'C "big", red', "3", "1.10", "ES"],
    ["4", "", "2024-04-11 09:15:00", "B", "1", "5.00", "DE"],
    ["C5", "ann", "2024-05-01 10:00:00", "A", "-1", "10.05", "DE"],
]


def _csv(separator: str = ",", encoding: str = "utf-8") -> bytes:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (separator, '"', "\n")) else text

    return "".join(separator.join(map(cell, row)) + "\r\n" for row in [HEADER, *ROWS]).encode(encoding)


def _jsonl() -> bytes:
    return "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in ROWS).encode()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}), out)
    return out.getvalue()


@cache
def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(inner: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", inner)
    return out.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "orders.csv": _csv,
    "orders.tsv": lambda: _csv("\t"),
    "semicolon.csv": lambda: _csv(";", "cp1252"),
    "bom.csv": lambda: _csv(",", "utf-8-sig"),
    "utf16.csv": lambda: _csv(",", "utf-16"),
    "orders.jsonl": _jsonl,
    "orders.csv.gz": lambda: gzip.compress(_csv(), mtime=0),
    "orders.zip": lambda: _zip(_csv()),
    "orders.parquet": _parquet,
    "orders.xlsx": _xlsx,
}


def _noise(n: int) -> bytes:
    value, out = 12345, bytearray()
    for _ in range(n):
        value = (value * 1103515245 + 12345) % 2**31
        out.append(value >> 16 & 255)
    return bytes(out)


MUTATIONS: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda data: data[: len(data) // 2],
    "cut to 10 bytes": lambda data: data[:10],
    "last byte gone": lambda data: data[:-1],
    "first 4 bytes gone": lambda data: data[4:],
    "empty": lambda data: data[:0],
    "blank": lambda data: data[:0] + b" \r\n \r\n",
    "NUL bytes strewn in": lambda data: data[: len(data) // 2] + b"\0\0\0" + data[len(data) // 2 :],
    "every 50th byte 0xff": lambda data: bytes(255 if place % 50 == 49 else byte for place, byte in enumerate(data)),
    "every 97th byte a quote": lambda data: bytes(34 if place % 97 == 96 else byte for place, byte in enumerate(data)),
    "every 61st byte a line end": lambda data: bytes(10 if place % 61 == 60 else byte for place, byte in enumerate(data)),
    "noise appended": lambda data: data + _noise(500),
    "noise in front": lambda data: _noise(500) + data,
    "noise only": lambda data: _noise(len(data)),
    "twice in a row": lambda data: data + data,
    "middle cut out": lambda data: data[: len(data) // 3] + data[2 * len(data) // 3 :],
    "zeros in the second half": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    "line ends gone": lambda data: data.replace(b"\r\n", b"").replace(b"\n", b""),
    "reversed": lambda data: data[::-1],
}


def take(path: Path) -> tuple[int, int]:
    """Reads a file to the end; comes back: events and refusals. Any exception but InputError is a bug."""
    plan = plan_import(path, Settings())
    plan.guesses()
    reading = read_events(plan, Settings(), now=NOW)
    events = 0
    for batch in reading.events:
        assert batch.schema == EVENTS
        batch.validate(full=True)
        events += batch.num_rows
    for refusal in reading.refusals:
        assert refusal.row >= 0
        assert all((refusal.reason, refusal.sentence, refusal.mend))
    return events, len(reading.refusals)


def take_or_say(path: Path) -> str:
    """Reads a file; comes back: "events", "refusals" where nothing went in, or the mend of the InputError."""
    try:
        return "events" if take(path)[0] else "refusals"
    except InputError as error:
        return error.mend


@pytest.mark.parametrize("kind", KINDS)
def test_the_sound_files_are_read_whole(kind: str, tmp_path: Path) -> None:
    """Ann, Ben, Cleo and a nameless customer order; Ann sends one piece back: four orders, one refund, in every format."""
    path = tmp_path / kind
    path.write_bytes(KINDS[kind]())
    assert take(path) == (5, 0)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutilated_file_is_an_input_error_or_refusals(kind: str, mutation: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    path.write_bytes(MUTATIONS[mutation](KINDS[kind]()))
    assert take_or_say(path)


def _with_cell(column: str, text: str) -> bytes:
    place = HEADER.index(column)
    broken = [*ROWS[2][:place], text, *ROWS[2][place + 1 :]]
    lines = [HEADER, *ROWS[:2], broken, *ROWS[3:]]
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines).encode(
        "utf-8", "surrogateescape"
    )


CELLS = [
    ("order_date", "", "no_time"),
    ("order_date", "yesterday", "time_unreadable"),
    ("order_date", "2024-02-30", "time_unreadable"),
    ("order_date", "2024-13-01 10:00", "time_unreadable"),
    ("order_date", "2024-01-01 25:00:00", "time_unreadable"),
    ("order_date", "99999999999999999999", "time_unreadable"),
    ("order_date", "=TODAY()", "time_unreadable"),
    ("order_date", "1969-05-05", "time_too_early"),
    ("order_date", "2031-05-05", "time_in_future"),
    ("price", "=A1*2", "number_unreadable"),
    ("price", "ten", "number_unreadable"),
    ("price", "NaN", "number_unreadable"),
    ("price", "inf", "number_unreadable"),
    ("price", "1.2.3", "number_unreadable"),
    ("price", "1e400", "amount_absurd"),
    ("price", "1e30", "amount_absurd"),
    ("price", "9" * 40, "amount_absurd"),
    ("quantity", "two", "number_unreadable"),
    ("quantity", "999999999999", "amount_absurd"),
    ("country", "x" * 1_000_001, "field_too_large"),
]


@pytest.mark.parametrize(("column", "text", "reason"), CELLS, ids=lambda value: str(value)[:20])
def test_a_bad_cell_refuses_its_row_alone_with_its_reason(column: str, text: str, reason: str, tmp_path: Path) -> None:
    """Ben's order is on line 4; whatever is wrong with it, the other orders go in and line 4 is refused."""
    path = tmp_path / "orders.csv"
    path.write_bytes(_with_cell(column, text))
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    events = pa.Table.from_batches(list(reading.events), EVENTS)
    assert events.num_rows == 4
    assert [(one.row, one.reason) for one in reading.refusals] == [(4, reason)]


def _texts(events: pa.Table) -> Iterator[str]:
    """Every name that went in, JSON opened."""
    for row in events.to_pylist():
        yield from (row["customer_id"], row["order_id"], *json.loads(row["properties"] or "{}").values())
        for product in json.loads(row["products"] or "[]"):
            yield product["product_id"]


STRANGE = [
    "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "http://spam.example", "Ã¼ber", "\ufffd", "\x07bell",
    "'; drop table lines; --", "a\\b\"c",
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("column", ["country", "sku", "customer_id", "order_id"])
def test_strange_text_in_a_name_is_kept_as_text(column: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(_with_cell(column, text))
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    events = pa.Table.from_batches(list(reading.events), EVENTS)
    assert (events.num_rows, len(reading.refusals)) == (5, 0)
    assert text in set(_texts(events))


def test_a_header_of_100_000_columns_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{place}" for place in range(100_000)) + "\n" + ",".join("1" for _ in range(100_000)) + "\n")
    with pytest.raises(InputError, match="columns"):
        plan_import(path, Settings())


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("orders.csv", "w") as inner:
        inner.write(_csv())
        for _ in range(150):
            inner.write(b"0" * 1_000_000)
    with pytest.raises(InputError, match="bomb"):
        plan_import(path, Settings())


def test_a_gzip_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as out:
        for _ in range(150):
            out.write(b"0" * 1_000_000)
    with pytest.raises(InputError, match="bomb"):
        plan_import(path, Settings())


def _odd(folder: Path) -> Iterator[tuple[str, Path]]:
    (folder / "folder.csv").mkdir()
    yield "folder", folder / "folder.csv"
    yield "missing", folder / "missing.csv"
    yield "name with NUL", folder / "a\0b.csv"
    yield "endless name", folder / ("x" * 5000)
    for name, data in {
        "page.csv": b"<!DOCTYPE html><html><body>Please log in</body></html>",
        "pdf.csv": b"%PDF-1.4 ...",
        "one word.csv": b"hello",
        "one column.csv": b"customer\nann\nben\n",
        "header only.csv": b"customer_id,order_date,price\n",
        "no time.csv": b"customer_id,price\nann,1.00\nben,2.00\n",
        "numbers.jsonl": b"1\n2\n3\n",
        "open.json": b'[{"a": 1}, {"a": ',
        "deep.json": b'[{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}]",
        "deep.jsonl": b'{"a": 1}\n{"a": ' + b"[" * 100_000 + b"\n",
        "two.zip": b"",
        "xls.xls": b"\xd0\xcf\x11\xe0" + bytes(600),
        "workbook.xlsx": _zip(b"x"),
        "commas.csv": b",,,,\n,,,,\n",
        "quotes.csv": b'"""""""\n"""',
    }.items():
        (folder / name).write_bytes(data)
        yield name, folder / name
    with zipfile.ZipFile(folder / "two.zip", "w") as archive:
        archive.writestr("a.csv", _csv())
        archive.writestr("b.csv", _csv())


def test_odd_things_in_place_of_a_table_are_input_errors(tmp_path: Path) -> None:
    for name, path in list(_odd(tmp_path)):
        assert take_or_say(path) != "events", name


def test_a_row_with_other_fields_is_refused_with_its_line_and_text(tmp_path: Path) -> None:
    """Line 3 has a field too many, line 5 is blank, line 6 opens a quote that never closes."""
    path = tmp_path / "orders.csv"
    path.write_text(
        'customer,date,amount\nann,2024-01-01,1\nben,2024-01-02,2,3\ncleo,2024-01-03,3\n\ndan,"2024-01-04,4\neve,2024-01-05,5\n'
    )
    reading = read_events(plan_import(path, Settings()), Settings(), now=NOW)
    events = pa.Table.from_batches(list(reading.events), EVENTS)
    assert events["customer_id"].to_pylist() == ["ann", "cleo", "eve"]
    assert [(one.row, one.reason) for one in reading.refusals] == [(3, "wrong_fields"), (5, "empty_row"), (6, "quote_open")]
    assert next(iter(reading.refusals)).raw == "ben,2024-01-02,2,3"


def test_the_corpus_holds_more_than_200_broken_inputs() -> None:
    assert len(KINDS) * len(MUTATIONS) + len(CELLS) + 28 + 20 > 200
