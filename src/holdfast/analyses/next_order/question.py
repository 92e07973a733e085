"""The next order: when each customer is expected again, and when her silence becomes unusual (MISSION 0.19, 1.14, 3.57).

1. A customer's waits between the local days on which she ordered tell her rhythm; the fewer there are, the more everyone's
   waits weigh beside them (models/rhythm.py: gamma waits whose pace and regularity differ between customers).
2. *Next order*: half of the customers like her, who go on ordering and have been silent as long, order by that day. The ranges
   hold one in two and four in five of them. Whoever has left has no next order: dates are for those who go on.
3. *Unusual*: the first day on which at most `unusual` (1 in 20) of the customers like her who go on would still be silent. That
   is the day to win her back: her own, not one fixed number of days for all.
4. *Overdue*: nine in ten would have ordered by now, her silence is not unusual yet. *Due within 7 (30) days*: the next order is
   expected then. *One order day*: no rhythm yet.
5. Looking back: the same, told at two thirds of the time since the first order, against what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.models.rhythm import SAMPLE, Rhythm, Waits, learned
from holdfast.analyses.next_order.tables import (
    CHECK,
    LEAST_REPEATERS,
    check_table,
    model_table,
    notes,
    summary_table,
    table_of,
    words,
)
from holdfast.analyses.next_order.walk import (
    BANDS,
    MONTH,
    ONE_ORDER,
    OVERDUE,
    RANGES,
    UNUSUAL,
    WEEK,
    CheckStep,
    LearnStep,
    NextStep,
    Orders,
    Wanted,
)
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["UNUSUAL_SHARE", "NextOrder", "Show", "prepared"]

UNUSUAL_SHARE = 0.05
MOST_SEGMENTS = 1_000
LOOKS_BACK = 2 / 3
"""The earlier day lies at this part of the time since the first order."""

Show = Literal["all", "unusual", "overdue", "week", "month"]
SHOWN: dict[str, tuple[int, ...]] = {
    "all": tuple(range(ONE_ORDER + 1, len(BANDS))),
    "unusual": (UNUSUAL,),
    "overdue": (OVERDUE,),
    "week": (WEEK,),
    "month": (WEEK, MONTH),
}
ALL = "all"
"""Every band, as the name of one."""

LINES = (*RANGES, "unusual silence", "overdue", "not overdue")


@dataclass(frozen=True)
class NextOrder(Question):
    """When is each customer expected again, and when does her silence become unusual?

    unusual  of the customers like her who go on ordering, the share still silent on the day from which silence is unusual
    show     the customers listed: "all" with a rhythm, in "unusual" silence, "overdue", due within a "week" or a "month"
    limit    how many rows the table has; all are counted
    as_of, by, where, moment  as in every question; segments at the first order. What is usual is learned from everyone

    Table: a row per customer, most money first: customer, segment, band, order_days, usual_days (her typical wait), regularity
    (k: 1 is pure chance, above it like a clock), last_order, days_silent, next_order, half_from, half_to (one in two),
    next_low, next_high (four in five), unusual_on, value (net money so far). Extra tables: summary (a row per segment and band:
    customers, n, share, low, high, value), calibration (what an earlier day's dates were worth: judged, until, line, outcome,
    n, k, share, low, high, expected_share: what was foretold of just these), of everyone; model (one row).
    People: band="overdue" ("all": whoever ordered), segment=…; customer=…; line="80 % range" with outcome="all" | "came
    within it" for a line of the calibration (of the bands: "did not come back").
    """

    unusual: float = UNUSUAL_SHARE
    show: Show = "all"
    limit: int = 50
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, tuple(SHOWN))
        if not 0 < self.unusual <= 0.1:
            raise UsageError(f"unusual cannot be {self.unusual}", "give a share above 0 and at most 0.1, such as 0.05")
        if self.limit < 0:
            raise UsageError("limit must be 0 or more", "such as limit=50")

    def answer(self, timelines: Timelines) -> Answer:
        """Learn what is usual, tell everyone's next order, lay out those with most money, and look back."""
        step = self._step(timelines)
        labels, margin = step.scope.labels(timelines), timelines.settings.margin
        tally = timelines.walk(step)
        listed = np.flatnonzero(np.isin(tally.rows["band"], SHOWN[self.show]))
        person, money = tally.rows["person"][listed], tally.rows["money"][listed]
        top = np.lexsort((person, -money))[: self.limit]
        rows = timelines.walk(replace(step, chosen=np.sort(person[top]))).rows
        table, check = table_of(rows, step, labels, margin), self._looked_back(timelines, step)
        extra = {
            "summary": summary_table(tally.sums, labels, margin),
            "calibration": check,
            "model": model_table(step.rhythm),
        }
        shown = (table.num_rows, len(listed))
        return Answer(
            question=self,
            words=words(extra["summary"], timelines.settings),
            table=table if self.by is not None else table.drop_columns(["segment"]),
            definition=defined(
                timelines, step.orders.as_of, title="When is each customer expected again?", text=_TEXT,
                rules=self._rules(timelines, step), n=int(tally.sums["customers"].sum()),
            ),
            source=timelines,
            notes=notes(extra["summary"], check, step.rhythm, shown, timelines.settings.small_group),
            extra=extra,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who stands so (band=, segment=), one customer of them (customer=), or a line of the calibration (line=, outcome=)."""
        checked_cell(cell, "band", "segment", "customer", "line", "outcome")
        step = self._step(timelines)
        if "line" in cell:
            return self._line(timelines, step, cell)
        bands = SHOWN[self.show]
        if cell.get("band") == ALL:
            bands = tuple(range(1, len(BANDS)))
        elif "band" in cell:
            if cell["band"] not in BANDS[1:]:
                raise UnknownName("band", str(cell["band"]), (*BANDS[1:], ALL))
            bands = (BANDS.index(cell["band"]),)
        only = segment_code(step.scope, timelines, cell.get("segment"))
        ids = timelines.walk(replace(step, wanted=Wanted(bands, only))).rows["ids"].to_pylist()
        if "customer" in cell:
            if str(cell["customer"]) not in ids:
                raise UsageError(f"{cell['customer']} is not among them", "see who is: people(band='overdue')")
            ids = [str(cell["customer"])]
        return People(tuple(sorted(ids)), cell)

    def _line(self, timelines: Timelines, step: NextStep, cell: dict[str, Any]) -> People:
        line, outcome = str(cell["line"]), str(cell.get("outcome", "all"))
        if line not in LINES:
            raise UnknownName("line of the calibration", line, LINES)
        known = ("all", "came within it" if line in RANGES else "did not come back")
        if outcome not in known:
            raise UnknownName("outcome", outcome, known)
        check = self._check(timelines, step)
        if check is None:
            raise UsageError("there is too little past to look back", "bring in a longer one")
        ids = timelines.walk(replace(check, wanted=(line, outcome != "all"))).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The ranges of the customers listed, on the calendar, with the day on which silence becomes unusual."""
        from holdfast.charts.next_order import calendar

        rows, as_of = answer.table.to_pylist(), answer.definition.as_of
        return calendar(rows, as_of, title="When each customer is expected again", subtitle=answer.words)

    def _step(self, timelines: Timelines) -> NextStep:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        if segments > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {segments:,} values", f"split by a property of at most {MOST_SEGMENTS:,}")
        orders = Orders(as_of, timelines.settings.refunds)
        return NextStep(orders, prepared(timelines, orders), self.unusual, scope, segments)

    def _check(self, timelines: Timelines, step: NextStep) -> CheckStep | None:
        """The step that looks back; None where too little is known at the earlier day."""
        first, as_of = timelines.zone.day_at(timelines.meta.first_second), step.orders.as_of
        day = first + int(LOOKS_BACK * (step.orders.end - first))
        if timelines.meta.first_second >= as_of.until or day <= first:
            return None
        earlier = Orders(timelines.as_of(date_of(day)), step.orders.mode)
        rhythm = prepared(timelines, earlier)
        if rhythm is None or rhythm.repeaters < LEAST_REPEATERS:
            return None
        return CheckStep(earlier, rhythm, self.unusual, as_of.until, step.orders.end)

    def _looked_back(self, timelines: Timelines, step: NextStep) -> Any:
        check = self._check(timelines, step)
        if check is None:
            return CHECK.empty_table()
        return check_table(timelines.walk(check).sums, check.orders.as_of.last, step.orders.as_of.last)

    def _rules(self, timelines: Timelines, step: NextStep) -> dict[str, Any]:
        rules: dict[str, Any] = {"clock": "calendar", "refunds": step.orders.mode, "unusual": self.unusual}
        rules["money"] = "revenue" if timelines.settings.margin is None else "profit"
        return rules | scope_rules(step.scope)


def prepared(timelines: Timelines, orders: Orders) -> Rhythm | None:
    """What is usual as of an instant, kept with the timelines; None where nobody has a second order day."""
    key = ("rhythm", orders)
    if key not in timelines.source.kept:
        rows = timelines.walk(LearnStep(orders)).rows
        few = np.argsort(rows["person"], kind="stable")[:SAMPLE]
        waits = Waits(*(np.asarray(rows[name])[few] for name in ("n", "total", "logs", "silent")))
        timelines.source.kept[key] = learned(waits)
    found: Rhythm | None = timelines.source.kept[key]
    return found


_TEXT = (
    "Waits are the days between the local dates on which a customer ordered. A customer's waits are taken to be "
    "gamma-distributed with a pace and a regularity of her own, which are learned from her waits and from those of all (the "
    "fewer her own, the more those of all weigh). Next order: the day by which half of the customers like her, who go on "
    "ordering and have been silent as long, have ordered; half_from to half_to holds one in two, next_low to next_high four in"
    " five. Unusual silence: at most the share `unusual` of customers like her who go on ordering would still be silent. "
    "Overdue: at most one in ten would. Due within 7 or 30 days: the next order is expected then. One order day: no rhythm of "
    "her own is known. Calibration: what was told at two thirds of the time since the first event by what was known then, "
    "against what came by the as-of, of everyone; ranges count customers who came back and whose range was over by the as-of. "
    "Of those, ranges hold more than of all, for who comes later is not counted: expected_share is what the model foretells of "
    "just these. Value: net money of all counting orders before the as-of."
)
"""The definition in words."""
