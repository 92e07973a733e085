"""Orders: how many, of whom, how large, how often; first orders beside later ones; what was taken back (MISSION 1.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.bridge import Span, span_of
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.scope import Condition, Scope, money, segment_code
from holdfast.analyses.statistics import Z95
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import RefundMode
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Unit
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["KINDS", "Orders", "OrdersStep", "Sums"]

KINDS = ("customers", "first", "later")
"""Whom a row counts: anyone with a counting order, with her first-ever one, with a later one."""

WHOLE = "all"
"""The period of a question without periods."""


@dataclass(frozen=True)
class OrdersStep:
    """Counts and money of one shard, per segment, period and kind of order (0 first-ever, 1 later).

    period_of  int32 per day index, -1 outside
    number, at, only  place in KINDS, period and segment code (-1: all) of the people to name; -1: nobody
    """

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    period_of: npt.NDArray[np.int32]
    periods: int
    segments: int
    number: int = -1
    at: int = -1
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The orders of a shard."""
        bought, rows = shard.source.purchases(self.as_of.until, self.mode), shard.columns.orders
        segment = self.segment(shard)
        shape = (self.segments, self.periods)
        counts, sums = np.zeros((*shape, 2), np.int64), np.zeros((*shape, 2), np.int64)
        squares, people = np.zeros((*shape, 2), np.float64), np.zeros((*shape, 3), np.int64)
        adjusted, gross = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        mark = np.zeros(0 if self.number < 0 else len(segment), np.uint8)
        _walk_orders(
            shard.low, shard.high, bought.offsets, bought.day, bought.amount,
            bought.adjust_offsets, bought.adjust_day, bought.adjust_amount, self.period_of, segment,
            counts, sums, squares, people, adjusted, self.number, self.at, self.only, mark,
        )  # fmt: skip
        _walk_gross(
            shard.low, shard.high, rows.offsets, rows.day, rows.second, rows.amount, rows.refund,
            self.as_of.until, self.period_of, segment, gross,
        )  # fmt: skip
        found = {"counts": counts, "sums": sums, "squares": squares, "people": people, "adjusted": adjusted, "gross": gross}
        return Tally(found, {"ids": shard.ids(mark)} if self.number >= 0 else {})

    def segment(self, shard: Shard) -> npt.NDArray[np.int32]:
        """The segment of each customer, -1 out of scope; everyone with money is in when nothing splits or filters."""
        if self.scope.trivial:
            return np.zeros(shard.high - shard.low, np.int32)
        return self.scope.by_first_order(shard, self.as_of, self.mode)


@dataclass(frozen=True)
class AmountsStep:
    """The amounts of one shard, and the cell of each: segment * periods + period, times 2, plus 1 for later orders."""

    step: OrdersStep

    def __call__(self, shard: Shard) -> Tally:
        """Rows "cell" int32 and "amount" int64 in ten-thousandths, an order each."""
        bought = shard.source.purchases(self.step.as_of.until, self.step.mode)
        span = slice(int(bought.offsets[shard.low]), int(bought.offsets[shard.high]))
        period = self.step.period_of[bought.day[span]]
        offsets = bought.offsets[shard.low : shard.high + 1] - span.start
        owner = np.repeat(self.step.segment(shard), np.diff(offsets))
        later = np.ones(span.stop - span.start, np.int32)
        later[offsets[:-1][np.diff(offsets) > 0]] = 0
        cell = np.where((period < 0) | (owner < 0), -1, (owner * self.step.periods + period) * 2 + later)
        return Tally({}, {"cell": cell[cell >= 0].astype(np.int32), "amount": bought.amount[span][cell >= 0]})


