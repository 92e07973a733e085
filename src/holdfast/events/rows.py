"""One row, one event: plain events, and whole orders. Streams: memory does not grow with the file but for 8 bytes a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.digest import Seen, digests
from holdfast.events.drafts import draft
from holdfast.events.properties import json_numbers, json_objects, json_texts
from holdfast.events.schema import ORDER, REFUND

__all__ = ["Orders", "event_drafts", "product_objects", "with_property"]


def product_objects(rows: pa.Table) -> pa.Array:
    """A JSON object {"product_id", "name", "category", "quantity",
    "price"} for each canonical row that names a product; else null."""
    columns = [_one(rows, name) for name in ("product", "product_name", "category")]
    if columns[0].null_count == columns[1].null_count == rows.num_rows:
        return pa.nulls(rows.num_rows, pa.string())
    numbers = [json_numbers(_one(rows, name)) for name in ("quantity", "price")]
    names = ["product_id", "name", "category", "quantity", "price"]
    objects = json_objects(names, [*map(json_texts, columns), *numbers], rows.num_rows, quoted=True)
    named = pc.or_(columns[0].is_valid(), columns[1].is_valid())
    return pc.if_else(named, objects, pa.scalar(None, pa.string()))


def _one(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _products(rows: pa.Table) -> pa.Array:
    listed = pc.binary_join_element_wise("[", product_objects(rows), "]", "")
    return pc.coalesce(_one(rows, "products"), listed)


def event_drafts(rows: pa.Table, name: str | None) -> pa.Table:
    """Drafts of plain events; `name` where the rows have no event column. Money taken back is positive, its order the one
    refunded."""
    events = pa.repeat(pa.scalar(name), rows.num_rows) if name is not None else _one(rows, "event")
    amount, order = _one(rows, "amount"), _one(rows, "order")
    negative = pc.fill_null(pc.less(amount, 0), False)
    events = pc.if_else(pc.and_(pc.equal(events, ORDER), negative), pa.scalar(REFUND), events)
    refund = pc.equal(events, REFUND)
    columns = {name: _one(rows, name) for name in ("event_id", "type", "time", "customer", "anonymous", "currency")}
    columns |= {
        # what a page or a click was about is asked of it by these names, as Segment's events carry them
        "properties": _with_price(with_property(_with_category(rows), "product_id", _one(rows, "product")), rows),
        "event": events,
        "order": pc.if_else(refund, pc.coalesce(_one(rows, "refund_of"), order), order),
        "amount": pc.if_else(refund, pc.abs(amount), amount),
        "products": _products(rows),
    }
    return draft(columns, rows.num_rows)


class Orders:
    """Whole orders: positive rows are orders at once; negative rows wait for the end, when all order numbers are known."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._numbers = Seen()
        self._waiting: list[pa.Table] = []

    def drafts(self, rows: pa.Table) -> pa.Table:
        """Drafts of the orders among the rows; refunds are kept for `refunds`."""
        amount = _one(rows, "amount")
        back = pc.or_(pc.fill_null(pc.less(amount, 0), False), _one(rows, "refund_of").is_valid())
        self._waiting.append(rows.filter(back))
        kept = rows.filter(pc.invert(back))
        numbers = _one(kept, "order").drop_null()
        self._numbers.occurrences(digests(self._connection, numbers)[1])
        columns = {
            name: _one(kept, name) for name in ("event_id", "time", "customer", "anonymous", "order", "amount", "currency")
        }
        columns |= {
            "event": pa.repeat(pa.scalar(ORDER), kept.num_rows),
            "products": _products(kept),
            "properties": _with_category(kept),
        }
        return draft(columns, kept.num_rows)

    def refunds(self) -> Iterator[pa.Table]:
        """Drafts of the refunds: tied by the number they name, or by their own number where it is an order of the file."""
        for rows in self._waiting:
            if rows.num_rows:
                yield self._tied(rows)

    def _tied(self, rows: pa.Table) -> pa.Table:
        own = _one(rows, "order")
        known = pa.array(self._numbers.contains(digests(self._connection, pc.fill_null(own, ""))[1]))
        original = pc.coalesce(_one(rows, "refund_of"), pc.if_else(known, own, pa.scalar(None, pa.string())))
        columns = {name: _one(rows, name) for name in ("event_id", "time", "customer", "anonymous", "currency")}
        columns |= {
            "event": pa.repeat(pa.scalar(REFUND), rows.num_rows),
            "order": original,
            "amount": pc.abs(_one(rows, "amount")),
            "products": _products(rows),
            "properties": with_property(_with_category(rows), "refund_id", own),
        }
        return draft(columns, rows.num_rows)


def _with_category(rows: pa.Table) -> pa.Array:
    return with_property(_one(rows, "properties"), "category", _one(rows, "category"))


def _with_price(properties: pa.Array, rows: pa.Table) -> pa.Array:
    """With the price of a piece: what is in a cart is worth something before it is an order."""
    return with_property(properties, "price", json_numbers(_one(rows, "price")))


def with_property(objects: pa.Array, name: str, values: pa.Array) -> pa.Array:
    """JSON objects with one more text property, where it has a value."""
    if values.null_count == len(values):
        return objects
    pair = json_objects([name], [values], len(values))
    both = pc.replace_substring_regex(pc.binary_join_element_wise(objects, pair, "\x1e"), "}\x1e{", ", ")
    return pc.coalesce(both, objects, pair)
