"""What a row of a file is: a line of an order, a whole order, or an event."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.options import ImportOptions
from holdfast.events.schema import TYPES
from holdfast.events.text import Found

__all__ = ["found_shape", "says_calls"]

_ITEMISED = ("product", "product_name", "price")
_BY_ACCIDENT = 0.02
"""Up to this share of numbers may stand twice in a file of whole orders: rows written twice, or corrected."""


def found_shape(sample: pa.Table, mapping: Mapping[str, str], options: ImportOptions) -> Found:
    """What a row is ("lines", "orders", "events"), from the columns found and from the order numbers that repeat."""
    if options.shape:
        return Found(options.shape, "given", 1.0)
    if "event" in mapping or options.event:
        return Found("events", "the rows name their event" if "event" in mapping else "an event name was given", 0.95)
    if "type" in mapping and says_calls(sample[mapping["type"]]):
        return Found("events", "each row says which call it is: identify, group, …", 0.9)
    if "order" in mapping:
        return _lines_or_orders(sample, mapping)
    if "revenue" in mapping or "price" in mapping or "product" in mapping:
        return Found("orders", "no order number: each row is an order", 0.7)
    return Found("orders", "neither event names nor order numbers: each row is an order without an amount", 0.4)


def says_calls(types: pa.ChunkedArray) -> bool:
    """Whether these are kinds of call (schema.TYPES) and nothing else."""
    named = pc.utf8_lower(pc.cast(types, pa.string())).drop_null()
    return len(named) > 0 and bool(pc.all(pc.is_in(named, pa.array(TYPES))).as_py())


def _lines_or_orders(sample: pa.Table, mapping: Mapping[str, str]) -> Found:
    """Lines where order numbers repeat; but where no product is named, not for money given back under the order's own number,
    nor for a few rows that stand twice."""
    numbers = sample[mapping["order"]]
    itemised = any(role in mapping for role in _ITEMISED)
    if _repeats(numbers):
        taken = numbers if itemised else numbers.filter(_not_negative(sample, mapping))
        again, orders = _repeats(taken), len(taken.unique().drop_null())
        if not again:
            return Found("orders", "order numbers repeat for money given back alone", 0.9)
        if not itemised and again <= _BY_ACCIDENT * orders:
            why = f"{again:,} of {orders:,} order numbers stand twice, too few for order lines; the later row counts"
            return Found("orders", why, 0.5)
        return Found("lines", "order numbers repeat", 0.95)
    if "product" in mapping and ("quantity" in mapping or "price" in mapping):
        return Found("lines", "each row names an order and a product", 0.8)
    return Found("orders", "each order number stands once", 0.9)


def _repeats(numbers: pa.ChunkedArray) -> int:
    return int(len(numbers) - numbers.null_count - len(numbers.unique().drop_null()))


def _not_negative(sample: pa.Table, mapping: Mapping[str, str]) -> pa.ChunkedArray:
    """Rows whose amount is not negative, as amounts are written: -5.00, 5.00-, (5.00)."""
    if "revenue" not in mapping:
        return pa.chunked_array([pa.repeat(pa.scalar(True), sample.num_rows)])
    amounts = pc.cast(sample[mapping["revenue"]], pa.string())
    minus = pc.match_substring_regex(amounts, "^\\s*\\(.*\\)|^[^\\d]*[-\u2212\u2013]|\\d\\s*[-\u2212\u2013]\\s*$")
    return pc.invert(pc.fill_null(minus, False))
