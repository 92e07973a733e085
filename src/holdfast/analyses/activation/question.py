"""Activation: how soon after entering a customer reaches what she came for (time to value), and whether she then stays.

1. A customer enters with her first event; the value is reached with the n-th event named at or after it, the entry included.
2. Within d days means within d × 24 hours, as for the second order. The share is of customers observed so long; all others are
   left out of it.
3. The curve is one minus Kaplan and Meier's: who has not reached the value by the as-of counts as long as she was observed.
4. Early means in the first local days. Early and others are compared in staying on the days after those, at first sight and
   among customers who entered in the same month (Mantel-Haenszel). That is together with staying, not its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.activation.tables import curve_table, later_table, reached_table, reaching_curve
from holdfast.analyses.activation.walk import ReachStep, Value, Who
from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.drivers import Drivers
from holdfast.analyses.first_days import LEFT, ORDERS, STAYED, Window, counting, staying_told, told_days, window_of
from holdfast.analyses.scope import EVERYONE, Condition, Scope
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment, property_name
from holdfast.timelines.columns import Meta
from holdfast.timelines.periods import Periods, Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.statistics import Survival
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["BEST", "EARLY", "Activation"]

BEST = "best"
EARLY: dict[str, tuple[bool | None, int | None]] = {
    "early": (True, None),
    "early and stayed": (True, STAYED),
    "early and left": (True, LEFT),
    "not early": (False, None),
    "not early and stayed": (False, STAYED),
    "not early and left": (False, LEFT),
}
"""Who of the table `later`: reached the value in the first days or not, stayed or left."""

REACHED: dict[str, bool | None] = {"activated": True, "not activated": False, "watched": None}
"""Who of the table, by whether they had reached the value; watched: all who were observed so long."""
DAY = 86_400


@dataclass(frozen=True)
class Activation(Question):
    """How soon customers reach the value, and whether those who do so early stay.

    value      "orders", names of events, "category=shoes"; "best": the behaviour that goes together with staying most surely;
               None: the first order (the second, where the first one enters), or "best" where the data hold no orders
    times      the n-th of them is the value · start  what enters: "any" event, "orders", or names; None: as in `Drivers`
    within     days after the entry by which to count
    first_days, horizon_days, staying  what early and staying are, as in `Drivers`
    period     of the entry cohorts · as_of  the instant up to which rows count
    where, moment  conditions, at the entry or now

    Table: a row an entry cohort ("everyone" first) and number of days: n observed so long, activated, share, low, high.
    Extra tables: curve (share by day, with interval), later (early and not early: n, stayed, share), difference.
    People: cohort="2011-01", days=7, what="activated" | "not activated" | "watched"; or what="early", "not early", each
    with " and stayed", " and left".
    """

    value: str | tuple[str, ...] | None = None
    times: int = 1
    start: str | tuple[str, ...] | None = None
    within: tuple[int, ...] = (1, 7, 30)
    first_days: int = 7
    horizon_days: int = 60
    staying: str | tuple[str, ...] | None = None
    period: Unit = "month"
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        if not self.within or any(not isinstance(days, int) or days < 1 for days in self.within):
            raise UsageError(f"within cannot be {self.within!r}", "give whole numbers of days, such as 1, 7, 30")
        if not isinstance(self.times, int) or self.times < 1:
            raise UsageError(f"times cannot be {self.times!r}", "give which one makes the value, from 1")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once over the entries; everything else is sums over one row a customer."""
        as_of = timelines.as_of(self.as_of)
        window, cohorts = self._window(timelines, as_of), self._cohorts(timelines, as_of)
        value, told, notes = self._value(timelines, window)
        if value is None:
            return self._unknown(timelines, window, notes)
        rows = timelines.walk(ReachStep(window, value, cohorts.of_day())).rows
        curve, n = reaching_curve(rows), len(rows["seen"])
        later, difference = later_table(rows, self.first_days)
        return Answer(
            question=self,
            words=_words(told, curve, rows, later, self),
            table=reached_table(rows, cohorts.labels(), tuple(sorted(set(self.within)))),
            definition=self._definition(timelines, window, told, n),
            source=timelines,
            notes=(*notes, *staying_told(window, timelines), *_notes(later, n, timelines)),
            extra={"curve": curve_table(curve, rows), "later": later, "difference": difference},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of a cohort who had reached the value by a number of days, or not; or the early ones and the others."""
        checked_cell(cell, "cohort", "days", "what")
        as_of = timelines.as_of(self.as_of)
        window, cohorts = self._window(timelines, as_of), self._cohorts(timelines, as_of)
        value, _, notes = self._value(timelines, window)
        if value is None:
            raise UsageError("what the value is, is not known", notes[0])
        step = ReachStep(window, value, cohorts.of_day())
        what = cell.get("what", "activated")
        label = cell.get("cohort", EVERYONE)
        cohort = -1 if label == EVERYONE else cohorts.find(label)
        if what in EARLY:
            if "days" in cell:
                raise UsageError(f"{what} has no days", "leave days out: early is in the first days")
            step = replace(step, early=EARLY[what], wanted=Who(cohort))
        elif what in REACHED:
            days = cell.get("days")
            if days is not None and (not isinstance(days, int) or days < 1):
                raise UsageError(f"days cannot be {days!r}", "give a whole number of days from 1")
            step = replace(step, wanted=Who(cohort, None if days is None else days * DAY, REACHED[what]))
        else:
            raise UnknownName("what", str(what), (*REACHED, *EARLY))
        return People(tuple(sorted(timelines.walk(step).rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The share of customers who have reached the value, by days since the entry."""
        from holdfast.charts.activation import reaching

        marks = [row for row in answer.table.to_pylist() if row["cohort"] == EVERYONE] if answer.table.num_rows else []
        return reaching(
            answer.extra["curve"].to_pylist(), marks, title="How soon customers reach the value", subtitle=answer.words
        )

    def _window(self, timelines: Timelines, as_of: AsOf) -> Window:
        return window_of(
            *(timelines, as_of), start=self.start, staying=self.staying, first_days=self.first_days,
            horizon_days=self.horizon_days, scope=Scope(where=self.where, moment=self.moment),
        )  # fmt: skip

    def _cohorts(self, timelines: Timelines, as_of: AsOf) -> Periods:
        first = timelines.zone.day_at(timelines.meta.first_second)
        return Periods.covering(self.period, first, max(as_of.day, first), timelines.settings.week_start)

    def _value(self, timelines: Timelines, window: Window) -> tuple[Value | None, str, tuple[str, ...]]:
        """What the value is, in words, and what has to be said about it."""
        meta, value, times = timelines.meta, self.value, self.times
        if value is None and ORDER in meta.events:
            value, times = ORDERS, 2 if window.start is None and times == 1 else times
        if value is None or value == BEST:
            found, why = self._best(timelines)
            if found is None:
                return None, BEST, (f"{why}: name the event that is the “value”",)
            name, times = found
            chosen = value_of(meta, name, times)
            return chosen, _told(name, times), (f"the value is the surest of the drivers: {_told(name, times)}",)
        if counts_alike(timelines.meta, value, window) and times == 1:
            raise UsageError(f"{value} both enters and is the value", "take another value, or the second of them: times=2")
        return value_of(meta, value, times), _told(value if isinstance(value, str) else " or ".join(value), times), ()

    def _best(self, timelines: Timelines) -> tuple[tuple[str, int] | None, str]:
        """The behaviour and how often, or None and why there is none."""
        asked = Drivers(
            *(self.first_days, self.horizon_days, self.start, self.staying),
            as_of=self.as_of, where=self.where, moment=self.moment,
        )  # fmt: skip
        answer = timelines.ask(asked)
        for row in answer.table.to_pylist():
            if row["finding"] == "stay more":
                return (row["behaviour"], row["n"]), ""
        if not answer.definition.n:
            return None, f"nobody has been observed for {self.first_days + self.horizon_days} days yet"
        return None, "no behaviour goes together with staying beyond chance"

    def _unknown(self, timelines: Timelines, window: Window, notes: tuple[str, ...]) -> Answer:
        empty = {"seconds": np.zeros(0, np.int64), "seen": np.zeros(0, np.int64), "cohort": np.zeros(0, np.int32)}
        rows = empty | {"days": np.zeros(0, np.int64), "stayed": np.zeros(0, np.int8)}
        later, difference = later_table(rows, self.first_days)
        return Answer(
            question=self,
            words=f"What customers come for is not known: {notes[0]}.",
            table=reached_table(rows, [], ()),
            definition=self._definition(timelines, window, BEST, 0),
            source=timelines,
            notes=notes,
            extra={"curve": curve_table(reaching_curve(rows), rows), "later": later, "difference": difference},
        )

    def _definition(self, timelines: Timelines, window: Window, told: str, n: int) -> Any:
        rules = {"clock": "elapsed (the first days: calendar)", "value": told, **window.rules(), "cohorts": self.period}
        rules |= scope_rules(window.scope, "entry")
        title = "How soon do customers reach what they came for?"
        names = (ORDER,) if window.start is None else window.start
        return defined(timelines, window.as_of, title=title, text=_TEXT, rules=rules, n=n, names=names)


def value_of(meta: Meta, value: str | Sequence[str], times: int) -> Value:
    """The value that is meant; UnknownName lists the events, or the property's values."""
    if isinstance(value, str) and "=" in value and value not in meta.events:
        name, _, wanted = value.partition("=")
        name = property_name(meta, name.strip())
        if wanted not in meta.properties[name][1:]:
            raise UnknownName(name, wanted, meta.properties[name][1:])
        return Value((), name, meta.properties[name].index(wanted), times)
    return Value(counting(meta, value), times=times)


def counts_alike(meta: Meta, value: str | Sequence[str], window: Window) -> bool:
    """Whether what enters is the value, too."""
    found = value_of(meta, value, 1)
    return found.property is None and found.events == window.start


def _told(name: str, times: int) -> str:
    name = "order" if name == ORDERS else name
    return f"the first {name}" if times == 1 else f"{name} number {times}"


def _words(told: str, curve: Survival, rows: dict[str, Any], later: pa.Table, question: Activation) -> str:
    n = len(rows["seen"])
    if n == 0:
        return "Nobody has entered yet: how soon the value is reached cannot be said."
    days = max(question.within)
    long = rows["seen"] >= days * DAY
    hit = int(((rows["seconds"] >= 0) & (rows["seconds"] <= days * DAY) & long).sum())
    size = int(long.sum())
    first = (
        f"{percent(hit / size)} of {size:,} customers reached {told} within {days} days"
        if size
        else f"nobody has been observed for {days} days after the entry yet"
    )
    median = curve.quantile(0.5)[0]
    half = f"; half of all do so {_span(median)}" if median is not None else "; fewer than half ever do, as far as seen"
    early, others = later.to_pylist()
    if not early["n"] or not others["n"]:
        return f"{first[0].upper()}{first[1:]}{half}."
    return (
        f"{first[0].upper()}{first[1:]}{half}. Of those who did in the {told_days(question.first_days)} "
        f"{percent(early['share'])} stayed, of the others {percent(others['share'])}: together with it, not because of it."
    )


def _span(days: float) -> str:
    """A time in days as words: at once, within 40 minutes, within 5.2 hours, within 3.4 days."""
    if days < 1 / 1440:
        return "at once"
    if days < 1 / 24:
        return f"within {days * 1440:.0f} minutes"
    return f"within {days * 24:.1f} hours" if days < 1 else f"within {days:.1f} days"


def _notes(later: pa.Table, n: int, timelines: Timelines) -> list[str]:
    small = timelines.settings.small_group
    notes = ["early against others says what goes together; for a cause a control group is needed"]
    few = [row["group"] for row in later.to_pylist() if 0 < row["n"] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few)}")
    if 0 < n < small:
        notes.append(f"only {n} customers entered, fewer than {small}")
    return notes


_TEXT = (
    "A customer enters with her first event of the kind named and reaches the value with the event named, the n-th where n is "
    "more than 1, at or after the entry. Within d days: within d x 24 hours, of the customers observed so long. Curve: one "
    "minus Kaplan-Meier with log-log intervals, customers without the value censored at the as-of. Early: in the first local "
    "days. Stayed: a counting event on the days named, all after the first days, of customers whose days are all over."
)
