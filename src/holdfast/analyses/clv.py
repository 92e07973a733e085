"""Customer lifetime value by the plain formula (SEMANTICS 14, MISSION 1.3, 3.13).

    value = (average order value x orders per customer and month) x average lifespan in months

It takes every customer for the average one and every month for the last. It misleads where few customers bring most of the
money,
and where churn falls with age; the model's value says more about single customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numba import njit

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.orders import Orders
from holdfast.analyses.rates import rate
from holdfast.analyses.scope import Condition, Scope
from holdfast.errors import UsageError
from holdfast.settings import RefundMode, Settings
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["MONTH_DAYS", "LifespanStep", "PlainClv", "plain_clv"]

MONTH_DAYS = 365.25 / 12
"""Days of an average month."""


def plain_clv(order_value: float, orders_per_month: float, lifespan_months: float, margin: float | None = None) -> float:
    """The plain formula: order value x orders per customer and month x months, x margin where one is given."""
    return order_value * orders_per_month * lifespan_months * (1.0 if margin is None else margin)


@dataclass(frozen=True)
class LifespanStep:
    """Days between first and last counting order, of one shard: sums "days" and "customers" [segments]."""

    scope: Scope
    as_of: AsOf
    mode: RefundMode
    segments: int

    def __call__(self, shard: Shard) -> Tally:
        """The observed lifespans of a shard."""
        bought = shard.source.purchases(self.as_of.until, self.mode)
        segment = self.scope.by_first_order(shard, self.as_of, self.mode)
        found = np.zeros((self.segments, 2), np.int64)
        _walk_lifespans(shard.low, shard.high, bought.offsets, bought.day, segment, found)
        return Tally({"lifespans": found}, {})


@njit(cache=True, nogil=True)
def _walk_lifespans(low: int, high: int, offsets: Any, day: Any, segment: Any, found: Any) -> None:
    for customer in range(low, high):
        own, start, stop = segment[customer - low], offsets[customer], offsets[customer + 1]
        if own >= 0 and start < stop:
            found[own, 0] += 1
            found[own, 1] += max(np.int64(day[stop - 1]) - np.int64(day[start]), 0)


@dataclass(frozen=True)
class PlainClv(Question):
    """What is a customer worth by the plain formula?

    lifespan    "churn" (1 / monthly churn of the bridge, the default), "observed" (mean time from first to last order, which
                understates: most customers are not gone yet), or a number of months
    as_of, gone_after, by, where, moment  as in `Bridge`

    All three factors stand on the same months: the complete ones that begin with a filled base, pooled.
    Table: a row per segment with segment, clv, clv_low, clv_high, unit_of (profit or revenue), aov, orders_per_month (per
    customer
    of the base), lifespan_months, lifespan, churn (monthly), orders, customer_months, months and note. clv_low and clv_high
    carry the
    interval of the churn alone. People: those in the base at the end of the last of those months; segment=…
    """

    lifespan: str | float = "churn"
    as_of: date | datetime | str | None = None
    gone_after: int | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        numeric = isinstance(self.lifespan, int | float)
        if (numeric and float(self.lifespan) <= 0) or (not numeric and self.lifespan not in ("churn", "observed")):
            raise UsageError(f"lifespan cannot be {self.lifespan!r}", "choose churn, observed or a number of months")

    def answer(self, timelines: Timelines) -> Answer:
        """Take the bridge and the orders of the same months and multiply."""
        bridge, as_of = self._bridge().answer(timelines), timelines.as_of(self.as_of)
        orders = Orders("month", None, None, self.as_of, self.by, self.where, self.moment).totals(timelines)
        rows = _rows(bridge, orders, self._lifespans(timelines, as_of), self.lifespan, timelines.settings.margin)
        rules = {
            "lifespan": self.lifespan,
            "value": "revenue" if timelines.settings.margin is None else f"profit at a margin of {timelines.settings.margin:g}",
            **{name: value for name, value in bridge.definition.rules.items() if name in ("base", "gone_after", "refunds")},
            **scope_rules(Scope(self.by, self.where, self.moment)),
        }
        return Answer(
            question=self,
            words=_words(rows, timelines.settings.currency),
            table=pa.Table.from_pylist(rows, SCHEMA),
            definition=defined(
                timelines, as_of, title="What is a customer worth?", text=_TEXT, rules=rules, n=bridge.definition.n
            ),
            source=timelines,
            notes=_notes(rows, self.lifespan, timelines.settings),
        )

    def _bridge(self) -> Bridge:
        return Bridge("month", None, None, self.as_of, self.gone_after, by=self.by, where=self.where, moment=self.moment)

    def _lifespans(self, timelines: Timelines, as_of: AsOf) -> dict[str, float]:
        """Mean months from first to last order per segment; nothing unless asked for."""
        if self.lifespan != "observed":
            return {}
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        labels = scope.labels(timelines)
        found = timelines.walk(LifespanStep(scope, as_of, timelines.settings.refunds, len(labels))).sums["lifespans"]
        return {
            label: int(days) / int(customers) / MONTH_DAYS
            for label, (customers, days) in zip(labels, found, strict=True)
            if customers
        }

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of the base at the end of the last month used; segment= when there are several."""
        checked_cell(cell, "segment")
        bridge = self._bridge().answer(timelines)
        months, _ = _months(bridge.table.to_pylist())
        if not months:
            return People((), cell)
        found = self._bridge().people(timelines, period=months[-1], what="end", **cell)
        return People(found.ids, cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Bars: the value of a customer by segment, with its interval."""
        from holdfast.charts.bars import interval_bars

        rows = [row for row in answer.table.to_pylist() if row["clv"] is not None]
        return interval_bars(
            [(row["segment"], row["clv"], row["clv_low"], row["clv_high"]) for row in rows],
            title="What a customer is worth", subtitle=answer.words, unit=answer.source.settings.currency,
        )  # fmt: skip


_TEXT = (
    "Average order value x orders per customer of the base and month x average lifespan in months, over the complete months "
    "that begin "
    "with a filled base, pooled. Customer-months are the mean of the base at the start and the end of each month. Lifespan by "
    "churn "
    "is 1 / (lost / start) over the same months; observed is the mean time from first to last order, which understates. "
    "The interval carries the uncertainty of the churn alone. Profit where a margin is set, revenue otherwise."
)

SCHEMA = pa.schema(
    [
        ("segment", pa.string()),
        *((name, pa.float64()) for name in ("clv", "clv_low", "clv_high")),
        ("unit_of", pa.string()),
        *((name, pa.float64()) for name in ("aov", "orders_per_month", "lifespan_months")),
        ("lifespan", pa.string()),
        *((name, pa.float64()) for name in ("churn",)),
        ("orders", pa.int64()),
        ("customer_months", pa.float64()),
        ("months", pa.int64()),
        ("note", pa.string()),
    ]
)


def _months(rows: list[dict[str, Any]]) -> tuple[list[str], str]:
    """The months that the factors stand on, and a remark when they are not what they should be."""
    over = [row for row in rows if row["state"] == "complete" and row["start"] > 0]
    filled = [row for row in over if "filling" not in row["note"]]
    chosen = sorted({row["period"] for row in (filled or over)})
    return chosen, "" if filled or not over else "the base is still filling in all months: churn is understated"


def _rows(
    bridge: Answer, orders: pa.Table, observed: dict[str, float], lifespan: str | float, margin: float | None
) -> list[dict[str, Any]]:
    every, bought = bridge.table.to_pylist(), orders.to_pylist()
    months, remark = _months(every)
    found = []
    for segment in dict.fromkeys(row["segment"] for row in every):
        mine = [row for row in every if row["segment"] == segment and row["period"] in months]
        sold = [row for row in bought if row["segment"] == segment and row["period"] in months]
        found.append(_row(segment, mine, sold, observed.get(segment), lifespan, margin, remark))
    return found


def _row(
    segment: str, base: list[dict[str, Any]], sold: list[dict[str, Any]], observed: float | None, lifespan: str | float,
    margin: float | None, remark: str,
) -> dict[str, Any]:  # fmt: skip
    churn = rate(
        sum(row["lost"] for row in base), sum(row["start"] for row in base), "no complete month begins with a customer"
    )
    count = sum(row["orders"] for row in sold)
    units = sum(round((row["first_revenue"] + row["later_revenue"]) * 10_000) for row in sold)
    customer_months = sum(row["start"] + row["end"] for row in base) / 2
    aov = units / 10_000 / count if count else None
    often = count / customer_months if customer_months else None
    spans, reason = _spans(churn.share, churn.low, churn.high, observed, lifespan)
    notes = [remark, reason or churn.reason, "" if count else "no order in these months"]
    values = [None if None in (aov, often, span) else plain_clv(aov or 0, often or 0, span or 0, margin) for span in spans]
    return {
        "segment": segment, "clv": values[0], "clv_low": values[1], "clv_high": values[2],
        "unit_of": "revenue" if margin is None else "profit",
        "aov": aov, "orders_per_month": often, "lifespan_months": spans[0],
        "lifespan": lifespan if isinstance(lifespan, str) else "given", "churn": churn.share, "orders": count,
        "customer_months": customer_months, "months": len(base), "note": "; ".join(filter(None, notes)),
    }  # fmt: skip


def _spans(
    churn: float | None, low: float | None, high: float | None, observed: float | None, lifespan: str | float
) -> tuple[tuple[float | None, float | None, float | None], str]:
    """Lifespan in months with its interval, and why there is none."""
    if lifespan == "observed":
        return (observed, None, None), ""
    if not isinstance(lifespan, str):
        return (float(lifespan), None, None), ""
    if not churn:
        return (None, None, None), "nobody was lost, so the lifespan has no end" if churn == 0 else ""
    return (1 / churn, 1 / high if high else None, 1 / low if low else None), ""


def _words(rows: list[dict[str, Any]], currency: str) -> str:
    known = sorted((row for row in rows if row["clv"] is not None), key=lambda row: -row["customer_months"])
    if not known:
        return "A customer's worth cannot be told yet: " + (rows[0]["note"] if rows else "there are no customers") + "."
    if len(rows) > 1:
        return "A customer's worth: " + ", ".join(f"{row['segment']} {row['clv']:,.0f} {currency}" for row in known[:4]) + "."
    row = known[0]
    interval = (
        "" if row["clv_low"] is None or row["clv_high"] is None else f" ({row['clv_low']:,.0f} to {row['clv_high']:,.0f})"
    )
    return (
        f"By the plain formula a customer is worth {row['clv']:,.2f} {currency}{interval} of {row['unit_of']}: "
        f"{row['aov']:,.2f} an order, "
        f"{row['orders_per_month']:.2f} orders a month, {row['lifespan_months']:.1f} months."
    )


def _notes(rows: list[dict[str, Any]], lifespan: str | float, settings: Settings) -> tuple[str, ...]:
    notes = [] if settings.margin is not None else ["no margin is set, so this is revenue, not profit (holdfast.toml: margin)"]
    if lifespan == "observed":
        notes.append("the observed lifespan understates: most customers are not gone yet")
    few = [row["segment"] for row in rows if 0 < row["orders"] < settings.small_group]
    if few:
        notes.append(f"fewer than {settings.small_group} orders in these months, read with care: {', '.join(few[:12])}")
    notes += sorted({row["note"] for row in rows if row["note"]})
    return tuple(notes)
