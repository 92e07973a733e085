"""Cohort grids: who came back, how long after they first came (SEMANTICS 5 to 11, MISSION 0.9 to 0.11, 3.60).

Customers who entered in the same period are a cohort; each cell says how many of them came back in the k-th period after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.cohorts.clock import Clock, calendar_clock, elapsed_clock
from holdfast.analyses.cohorts.grid import HIDDEN, Grid, behind, walk_grid
from holdfast.analyses.cohorts.loops import EVERY, ON, ON_OR_AFTER, ON_OR_BEFORE
from holdfast.analyses.cohorts.streams import ENTRY_MODES, Chosen, EntryMode, checked_events
from holdfast.analyses.cohorts.tables import ALL, comparison, curve, grid_table, initiatives, medians, order_of, survival
from holdfast.analyses.cohorts.walks import Behind, Frame
from holdfast.analyses.cohorts.words import notes, text, words
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.scope import Condition, Scope
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import UNITS, Periods, Unit
from holdfast.timelines.zone import DAY, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Cohorts", "Measure", "Returns"]

Returns = Literal["on", "on or after", "on or before", "every"]
Measure = Literal["customers", "revenue", "cumulative revenue"]

RULES = {"on": ON, "on or after": ON_OR_AFTER, "on or before": ON_OR_BEFORE, "every": EVERY}
MEASURES = ("customers", "revenue", "cumulative revenue")
MOST_CELLS = 20_000_000
ALWAYS = (0, 65_535)
COMES_BACK = "Who comes back"
SHORTEST = {"day": 1, "week": 7, "month": 28, "quarter": 89, "year": 365}
"""Days of the shortest such period."""


@dataclass(frozen=True)
class Cohorts(Question):
    """Who came back, by the period in which they first came.

    period    length of the periods, and of the cohorts: day, week, month, quarter, year
    brackets  upper limits in days since entry instead of periods: (1, 7, 30) gives [0, 1), [1, 7), [7, 30)
    entry     "first ever", "first in window" (flagged as cut off on the left) or "each period" in which she starts
    returns   "on" period k, "on or after", "on or before", or "every" period 1 to k
    clock     "calendar" periods of local dates, or "elapsed": n × 24 h from each customer's own entry
    start     names of the events that start; empty: counting orders; ("any",): every activity
    back      names of the events that are returns; empty: the same as start
    measure   "customers", "revenue" of the k-th period, or "cumulative revenue" up to it, net of refunds
    window    first and last date of entry; None: all time
    periods   how many periods to show at most
    month     an elapsed month: a "calendar" month, or "30 days" (a quarter 90, a year 365)
    as_of     rows up to here count; None: the end of the data
    by, where, moment   segments and conditions (see `Scope`), frozen at the entry event, or "current"

    The table has a row a cell: segment, cohort, period (k), size, customers, rate, low, high, state, value; with money also
    value_per_customer. Rows of cohort "all" pool the complete cells. Extra tables: curve, kaplan-meier, median, and with
    segments comparison; with initiatives in the settings, initiatives (cohort, date, name).
    """

    period: Unit = "month"
    brackets: tuple[int, ...] | None = None
    entry: EntryMode = "first ever"
    returns: Returns = "on"
    clock: Literal["calendar", "elapsed"] = "calendar"
    start: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    measure: Measure = "customers"
    window: tuple[date | str, date | str] | None = None
    periods: int | None = None
    month: Literal["calendar", "30 days"] = "calendar"
    as_of: AsOf | date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("period", self.period, UNITS)
        checked_choice("entry", self.entry, ENTRY_MODES)
        checked_choice("returns", self.returns, tuple(RULES))
        checked_choice("clock", self.clock, ("calendar", "elapsed"))
        checked_choice("measure", self.measure, MEASURES)
        checked_choice("month", self.month, ("calendar", "30 days"))
        checked_choice("moment", self.moment, ("entry", "current"))
        if self.brackets is not None and (list(self.brackets) != sorted({*self.brackets} - {0}) or not self.brackets):
            raise UsageError(f"brackets cannot be {self.brackets}", "give rising numbers of days, such as 1, 7, 30")
        if self.entry == "first in window" and self.window is None:
            raise UsageError("first in window needs a window", "give the first and the last date of entry")
        if self.periods is not None and self.periods < 1:
            raise UsageError(f"{self.periods} periods cannot be shown", "give 1 or more")

    @property
    def back_events(self) -> tuple[str, ...]:
        """The events that are returns, resolved."""
        return self.back or self.start

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines and give the grid."""
        frame, calendar = self.frame(timelines)
        grid = walk_grid(timelines, frame)
        labels = frame.scope.labels(timelines)
        shown = order_of(grid, labels)
        cells = grid_table(grid, shown, labels, calendar.labels(), self.measure)
        extra = {"curve": curve(grid, shown, labels), "kaplan-meier": survival(grid, shown, labels)}
        extra["median"] = medians(grid, shown, labels)
        if len(shown) > 1:
            extra["comparison"] = comparison(grid, shown, labels, timelines.settings.small_group)
        if timelines.settings.initiatives:
            extra["initiatives"] = initiatives(timelines.settings.initiatives, calendar)
        return Answer(
            question=self,
            words=words(self, grid, labels, shown),
            table=cells,
            definition=defined(
                *(timelines, frame.as_of), title=self.title, text=text(self), rules=self.rules(frame),
                n=int(grid.members.sum()), names=self._covered(timelines),
            ),
            source=timelines,
            notes=notes(self, grid, timelines.settings.small_group),
            extra=extra,
        )  # fmt: skip

    @property
    def title(self) -> str:
        """The question in words."""
        return COMES_BACK if self.measure == "customers" else "What customers bring, by when they came"

    def rules(self, frame: Frame) -> dict[str, Any]:
        """The chosen values of named choices."""
        chosen: dict[str, Any] = {"period": self.period, "clock": self.clock, "entry": self.entry, "returns": self.returns}
        if self.brackets is not None:
            chosen["brackets"] = " ".join(map(str, self.brackets))
        if self.clock == "elapsed" and self.period in ("month", "quarter", "year") and self.brackets is None:
            chosen["month"] = self.month
        chosen |= {"start": ", ".join(self.start) or "orders", "back": ", ".join(self.back_events) or "orders"}
        if self.window is not None:
            chosen["window"] = " to ".join(map(str, self.window))
        return chosen | {"measure": self.measure, "refunds": frame.mode} | scope_rules(frame.scope, "entry")

    def _covered(self, timelines: Timelines) -> tuple[str, ...]:
        names = {name for name in (*self.start, *self.back) if name != "any"}
        if "any" in (*self.start, *self.back):
            names = set(timelines.meta.events[1:])
        if not self.start or not self.back_events:
            names.add(ORDER)
        return tuple(sorted(names))

    def frame(self, timelines: Timelines) -> tuple[Frame, Periods]:
        """What the walk must know, and the cohorts' periods."""
        checked_events(timelines.meta, (*self.start, *self.back))
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        first_day = min(timelines.zone.day_at(timelines.meta.first_second), as_of.day)
        calendar = Periods.covering(self.period, first_day, as_of.day, timelines.settings.week_start)
        clock = self._clock(timelines, calendar)
        shape = (len(scope.labels(timelines)), len(calendar), self._width(timelines, calendar, as_of))
        cells = math.prod(shape)
        if cells > MOST_CELLS:
            raise UsageError(f"{cells:,} cells are more than a grid can show", "choose longer periods, or show fewer of them")
        frame = Frame(
            *(Chosen(self.start, self.back_events), self.entry, self._window(), calendar.of_day(), clock, RULES[self.returns]),
            shape=shape,
            days=as_of.day - first_day + 2,
            as_of=as_of,
            until=as_of.until if as_of.until <= timelines.meta.last_second else 0,
            mode=timelines.settings.refunds,
            scope=scope,
            valued=self.measure != "customers",
        )
        return frame, calendar

    def _clock(self, timelines: Timelines, calendar: Periods) -> Clock:
        if self.clock == "calendar":
            return calendar_clock(calendar, self.brackets)
        return elapsed_clock(self.period, self.brackets, self.month, timelines.zone)

    def _width(self, timelines: Timelines, calendar: Periods, as_of: AsOf) -> int:
        if self.brackets is not None:
            return min(len(self.brackets), self.periods or len(self.brackets))
        days = max(as_of.until - timelines.meta.first_second, 0) // DAY + 1
        longest = len(calendar) if self.clock == "calendar" else days // SHORTEST[self.period] + 1
        return min(longest, self.periods or longest)

    def _window(self) -> tuple[int, int]:
        if self.window is None:
            return ALWAYS
        try:
            first, last = (date.fromisoformat(side) if isinstance(side, str) else side for side in self.window)
        except ValueError as error:
            raise UsageError(f"{self.window} is no window", "write it as two dates, 2011-01-01 and 2011-06-30") from error
        if last < first:
            raise UsageError(f"a window from {first} to {last} is empty", "give the first date first")
        return max(day_of(first), 0), day_of(last)

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind a number: segment= (where there are several), cohort= ("all": pooled), period=, and
        count="customers" (those retained; default with a period) or "size" (the members)."""
        frame, calendar = self.frame(timelines)
        wanted = self._wanted(timelines, frame, calendar, cell)
        grid = walk_grid(timelines, replace(frame, valued=False))
        self._observable(grid, wanted, cell)
        return People(behind(timelines, frame, grid, wanted), cell)

    def _wanted(self, timelines: Timelines, frame: Frame, calendar: Periods, cell: dict[str, Any]) -> Behind:
        checked_cell(cell, "segment", "cohort", "period", "count")
        labels = frame.scope.labels(timelines)
        segment = cell.get("segment") or (labels[0] if len(labels) == 1 else "")
        if segment not in labels:
            raise UnknownName("segment", segment, labels)
        period = cell.get("period")
        if period is not None and (not str(period).isdecimal() or int(period) >= frame.shape[2]):
            raise UsageError(f"there is no period {period}", f"they run from 0 to {frame.shape[2] - 1}")
        cohort = cell.get("cohort", ALL)
        place = -1 if cohort == ALL else calendar.find(str(cohort))
        count = cell.get("count", "size" if period is None else "customers")
        checked_choice("count", count, ("customers", "size"))
        if count == "customers" and period is None:
            raise UsageError("which period's customers", "name it: period=1")
        return Behind(labels.index(segment), place, -1 if period is None else int(period), count == "size")

    def _observable(self, grid: Grid, wanted: Behind, cell: dict[str, Any]) -> None:
        one = wanted.cohort >= 0 and wanted.period >= 0 and not wanted.members
        if one and grid.states[wanted.segment, wanted.cohort, wanted.period] == HIDDEN:
            raise UsageError(f"{cell} cannot be observed yet", "its period has not begun as of the end of the data")

    def figure(self, answer: Answer) -> go.Figure:
        """The heat map; with segments their curves with bands, which show who comes back whatever the measure."""
        from holdfast.charts.cohorts import curves, heat_map

        if self.by is not None:
            return curves(answer.extra["curve"].to_pydict(), COMES_BACK, answer.words, self.step)
        began = answer.extra.get("initiatives")
        marks = None if began is None else dict(zip(began["cohort"].to_pylist(), began["name"].to_pylist(), strict=True))
        return heat_map(answer.table.to_pydict(), self.title, answer.words, self.step, self.measure, marks)

    def survival_figure(self, answer: Answer) -> go.Figure:
        """The Kaplan-Meier curve of the first return, a line a segment with its band."""
        from holdfast.charts.cohorts import survival_curves

        return survival_curves(answer.extra["kaplan-meier"].to_pydict(), "How soon customers come back")

    @property
    def step(self) -> str:
        """What k counts, in a word."""
        return "bracket" if self.brackets is not None else self.period

    def bracket_labels(self) -> list[str]:
        """The brackets in words, such as "days 1 to 6"."""
        limits = (0, *(self.brackets or ()))
        spans = zip(limits[:-1], np.array(limits[1:]) - 1, strict=True)
        return [f"day {low}" if low == high else f"days {low} to {high}" for low, high in spans]
