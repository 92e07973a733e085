"""The overview: every metric in one table, one definition each (MISSION 1.21, 3.10). It is what `holdfast metrics` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.clv import PlainClv
from holdfast.analyses.concentration import Concentration
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.gone_after import GoneAfter
from holdfast.analyses.money_retention import MoneyRetention
from holdfast.analyses.orders import Orders
from holdfast.analyses.repeat import Repeat
from holdfast.analyses.rfm import Rfm
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.stickiness import Stickiness
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["Metrics"]

Row = dict[str, Any]

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "metric", "label")),
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n", pa.int64()),
        *((name, pa.string()) for name in ("unit", "period", "definition", "note")),
    ]
)


@dataclass(frozen=True)
class Metrics(Question):
    """Every metric of the heart at a glance.

    as_of, by, where, moment  as in `Bridge`

    Table: segment, metric, label, value, low, high (95 %), n (what the value stands on), unit (share, money, days, number),
    period,
    definition (the question that explains it), note. People: metric=…, segment=… for metrics that count or rate customers;
    with count="n" those it is told of.
    """

    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def answer(self, timelines: Timelines) -> Answer:
        """Ask each question once and lay the values side by side."""
        as_of = timelines.as_of(self.as_of)
        answers = {name: question.answer(timelines) for name, question in self._questions().items()}
        rows = [row for name, answer in answers.items() for row in _TELLERS[name](answer)]
        rows.sort(key=lambda row: _order(row, answers["bridge"]))
        scope = Scope(self.by, self.where, self.moment)
        rules = {**answers["bridge"].definition.rules, "money": "revenue, net of refunds", **scope_rules(scope)}
        return Answer(
            question=self,
            words=_words(rows, answers),
            table=pa.Table.from_pylist(rows, SCHEMA),
            definition=defined(
                timelines, as_of, title="Do our customers stay?", text=_TEXT, rules=rules, n=answers["orders"].definition.n
            ),
            source=timelines,
            notes=_notes(rows, answers, timelines.settings.small_group),
        )

    def _questions(self) -> dict[str, Question]:
        scope: dict[str, Any] = {"as_of": self.as_of, "by": self.by, "where": self.where, "moment": self.moment}
        return {
            "bridge": Bridge(**scope),
            "money": MoneyRetention(**scope),
            "repeat": Repeat(**scope),
            "orders": Orders(period=None, **scope),
            "clv": PlainClv(**scope),
            "concentration": Concentration(**scope),
            "rfm": Rfm(**scope),
            "stickiness": Stickiness(**scope),
            "gone_after": GoneAfter(self.as_of),
        }

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind a metric (metric=), or its n (count="n"), in one segment (segment=) or all."""
        checked_cell(cell, "metric", "count", "segment")
        metric, count = cell.get("metric", "customers"), cell.get("count", "value")
        checked_choice("count", count, ("value", "n"))
        told = _PEOPLE | _OF if count == "n" else _PEOPLE
        if metric not in told:
            raise UnknownName("metric with people", str(metric), told)
        name, found = told[metric]
        question = self._questions()[name]
        if name in _SHOWN and metric != "customers":
            row = _SHOWN[name](question.answer(timelines))
            if row is None:
                raise UsageError("no period begins with a customer, so nobody is behind this number", "ask with a later as-of")
            found = {**found, "period": row["period"]}
        segment = {"segment": cell["segment"]} if "segment" in cell else {}
        return People(question.people(timelines, **found, **segment).ids, cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Retention by month, of which the overview shows the last."""
        bridge = Bridge(as_of=self.as_of, by=self.by, where=self.where, moment=self.moment)
        found = bridge.answer(answer.source)
        from holdfast.charts.lines import points_with_intervals

        if self.by is not None:
            return bridge.figure(found)
        rows = [row for row in found.table.to_pylist() if row["crr"] is not None and row["state"] == "complete"]
        return points_with_intervals(rows, "period", "crr", title="Customers kept, by month", subtitle=answer.words)


_PEOPLE: dict[str, tuple[str, dict[str, Any]]] = {
    "customers": ("bridge", {"what": "end"}),
    "crr": ("bridge", {"what": "kept"}),
    "churn": ("bridge", {"what": "lost"}),
    "new": ("bridge", {"what": "new"}),
    "returned": ("bridge", {"what": "returned"}),
    "lost": ("bridge", {"what": "lost"}),
    "buyers": ("orders", {"what": "customers"}),
    "repeat_share": ("repeat", {"what": "repeat"}),
    "second_order_90": ("repeat", {"what": "second", "days": 90}),
    "top_20_share": ("concentration", {"top": 20}),
    "champions_share": ("rfm", {"rfm": "Champions"}),
}
"""Metric → the question, and the cell of it, whose people are those the value counts, or the share is of."""

_OF: dict[str, tuple[str, dict[str, Any]]] = {
    "crr": ("bridge", {"what": "start"}),
    "churn": ("bridge", {"what": "start"}),
    "nrr": ("money", {"what": "n"}),
    "grr": ("money", {"what": "n"}),
    "quick_ratio": ("money", {"what": "n"}),
    "frequency": ("orders", {"what": "customers"}),
    "repeat_share": ("repeat", {"what": "customers"}),
    "first_to_second_days": ("repeat", {"what": "customers"}),
    "second_order_90": ("repeat", {"what": "eligible", "days": 90}),
    "top_20_share": ("concentration", {}),
    "champions_share": ("rfm", {}),
}
"""Metric → those of whom it is told, where they are others than those its value counts; the n of the rest counts no people."""


def _line(
    row: Row, metric: str, label: str, value: Any, unit: str, definition: str, *, low: Any = None, high: Any = None,
    n: int | None = None, period: str = "all", note: str = "",
) -> Row:  # fmt: skip
    found = None if value is None else float(value)
    return {
        "segment": row["segment"], "metric": metric, "label": label, "value": found, "low": low, "high": high, "n": n,
        "unit": unit, "period": period, "definition": definition, "note": note,
    }  # fmt: skip


def _shown_bridge(answer: Answer) -> Row | None:
    """The period that the overview tells about: the last complete one with a filled base, else the best there is."""
    from holdfast.analyses.bridge import shown

    return shown(answer.table.to_pylist())


def _bridge(answer: Answer) -> Iterable[Row]:
    rows, chosen = answer.table.to_pylist(), _shown_bridge(answer)
    for row in _last_rows(rows):
        note = "" if row["state"] == "complete" else "as of now"
        yield _line(
            row, "customers", "Customers", row["end"], "number", "bridge", n=row["end"], period=row["period"], note=note
        )
    for row in rows:
        if chosen is None or row["period"] != chosen["period"]:
            continue
        at = {"period": row["period"], "note": row["note"], "n": row["start"]}
        yield _line(
            row, "crr", "Customer retention rate", row["crr"], "share", "bridge", low=row["crr_low"], high=row["crr_high"], **at
        )
        yield _line(
            row, "churn", "Churn rate", row["churn"], "share", "bridge", low=row["churn_low"], high=row["churn_high"], **at
        )
        for name, label in (("new", "New customers"), ("returned", "Returned customers"), ("lost", "Lost customers")):
            yield _line(row, name, label, row[name], "number", "bridge", **{**at, "n": row[name]})


def _money(answer: Answer) -> Iterable[Row]:
    rows, chosen = answer.table.to_pylist(), _shown_money(answer)
    for row in rows:
        if chosen is None or row["period"] != chosen["period"]:
            continue
        at = {"period": row["period"], "note": row["note"], "n": row["n"]}
        for name, label in (("nrr", "Net revenue retention"), ("grr", "Gross revenue retention")):
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            yield _line(row, name, label, row[name], "share", "money_retention", low=low, high=high, **at)
        yield _line(row, "quick_ratio", "Quick ratio", row["quick_ratio"], "number", "money_retention", **at)


def _orders(answer: Answer) -> Iterable[Row]:
    for row in answer.table.to_pylist():
        n, buyers = row["orders"], row["customers"]
        aov = {"low": row["aov_low"], "high": row["aov_high"], "n": n}
        yield _line(row, "buyers", "Customers who ever ordered", buyers, "number", "orders", n=buyers)
        yield _line(row, "orders", "Orders", n, "number", "orders", n=n)
        yield _line(row, "revenue", "Revenue, net of refunds", row["revenue"], "money", "orders", n=n)
        yield _line(row, "aov", "Average order value", row["aov"], "money", "orders", **aov)
        yield _line(row, "aov_median", "Median order value", row["aov_median"], "money", "orders", n=n)
        yield _line(row, "frequency", "Orders per customer", row["orders_per_customer"], "number", "orders", n=buyers)
        yield _line(row, "later_share", "Revenue from repeat orders", row["later_share"], "share", "orders", n=n)
        yield _line(row, "refund_rate", "Refunded share of revenue", row["refund_rate"], "share", "orders", n=n)


def _repeat(answer: Answer) -> Iterable[Row]:
    for row in answer.extra["summary"].to_pylist():
        share = {"low": row["repeat_low"], "high": row["repeat_high"], "n": row["customers"]}
        yield _line(row, "repeat_share", "Customers with two or more orders", row["repeat_share"], "share", "repeat", **share)
        first = {"low": row["first_to_second_low"], "high": row["first_to_second_high"], "n": row["customers"]}
        label = "First to second order, median"
        yield _line(row, "first_to_second_days", label, row["first_to_second_days"], "days", "repeat", **first)
        gap = {"low": row["gap_low"], "high": row["gap_high"], "n": row["gaps"] + row["customers"]}
        yield _line(row, "gap_days", "Time between orders, median", row["gap_days"], "days", "repeat", **gap)
    for row in answer.table.to_pylist():
        if row["days"] == 90:
            rate = {"low": row["low"], "high": row["high"], "n": row["n"]}
            yield _line(row, "second_order_90", "Second order within 90 days", row["rate"], "share", "repeat", **rate)


def _clv(answer: Answer) -> Iterable[Row]:
    for row in answer.table.to_pylist():
        label = f"Customer lifetime value, plain ({row['unit_of']})"
        at = {"low": row["clv_low"], "high": row["clv_high"], "n": row["orders"], "note": row["note"]}
        yield _line(row, "clv", label, row["clv"], "money", "clv", period=f"{row['months']} months", **at)


def _concentration(answer: Answer) -> Iterable[Row]:
    for row in answer.table.to_pylist():
        if row["top"] == 20:
            yield _line(row, "top_20_share", "Revenue from the top 20 %", row["share"], "share", "concentration", n=row["n"])


def _stickiness(answer: Answer) -> Iterable[Row]:
    for row in answer.extra["pooled"].to_pylist():
        if row["ratio"] == "dau/mau":
            at = {"low": row["low"], "high": row["high"], "n": row["n"]}
            yield _line(row, "stickiness", "Stickiness (active on a day, of 30)", row["share"], "share", "stickiness", **at)


def _rfm(answer: Answer) -> Iterable[Row]:
    for row in answer.table.to_pylist():
        if row["rfm"] == "Champions":
            at = {"low": row["low"], "high": row["high"], "n": row["n"]}
            yield _line(row, "champions_share", "RFM champions", row["share"], "share", "rfm", **at)


def _gone_after(answer: Answer) -> Iterable[Row]:
    from holdfast.analyses.gone_after import resolve_gone_after

    source = answer.source
    if source.settings.base == "contract":
        return
    used = resolve_gone_after(source, source.as_of(answer.question.as_of))  # type: ignore[attr-defined]
    gaps = answer.extra["suggestions"].to_pylist()[0]["closed_gaps"]
    row = {"segment": "everyone"}
    yield _line(row, "gone_after", f"Gone after ({used.how})", used.days, "days", "gone_after", n=gaps, note=used.why)


def _last_rows(rows: list[Row]) -> list[Row]:
    """The last period's row of each segment."""
    return list({row["segment"]: row for row in rows}.values())


def _shown_money(answer: Answer) -> Row | None:
    from holdfast.analyses.money_retention import shown

    return shown(answer.table.to_pylist())


_SHOWN: dict[str, Callable[[Answer], Row | None]] = {"bridge": _shown_bridge, "money": _shown_money}
"""Questions of which the overview tells one period, and how it is found."""

_TELLERS: dict[str, Callable[[Answer], Iterable[Row]]] = {
    "bridge": _bridge,
    "money": _money,
    "repeat": _repeat,
    "orders": _orders,
    "clv": _clv,
    "concentration": _concentration,
    "rfm": _rfm,
    "stickiness": _stickiness,
    "gone_after": _gone_after,
}


def _order(row: Row, bridge: Answer) -> int:
    """Segments by size, the largest first; the metrics keep their order within one."""
    sizes = sorted(_last_rows(bridge.table.to_pylist()), key=lambda each: (-each["end"], each["segment"]))
    places = {each["segment"]: place for place, each in enumerate(sizes)}
    return places.get(row["segment"], len(places))


def _words(rows: list[Row], answers: dict[str, Answer]) -> str:
    told = {row["metric"]: row for row in rows if row["segment"] == rows[0]["segment"]} if rows else {}
    second = told.get("second_order_90")
    if len({row["segment"] for row in rows} - {"everyone"}) > 1 or second is None or second["value"] is None:
        return answers["bridge"].words
    rate = percent(second["value"], second["low"], second["high"])
    return f"{answers['bridge'].words} {rate} of first-time buyers order again within 90 days."


def _notes(rows: list[Row], answers: dict[str, Answer], small: int) -> tuple[str, ...]:
    found = [note for name in ("bridge", "clv") for note in answers[name].notes]
    few = sum(row["unit"] != "number" and row["value"] is not None and 0 < (row["n"] or 0) < small for row in rows)
    if few:
        found.append(
            f"{few} of these figures {'stands' if few == 1 else 'stand'} on an n below {small}: read them with their intervals"
        )
    return tuple(dict.fromkeys(found))


_TEXT = (
    "Each line is one metric of the question named beside it, which holds its full definition: bridge, money_retention, "
    "repeat, "
    "orders, clv, concentration, rfm, stickiness, gone_after. Rates of a period are those of the last complete one with a "
    "filled base."
)
