"""From counting orders and product lines to a basket an order: pieces, products, money, and the money of premium products.

Plain SQL over Arrow tables in this process (DuckDB); every value is bound, quantities and money are decimals until they are
added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from holdfast.timelines.order_lines import OrderLines

__all__ = ["Contents", "baskets_of"]

_SOLD = """
CREATE TABLE sold AS
WITH numbered AS (
    SELECT *, CASE "order" WHEN 0 THEN row_number() OVER same ELSE 1 END AS nth
    FROM bought WINDOW same AS (PARTITION BY person, "order", second ORDER BY number)
)
SELECT numbered.number, lines.product, lines.quantity, lines.price
FROM numbered
JOIN arrived ON arrived.person = numbered.person AND arrived."order" = numbered."order" AND arrived.nth = numbered.nth
    AND (numbered."order" <> 0 OR arrived.second = numbered.second)
JOIN lines ON lines.place = arrived.place
WHERE lines.quantity > 0 AND coalesce(lines.price, 0) >= 0 AND NOT list_contains($without, lines.product)
"""

_PRICED = """
CREATE TABLE priced AS
SELECT product, price, rank() OVER (ORDER BY price DESC) - 1 < CAST($top AS DECIMAL(9, 6)) * count(*) OVER () AS premium
FROM (SELECT product, median(CAST(price AS DOUBLE)) AS price FROM sold WHERE price IS NOT NULL GROUP BY product)
"""

_CUT = "SELECT count(*), count(*) FILTER (premium), min(price) FILTER (premium) FROM priced"

_BASKETS = """
SELECT number, CAST(sum(quantity) AS DOUBLE), CAST(count(DISTINCT product) AS DOUBLE),
       coalesce(CAST(sum(quantity) FILTER (priced) AS DOUBLE), 0), coalesce(CAST(sum(money) AS DOUBLE), 0),
       coalesce(CAST(sum(money) FILTER (premium) AS DOUBLE), 0)
FROM (
    SELECT sold.number, sold.product, sold.quantity, sold.price IS NOT NULL AS priced, premium,
           TRY_CAST(sold.quantity * sold.price AS DECIMAL(18, 4)) AS money
    FROM sold LEFT JOIN priced ON priced.product = sold.product
)
GROUP BY number ORDER BY number
"""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contents:
    """The baskets of orders that have product lines.

    at       int64: which of the orders bought
    items    float64: pieces · products: different products
    priced   float64: pieces with a price · money, premium: what they cost, and what the premium ones among them cost
    sold, dear, cut   how many products have a price, how many are premium, and the least median price among those
    """

    at: npt.NDArray[np.int64]
    items: Floats
    products: Floats
    priced: Floats
    money: Floats
    premium: Floats
    sold: int
    dear: int
    cut: float | None


def baskets_of(bought: pa.Table, lines: OrderLines, top: float, without: Sequence[str] = ()) -> Contents:
    """The baskets of some orders.

    bought   a row a counting order in the order of customer and time: number int64, person, order uint64, second int64
    top      a product is premium when fewer than this share of the products are dearer by their median unit price; equal
             prices are treated alike
    without  products that are none, such as postage: their lines are left out

    Lines of no positive quantity or a negative price are left out: discounts and corrections.
    """
    import duckdb

    with duckdb.connect() as engine:
        for name, table in (("bought", bought), ("arrived", lines.orders), ("lines", lines.lines)):
            engine.register(name, table)
        engine.execute(_SOLD, {"without": list(without)})
        engine.execute(_PRICED, {"top": top})
        counts = engine.execute(_CUT).fetchall()[0]
        found = engine.sql(_BASKETS).to_arrow_table()
    at, items, products, priced, money, premium = (column.to_numpy() for column in found.columns)
    return Contents(at, items, products, priced, money, premium, *counts)