@njit(cache=True, nogil=True)
def _walk_orders(
    low: int, high: int, offsets: Any, day: Any, amount: Any, ad_offsets: Any, ad_day: Any, ad_amount: Any,
    period_of: Any, segment: Any, counts: Any, sums: Any, squares: Any, people: Any, adjusted: Any,
    number: int, at: int, only: int, mark: Any,
) -> None:  # fmt: skip
    seen = np.full((counts.shape[1], 3), -1, np.int64)
    for customer in range(low, high):
        own = segment[customer - low]
        if own < 0:
            continue
        for i in range(ad_offsets[customer], ad_offsets[customer + 1]):
            place = period_of[ad_day[i]]
            if place >= 0:
                adjusted[own, place] += ad_amount[i]
        for i in range(offsets[customer], offsets[customer + 1]):
            place = period_of[day[i]]
            if place < 0:
                continue
            later = 1 if i > offsets[customer] else 0
            counts[own, place, later] += 1
            sums[own, place, later] += amount[i]
            value = np.float64(amount[i])
            squares[own, place, later] += value * value
            for kind in (0, 1 + later):
                if seen[place, kind] != customer:
                    seen[place, kind] = customer
                    people[own, place, kind] += 1
            if len(mark) > 0 and place == at and (only < 0 or only == own) and (number == 0 or number == 1 + later):
                mark[customer - low] = 1


@njit(cache=True, nogil=True)
def _walk_gross(
    low: int, high: int, offsets: Any, day: Any, second: Any, amount: Any, refund: Any, until: int,
    period_of: Any, segment: Any, gross: Any,
) -> None:  # fmt: skip
    for customer in range(low, high):
        own = segment[customer - low]
        if own < 0:
            continue
        for i in range(offsets[customer], offsets[customer + 1]):
            if refund[i] == 0 and second[i] < until and period_of[day[i]] >= 0:
                gross[own, period_of[day[i]]] += amount[i]


@dataclass(frozen=True)
class Sums:
    """Orders of one cell: how many, their money in ten-thousandths and its squares, and the customers behind them."""

    orders: int
    units: int
    squares: float
    customers: int

    def mean(self) -> tuple[float | None, float | None, float | None]:
        """The average order value with its 95 % interval (normal, of a mean), in the currency."""
        if not self.orders:
            return None, None, None
        mean = self.units / self.orders
        if self.orders < 2:
            return money(mean), None, None
        spread = max(self.squares - self.orders * mean * mean, 0.0) / (self.orders - 1)
        half = Z95 * math.sqrt(spread / self.orders)
        return money(mean), money(mean - half), money(mean + half)


