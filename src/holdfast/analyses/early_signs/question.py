"""Early signs: whose activity falls against her own habit, and who of them says nothing (MISSION 3.29, 4.6).

1. Activity is counted in distinct local dates with a counting event, so that a binge of clicks is one day.
2. Each customer has a window up to the as-of and a habit before it: the active days after her first one. Her own window is the
   shortest of 1, 2, 4 … 64 weeks in which 3.5 active days are to be expected by her habit before that window; a second one,
   four times as long, sees a slow fall where the first sees a sudden end. The one that says more counts, its p doubled.
3. How unlikely so few active days are comes from the model in `early_loops`: a rare buyer's silence says nothing, and she is
   *too little known* as long as not even complete silence in the window would be unlikely, or her habit is of fewer than two
   active days after the first.
4. *Falling* and *rising* are alarms chosen among all that are tested, each at the level or so that the share of false ones
   stays under it. *Gone* is who has been silent for longer than gone_after: no early sign any more.
5. Slipping in silence: falling, without an event of complaint in the last days. The money at stake is what she brought in the
   365 local days up to the as-of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from holdfast.analyses.activity import Activity
from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import counting_of
from holdfast.analyses.complaints import matching
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.early_signs.model import Control, Cuts, chosen_cut, fitted
from holdfast.analyses.early_signs.tables import (
    Found,
    alarms_table,
    figure_rows,
    notes,
    summary_table,
    table_of,
    trend_table,
    words,
)
from holdfast.analyses.early_signs.walk import (
    SILENT_DAYS,
    STATES,
    WHATS,
    HabitStep,
    Quiet,
    SignsStep,
    Wanted,
)
from holdfast.analyses.first_days import own_activity
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.scope import Condition, Scope, segment_code
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["INTERVALS", "EarlySigns", "Show"]

INTERVALS = 3.5
"""Active days to be expected in a customer's own window, so that who comes weekly has four weeks. With fewer not even silence
is unlikely (e⁻³ = 5 %); with more a sudden end is seen late."""

MOST_SEGMENTS = 1_000
MOST_TOLD = 3
Show = Literal["silent", "complained", "all"]


ALL = "all"
"""Every status, as the name of one."""


@dataclass(frozen=True)
class EarlySigns(Question):
    """Whose activity falls against her own habit; above all, who of them slips away in silence.

    events       "active": as in the settings; where they name nothing, any activity of the customer's own where the data hold
                 more of it than orders, else orders (`own_activity`); "orders", "any" event but complaints, or names
    window_days  the days that are now, for everyone; None: each customer's own, a few of her usual intervals
    alpha        the level of an alarm, 0 to 0.5
    control      "fdr": of the alarms raised at most the share alpha is false in the long run (Benjamini-Hochberg);
                 "each": of the customers without any change at most the share alpha is flagged
    quiet_days   who has complained within so many days is not slipping in silence
    show         which falling customers the table lists: "silent", "complained", "all"
    limit        how many rows the table has; all are counted
    months       how many past month ends the table trend looks back to, each at the price of two more walks
    as_of, by, where, moment  as in every question; segments at the first counting event. What is normal is learned from
                 everyone, whatever the conditions

    Table: a row per falling customer, most money at stake first: customer, segment, usual_interval_days, last_seen,
    days_silent, window_days, before_per_30 and now_per_30 (active days in 30), ratio (now by before) with low and high, p,
    value (money of the last 365 days), complained. Extra tables: summary (a row per segment, status and what: customers, n,
    share, low, high, value), alarms (tested, cut, flagged, false alarms to be expected; the model), trend (the last month ends,
    as many as asked for).
    People: status="falling" | "rising" | "steady" | "too little known" | "gone" | "all", what="silent" | "complained",
    segment=…; or customer=….
    """

    events: str | tuple[str, ...] = "active"
    window_days: int | None = None
    alpha: float = 0.05
    control: Control = "fdr"
    quiet_days: int = SILENT_DAYS
    show: Show = "silent"
    limit: int = 50
    months: int = 0
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("control", self.control, ("each", "fdr"))
        checked_choice("show", self.show, ("silent", "complained", "all"))
        if not 0 < self.alpha <= 0.5:
            raise UsageError(f"alpha cannot be {self.alpha}", "give a share above 0 and at most 0.5, such as 0.05")
        if self.window_days is not None and self.window_days < 1:
            raise UsageError(f"window_days cannot be {self.window_days}", "give whole days, 1 or more")
        if self.quiet_days < 1 or self.limit < 0 or self.months < 0:
            raise UsageError("quiet_days must be 1 or more, limit and months 0 or more", "such as quiet_days=90, limit=50")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk learns what is normal, a second judges each customer; two more a month look back."""
        step = self._step(timelines, timelines.as_of(self.as_of))
        found = self._found(timelines, step)
        labels = step.scope.labels(timelines)
        table = table_of(found, step, labels, self.show, self.limit, timelines.settings.margin)
        trend = trend_table([(at, self._found(timelines, one)) for at, one in self._earlier(timelines, step)])
        extra = {
            "summary": summary_table(found, labels, timelines.settings.margin),
            "alarms": alarms_table(found, step.habits, self.control, self.alpha),
            "trend": trend,
        }
        return Answer(
            question=self,
            words=words(extra["summary"], extra["alarms"], timelines.settings),
            table=table if self.by is not None else table.drop_columns(["segment"]),
            definition=defined(
                timelines, step.activity.as_of, title="Who is slipping away in silence?", text=_TEXT,
                rules=self._rules(timelines, step), n=int(found.states[:, 1:].sum()), names=step.activity.names or (ORDER,),
            ),
            source=timelines,
            notes=(
                *self._told(timelines, step),
                *notes(found, extra, self.limit, self.show, timelines.settings.small_group, step.quiet.names),
            ),
            extra=extra,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who has a status (status=, what=, segment=), or one customer of the table (customer=)."""
        checked_cell(cell, "status", "what", "segment", "customer")
        status, what = cell.get("status", "falling"), cell.get("what")
        if status not in (*STATES[1:], ALL):
            raise UnknownName("status", str(status), (*STATES[1:], ALL))
        if what is not None and what not in WHATS:
            raise UnknownName("kind of slipping", str(what), WHATS)
        step, cuts = self.prepared(timelines, timelines.as_of(self.as_of))
        only = segment_code(step.scope, timelines, cell.get("segment"))
        ids = (
            timelines.walk(replace(step, wanted=Wanted(-1 if status == ALL else STATES.index(status), what, only, cuts)))
            .rows["ids"]
            .to_pylist()
        )
        if "customer" in cell:
            if str(cell["customer"]) not in ids:
                raise UsageError(f"{cell['customer']} is not among the {status}", f"see who is: people(status={status!r})")
            ids = [str(cell["customer"])]
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The money at stake by how much of the habit is left; complaints in another colour."""
        from holdfast.charts.early import stakes

        rows = figure_rows(answer.table)
        money = "profit" if answer.source.settings.margin is not None else "revenue"
        unit = f"{money} of the last 12 months, {answer.source.settings.currency}"
        return stakes(rows, title="Who is slipping away", subtitle=answer.words, unit=unit)

    def prepared(self, timelines: Timelines, as_of: AsOf) -> tuple[SignsStep, Cuts]:
        """The step that judges as of an instant, and the p at which alarms are raised; kept with the timelines."""
        step = self._step(timelines, as_of)
        key = ("early signs", step.activity, step.habits, self.alpha, self.control)
        if key not in timelines.source.kept:
            timelines.source.kept[key] = self._found(timelines, step).cuts
        return step, timelines.source.kept[key]

    def _step(self, timelines: Timelines, as_of: AsOf) -> SignsStep:
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        if segments > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {segments:,} values", f"split by a property of at most {MOST_SEGMENTS:,}")
        said = matching(timelines.meta, timelines.settings.complaints)
        names, end = self._names(timelines, said), day_of(as_of.last)
        activity = Activity(as_of, timelines.settings.refunds, names, as_of.until <= timelines.meta.last_second)
        gone = resolve_gone_after(timelines, as_of).days
        key = ("habits", activity, gone)
        if key not in timelines.source.kept:
            timelines.source.kept[key] = timelines.walk(HabitStep(activity, end, gone)).sums["moments"]
        habits = fitted(
            timelines.source.kept[key], end=end, gone=gone, fixed=self.window_days or 0, intervals=INTERVALS, level=self.alpha
        )
        return SignsStep(activity, habits, scope, segments, Quiet(said, end - self.quiet_days + 1))

    def _names(self, timelines: Timelines, complaints: tuple[str, ...]) -> tuple[str, ...] | None:
        """The counting events; None for counting orders."""
        known = timelines.meta.events[1:]
        if self.events == "orders":
            return None
        if self.events == "active":
            counting_of(timelines.settings, timelines.meta, 0)  # refuses settings whose names never happened
            return own_activity(timelines.meta, timelines.settings)
        if self.events == "any":
            return tuple(name for name in known if name not in complaints)
        names = (self.events,) if isinstance(self.events, str) else self.events
        for name in names:
            if name not in known:
                raise UnknownName("event", name, (*known, "active", "any", "orders"))
        return names

    def _told(self, timelines: Timelines, step: SignsStep) -> tuple[str, ...]:
        """A note on what activity is, where neither the question nor the settings say it."""
        if self.events != "active" or timelines.settings.active or ORDER not in (step.activity.names or ()):
            return ()
        return ("activity is all that a customer does herself, visits as well as orders: “events” orders counts orders alone",)

    def _found(self, timelines: Timelines, step: SignsStep) -> Found:
        tally = timelines.walk(step)
        rows, tested = tally.rows, int(tally.sums["tested"])
        falling = chosen_cut(rows["down"], tested, self.alpha, self.control)
        rising = chosen_cut(rows["up"], tested, self.alpha, self.control)
        return Found(tally.sums["states"], tested, Cuts(falling, rising), rows)

    def _earlier(self, timelines: Timelines, step: SignsStep) -> list[tuple[date, SignsStep]]:
        """The month ends before the as-of, latest last, each with its step; none before the data."""
        last, found = step.activity.as_of.last, list[tuple[date, SignsStep]]()
        first = date_of(timelines.zone.day_at(timelines.meta.first_second))
        end = (last + timedelta(days=1)).replace(day=1) - timedelta(days=1)
        while len(found) < self.months and end > first:
            found.append((end, self._step(timelines, timelines.as_of(end))))
            end = end.replace(day=1) - timedelta(days=1)
        return found[::-1]

    def _rules(self, timelines: Timelines, step: SignsStep) -> dict[str, Any]:
        names = step.activity.names
        told = "orders" if names is None else ", ".join(names)
        if names is not None and (self.events == "any" or len(names) > MOST_TOLD):
            told = f"any of {len(names)} kinds of event"
        rules: dict[str, Any] = {"counting events": told, "clock": "calendar", "activity": "local dates"}
        if names is None:
            rules["refunds"] = step.activity.mode
        rules["window"] = (
            f"{self.window_days} days" if self.window_days else "own, 3.5 active days to be expected, and four times as long"
        )
        rules |= {"alpha": self.alpha, "control": self.control, "gone after": f"{step.habits.gone} days"}
        rules |= {"complaints": ", ".join(step.quiet.names) or "none in the data", "quiet days": self.quiet_days}
        rules["money"] = "revenue" if timelines.settings.margin is None else "profit"
        return rules | scope_rules(step.scope, "first order" if names is None else "first counting event")


_TEXT = (
    "Activity is counted in distinct local dates with a counting event. The window is the last days up to the as-of, the "
    "habit all days from the first active one to the window. Own windows: the shortest of 1, 2, 4 … 64 weeks in which 3.5 "
    "active days are to be expected, and one four times as long; of the two the one that says more, its p doubled. A "
    "customer's active days are taken to come at a rate of her own, Gamma over all customers, and as regularly as her own "
    "waits and those of all say; p is the probability of so few active days in the window if nothing had changed (negative "
    "binomial). Falling: p raises an alarm; too little known: not even silence in the window would, or the habit is of fewer "
    "than two days; gone: silent for longer than gone after. Ratio is the rate in the window by that of the habit, with its "
    "95 % credible interval. Slipping in silence: falling and no complaint in the quiet days. Value: net money of the 365 "
    "local days up to the as-of."
)
