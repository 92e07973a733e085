"""Stories of customers as timelines: `ann 2011-01-05 100 #7 @France, 2011-02-03 Visited` is a line a customer.

A move is a day (or an instant in the zone of the settings) and what happened: an amount is an order, a negative one a refund,
anything else the name of an event; #7 is the order's id, @France the country. The first line's events arrive first.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

import pyarrow as pa

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines


def told(text: str, settings: Settings | None = None) -> Timelines:
    """The timelines of a story."""
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, moves = line.split(maxsplit=1)
        rows += [_move(name, move.split()) for move in moves.split(",")]
    columns = zip(*rows, strict=True)
    kinds = (pa.string(), pa.timestamp("us"), pa.string(), pa.decimal128(18, 4), pa.string(), pa.string())
    names = ("customer_id", "time", "event", "revenue", "order_id", "country")
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
    return Timelines.from_arrow(pa.table(arrays, names=list(names)), settings)


def _move(name: str, words: list[str]):
    marks = {word[0]: word[1:] for word in words[2:]}
    try:
        amount = Decimal(words[1])
    except InvalidOperation:
        return name, datetime.fromisoformat(words[0]), words[1], None, None, marks.get("@")
    event = "Order Refunded" if amount < 0 else "Order Completed"
    return name, datetime.fromisoformat(words[0]), event, abs(amount), marks.get("#"), marks.get("@")
