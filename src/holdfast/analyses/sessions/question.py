"""Sessions: where visits begin, how many end at once, where they end, and how long they are (SEMANTICS 22; MISSION 3.50).

1. A session of a customer ends where so many minutes (30) pass without a step; local midnight ends none. What happens to her
   or elsewhere (a refund, a mail, a ticket) is no step.
2. The landing page is its first step's name, the exit page its last one's. A bounce is a session of exactly one step.
3. A page's bounce rate is bounces / sessions that landed on it; its exit rate is sessions that ended with it / sessions that
   saw it at all. A customer has several sessions: intervals follow customers (`clustered`), Wilson's where each has one.
4. A page loses sessions *above the average* when its bounce rate's interval lies wholly above the rate of all sessions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.narrowing import quantiles
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.analyses.sessions.tables import (
    ALL_PAGES,
    BANDS,
    Counted,
    exit_table,
    landing_table,
    length_table,
    period_table,
)
from holdfast.analyses.sessions.walk import ANY, HIT, MISS, ExitStep, LengthStep, SessionStep, Wanted, Ways
from holdfast.analyses.sessions.words import TEXT, notes, words
from holdfast.analyses.step_scope import segment_labels
from holdfast.analyses.steps import BY_EVENT, SESSION_GAP_MINUTES, Naming, gap_seconds, no_visits
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import UNITS, Periods, Unit
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Sessions"]

MOST_CELLS = 200_000
"""Segments times periods times pages: more would neither fit a table nor, in every shard, the memory."""
WHICH = {"sessions": ANY, "bounced": HIT, "went on": MISS}
OF_EXIT = {"exits": HIT, "sessions": ANY}


@dataclass(frozen=True)
class Sessions(Question):
    """Sessions and their bounce, by landing page.

    page         what a step is called: "event", or a property such as path
    gap_minutes  a session ends where so many minutes pass without a step; 0: a customer's life is one
    groups, only, exclude  patterns that are one page, events that are steps, names left out (see `steps.Naming`)
    elsewhere    "left out": what happens to a customer or elsewhere is no step (refunds, mails, tickets: `steps.NO_VISITS`),
                 unless `only` names it; "kept": every event is one
    period       a unit (day, week, month, quarter, year) for the trend by local day of the session's first step; None: no trend
    as_of        the instant up to which rows count
    by, where, moment  segments and conditions, at the customer's first step ("entry") or now ("current")

    Table: a row per segment and landing page, by traffic: sessions, customers, bounces, customers_bounced, bounce_rate, low,
    high, share (of all sessions, share_n), mean_steps, median_steps, median_seconds (of those not bounced), above_average
    (bounces more than the average page would have of that traffic; negative: fewer). Extra tables: exits, lengths, by_period.
    People: landing=, what="sessions" | "bounced" | "went on", period=; exit=, what="exits" | "sessions"; length="2"; segment=.
    """

    page: str = BY_EVENT
    gap_minutes: float = SESSION_GAP_MINUTES
    groups: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    elsewhere: Literal["left out", "kept"] = "left out"
    period: Unit | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        gap_seconds(self.gap_minutes)
        checked_choice("elsewhere", self.elsewhere, ("left out", "kept"))
        checked_choice("period", self.period, (None, *UNITS))

    def ways(self, timelines: Timelines) -> Ways:
        """Which sessions."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        nodes = self._naming(timelines.meta).nodes(timelines.meta)
        groups = len(segment_labels(scope, timelines))
        _fits(groups, len(nodes) + 1, f"{len(nodes):,} pages in {groups:,} segments")
        return Ways(scope, as_of, nodes, groups, gap_seconds(self.gap_minutes))

    def step(self, timelines: Timelines) -> SessionStep:
        """The step that counts sessions by landing page."""
        return _by_landing(self.ways(timelines))

    def answer(self, timelines: Timelines) -> Answer:
        """A walk for the landing pages, one for the lengths, one for the exits, and a few for the medians."""
        step = self.step(timelines)
        ways = step.ways
        found = timelines.walk(step)
        counted = Counted(ways.nodes.labels, ways.scope.labels(timelines), found.sums["cells"], found.sums["n"])
        steps, seconds = self._medians(timelines, ways, counted, found.rows["longest"].max(axis=0))
        table = landing_table(counted, steps, seconds)
        extra = {
            "exits": exit_table(counted, timelines.walk(ExitStep(ways)).sums["cells"]),
            "lengths": length_table(counted, timelines.walk(_by_length(ways)).sums["cells"]),
        }
        if self.period is not None:
            periods = self._periods(timelines, ways.as_of)
            cells = timelines.walk(_by_period(step, periods)).sums["cells"]
            extra["by_period"] = period_table(counted, cells, periods, ways.as_of.day)
        return Answer(
            question=self,
            words=words(counted, table),
            table=table,
            definition=self._definition(timelines, ways, int(found.sums["n"].sum())),
            source=timelines,
            notes=notes(table, timelines.settings.small_group, self.page, tuple(timelines.meta.properties)),
            extra=extra,
        )

    def _medians(self, timelines: Timelines, ways: Ways, counted: Counted, longest: Any) -> tuple[Any, Any]:
        """Median steps, and median seconds of those not bounced, by segment and page."""
        whole, bounced = counted.sums[:, :-1, 0], counted.sums[:, :-1, 1]
        steps = quantiles(
            *(whole.ravel(), (0.5,), int(longest[0])),
            lambda ranges: timelines.walk(LengthStep(ways, False, ranges)).sums["counts"],
        )
        seconds = quantiles(
            *((whole - bounced).ravel(), (0.5,), int(longest[1])),
            lambda ranges: timelines.walk(LengthStep(ways, True, ranges)).sums["counts"],
        )
        return steps.reshape(whole.shape), seconds.reshape(whole.shape)

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers with such a session: landing= (what=, period=), exit= (what=), or length=; segment= if several."""
        checked_cell(cell, "landing", "exit", "length", "what", "period", "segment")
        ways = self.ways(timelines)
        if sum(key in cell for key in ("landing", "exit", "length")) > 1:
            raise UsageError("a session is named by its landing page, its exit page or its length", "give one of them")
        only = segment_code(ways.scope, timelines, cell.get("segment"))
        which = OF_EXIT if "exit" in cell else WHICH
        what = cell.get("what", next(iter(which)))
        checked_choice("what", what, tuple(which))
        step = self._asked(timelines, ways, cell)
        wanted = replace(step.wanted, what=which[what], only=only)
        rows = timelines.walk(replace(step, wanted=wanted)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def _asked(self, timelines: Timelines, ways: Ways, cell: dict[str, Any]) -> SessionStep | ExitStep:
        """The step whose cells hold what a cell names."""
        if "exit" in cell:
            return ExitStep(ways, Wanted(_one(len(ways.nodes), [_page(ways, cell["exit"])])))
        if "length" in cell:
            labels = [label for _, label in BANDS]
            if str(cell["length"]) not in labels:
                raise UnknownName("length", str(cell["length"]), labels)
            return replace(_by_length(ways), wanted=Wanted(_one(len(BANDS) + 1, [labels.index(str(cell["length"]))])))
        step, landing = _by_landing(ways), cell.get("landing", ALL_PAGES)
        place = step.cells if landing == ALL_PAGES else _page(ways, landing)
        if "period" not in cell:
            return replace(step, wanted=Wanted(_one(step.cells + 1, [place])))
        periods = self._periods(timelines, ways.as_of)
        at = periods.find(str(cell["period"])) * (step.cells + 1) + place
        return replace(_by_period(step, periods), wanted=Wanted(_one(len(periods) * (step.cells + 1), [at])))

    def figure(self, answer: Answer) -> go.Figure:
        """The bounce rate of the busiest landing pages with intervals; with a period its trend."""
        from holdfast.charts.sessions import bounce_dots, bounce_trend

        if "by_period" in answer.extra:
            rows = [row for row in answer.extra["by_period"].to_pylist() if row["landing"] == ALL_PAGES]
            return bounce_trend(rows, title="Sessions that end at once", subtitle=answer.words)
        return bounce_dots(answer.table.to_pylist(), title="Sessions that end at once, by landing page", subtitle=answer.words)

    def _naming(self, meta: Meta) -> Naming:
        no_steps = no_visits(meta) if self.elsewhere == "left out" else ()
        left_out = (*self.exclude, *(name for name in no_steps if name not in self.only))
        return Naming(self.page, self.groups, self.only, tuple(dict.fromkeys(left_out)))

    def _periods(self, timelines: Timelines, as_of: AsOf) -> Periods:
        if self.period is None:
            raise UsageError("there is no trend by period", "ask with a period, such as period='month'")
        last = day_of(as_of.last)
        first = min(timelines.zone.day_at(timelines.meta.first_second), last)
        return Periods.covering(self.period, first, last, timelines.settings.week_start)

    def _definition(self, timelines: Timelines, ways: Ways, n: int) -> Any:
        gap = f"{self.gap_minutes:g} minutes" if self.gap_minutes else "none"
        rules = self._naming(timelines.meta).rules() | {"session gap": gap} | scope_rules(ways.scope, "first step")
        names = self.only or timelines.meta.events[1:]
        return defined(timelines, ways.as_of, title="Where do visits end at once?", text=TEXT, rules=rules, n=n, names=names)


NO_PERIOD = np.zeros(65_536, np.int32)


def _by_landing(ways: Ways) -> SessionStep:
    pages = len(ways.nodes)
    return SessionStep(ways, np.arange(pages, dtype=np.int64), np.zeros(1, np.int64), NO_PERIOD, 1, pages)


def _by_length(ways: Ways) -> SessionStep:
    starts = [start for start, _ in BANDS]
    bands = np.searchsorted(starts, np.arange(starts[-1] + 1), side="right") - 1
    return SessionStep(ways, np.zeros(len(ways.nodes), np.int64), np.maximum(bands, 0), NO_PERIOD, 1, len(BANDS))


def _by_period(step: SessionStep, periods: Periods) -> SessionStep:
    _fits(step.ways.groups * len(periods), step.cells + 1, f"{step.cells:,} pages in {len(periods):,} {periods.unit}s")
    return replace(step, period=periods.of_day(), periods=len(periods))


def _fits(times: int, cells: int, what: str) -> None:
    if times * cells > MOST_CELLS:
        raise UsageError(
            f"{what} are too many for one table",
            "group pages by patterns, such as '/product/*', or take fewer segments or periods",
        )


def _one(size: int, places: list[int]) -> npt.NDArray[np.uint8]:
    cells = np.zeros(size, np.uint8)
    cells[places] = 1
    return cells


def _page(ways: Ways, name: str) -> int:
    if name not in ways.nodes.labels:
        raise UnknownName("page", str(name), ways.nodes.labels)
    return ways.nodes.labels.index(name)
