"""Looking up in the lake what a new import refers to: orders by their number, what some customers bought and took back.

Static SQL over the Parquet files of one version: only the columns, customers and times asked for are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from holdfast.events.lake_files import LakeFile
from holdfast.events.lake_known import near
from holdfast.events.schema import EVENTS, ORDER, REFUND

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from holdfast.events.lake import Lake

__all__ = ["orders_elsewhere", "orders_numbered", "purchases_of", "refunds_between"]

NUMBERED = """
SELECT stored.* FROM read_parquet($stored) AS stored
SEMI JOIN wanted ON stored.order_id = wanted.value
WHERE stored.event = $event
QUALIFY row_number() OVER (
    PARTITION BY stored.customer_id, CASE WHEN stored.customer_id IS NULL THEN stored.anonymous_id END, stored.order_id
    ORDER BY stored.sequence DESC) = 1
ORDER BY stored.sequence
"""
"""The latest arrival of each order: it is the one that counts."""

BETWEEN = """
SELECT stored.* FROM read_parquet($stored) AS stored
SEMI JOIN wanted ON stored.customer_id = wanted.value
WHERE stored.event = $event AND stored.time BETWEEN $low AND $high
ORDER BY stored.sequence
"""

PURCHASES = """
SELECT stored.event, stored.time, stored.customer_id, stored.order_id, stored.products
FROM read_parquet($stored) AS stored
SEMI JOIN wanted ON stored.customer_id = wanted.value
WHERE stored.event IN ($order, $refund) AND stored.order_id IS NOT NULL
ORDER BY stored.sequence
"""


ELSEWHERE = """
SELECT count(DISTINCT fresh.order_id) AS orders
FROM read_parquet($fresh) AS fresh
JOIN read_parquet($stored) AS stored
    ON stored.order_id = fresh.order_id AND stored.customer_id IS DISTINCT FROM fresh.customer_id
WHERE fresh.event = $event AND stored.event = $event AND fresh.batch = $batch AND stored.batch <> $batch
    AND stored.time BETWEEN fresh.time - INTERVAL 1 DAY AND fresh.time + INTERVAL 1 DAY
"""
"""Orders of an import that an earlier one brought under another customer."""


def orders_elsewhere(lake: Lake, batch: str, rows: int) -> int:
    """How many orders of the import just made (its last `rows` events) are in the lake under another customer as well."""
    seen = lake.snapshot()
    fresh = [file for file in seen.files if file.last_sequence > seen.last_sequence - rows]
    if not fresh or seen.last_sequence < rows:
        return 0
    bound = {
        "fresh": [str(lake.path / file.name) for file in fresh],
        "stored": [str(lake.path / file.name) for file in near(seen.files, fresh)],
        "event": ORDER,
        "batch": batch,
    }
    with _engine() as engine:
        return int(engine.execute(ELSEWHERE, bound).fetchall()[0][0])


def orders_numbered(lake: Lake, numbers: pa.Array) -> list[dict[str, Any]]:
    """The stored orders with these order ids as they count now (columns of EVENTS), one for each order id and customer."""
    found: list[dict[str, Any]] = _asked(lake, lake.files(), NUMBERED, numbers, {"event": ORDER}).cast(EVENTS).to_pylist()
    return found


def refunds_between(lake: Lake, customers: pa.Array, first_us: int, last_us: int) -> pa.Table:
    """The stored refunds of these customers (ids) between two instants (UTC microseconds, both included), schema EVENTS."""
    files = [file for file in lake.files() if file.first_us <= last_us and file.last_us >= first_us]
    bound = {"event": REFUND, "low": _moment(first_us), "high": _moment(last_us)}
    return _asked(lake, files, BETWEEN, customers, bound).cast(EVENTS)


def purchases_of(lake: Lake, customers: pa.Array) -> list[dict[str, Any]]:
    """Orders, and refunds that are tied to one, of these customers in order of arrival: event, time, customer_id, order_id,
    products."""
    bound = {"order": ORDER, "refund": REFUND}
    found: list[dict[str, Any]] = _asked(lake, lake.files(), PURCHASES, customers, bound).to_pylist()
    return found


def _asked(lake: Lake, files: Sequence[LakeFile], sql: str, wanted: pa.Array, bound: dict[str, Any]) -> pa.Table:
    if not files or not len(wanted):
        return EVENTS.empty_table()
    paths = [str(Path(lake.path) / file.name) for file in files]
    with _engine() as engine:
        engine.register("wanted", pa.table({"value": wanted}))
        return engine.sql(sql, params={"stored": paths, **bound}).to_arrow_table()


@contextmanager
def _engine() -> Iterator[DuckDBPyConnection]:
    import tempfile

    import duckdb

    with (
        tempfile.TemporaryDirectory(prefix="holdfast-") as spill,
        duckdb.connect(config={"memory_limit": "2GB", "temp_directory": spill}) as engine,
    ):
        engine.execute("set enable_progress_bar = false")  # it would be printed among the answers on stdout
        engine.execute("set timezone = 'UTC'")
        yield engine


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)
