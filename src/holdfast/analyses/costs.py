"""What winning a customer costs beside what keeping one costs, with the firm's own numbers (MISSION 1.1).

    cost of a new customer   = money for winning customers a month / new customers a month
    cost of a kept customer  = money for keeping customers a month / customers kept a month, x 12 for a year

New and kept are the bridge's, over its complete months with a filled base. The money is what the firm says it spends; the
intervals say how far the customers of a month may lie from those counted: months resampled whole, as in `WhatIf`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.claims import claims_table
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.statistics import count_interval, count_ratio
from holdfast.analyses.whatif import DRAWS, WhatIf
from holdfast.analyses.whatif.months import FEW, Months, months_of, resampled, tails
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["Costs", "Spent"]

WHATS = ("new", "kept")
YEAR = 12
THREE_YEARS = 36
SEED = 11


@dataclass(frozen=True)
class Spent:
    """Money a month for winning and for keeping customers; None: not told."""

    acquiring: float | None
    keeping: float | None


@dataclass(frozen=True)
class Costs(Question):
    """What does it cost to win a customer, and what to keep one?

    acquiring  money a month spent on winning customers (advertising, first-order discounts, sales); None: as the settings say
    keeping    money a month spent on keeping them (programmes, service, mailings); None: as the settings say
    as_of, gone_after, where, moment  as in `Bridge`
    show       the main table: "costs", "worth", "claims"

    Table costs: a row for new and for kept: what, money (a month), a_month (customers a month), customers (different ones over
    all the months), customer_months, months, cost (of one; of one kept for a year) with low and high. Worth: what stands
    against it: the value of a customer by the plain formula and how often it covers the cost of winning her, how many times as
    much a new customer costs as one kept for a year (with low and high), and what one point more retention would be worth a
    month. Claims: the literature. People: what="new", period="2011-03"; what="kept".
    """

    acquiring: float | None = None
    keeping: float | None = None
    as_of: date | datetime | str | None = None
    gone_after: int | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    show: Literal["costs", "worth", "claims"] = "costs"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("costs", "worth", "claims"))
        for name in ("acquiring", "keeping"):
            amount = getattr(self, name)
            if amount is not None and not 0 <= amount < math.inf:
                raise UsageError(f"{name} cannot be {amount}", "give money a month, 0 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Take the bridge's months and divide."""
        bridge, as_of = self._bridge().answer(timelines), timelines.as_of(self.as_of)
        months, spent = months_of(bridge.table.to_pylist(), []), self._spent(timelines)
        rows = _rows(months, spent, len(self._behind(timelines, "kept", months.labels))) if len(months) else []
        ahead = WhatIf(as_of=self.as_of, gone_after=self.gone_after, where=self.where, moment=self.moment).answer(timelines)
        plain = PlainClv(as_of=self.as_of, gone_after=self.gone_after, where=self.where, moment=self.moment).answer(timelines)
        worth = _worth(rows, plain, ahead, months) if rows else []
        made = {
            "costs": pa.Table.from_pylist(rows, COSTS),
            "worth": pa.Table.from_pylist(worth, WORTH),
            "claims": claims_table("cost", "spend"),
        }
        rules = {name: value for name, value in bridge.definition.rules.items() if name in ("base", "gone_after", "refunds")}
        return Answer(
            question=self,
            words=_words(rows, worth, timelines.settings.currency),
            table=made[self.show],
            definition=defined(
                timelines, as_of, title="What does winning a customer cost, and what keeping one?", text=_TEXT,
                rules=rules | scope_rules(Scope(None, self.where, self.moment)), n=bridge.definition.n,
                names=timelines.settings.active or (ORDER,),
            ),
            source=timelines,
            notes=(*_notes(months, spent, timelines.settings.margin), *bridge.notes[:1]),
            extra={name: table for name, table in made.items() if name != self.show},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The new, or the kept, of a month; without period= those of any of the months looked at."""
        checked_cell(cell, "what", "period")
        what = cell.get("what", "new")
        if what not in WHATS:
            raise UnknownName("kind of customer", str(what), WHATS)
        months = months_of(self._bridge().answer(timelines).table.to_pylist(), [])
        if "period" in cell and cell["period"] not in months.labels:
            raise UnknownName("month", str(cell["period"]), months.labels)
        labels = (str(cell["period"]),) if "period" in cell else months.labels
        return People(tuple(sorted(self._behind(timelines, what, labels))), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The two costs as bars with their intervals."""
        from holdfast.charts.bars import interval_bars

        table = answer.table if self.show == "costs" else answer.extra["costs"]
        rows = [row for row in table.to_pylist() if row["cost"] is not None]
        names = {"new": "to win a customer", "kept": "to keep one for a year"}
        return interval_bars(
            [(names[row["what"]], row["cost"], row["low"], row["high"]) for row in rows],
            title="Winning and keeping a customer", subtitle=answer.words, unit=answer.source.settings.currency,
        )  # fmt: skip

    def _behind(self, timelines: Timelines, what: str, labels: tuple[str, ...]) -> set[str]:
        """Who was new, or kept, in any of the months."""
        bridge = self._bridge()
        return set[str]().union(*(bridge.people(timelines, period=label, what=what).ids for label in labels))

    def _bridge(self) -> Bridge:
        return Bridge("month", None, None, self.as_of, self.gone_after, where=self.where, moment=self.moment)

    def _spent(self, timelines: Timelines) -> Spent:
        said = dict(timelines.settings.costs)
        acquiring = said.get("acquiring") if self.acquiring is None else self.acquiring
        return Spent(acquiring, said.get("keeping") if self.keeping is None else self.keeping)


COSTS = pa.schema(
    [
        ("what", pa.string()),
        *((name, pa.float64()) for name in ("money", "a_month")),
        *((name, pa.int64()) for name in ("customers", "customer_months", "months")),
        *((name, pa.float64()) for name in ("cost", "low", "high")),
    ]
)

WORTH = pa.schema([("what", pa.string()), *((name, pa.float64()) for name in ("value", "low", "high")), ("note", pa.string())])


def _rows(months: Months, spent: Spent, kept: int) -> list[dict[str, Any]]:
    """The cost of a new customer, and of one kept for a year.

    kept  different customers kept in any of the months; of the new all are different: one is new once
    """
    found = []
    for what, money, times in (("new", spent.acquiring, 1), ("kept", spent.keeping, YEAR)):
        counts = _counts(months, what)
        count, (low, high) = int(counts.sum()), _total(counts)
        row: dict[str, Any] = {"what": what, "money": money, "customer_months": count, "months": len(months)}
        total = None if money is None else money * len(months) * times
        row |= {
            "cost": None,
            "low": None,
            "high": None,
            "customers": count if what == "new" else kept,
            "a_month": count / len(months),
        }
        if total is not None and count:
            row |= {"cost": total / count, "low": total / high, "high": total / low if low else None}
        found.append(row)
    return found


def _counts(months: Months, what: str) -> npt.NDArray[np.float64]:
    return months.new if what == "new" else months.start - months.lost


def _total(counts: npt.NDArray[np.float64]) -> tuple[float, float]:
    """How far the customers of as many months may lie from those counted: months resampled, or chance alone with few."""
    size, (least, most) = len(counts), count_interval(int(counts.sum()))
    if size < FEW:
        return least, most
    low, high = np.quantile((resampled(size, DRAWS, SEED) @ counts)[1:], tails(size))
    return float(min(low, least) if low > 0 else least), float(max(high, most))


def _worth(rows: list[dict[str, Any]], plain: Answer, ahead: Answer, months: Months) -> list[dict[str, Any]]:
    """What stands against the costs."""
    new, kept = rows
    value = plain.table.to_pylist()[0] if plain.table.num_rows else {"clv": None, "clv_low": None, "clv_high": None}
    values = (value["clv"], value["clv_low"], value["clv_high"])
    unit = "profit" if plain.source.settings.margin is not None else "revenue"
    found = [_line("value of a customer", *values, f"plain formula, {unit}")]
    if new["cost"] and value["clv"] is not None:
        times, low, high = (None if one is None else one / new["cost"] for one in values)
        said = "under 1 a new customer costs more than she brings" + ("" if unit == "profit" else _NOT_PROFIT)
        found.append(_line("value by cost of winning", times, low, high, said))
    if new["cost"] and kept["cost"]:
        found.append(_times(new, kept, months))
    point = next((row for row in ahead.table.to_pylist() if row["change"] == "retention +1 point"), None)
    if point is not None:
        more, low, high = (point[name] / THREE_YEARS for name in ("more", "more_low", "more_high"))
        note = "profit; at most so much a month may be spent on it, over three years"
        note = note if unit == "profit" else f"revenue{_NOT_PROFIT}"
        found.append(_line("one point more retention, a month", more, low, high, note))
    return found


def _times(new: dict[str, Any], kept: dict[str, Any], months: Months) -> dict[str, Any]:
    """How many times as much a new customer costs as one kept for a year; both vary with the same months."""
    times = new["cost"] / kept["cost"]
    ratio, low, high = count_ratio(kept["customer_months"], new["customer_months"])
    if len(months) >= FEW:
        weight = resampled(len(months), DRAWS, SEED)
        inverse = weight @ months.new / np.maximum(weight @ _counts(months, "kept"), 1)
        least, most = np.quantile(inverse[1:], tails(len(months)))
        low, high = 1 / most if most else None, 1 / least if least else None
    low, high = (None if one is None or not ratio else float(times * one / ratio) for one in (low, high))
    return _line("a new customer costs so many kept for a year", times, low, high, "the literature says 5 to 25 times")


_NOT_PROFIT = ": goods are not paid yet, set margin in holdfast.toml before spending against it"


def _line(what: str, value: float | None, low: float | None, high: float | None, note: str) -> dict[str, Any]:
    return {"what": what, "value": value, "low": low, "high": high, "note": note}


def _words(rows: list[dict[str, Any]], worth: list[dict[str, Any]], currency: str) -> str:
    if not rows:
        return "What winning and keeping cost cannot be told yet: no complete month begins with a customer."
    new, kept = rows
    told = []
    if new["cost"] is not None:
        told.append(f"a new customer costs {new['cost']:,.2f} {currency} ({new['low']:,.2f} to {new['high']:,.2f})")
    if kept["cost"] is not None:
        told.append(f"keeping one for a year {kept['cost']:,.2f} {currency} ({kept['low']:,.2f} to {kept['high']:,.2f})")
    if not told:
        return (
            f"{counted(round(new['a_month']), 'customer')} a month come new and {kept['a_month']:,.0f} are kept; what is "
            "spent on either is not told yet."
        )
    times = next((row for row in worth if "so many kept" in row["what"]), None)
    more = "" if times is None else f": {times['value']:,.1f} times as much"
    said = " and ".join(told) + more + "."
    return said[0].upper() + said[1:]


def _notes(months: Months, spent: Spent, margin: float | None) -> tuple[str, ...]:
    notes = []
    missing = [name for name in ("acquiring", "keeping") if getattr(spent, name) is None]
    if missing:
        said = " and ".join(f"“{name}”" for name in missing)
        notes.append(f"say what is spent a month, by {said} here or under [costs] in holdfast.toml")
    if len(months) and not months.new.sum():
        notes.append("nobody came new in these months, so a new customer has no cost")
    if months.filling:
        notes.append("the base is still filling in all months: some of the new may be old")
    if 0 < len(months) < FEW:
        notes.append(f"fewer than {FEW} months to learn from: the intervals know of chance, not of seasons")
    notes.append("the intervals carry how the months differ, not any doubt about the money spent")
    if margin is None:
        notes.append("no margin is set, so values are revenue, not profit (holdfast.toml: margin)")
    return tuple(notes)


_TEXT = (
    "Over the complete months that begin with a filled base: money a month for winning customers by new customers a month; "
    "money a month for keeping them by customers kept a month (start minus lost), times 12 for a year. New and kept are the "
    "bridge's. Intervals by resampled months. A customer who returns is neither new nor kept."
)