@dataclass(frozen=True)
class Orders(Question):
    """How many orders of how many customers, how large and how often, and what part of the money comes from later orders.

    period  day, week, month, quarter, year, or None: all of the data as one
    first, last, as_of, by, where, moment  as in `Bridge`; segments are those of the first counting order

    Table: a row per segment and period with segment, period, state, orders, customers, revenue (net, with adjustments), aov,
    aov_low, aov_high, aov_median, orders_per_customer, refunded, refund_rate (share of gross money taken back), first_orders,
    later_orders, first_revenue, later_revenue, later_share. Extra table "new_and_returning": the periods together, a row per
    kind.
    People: period=…, what="customers" | "first" | "later", segment=…; or kind="all" | "first" | "later" in any period
    """

    period: Unit | None = "month"
    first: str | date | None = None
    last: str | date | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def answer(self, timelines: Timelines) -> Answer:
        """Count and add in one walk, lay out the amounts in another."""
        step, span = self._step(timelines)
        tally, amounts = timelines.walk(step), timelines.walk(AmountsStep(step)).rows
        whole = timelines.walk(replace(step, period_of=np.minimum(step.period_of, 0), periods=1))
        labels = step.scope.labels(timelines)
        table = _table(tally, _medians(amounts, tally.sums["counts"].size), labels, self._names(span), span)
        kinds = _kinds(whole, amounts)
        buyers = kinds.column("customers")[0].as_py()
        rules = {"clock": "calendar", "period": self.period or WHOLE, "refunds": step.mode, "money": "revenue, net of refunds"}
        return Answer(
            question=self,
            words=_words(kinds, timelines.settings.currency),
            table=table,
            definition=defined(
                timelines,
                step.as_of,
                title="What do our customers order?",
                text=_TEXT,
                rules=rules | scope_rules(step.scope),
                n=buyers,
            ),
            source=timelines,
            notes=_notes(table, timelines.settings.small_group),
            extra={"new_and_returning": kinds},
        )

    def totals(self, timelines: Timelines) -> pa.Table:
        """The table without its medians, which cost more than all the rest."""
        step, span = self._step(timelines)
        return _table(timelines.walk(step), {}, step.scope.labels(timelines), self._names(span), span)

    def _of_kind(self, timelines: Timelines, cell: dict[str, Any]) -> People:
        """Who is behind a row of the table of new and returning."""
        if len(cell) > 1:
            raise UsageError("a kind of order is told of all periods and segments together", "give kind= alone")
        if cell["kind"] not in (WHOLE, *KINDS[1:]):
            raise UnknownName("kind of order", str(cell["kind"]), (WHOLE, *KINDS[1:]))
        what = KINDS[0] if cell["kind"] == WHOLE else cell["kind"]
        step, _ = self._step(timelines)
        together = replace(step, period_of=np.minimum(step.period_of, 0), periods=1)
        tally = timelines.walk(replace(together, number=KINDS.index(what), at=0))
        return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)

    def _names(self, span: Span) -> list[str]:
        return span.periods.labels() if self.period else [WHOLE]

    def _step(self, timelines: Timelines) -> tuple[OrdersStep, Span]:
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period or "month", self.first, self.last)
        period_of = span.periods.of_day() if self.period else np.minimum(span.periods.of_day(), 0)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        periods, segments = len(self._names(span)), len(scope.labels(timelines))
        return OrdersStep(scope, as_of, timelines.settings.refunds, period_of, periods, segments), span

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who ordered in a period: everyone, or those with their first-ever or a later order in it."""
        checked_cell(cell, "period", "what", "segment", "kind")
        if "kind" in cell:
            return self._of_kind(timelines, cell)
        what = cell.get("what", "customers")
        if what not in KINDS:
            raise UnknownName("count of the orders", str(what), KINDS)
        step, span = self._step(timelines)
        names = self._names(span)
        if cell.get("period", names[-1]) not in names:
            raise UnknownName("period", str(cell["period"]), names)
        at, only = names.index(cell.get("period", names[-1])), segment_code(step.scope, timelines, cell.get("segment"))
        tally = timelines.walk(replace(step, number=KINDS.index(what), at=at, only=only))
        return People(tuple(sorted(tally.rows["ids"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Average order value by period with its interval, or by segment."""
        from holdfast.charts.lines import points_with_intervals, series_lines

        rows = answer.table.to_pylist()
        if len({row["segment"] for row in rows}) > 1:
            title = "Average order value, by period"
            return series_lines(rows, "period", "aov", "segment", title=title, subtitle=answer.words, unit="money")
        return points_with_intervals(rows, "period", "aov", title="Average order value", subtitle=answer.words, unit="money")


_TEXT = (
    "An order is a counting order: in refund mode order, one taken back in full does not count. Revenue is net of refunds; "
    "average "
    "order value is the money of counting orders divided by their number, with the normal 95 % interval of a mean. First "
    "orders are "
    "customers' first-ever counting orders, later ones all others. Refund rate is the share of gross order money taken back."
)


