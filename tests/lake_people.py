"""Events for tests of the lake, identity and workspaces: who, when (hours into 2024), what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from holdfast.events.schema import EVENTS, MONEY_UNITS

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def event(
    hour, customer=None, device=None, *, name="Order Completed", kind="track", revenue=None, key=None, **properties
) -> dict[str, Any]:
    """One event; its id is made of its content unless `key` is given."""
    content = repr((hour, customer, device, name, kind, revenue, sorted(properties.items())))
    return {
        "event_id": key or hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        "type": kind,
        "event": name if kind == "track" else kind,
        "time": NEW_YEAR + timedelta(hours=hour),
        "sequence": 0,
        "customer_id": customer,
        "anonymous_id": device,
        "order_id": f"o-{hour}-{customer}" if revenue is not None else None,
        "revenue": None if revenue is None else Decimal(revenue).quantize(Decimal(1) / MONEY_UNITS),
        "currency": "EUR",
        "properties": json.dumps(properties) if properties else None,
        "source": "orders.csv",
    }


def alias(hour, previous, customer, **properties) -> dict[str, Any]:
    """`previous` and `customer` are one person (or, with unmerge="true", no longer)."""
    return event(hour, customer, kind="alias", previousId=previous, **properties)


def batches(events: Iterable[dict[str, Any]], size: int = 3) -> Iterator[pa.RecordBatch]:
    """The events as record batches of `size` rows in the schema EVENTS."""
    yield from pa.Table.from_pylist(list(events), EVENTS).to_batches(max_chunksize=size)


def many(rows: int, first: int = 0, size: int = 20_000) -> Iterator[pa.RecordBatch]:
    """`rows` orders of a hundred customers, one every ten seconds, the same ones for the same numbers."""
    for start in range(first, first + rows, size):
        numbers = range(start, min(start + size, first + rows))
        columns = {
            "event_id": [hashlib.blake2b(str(n).encode(), digest_size=16).hexdigest() for n in numbers],
            "type": ["track"] * len(numbers),
            "event": ["Order Completed"] * len(numbers),
            "time": [NEW_YEAR + timedelta(seconds=10 * n) for n in numbers],
            "sequence": [0] * len(numbers),
            "customer_id": [f"C{n % 100}" for n in numbers],
        }
        table = pa.table({name: pa.array(columns[name], EVENTS.field(name).type) for name in columns})
        missing = [field for field in EVENTS if field.name not in columns]
        for field in missing:
            table = table.append_column(field, pa.nulls(len(numbers), field.type))
        yield from table.select(EVENTS.names).cast(EVENTS).to_batches()


def ids(lake) -> list[str]:
    """Event ids of a lake in order of arrival."""
    return [one for batch in lake.scan(["event_id"]) for one in batch["event_id"].to_pylist()]


def sequences(lake) -> list[int]:
    """Sequences of a lake in order of arrival."""
    return [one for batch in lake.scan(["sequence"]) for one in batch["sequence"].to_pylist()]
