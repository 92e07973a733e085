"""What was in the orders: their product lines, each with the marks by which a timeline's order finds its own.

Timelines carry no products; whoever asks for them reads the `Order Completed` events once more. An order is found by its
customer and order id (a later arrival of the same id replaces an earlier one, as in the timelines); an order without id by its
customer and second, the n-th one of that second. What refunds say was taken back is read along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.schema import ORDER, REFUND
from holdfast.settings import Settings
from holdfast.timelines.build import Aliases
from holdfast.timelines.gather import person_keys
from holdfast.timelines.naming import renamed, wanted
from holdfast.timelines.text import hash_strings
from holdfast.timelines.zone import DAY, LAST_SECOND

__all__ = ["LINE_COLUMNS", "OrderLines"]

LINE_COLUMNS = ("type", "event", "time", "sequence", "customer_id", "anonymous_id", "order_id", "products")
"""The columns of events that tell what was in an order."""

_SILENT = ("identify", "group", "alias")

_ARRIVED = pa.schema(
    [
        *((name, pa.uint64()) for name in ("person", "order")),
        *((name, pa.int64()) for name in ("micros", "sequence")),
        ("products", pa.string()),
        ("refund", pa.bool_()),
    ]
)

_PLACED = """
SELECT place, person, "order", second,
       CASE "order" WHEN 0 THEN row_number() OVER same ELSE 1 END AS nth
FROM (
    SELECT *, micros // 1000000 AS second FROM arrived WHERE NOT refund
    QUALIFY "order" = 0 OR row_number() OVER (PARTITION BY person, "order" ORDER BY sequence DESC) = 1
)
WINDOW same AS (PARTITION BY person, "order", second ORDER BY micros, sequence)
ORDER BY place
"""

_LINES = """
SELECT place, coalesce(line.product_id, line.name, '') AS product,
       coalesce(TRY_CAST(line.quantity AS DECIMAL(18, 4)), 1) AS quantity, TRY_CAST(line.price AS DECIMAL(18, 4)) AS price,
       line.category AS category, line.brand AS brand, line.name AS name
FROM (
    SELECT place, unnest(TRY(from_json(
        products, '[{"product_id": "VARCHAR", "name": "VARCHAR", "quantity": "VARCHAR", "price": "VARCHAR",
                     "category": "VARCHAR", "brand": "VARCHAR"}]'
    ))) AS line
    FROM arrived WHERE products IS NOT NULL AND NOT refund
)
WHERE line IS NOT NULL
ORDER BY place
"""

_RETURNED = """
SELECT person, micros // 1000000 AS second, coalesce(line.product_id, line.name, '') AS product,
       coalesce(TRY_CAST(line.quantity AS DECIMAL(18, 4)), 1) AS quantity
FROM (
    SELECT place, person, micros, unnest(TRY(from_json(
        products, '[{"product_id": "VARCHAR", "name": "VARCHAR", "quantity": "VARCHAR"}]'
    ))) AS line
    FROM arrived WHERE products IS NOT NULL AND refund
)
WHERE line IS NOT NULL
ORDER BY place
"""


@dataclass(frozen=True)
class OrderLines:
    """Orders and their product lines, as they arrived.

    orders  a row an order: place int64, person and order uint64 (hashes; order 0: it has no id), second int64 (UTC),
            nth int64: 1, or which of the customer's orders without id in that second
    lines   a row a line: place of its order, product text (its id, else its name), quantity (1 where none is stated) and
            price of a piece (null where none is stated), both decimal(18, 4), category, brand and name (null where none is
            stated)
    returned  a row a line of a refund that names its products: person, second, product, quantity, as above
    """

    orders: pa.Table
    lines: pa.Table
    returned: pa.Table

    @staticmethod
    def of(batches: Iterable[pa.RecordBatch], aliases: Aliases | None = None) -> OrderLines:
        """The lines of all orders among events.

        batches  record batches with columns of the events schema, in order of arrival; only LINE_COLUMNS are read
        aliases  person keys that are other persons (see `holdfast.events.identity`)
        A `products` that is no JSON list has no lines.
        """
        import duckdb

        tables, rows = [], 0
        for batch in batches:
            tables.append(_orders(batch, aliases, rows))
            rows += len(batch)
        arrived = pa.concat_tables(tables) if tables else _ARRIVED.empty_table()
        arrived = arrived.append_column("place", pa.array(np.arange(len(arrived))))
        with duckdb.connect() as engine:
            engine.register("arrived", arrived)
            return OrderLines(*(engine.sql(text).to_arrow_table() for text in (_PLACED, _LINES, _RETURNED)))

    @staticmethod
    def from_arrow(table: pa.Table, settings: Settings | None = None, **names: str) -> OrderLines:
        """The lines of an Arrow table with one row an event and a text column `products`; see `Timelines.from_arrow`."""
        found = wanted(table.schema.names, names)
        return OrderLines.of(renamed(table.to_batches(), found, (settings or Settings()).zone))


def _orders(batch: pa.RecordBatch, aliases: Aliases | None, before: int) -> pa.Table:
    """The orders and refunds of a batch, in the columns of _ARRIVED; `before` rows arrived earlier."""
    names = batch.schema.names
    if "sequence" not in names:
        batch = batch.append_column("sequence", pa.array(np.arange(before, before + len(batch))))
    micros = pc.cast(pc.cast(batch["time"], pa.timestamp("us", tz="UTC")), pa.int64())
    # The same rows that timelines can place.
    chosen: Any = pc.and_kleene(pc.greater_equal(micros, DAY * 1_000_000), pc.less(micros, LAST_SECOND * 1_000_000))
    if "event" in names:
        chosen = pc.and_kleene(chosen, pc.is_in(batch["event"], pa.array([ORDER, REFUND])))
    if "type" in names:
        chosen = pc.and_kleene(chosen, pc.invert(pc.is_in(batch["type"], pa.array(_SILENT))))
    people = _really(person_keys(batch), aliases)
    chosen = pc.and_kleene(chosen.fill_null(False), pc.is_valid(people))
    batch = batch.filter(chosen)
    return pa.table(
        {
            "person": hash_strings(people.filter(chosen)),
            "order": hash_strings(_text(batch, "order_id")),
            "micros": micros.filter(chosen),
            "sequence": batch["sequence"],
            "products": _text(batch, "products"),
            "refund": pc.equal(batch["event"], REFUND) if "event" in names else pa.repeat(pa.scalar(False), len(batch)),
        },
        schema=_ARRIVED,
    )


def _text(batch: pa.RecordBatch, name: str) -> Any:
    return pc.cast(batch[name], pa.string()) if name in batch.schema.names else pa.nulls(len(batch), pa.string())


def _really(people: Any, aliases: Aliases | None) -> Any:
    """Who each person key really is."""
    people = pc.cast(people, pa.string())
    if aliases is None or not len(aliases[0]):
        return people
    at = pc.index_in(people, pc.cast(aliases[0], pa.string()))
    return pc.coalesce(pc.take(pc.cast(aliases[1], pa.string()), at), people)
