"""What was sold to whom: counting orders with their products, what came back, and what is no product at all.

1. Orders are the counting ones as of the instant; one taken back in full counts for nothing, whatever `refunds` is set to: its
   products were returned.
2. Products come from the lines of orders (`OrderLines`), joined by customer, order id and time. Without lines they come from
   events that bear a property such as product_id: of orders, else of whatever bears it; a local day is then an order.
3. What a customer returned is all that a refund of hers names and all that an order taken back in full held. Where she kept
   none of it, she did not buy it either.
4. Postage, fees and manual adjustments are no products (`not_products`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.recommend.noise import not_products
from holdfast.analyses.recommend.orders_walk import EventItemsStep, OrdersStep
from holdfast.analyses.scope import Scope
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import property_name

if TYPE_CHECKING:
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["PROPERTIES", "Items", "Sales", "sales_of"]

PROPERTIES = ("product_id", "product", "sku", "item_id", "item")
"""Properties of events that name a product, the first that is known counts."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_MATCHED = """
CREATE TABLE matched AS
WITH numbered AS (
    SELECT *, CASE "order" WHEN 0 THEN row_number() OVER same ELSE 1 END AS nth
    FROM bought WINDOW same AS (PARTITION BY person, "order", second ORDER BY number)
)
SELECT numbered.number, arrived.place
FROM numbered
JOIN arrived ON arrived.person = numbered.person AND arrived."order" = numbered."order" AND arrived.nth = numbered.nth
    AND (numbered."order" <> 0 OR arrived.second = numbered.second)
"""

_SOLD = """
CREATE TABLE sold AS
SELECT matched.number, lines.product, sum(CAST(lines.quantity AS DOUBLE)) AS quantity,
       coalesce(sum(CAST(lines.quantity AS DOUBLE) * CAST(lines.price AS DOUBLE)), 0) AS money,
       median(CAST(lines.price AS DOUBLE)) AS price
FROM matched JOIN lines ON lines.place = matched.place
WHERE lines.quantity > 0 AND coalesce(lines.price, 0) >= 0 AND lines.product <> ''
GROUP BY matched.number, lines.product
"""

_ITEMS = """
SELECT product, median(price) FILTER (price > 0) AS price, any_value(category ORDER BY place DESC) AS category,
       any_value(brand ORDER BY place DESC) AS brand, any_value(name ORDER BY place DESC) AS name
