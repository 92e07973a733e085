"""Small lakes for the tests of the server: events told in one line each, poured in any portions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from holdfast.events.schema import EVENTS
from holdfast.workspace import Workspace

START = datetime(2026, 1, 1, 12, tzinfo=UTC)

__all__ = ["START", "happened", "pour"]


def happened(
    number: int,
    customer: str | None = None,
    event: str = "Page Viewed",
    *,
    device: str | None = None,
    kind: str = "track",
    day: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event; `number` makes its id and, where no day is said, its day; `more` are columns or else properties."""
    columns = {name: more.pop(name) for name in ("order_id", "revenue", "currency", "products") if name in more}
    return {
        "event_id": f"e{number}",
        "type": kind,
        "event": kind.capitalize() if kind in ("identify", "group", "alias") else event,
        "time": START + timedelta(days=number if day is None else day),
        "sequence": 0,
        "customer_id": customer,
        "anonymous_id": device,
        "properties": json.dumps({name: str(value) for name, value in more.items()}) if more else None,
        "source": "test",
        **columns,
    }


def pour(workspace: Workspace, events: Iterable[dict[str, Any]]) -> None:
    """Append the events as one commit."""
    rows = list(events)
    table = pa.Table.from_pylist(rows, EVENTS)
    label = f"{workspace.lake.version()}-{rows[0]['event_id'] if rows else ''}"
    workspace.lake.append(table.to_batches(), batch=label)
