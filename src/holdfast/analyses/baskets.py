"""Baskets: do customers who come again buy more at a time, and dearer goods? First orders beside later ones (MISSION 1.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.basket_lines import Contents, baskets_of
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.ratios import Ratio, difference, ratio
from holdfast.analyses.scope import Condition, Scope, money
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["KINDS", "Baskets", "BasketsStep"]

KINDS = ("all", "first", "later")
"""Which orders a row is about: every counting order, customers' first-ever ones, all others."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BasketsStep:
    """The counting orders of one shard: whose, when, how much, and whether first-ever.

    kind  place in KINDS of the people to name; -1: nobody
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    kind: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """Rows customer, person, order, second, amount, later, inside, an order each."""
        bought, rows = shard.source.purchases(self.as_of.until, self.mode), shard.columns.orders
        span = slice(int(bought.offsets[shard.low]), int(bought.offsets[shard.high]))
        sizes = np.diff(bought.offsets[shard.low : shard.high + 1])
        owner = np.repeat(np.arange(shard.low, shard.high, dtype=np.int64), sizes)
        later = np.ones(len(owner), np.int8)
        later[(bought.offsets[shard.low : shard.high] - span.start)[sizes > 0]] = 0
        inside = self.scope.by_first_order(shard, self.as_of, self.mode) >= 0
        found = {
            "customer": owner,
            "person": shard.columns.id_hash[owner],
            "order": rows.order[rows.offsets[owner] + bought.place[span]],
            "second": bought.second[span].astype(np.int64),
            "amount": bought.amount[span],
            "later": later,
            "inside": inside[owner - shard.low],
        }
        named = inside & (sizes > (1 if KINDS[self.kind] == "later" else 0))
        return Tally({}, found | ({"ids": shard.ids(named)} if self.kind >= 0 else {}))


@dataclass(frozen=True)
class Baskets(Question):
    """How many pieces and products an order holds, what a piece costs, and what share of the money goes to premium products:
    customers' first-ever orders beside their later ones.

    as_of    as in every question
    top      products are premium when fewer than this share of all products sold are dearer by median unit price (0 to 1)
    without  product ids that are no products, such as postage
    where, moment  only these customers; which products are premium is decided by the orders of everyone
    lines    what was in the orders; `Workspace.baskets` fills it in

    Table: a row per kind (first, later, all) with orders, customers, with_lines (orders whose products are known), items
    (pieces an order) with interval and median, products (different ones an order), unit_price (paid for a piece),
    premium_share with interval, revenue (net). Extra table "difference": each measure's later minus first, with interval.
    People: kind=first | later | all
    """

    as_of: date | datetime | str | None = None
    top: float = 0.25
    without: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    lines: OrderLines | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.top <= 1:
            raise UsageError(f"top cannot be {self.top}", "give a share between 0 and 1, such as 0.25")

    def answer(self, timelines: Timelines) -> Answer:
        """List the counting orders in one walk, join them with their lines, and add up by customer."""
        if self.lines is None:
            raise UsageError("timelines do not know what was in an order", "ask the workspace: shop.baskets()")
        step = self._step(timelines)
        rows = timelines.walk(step).rows
        found = baskets_of(_bought(rows), self.lines, self.top, self.without)
        parts = {kind: _part(kind, rows, found) for kind in KINDS}
        table = pa.Table.from_pylist([{"kind": kind, **parts[kind].row()} for kind in ("first", "later", "all")], SCHEMA)
        apart = _differences(parts["first"], parts["later"])
        return Answer(
            question=self,
            words=_words(table, apart),
            table=table,
            definition=defined(
                timelines,
                step.as_of,
                title="Do customers who come again buy more, and dearer goods?",
                text=_TEXT,
                rules=self._rules(step, found, timelines.settings.currency),
                n=parts["all"].customers,
            ),
            source=timelines,
            notes=_notes(parts, timelines.settings.small_group),
            extra={"difference": apart},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who has a counting order of a kind: first (everyone with an order), later (a second one and more), all."""
        checked_cell(cell, "kind")
        kind = cell.get("kind", "all")
        if kind not in KINDS:
            raise UnknownName("kind of order", str(kind), KINDS)
        tally = timelines.walk(self._step(timelines, KINDS.index(kind)))
        return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The premium share of first and of later orders, with intervals."""
        from holdfast.charts.bars import interval_bars

        names = ("premium_share", "premium_share_low", "premium_share_high")
        bars = []
        for row in answer.table.to_pylist():
            value, low, high = (None if row[name] is None else 100 * row[name] for name in names)
            if value is not None and row["kind"] != "all":
                bars.append((f"{row['kind']} orders", value, low, high))
        return interval_bars(bars, title="Premium share", subtitle=answer.words, unit="% of the money")

    def _step(self, timelines: Timelines, kind: int = -1) -> BasketsStep:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(None, self.where, self.moment).ready(timelines, as_of)
        return BasketsStep(scope, as_of, timelines.settings.refunds, kind)

    def _rules(self, step: BasketsStep, found: Contents, currency: str) -> dict[str, Any]:
        rules: dict[str, Any] = {"refunds": step.mode, "top": self.top}
        if found.cut is not None:
            rules["premium"] = f"{found.dear:,} of {found.sold:,} products, from {found.cut:,.2f} {currency} a piece"
        if self.without:
            rules["without"] = ", ".join(self.without)
        return rules | scope_rules(step.scope)


_TEXT = (
    "First orders are customers' first-ever counting orders, later ones all others; in refund mode order, one taken back in "
    "full does not count. Items are pieces per order, products different products per order, unit price is money by pieces, "
    "over the product lines as they were ordered (before refunds, without lines of no positive quantity or a negative price). "
    "A product is premium when fewer than the share top of all products sold are dearer by their median unit price; premium "
    "share is the part of the lines' money that goes to them. Intervals (95 %) come from the spread between customers, whose "
    "orders resemble each other. Revenue is that of the orders, net of refunds."
)

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        *((name, pa.int64()) for name in ("orders", "customers", "with_lines")),
        *((name, pa.float64()) for name in ("items", "items_low", "items_high", "items_median", "products", "unit_price")),
        *((name, pa.float64()) for name in ("premium_share", "premium_share_low", "premium_share_high", "revenue")),
    ]
)

DIFFERENCE_SCHEMA = pa.schema(
    [("measure", pa.string()), *((name, pa.float64()) for name in ("first", "later", "difference", "low", "high"))]
)


@dataclass(frozen=True)
class Part:
    """The orders of one kind; the arrays hold sums of each customer of the shop, in store order.

    known  orders with product lines · items, products, priced, money, premium as in `basket_lines.Contents`
    each   float64: the pieces of each order with lines
    """

    orders: int
    customers: int
    units: int
    each: Floats
    known: Floats
    items: Floats
    products: Floats
    priced: Floats
    money: Floats
    premium: Floats

    def measures(self) -> dict[str, tuple[Floats, Floats]]:
        """Each measure as what is divided by what."""
        return {
            "items": (self.items, self.known),
            "products": (self.products, self.known),
            "unit_price": (self.money, self.priced),
            "premium_share": (self.premium, self.money),
        }

    def row(self) -> dict[str, Any]:
        """The row of the table."""
        made = self.measures()
        items, share = ratio(*made["items"], least=0.0), ratio(*made["premium_share"], least=0.0, most=1.0)
        return {
            "orders": self.orders, "customers": self.customers, "with_lines": len(self.each),
            **_with_bounds("items", items), "items_median": float(np.median(self.each)) if len(self.each) else None,
            "products": ratio(*made["products"]).value, "unit_price": ratio(*made["unit_price"]).value,
            **_with_bounds("premium_share", share), "revenue": money(self.units),
        }  # fmt: skip


def _with_bounds(name: str, found: Ratio) -> dict[str, float | None]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _bought(rows: dict[str, Any]) -> pa.Table:
    """The orders of everyone, for the join with their lines."""
    marks = {name: rows[name] for name in ("person", "order", "second")}
    return pa.table({"number": np.arange(len(rows["order"]), dtype=np.int64), **marks})


def _part(kind: str, rows: dict[str, Any], found: Contents) -> Part:
    chosen = rows["inside"] & (True if kind == "all" else rows["later"] == (kind == "later"))
    lined = chosen[found.at]
    at = found.at[lined]
    people, owner = np.unique(rows["customer"], return_inverse=True)

    def each(values: Any) -> Floats:
        return np.bincount(owner[at], values[lined], len(people)).astype(np.float64, copy=False)

    return Part(
        orders=int(np.count_nonzero(chosen)),
        customers=len(np.unique(owner[chosen])),
        units=int(rows["amount"][chosen].sum()),
        each=found.items[lined],
        known=each(np.ones(len(found.at))),
        items=each(found.items),
        products=each(found.products),
        priced=each(found.priced),
        money=each(found.money),
        premium=each(found.premium),
    )


def _differences(first: Part, later: Part) -> pa.Table:
    """Each measure of later orders less that of first ones."""
    rows = []
    for name, sums in later.measures().items():
        before = first.measures()[name]
        apart = difference(*before, *sums)
        rows.append(
            {
                "measure": name, "first": ratio(*before).value, "later": ratio(*sums).value,
                "difference": apart.value, "low": apart.low, "high": apart.high,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, DIFFERENCE_SCHEMA)


def _notes(parts: dict[str, Part], small: int) -> tuple[str, ...]:
    whole, notes = parts["all"], []
    missing = whole.orders - len(whole.each)
    if missing:
        notes.append(
            f"{missing:,} of {whole.orders:,} orders have no product lines: "
            "they count as orders, not in what their products say"
        )
    unpriced = float((whole.items - whole.priced).sum())
    if unpriced > 0:
        notes.append(f"{unpriced:,.0f} of {whole.items.sum():,.0f} pieces have no price: they count as pieces, not as money")
    for kind in ("first", "later"):
        if 0 < parts[kind].customers < small:
            notes.append(f"{kind} orders stand on fewer than {small} customers: read them with their intervals")
    if whole.orders:
        notes.append(
            "what goes together with coming again need not come from it: whom the shop lost early is in first orders alone"
        )
    return tuple(notes)


def _words(table: pa.Table, apart: pa.Table) -> str:
    first, later, whole = table.to_pylist()
    if not whole["orders"]:
        return "There are no orders."
    if not whole["with_lines"]:
        return f"None of the {counted(whole['orders'], 'order')} says which products it holds."
    if not first["with_lines"] or not later["with_lines"]:
        return (
            f"{counted(whole['with_lines'], 'order')} hold {whole['items']:,.1f} items on average; premium share "
            f"{percent(whole['premium_share'])}. There are no first and later orders to compare."
        )
    told = (
        f"Together with coming again: a later order holds {later['items']:,.1f} items on average, "
        f"a first one {first['items']:,.1f}"
    )
    share = apart.to_pylist()[3]
    if share["difference"] is None:
        return f"{told}."
    told = (
        f"{told}; premium products take {percent(later['premium_share'])} of the money of later orders, "
        f"{percent(first['premium_share'])} of first ones"
    )
    if share["low"] is None:
        return f"{told}."
    points = f"{100 * share['difference']:+.1f} points ({100 * share['low']:+.1f} to {100 * share['high']:+.1f})"
    chance = ", no more than chance may give" if share["low"] <= 0 <= share["high"] else ""
    return f"{told}: {points}{chance}.".replace("-", "−")
