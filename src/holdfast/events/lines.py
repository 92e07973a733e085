"""Order lines to orders: the lines of one order number and one customer become one `Order Completed`, cancellations `Order
Refunded`.

DuckDB groups in memory and spills to a temporary folder where memory is short.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.digest import Seen, content, digests
from holdfast.events.drafts import draft
from holdfast.events.refunds import Holding, Part, ReturnedLine, tie
from holdfast.events.rows import product_objects, with_property
from holdfast.events.schema import ORDER, REFUND

__all__ = ["Lines"]

_BATCH = 50_000
_PART = 2_000_000
"""Order lines grouped at a time."""


def _sql(name: str) -> str:
    return files("holdfast.events").joinpath("sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


class Lines:
    """Gathers canonical order lines, then gives orders and refunds as drafts.

    repeated   lines that repeat another line of the file exactly
    filled     lines that took customer or time from the first line of their order
    """

    def __init__(self, connection: Any, duplicates: str) -> None:
        self._connection = connection
        self._drop = duplicates == "drop"
        self._seen = Seen()
        self.repeated = 0
        self.filled = 0
        connection.execute(_sql("lines_create"))

    def add(self, rows: pa.Table) -> None:
        """Takes lines in, leaving out exact repetitions where they are to be dropped."""
        rows = rows.combine_chunks()
        columns = [_plain(rows, name) for name in rows.column_names if name != "row"]
        again = self._seen.occurrences(digests(self._connection, content(columns))[1]) > 1
        self.repeated += int(again.sum())
        if self._drop and again.any():
            rows = rows.filter(pa.array(~again)).combine_chunks()
        if rows.num_rows == 0:
            return
        key = pc.coalesce(_one(rows, "order"), pc.binary_join_element_wise("\x1f", pc.cast(_one(rows, "row"), pa.string()), ""))
        names = (
            "row",
            "time",
            "customer",
            "anonymous",
            "order",
            "refund_of",
            "product",
            "category",
            "quantity",
            "amount",
            "currency",
        )
        kept = {name: _one(rows, name) for name in names}
        batch = pa.table({**kept, "product_json": product_objects(rows), "properties": _one(rows, "properties"), "key": key})
        self._connection.register("batch", batch)
        self._connection.execute("insert into lines select * from batch")
        self._connection.unregister("batch")

    def settle(self) -> tuple[list[int], list[int]]:
        """Fills and groups; comes back: rows without any time, rows of orders beyond all measure."""
        self.filled = int(self._connection.execute(_sql("lines_fill")).fetchall()[0][0])
        timeless = [row for (row,) in self._connection.execute(_sql("lines_timeless")).fetchall()]
        absurd = [row for (row,) in self._connection.execute(_sql("lines_absurd")).fetchall()]
        self._connection.execute(_sql("lines_given_back"))
        self._connection.execute(_sql("groups_create"))
        parts = 1 + self._connection.execute(_sql("lines_count")).fetchall()[0][0] // _PART
        for part in range(parts):
            self._connection.execute(_sql("groups_fill"), {"parts": parts, "part": part})
        return timeless, absurd

    def orders(self) -> Iterator[pa.Table]:
        """Drafts of the orders, in the order of their first lines."""
        for batch in self._connection.sql(_sql("orders")).to_arrow_reader(_BATCH):
            rows = pa.table(batch)
            columns = {name: rows[name] for name in ("customer", "anonymous", "order", "amount", "currency", "products")}
            columns |= {"time": _utc(rows["time"]), "event": pa.repeat(pa.scalar(ORDER), rows.num_rows)}
            columns["properties"] = with_property(_one(rows, "properties"), "category", _one(rows, "category"))
            yield draft(columns, rows.num_rows)

    def refunds(self) -> Iterator[pa.Table]:
        """Drafts of the refunds: one for each cancellation and order it takes back, one more for what cannot be tied."""
        groups = self._connection.sql(_sql("cancellations")).to_arrow_table().to_pylist()
        numbers = {(group["key"], group["customer"]): place for place, group in enumerate(groups)}
        lines = self._connection.sql(_sql("returned_lines")).to_arrow_table().to_pylist()
        returned = [_returned(line, numbers[line["key"], line["customer"]], groups) for line in lines]
        parts: dict[tuple[int, str | None], list[Part]] = {}
        for part in tie(returned, self._holdings()):
            parts.setdefault((returned[part.line].cancellation, part.order), []).append(part)
        made = [_refund(groups[place], order, some, lines) for (place, order), some in parts.items()]
        made += [_refund(group, group["refund_of"], None, lines) for group in groups if not group["negative"]]
        made.sort(key=lambda one: (one["time"], one["row"]))
        for begin in range(0, len(made), _BATCH):
            yield _refund_drafts(made[begin : begin + _BATCH])

    def _holdings(self) -> Iterator[tuple[str, str, Holding]]:
        for batch in self._connection.sql(_sql("holdings")).to_arrow_reader(_BATCH):
            for row in batch.to_pylist():
                held = Holding(row["order"], row["time"], int(row["quantity"].scaleb(4)))
                if row["order"] is not None:
                    yield row["customer"], row["product"], held


def _one(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _plain(rows: pa.Table, name: str) -> pa.Array:
    column = _one(rows, name)
    return pc.cast(column, pa.int64()) if pa.types.is_timestamp(column.type) else column


def _utc(times: pa.ChunkedArray) -> pa.Array:
    return pc.cast(times, pa.timestamp("us", tz="UTC")).combine_chunks()


def _returned(line: dict[str, Any], place: int, groups: list[dict[str, Any]]) -> ReturnedLine:
    quantity = abs(int(line["quantity"].scaleb(4)))
    amount = abs(line["amount"] or 0)
    return ReturnedLine(place, groups[place]["time"], line["customer"], line["product"], quantity, amount, line["refund_of"])


def _refund(group: dict[str, Any], order: str | None, parts: list[Part] | None, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """One refund event of a cancellation; without parts (more taken back than sold in a mixed order) it is the whole group."""
    amount = abs(group["amount"]) if parts is None else sum(part.amount for part in parts)
    products = group["products"] if parts is None else _products(parts, lines)
    return {**group, "original": order, "amount": None if group["amount"] is None else amount, "products": products}


def _products(parts: list[Part], lines: list[dict[str, Any]]) -> str | None:
    """The products taken back, with the quantity (positive) that this part takes back."""
    found = []
    for part in parts:
        shown = lines[part.line]["product_json"]
        if shown is not None:
            body = json.loads(shown, parse_float=_Digits, parse_int=_Digits)
            pieces = f"{part.quantity // 10_000}.{part.quantity % 10_000:04d}".rstrip("0").rstrip(".")
            written = {
                name: json.dumps(value, ensure_ascii=False) if type(value) is str else str(value)
                for name, value in body.items()
            }
            written["quantity"] = pieces
            found.append("{" + ", ".join(f'"{name}": {value}' for name, value in written.items()) + "}")
    return f"[{', '.join(found)}]" if found else None


class _Digits(str):
    """A JSON number kept as it is written."""


def _refund_drafts(made: list[dict[str, Any]]) -> pa.Table:
    def column(name: str, kind: pa.DataType) -> pa.Array:
        return pa.array([one[name] for one in made], kind)

    text = pa.string()
    properties = with_property(column("properties", text), "category", column("category", text))
    columns = {name: column(name, text) for name in ("customer", "anonymous", "currency", "products")}
    columns |= {
        "event": pa.repeat(pa.scalar(REFUND), len(made)),
        "time": column("time", pa.timestamp("us", tz="UTC")),
        "order": column("original", text),
        "amount": column("amount", pa.int64()),
        "properties": with_property(properties, "refund_id", column("order", text)),
    }
    return draft(columns, len(made))