def _medians(amounts: dict[str, Any], cells: int) -> dict[int, float]:
    """The median amount of each pair of cells (first and later together) and, under its own cell, of each kind."""
    pairs = amounts["cell"] // 2
    # Sixteen bits are sorted by counting, many times as fast as by comparing.
    order = np.argsort(pairs.astype(np.uint16) if cells <= 2**16 else pairs, kind="stable")
    cell, amount = pairs[order], amounts["amount"][order]
    edges = np.searchsorted(cell, np.arange(cells // 2 + 1))
    return {place: float(np.median(amount[low:high])) for place, (low, high) in enumerate(pairwise(edges)) if high > low}


def _table(tally: Tally, medians: dict[int, float], labels: tuple[str, ...], names: list[str], span: Span) -> pa.Table:
    counts, sums, squares = tally.sums["counts"], tally.sums["sums"], tally.sums["squares"]
    busy = np.flatnonzero(tally.sums["gross"].any(axis=0) | tally.sums["adjusted"].any(axis=0) | counts.any(axis=(0, 2)))
    rows = []
    for code, label in enumerate(labels):
        if len(labels) > 1 and not counts[code].any():
            continue
        for place in range(int(busy[0]) if len(busy) else 0, len(names)):
            both = Sums(
                int(counts[code, place].sum()), int(sums[code, place].sum()), float(squares[code, place].sum()),
                int(tally.sums["people"][code, place, 0]),
            )  # fmt: skip
            state = "complete" if span.complete[-1 if names == [WHOLE] else place] else "in progress"
            first, later = (int(value) for value in sums[code, place])
            gross, net = int(tally.sums["gross"][code, place]), both.units + int(tally.sums["adjusted"][code, place])
            rows.append(
                {
                    "segment": label, "period": names[place], "state": state, **_described(both),
                    "revenue": money(net), "aov_median": money(medians.get(code * len(names) + place)),
                    "refunded": money(gross - net), "refund_rate": (gross - net) / gross if gross else None,
                    "first_orders": int(counts[code, place, 0]), "later_orders": int(counts[code, place, 1]),
                    "first_revenue": money(first), "later_revenue": money(later),
                    "later_share": later / both.units if both.units else None,
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def _described(cell: Sums) -> dict[str, Any]:
    aov, low, high = cell.mean()
    often = cell.orders / cell.customers if cell.customers else None
    return {
        "orders": cell.orders, "customers": cell.customers, "aov": aov, "aov_low": low, "aov_high": high,
        "orders_per_customer": often,
    }  # fmt: skip


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "state")),
        *((name, pa.int64()) for name in ("orders", "customers")),
        *((name, pa.float64()) for name in ("revenue", "aov", "aov_low", "aov_high", "aov_median", "orders_per_customer")),
        *((name, pa.float64()) for name in ("refunded", "refund_rate")),
        *((name, pa.int64()) for name in ("first_orders", "later_orders")),
        *((name, pa.float64()) for name in ("first_revenue", "later_revenue", "later_share")),
    ]
)


def _kinds(whole: Tally, amounts: dict[str, Any]) -> pa.Table:
    """All, first and later orders of all periods and segments together."""
    counts, sums, squares = (whole.sums[name].sum(axis=(0, 1)) for name in ("counts", "sums", "squares"))
    people, total = whole.sums["people"].sum(axis=(0, 1)), int(sums.sum())
    later, rows = amounts["cell"] % 2, []
    for kind, part in (("all", slice(0, 2)), ("first", slice(0, 1)), ("later", slice(1, 2))):
        some = amounts["amount"] if kind == "all" else amounts["amount"][later == part.start]
        buyers = int(people[0 if kind == "all" else 1 + part.start])
        cell = Sums(int(counts[part].sum()), int(sums[part].sum()), float(squares[part].sum()), buyers)
        median = money(float(np.median(some))) if len(some) else None
        share = cell.units / total if total else None
        rows.append(
            {"kind": kind, **_described(cell), "aov_median": median, "revenue": money(cell.units), "revenue_share": share}
        )
    return pa.Table.from_pylist(rows, KIND_SCHEMA)


KIND_SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        *((name, pa.int64()) for name in ("orders", "customers")),
        *((name, pa.float64()) for name in ("aov", "aov_low", "aov_high", "aov_median", "orders_per_customer")),
        *((name, pa.float64()) for name in ("revenue", "revenue_share")),
    ]
)


def _notes(table: pa.Table, small: int) -> tuple[str, ...]:
    rows = table.to_pylist()
    notes = []
    if any(row["state"] == "in progress" and row["period"] != WHOLE for row in rows):
        notes.append("the last period is in progress")
    if any(0 < row["customers"] < small for row in rows):
        notes.append(f"some rows stand on fewer than {small} customers: read their averages with their intervals")
    return tuple(notes)


def _words(kinds: pa.Table, currency: str) -> str:
    both, first, later = kinds.to_pylist()
    if not both["orders"]:
        return "There are no orders in these periods."
    told = (
        f"{counted(both['customers'], 'customer')} placed {counted(both['orders'], 'order')} of {both['aov']:,.2f} {currency} "
        "on average "
        f"(median {both['aov_median']:,.2f}), {both['orders_per_customer']:.2f} each."
    )
    if not later["orders"] or not first["orders"]:
        return told
    return (
        f"{told} Later orders bring {percent(later['revenue_share'])} of their money; one is worth {later['aov']:,.2f} on "
        f"average, "
        f"a first one {first['aov']:,.2f}."
    )