FROM (
    SELECT lines.product, lines.place, CAST(lines.price AS DOUBLE) AS price, lines.category, lines.brand, lines.name
    FROM matched JOIN lines ON lines.place = matched.place
)
WHERE product IN (SELECT product FROM sold) GROUP BY product ORDER BY product
"""

_BACK = """
SELECT person, product, sum(quantity) AS quantity FROM (
    SELECT person, product, CAST(quantity AS DOUBLE) AS quantity FROM returned WHERE second < $until
    UNION ALL
    SELECT arrived.person, lines.product, CAST(lines.quantity AS DOUBLE) AS quantity
    FROM arrived JOIN lines ON lines.place = arrived.place
    WHERE arrived.second < $until AND arrived.place NOT IN (SELECT place FROM matched) AND lines.quantity > 0
)
GROUP BY person, product ORDER BY person, product
"""


@dataclass(frozen=True)
class Items:
    """The products, by code, in order of their ids.

    ids       what orders call them · name  in words, the id where there is none
    price     float64: the median price of a piece, not-a-number where none is known
    category, brand  what the latest line that says so says, None where none does
    """

    ids: tuple[str, ...]
    name: tuple[str, ...]
    price: Floats
    category: tuple[str | None, ...]
    brand: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Sales:
    """Who bought what.

    people   uint64 [customers]: hashes of the ids, ascending; everyone with a counting order · customers  their ids
    inside   bool [customers]: who is asked about
    owner, second, day   int64 [orders]: place of the customer, UTC second, local day; by customer and time
    order, item, money   [rows]: place of the order, code of the product, money of the line; each product once an order
    back_customer, back_item  int64: what came back, by customer and product
    with_lines  orders whose products are known · noise  ids that are taken for no product
    told     where the products come from: "lines", or the events that bear the property
    """

    items: Items
    people: npt.NDArray[np.uint64]
    customers: pa.ChunkedArray
    inside: npt.NDArray[np.bool_]
    owner: Ints
    second: Ints
    day: Ints
    order: Ints
    item: Ints
    money: Floats
    back_customer: Ints
    back_item: Ints
    with_lines: int
    noise: tuple[str, ...] = ()
    told: tuple[str, ...] = ("lines",)
    places: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def had(self) -> str:
        """What having a product means here: "bought", or "touched" where only views, carts and such name products."""
        return "bought" if self.told in (("lines",), (ORDER,)) else "touched"

    @property
    def row_owner(self) -> Ints:
        """The customer of each row."""
        return self.owner[self.order]


def sales_of(
    timelines: Timelines, as_of: AsOf, lines: OrderLines | None, *, exclude: tuple[str, ...] = (), scope: Scope | None = None
) -> Sales | None:
    """The sales before an instant; None where neither lines nor events know a product.

    exclude  ids that are no products, besides those that look like none
    scope    who is asked about; what is bought is learned from everyone
    """
    scope = scope or Scope()
    if lines is not None:
        found = _of_lines(timelines, as_of, lines, exclude, scope)
        if found is not None:
            return found
    name = next((name for name in PROPERTIES if name in timelines.meta.properties), None)
    return None if name is None else _of_events(timelines, as_of, name, exclude, scope)


def _of_lines(timelines: Timelines, as_of: AsOf, lines: OrderLines, exclude: tuple[str, ...], scope: Scope) -> Sales | None:
    rows = timelines.walk(OrdersStep(scope, as_of)).rows
    if not len(rows["owner"]) or not lines.lines.num_rows:
        return None
    sold, told, back = _joined(rows, lines, as_of.until)
    if not sold.num_rows:
        return None
    products = told["product"].to_pylist()
    noise = not_products(products, exclude, [name or "" for name in told["name"].to_pylist()])
    kept = [place for place, product in enumerate(products) if product not in noise]
    items = _items(told.take(pa.array(kept, pa.int64())))
    return _sales(rows, items, sold, back, noise)


def _joined(rows: dict[str, Any], lines: OrderLines, until: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    """What was sold by order, the products, and what came back by person."""
    import duckdb

    marks = {name: rows[name] for name in ("person", "order", "second")}
    bought = pa.table({"number": np.arange(len(rows["order"]), dtype=np.int64), **marks})
    with duckdb.connect() as engine:
        tables = {"bought": bought, "arrived": lines.orders, "lines": lines.lines, "returned": lines.returned}
        for name, table in tables.items():
            engine.register(name, table)
        engine.execute(_MATCHED)
        engine.execute(_SOLD)
        sold = engine.sql("SELECT * FROM sold ORDER BY number, product").to_arrow_table()
        return sold, engine.sql(_ITEMS).to_arrow_table(), engine.sql(_BACK, params={"until": until}).to_arrow_table()


def _items(told: pa.Table) -> Items:
    ids = tuple(told["product"].to_pylist())
    names = tuple(name or product for name, product in zip(told["name"].to_pylist(), ids, strict=True))
    price = np.array([np.nan if value is None else value for value in told["price"].to_pylist()], np.float64)
    return Items(ids, names, price, tuple(told["category"].to_pylist()), tuple(told["brand"].to_pylist()))


def _sales(rows: dict[str, Any], items: Items, sold: pa.Table, back: pa.Table, noise: tuple[str, ...]) -> Sales:
    """The parts in order: customers by hash, orders by customer and time, rows by order and product."""
    who, people, customers, inside = _who(rows)
    by = np.lexsort((np.arange(len(who)), rows["second"], who))
    owner, second, day = who[by], rows["second"][by], rows["day"][by]
    at = np.empty(len(by), np.int64)
    at[by] = np.arange(len(by))
    places = {product: place for place, product in enumerate(items.ids)}
    item = _codes(sold["product"], places)
    number, pieces, money = (sold[name].to_numpy() for name in ("number", "quantity", "money"))
    known = item >= 0
    order, item, pieces, money = at[number[known]], item[known], pieces[known], money[known]
    lined = len(np.unique(number))
    by = np.lexsort((item, order))
    order, item, pieces, money = order[by], item[by], pieces[by], money[by]
    back_customer, back_item, given = _back(back, people, places)
    kept = _kept(owner[order] * len(items) + item, pieces, back_customer * len(items) + back_item, given)
    return Sales(
        items, people, customers, inside, owner, second, day, order[kept], item[kept], money[kept],
        back_customer, back_item, lined, noise, places=places,
    )  # fmt: skip


def _who(rows: dict[str, Any]) -> tuple[Ints, npt.NDArray[np.uint64], pa.ChunkedArray, npt.NDArray[np.bool_]]:
    """The place of each order's customer; the customers' hashes, ids and whether they are asked about, by hash."""
    by = np.argsort(rows["owner"], kind="stable")
    people = rows["owner"][by]
    customers = rows["ids"].take(pa.array(by))
    whole = customers if isinstance(customers, pa.ChunkedArray) else pa.chunked_array([customers])
    return np.searchsorted(people, rows["person"]), people, whole, rows["inside"][by]


def _codes(products: Any, places: dict[str, int]) -> Ints:
    """The code of each product, -1 for what is none."""
    told = products.combine_chunks().dictionary_encode()
    codes = np.array([places.get(product, -1) for product in told.dictionary.to_pylist()], np.int64)
    return codes[told.indices.to_numpy(zero_copy_only=False)] if len(codes) else np.zeros(0, np.int64)


def _back(back: pa.Table, people: Any, places: dict[str, int]) -> tuple[Ints, Ints, Floats]:
    """What came back of known products from known customers: customer, product, pieces."""
    item, person = _codes(back["product"], places), back["person"].to_numpy()
    spot = np.minimum(np.searchsorted(people, person), len(people) - 1)
    good = (item >= 0) & (people[spot] == person)
    return spot[good].astype(np.int64), item[good], back["quantity"].to_numpy()[good]


def _kept(bought: Ints, pieces: Floats, returned: Ints, given: Floats) -> npt.NDArray[np.bool_]:
    """Which rows are of a product of which the customer kept anything."""
    pairs, place = np.unique(bought, return_inverse=True)
    left = np.bincount(place, pieces, len(pairs))
    spot = np.searchsorted(pairs, returned)
    real = spot < len(pairs)
    real[real] = pairs[spot[real]] == returned[real]
    np.subtract.at(left, spot[real], given[real])
    return np.asarray((left > 0)[place])


def _of_events(timelines: Timelines, as_of: AsOf, name: str, exclude: tuple[str, ...], scope: Scope) -> Sales | None:
    """The sales that events with a product property tell; a local day of a customer is an order."""
    meta = timelines.meta
    name = property_name(meta, name)
    rows = timelines.walk(EventItemsStep(scope, as_of, name)).rows
    orders = rows["code"] == (meta.events.index(ORDER) if ORDER in meta.events else 0)
    chosen = orders if orders.any() else np.ones(len(orders), np.bool_)
    if not chosen.any():
        return None
    told = tuple(meta.events[code] for code in np.unique(rows["code"][chosen]))
    values = meta.properties[name]
    noise = not_products([value for value in values[1:] if value], exclude)
    kept = [code for code in range(1, len(values)) if values[code] and values[code] not in noise]
    kept.sort(key=values.__getitem__)
    code_of = np.full(len(values), -1, np.int64)
    code_of[kept] = np.arange(len(kept))
    ids = tuple(values[code] for code in kept)
    nothing = (None,) * len(ids)
    items = Items(ids, ids, np.full(len(ids), np.nan), nothing, nothing)
    return _by_day(rows, chosen, code_of, items, noise, told)


def _by_day(rows: dict[str, Any], chosen: Any, code_of: Ints, items: Items, noise: Any, told: tuple[str, ...]) -> Sales:
    who, people, customers, inside = _who(rows)
    item = code_of[rows["value"]]
    good = chosen & (item >= 0)
    who, item, day, second = who[good], item[good], rows["day"][good], rows["second"][good]
    days, order = np.unique(np.stack([who, day]), axis=1, return_inverse=True)
    begin = np.full(days.shape[1], np.iinfo(np.int64).max)
    np.minimum.at(begin, order.ravel(), second)
    pairs = np.unique(np.stack([order.ravel(), item]), axis=1)
    none = np.zeros(0, np.int64)
    return Sales(
        items, people, customers, inside, days[0], begin, days[1], pairs[0], pairs[1], np.zeros(pairs.shape[1]),
        none, none, days.shape[1], noise, told, {product: place for place, product in enumerate(items.ids)},
    )  # fmt: skip
