"""What if more customers were kept: what a lever does to customers and revenue (MISSION 3.6, 4.2).

The base is carried forward on the flows of the shop's own complete months, once as it is and once with a lever moved; the
difference carries an interval from resampled months. Beside it stands what the literature claims, and a check: what the first
half of the months would have foretold of the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.claims import claims_table
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.orders import Orders
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.whatif.months import FEW, Months, backcast, departures, flow_of, months_of, varied
from holdfast.analyses.whatif.projection import Change, Flow, moved, projected
from holdfast.analyses.whatif.tables import AS_IS, basis_row, check_rows, lever_row, path_rows, tables, words
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["DRAWS", "WhatIf"]

DRAWS = 2_000
"""Resampled shops that the intervals stand on."""

SEED = 36

YEARS: tuple[Literal["retention", "yearly"], ...] = ("retention", "yearly")

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class WhatIf(Question):
    """What would one point more retention do to customers and revenue?

    points    points of retention added, to that of a month and, beside it, to that of a year
    per_cent  per cent by which churn is lowered, and newcomers and revenue a customer are raised, to compare the levers
    months    how far ahead: 36 is three years
    discount  yearly rate at which later money counts less, 0.1 for 10 %
    as_of, gone_after, by, where, moment  as in `Bridge`
    show      the main table: "levers", "path", "check", "basis", "claims"

    Table levers: a row per segment and change: lever, change, before and after (of the lever), customers (at the end),
    more_customers with low and high, revenue (over all months), more with low and high, rise (share of the revenue as it is)
    with low and high, unit_of (revenue or profit). Path: month by month, money summed up. Check: foretold against actual.
    Basis: the months the flows come from. Claims: what the literature says. People: the base that is carried forward,
    segment=…
    """

    points: tuple[float, ...] = (1.0, 5.0)
    per_cent: tuple[float, ...] = (1.0, 5.0)
    months: int = 36
    discount: float = 0.0
    as_of: date | datetime | str | None = None
    gone_after: int | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    show: Literal["levers", "path", "check", "basis", "claims"] = "levers"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("levers", "path", "check", "basis", "claims"))
        if not 1 <= self.months <= 120:
            raise UsageError(f"months cannot be {self.months}", "give 1 to 120 months; 36 are three years")
        if not 0 <= self.discount < 1:
            raise UsageError(f"discount cannot be {self.discount}", "give a yearly share from 0 to below 1, such as 0.1")
        if not self.points or any(not 0 < one <= 100 for one in (*self.points, *self.per_cent)):
            raise UsageError("a change is a number above 0 and at most 100", "such as points=(1, 5)")

    def answer(self, timelines: Timelines) -> Answer:
        """Take the bridge and the money of the same months, and carry the base forward."""
        bridge, as_of = self._bridge().answer(timelines), timelines.as_of(self.as_of)
        margin, rows = timelines.settings.margin, bridge.table.to_pylist()
        sold = Orders("month", None, None, self.as_of, self.by, self.where, self.moment).totals(timelines).to_pylist()
        found: Rows = {"levers": [], "path": [], "check": [], "basis": []}
        every = {name: months_of(_of(rows, name), _of(sold, name)) for name in dict.fromkeys(row["segment"] for row in rows)}
        for name in sorted((name for name, months in every.items() if len(months)), key=lambda name: -every[name].end[-1]):
            self._carry(found, name, every[name], margin)
        made = tables(found)
        if self.by is None:
            made = {name: table.drop_columns(["segment"]) for name, table in made.items()}
        made["claims"] = claims_table("retention", "cost")
        return Answer(
            question=self,
            words=words(found, self.months, timelines.settings.currency),
            table=made[self.show],
            definition=defined(
                timelines, as_of, title="What if more customers were kept?", text=_TEXT, rules=self._rules(bridge, margin),
                n=bridge.definition.n, names=timelines.settings.active or (ORDER,),
            ),
            source=timelines,
            notes=(*_notes(found, margin, timelines.settings.small_group), *bridge.notes[:1]),
            extra={name: table for name, table in made.items() if name != self.show},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The base that is carried forward: those in it at the end of the last month looked at; segment=."""
        checked_cell(cell, "segment")
        rows = self._bridge().answer(timelines).table.to_pylist()
        known = list(dict.fromkeys(row["segment"] for row in rows))
        if "segment" in cell and cell["segment"] not in known:
            raise UnknownName("segment", str(cell["segment"]), known)
        months = months_of(_of(rows, cell["segment"]) if "segment" in cell else rows, [])
        if not len(months):
            return People((), cell)
        found = self._bridge().people(timelines, period=max(months.labels), what="end", **cell)
        return People(found.ids, cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Customers to come, as it is and with the changes that the words tell of, of the largest segment."""
        from holdfast.charts.whatif import fan

        path = answer.table if self.show == "path" else answer.extra["path"]
        rows = path.to_pylist()
        if rows and self.by is not None:
            rows = _of(rows, rows[0]["segment"])
        told = (AS_IS, str(Change("retention", self.points[0])), str(Change("yearly", self.points[-1])))
        rows = [row for row in rows if row["change"] in told]
        return fan(rows, title="What if more customers were kept", subtitle=answer.words)

    def _bridge(self) -> Bridge:
        return Bridge("month", None, None, self.as_of, self.gone_after, by=self.by, where=self.where, moment=self.moment)

    def _carry(self, found: Rows, segment: str, months: Months, margin: float | None) -> None:
        """Add the rows of a segment."""
        flow, by = flow_of(months, DRAWS, SEED), departures(months, self.months, DRAWS, SEED + 1)
        was, size = projected(varied(flow, by), self.months, self.discount), len(months)
        found["basis"].append(basis_row(segment, months, flow))
        found["path"] += path_rows(segment, AS_IS, was, margin, size)
        for change in self._changes(flow):
            to = moved(flow, change)
            now = projected(varied(to, by), self.months, self.discount)
            found["levers"].append(lever_row(segment, change, (flow, to), (was, now), margin, size))
            if change.lever in YEARS:
                found["path"] += path_rows(segment, str(change), now, margin, size)
        back = backcast(months, DRAWS, SEED)
        if back is not None:
            found["check"] += check_rows(segment, *back, months=size - len(back[0]))

    def _changes(self, flow: Flow) -> list[Change]:
        money = bool(flow.revenue[0] > 0)
        levers: tuple[Literal["churn", "acquisition", "spend"], ...] = ("churn", "acquisition", *(("spend",) if money else ()))
        kept = [Change(lever, one) for lever in YEARS for one in self.points]
        return [*kept, *(Change(lever, one) for lever in levers for one in self.per_cent)]

    def _rules(self, bridge: Answer, margin: float | None) -> dict[str, Any]:
        rules: dict[str, Any] = {
            "months ahead": self.months,
            "money": "revenue" if margin is None else f"profit at a margin of {margin:g}",
        }
        if self.discount:
            rules["discount"] = f"{self.discount:g} a year"
        rules |= {name: value for name, value in bridge.definition.rules.items() if name in ("base", "gone_after", "refunds")}
        return rules | scope_rules(Scope(self.by, self.where, self.moment))


def _of(rows: list[dict[str, Any]], segment: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["segment"] == segment]


def _notes(found: Rows, margin: float | None, small: int) -> tuple[str, ...]:
    if not found["basis"]:
        return ()
    notes = [
        "a projection, not a promise: every customer is lost at the same rate, and as many come and return as in those months"
    ]
    if margin is None:
        notes.append("no margin is set, so this is revenue, not profit (holdfast.toml: margin)")
    floored = [row["change"] for row in found["levers"] if row["lever"] in YEARS and row["after"] >= 1]
    if floored:
        notes.append(f"nobody would be lost any more, retention cannot rise further: {', '.join(dict.fromkeys(floored))}")
    if any(row["lever"] == "yearly" for row in found["levers"]):
        notes.append("what the literature claims of retention speaks of a year's: lay it beside those rows")
    if any(row["months"] < FEW for row in found["basis"]):
        notes.append(f"fewer than {FEW} months to learn from: the intervals know of chance, not of seasons")
    if any(row["note"] for row in found["basis"]):
        notes.append("the base is still filling in all months: churn is understated")
    few = [row["segment"] for row in found["basis"] if row["base"] < small]
    if few:
        notes.append(f"fewer than {small} customers in the base, read with care: {', '.join(few[:12])}")
    return (*notes, *_checked(found["check"]))


def _checked(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """How well the first half of the months foretold the second."""
    if not rows:
        return ("too few months to check: the method has not been tried on this shop's own past",)
    inside = sum(row["inside"] for row in rows)
    lay = f"{inside} of {len(rows)} months lay inside the interval"
    if len({row["segment"] for row in rows}) > 1:
        return (f"tried on the past: the second half of the months foretold from the first, segment by segment: {lay}",)
    last = rows[-1]
    return (
        f"tried on the past: the first half of the months foretold {last['foretold']:,.0f} customers for the end of "
        f"{last['period']}, there were {last['customers']:,.0f}; {lay}",
    )


_TEXT = (
    "The base at the end of the last complete month is carried forward: a share is lost each month, and as many come new and "
    "return as in the complete months that begin with a filled base, on average. Money is the net revenue per customer of the "
    "base and month, of the same months. Retention + points: the monthly churn lowered by so many points, at once and for "
    "good. A year's retention is that of twelve months in a row. More is the difference to the base as it is. Intervals: 95 % "
    "over resampled months (2,000 draws), "
    "months to come varying as those looked at did, widened where there are few. "
    "Nothing here says that an action would move a lever: that takes a control group."
)
