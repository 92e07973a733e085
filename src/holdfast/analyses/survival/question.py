"""Survival: how long customers stay, by segment, and what goes together with leaving sooner (MISSION 3.11).

1. A life begins with the first counting event (activity base) or the first start event (contract base), and ends on the day
   from which the bridge counts her as lost. On an activity base that is `gone_after` silent days and one after an order:
   nobody can be lost before. Who has not left by the as-of is cut off there, however long she has been silent.
2. Kaplan-Meier over all lives gives the share that stays longer than each day: late joiners count for as long as they were
   seen.
3. Who comes back after a loss has left all the same: a life is over at its first loss (`ends="last"`: at the one she has not
   come back from, which is only known afterwards, and takes for gone who may still return).
4. Segments' curves are compared by the log-rank test; Cox's model sets properties known at entry beside each other: hazard
   ratios go *together with* leaving, they say nothing of causes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import Counting, counting_of
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.gone_after import Resolved, resolve_gone_after
from holdfast.analyses.scope import TRAITS, Condition, Scope, segment_code
from holdfast.analyses.survival.compare import Compared, compared, cox_notes, cox_table
from holdfast.analyses.survival.lives import WHATS, Levels, Lives, Number
from holdfast.analyses.survival.tables import (
    claim,
    curve_table,
    groups_table,
    likeliest,
    log_rank_table,
    small_groups,
    survival_table,
    watched_table,
)
from holdfast.analyses.survival.walk import Ends, LivesStep, Wanted
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import MONEY_UNITS, ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["FIRST_VALUE", "JOINED", "Survival", "days_of"]

FIRST_VALUE, JOINED = "first_order_value", "joined"
"""Properties for Cox's model that no event carries: the money of the first order, and when the customer joined."""

USUAL = ("channel", "source", "medium", "campaign", "country", "plan")
"""Words in names of properties that are compared without being asked for."""

MOST_USUAL, MOST_SEGMENTS = 3, 1_000
DAYS_A_YEAR, LONG = 365.25, 3 * 365


FIRST = (
    "a life ends at the first such silence, also of who came back later; the second figure of “one-year”, as "
    "“ends” last here, forgives silences that ended, and stands higher"
)
LAST = "a life ends at the silence that has not ended: the second figure of “one-year”; who is silent may still return"


def days_of(months: float) -> int:
    """Whole days of so many months of a mean year: 30, 91, 183, 365 for 1, 3, 6, 12."""
    return round(months * DAYS_A_YEAR / 12)


@dataclass(frozen=True)
class Survival(Question):
    """How long do customers stay, and who leaves sooner?

    at          months after the start at which the table tells who is still there
    together    what Cox's model compares: names of properties at entry, "first_order_value", "joined" (the quarter of the
                start, of long histories the year); None: by, the first value, joined, and such as country or channel; (): none
    gone_after  days of silence after which a customer is gone (activity base); None: as the settings say, else suggested
    ends        "first": a life is over at the first loss; "last": at the one she has not come back from
    as_of, by, where, moment  as in every question; segments at the first counting event or start

    Table: a row per segment and month: segment, months, days, customers, at_risk (watched until that day and still there just
    before), left (until and on that day), survival, low, high (Kaplan-Meier, log-log 95 %; null where nobody was watched so
    long). Extra tables: groups (customers, left, expected_left, median_days with interval), log_rank, cox (a row a value:
    hazard_ratio with low, high, p; proportional_p, small where the ratio is not the same all along), curve.
    People: segment=…, months=… or days=…, and what="customers" | "left" | "here" | "at risk" | "left then";
    or property=…, value=… of the table cox.
    """

    at: tuple[float, ...] = (1, 3, 6, 12)
    together: tuple[str, ...] | None = None
    gone_after: int | None = None
    ends: Ends = "first"
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("ends", self.ends, ("first", "last"))
        if not self.at or min(self.at) <= 0:
            raise UsageError("at needs months above 0", "such as at=(1, 3, 6, 12)")
        if self.gone_after is not None and self.gone_after < 1:
            raise UsageError(f"gone_after cannot be {self.gone_after}", "give whole days, 1 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once, then tell the curves and compare."""
        step, resolved = self._step(timelines)
        lives = self._lives(timelines, step)
        curves = lives.curves()
        found = compared(lives, timelines.settings.small_group)
        base = timelines.settings.base
        noun, start = ("customers", "the first order") if base == "activity" else ("under contract", "the start")
        told = next((month for month in self.at if month == 12), self.at[-1])
        return Answer(
            question=self,
            words=likeliest(lives, curves, found, noun, days_of(told), f"{told:g} months after {start}"),
            table=survival_table(lives, curves, "months", self.at, [days_of(month) for month in self.at]),
            definition=self._definition(timelines, step, resolved, len(lives)),
            source=timelines,
            notes=self._notes(timelines, resolved, lives, found),
            extra={
                "groups": groups_table(lives, curves, "days"),
                "log_rank": log_rank_table(lives),
                "cox": cox_table(found),
                "curve": curve_table(lives, curves, "days"),
                "watched": watched_table(lives, "days", days_of(max(self.at))),
            },
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind one number: what=, months=, segment=; or property= and value= of the table cox."""
        checked_cell(cell, "what", "months", "days", "segment", "property", "value")
        if "months" in cell and "days" in cell:
            raise UsageError("a time in months and in days", "give one of them")
        what = cell.get("what", "customers")
        checked_choice("what", what, WHATS)
        if what in ("at risk", "left then") and not {"months", "days"} & set(cell):
            raise UsageError(f"{what} needs a time", "add months=12, or days=365")
        step, _ = self._step(timelines)
        at = days_of(_months(cell["months"])) if "months" in cell else _days(cell["days"]) if "days" in cell else None
        only = segment_code(step.scope, timelines, cell.get("segment"))
        wanted = Wanted(what, at, only, self._beside(timelines, step, cell))
        ids = timelines.walk(replace(step, wanted=wanted)).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), {**cell, "what": what})

    def figure(self, answer: Answer) -> go.Figure:
        """The curves with their bands, and how many were still watched."""
        from holdfast.charts.survival import survival_chart

        start = "the first order" if answer.source.settings.base == "activity" else "the start of the contract"
        return survival_chart(
            answer.extra["curve"].to_pydict(), answer.extra["groups"].to_pylist(), answer.extra["watched"].to_pylist(), "days",
            title="How long customers stay",
            subtitle=answer.words, x=f"days after {start}"
        )  # fmt: skip

    def _beside(self, timelines: Timelines, step: LivesStep, cell: dict[str, Any]) -> tuple[int, tuple[int, ...]] | None:
        """The property and codes of a row of the table cox."""
        if "property" not in cell and "value" not in cell:
            return None
        rows = compared(self._lives(timelines, step), timelines.settings.small_group).rows
        names = list(dict.fromkeys(row.property for row in rows if row.codes is not None))
        if cell.get("property") not in names:
            raise UnknownName("property of the hazard ratios", str(cell.get("property")), names)
        own = {row.value: row for row in rows if row.property == cell["property"]}
        if cell.get("value") not in own:
            raise UnknownName("value", str(cell.get("value")), own)
        row = own[cell["value"]]
        return row.place, row.codes or ()

    def _step(self, timelines: Timelines) -> tuple[LivesStep, Resolved | None]:
        settings, as_of = timelines.settings, timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        if len(scope.labels(timelines)) > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has too many values", f"split by a property of at most {MOST_SEGMENTS:,}")
        last = day_of(as_of.last)
        first = min(timelines.zone.day_at(timelines.meta.first_second), last) if timelines.customers else last
        if settings.base == "contract":
            if self.gone_after is not None:
                raise UsageError("no silence ends a contract, gone_after says nothing here", "leave it out")
            if timelines.customers and not set(settings.contract.start) & set(timelines.meta.events):
                raise UnknownName("event", settings.contract.start[0], timelines.meta.events[1:])
            counting, resolved = Counting(as_of.until, settings.refunds), None
        else:
            counting = counting_of(settings, timelines.meta, as_of.until)
            resolved = resolve_gone_after(timelines, as_of, self.gone_after)
        step = LivesStep(
            scope, as_of, counting, first, last, 0 if resolved is None else resolved.days, self.ends,
            settings.contract if resolved is None else None,
        )  # fmt: skip
        beside = tuple(self._one_beside(timelines, as_of, step, name) for name in self._names(timelines) if name != FIRST_VALUE)
        return replace(step, beside=beside), resolved

    def _names(self, timelines: Timelines) -> tuple[str, ...]:
        """What Cox's model compares."""
        if self.together is not None:
            known = [*timelines.meta.properties, *TRAITS, FIRST_VALUE, JOINED]
            for name in self.together:
                if name not in known:
                    raise UnknownName("property", name, known)
            return self.together
        usual = [name for name in timelines.meta.properties if any(word in name.lower() for word in USUAL)][:MOST_USUAL]
        # A segment of the as-of is made of what came after entry: who left cannot be in a good one.
        own = [] if self.by is None or (self.by in TRAITS and self.by not in timelines.meta.properties) else [self.by]
        return tuple(dict.fromkeys([*own, *usual, FIRST_VALUE, JOINED]))

    def _one_beside(self, timelines: Timelines, as_of: AsOf, step: LivesStep, name: str) -> Scope | Periods:
        if name == JOINED:
            unit: Unit = "year" if step.last_day - step.first_day > LONG else "quarter"
            return Periods.covering(unit, step.first_day, step.last_day)
        return Scope(name).ready(timelines, as_of)

    def _lives(self, timelines: Timelines, step: LivesStep) -> Lives:
        rows = timelines.walk(step).rows
        beside: list[Levels | Number] = []
        for place, one in enumerate(step.beside):
            labels = tuple(one.labels()) if isinstance(one, Periods) else one.labels(timelines)
            beside.append(Levels(JOINED if isinstance(one, Periods) else str(one.by), rows[f"beside_{place}"], labels))
        money = rows["value"] / MONEY_UNITS
        # A first order of nothing would lie endlessly far below one of a penny: from 1 downwards all are one.
        if FIRST_VALUE in self._names(timelines) and 2 * np.count_nonzero(money > 0) >= max(len(money), 1):
            known = np.where(money > 0, np.log2(np.maximum(money, 1.0)), np.nan)
            beside.append(Number(FIRST_VALUE, known, "each doubling"))
        labels = step.scope.labels(timelines)
        return Lives(rows["days"].astype(np.float64), rows["left"], rows["segment"].astype(np.int64), labels, tuple(beside))

    def _definition(self, timelines: Timelines, step: LivesStep, resolved: Resolved | None, n: int) -> Any:
        settings = timelines.settings
        rules: dict[str, Any] = {"base": settings.base, "clock": "days since the start", "ends": f"{self.ends} loss"}
        if resolved is None:
            rules |= {"start": ", ".join(settings.contract.start), "end": ", ".join(settings.contract.end)}
            text, names = _CONTRACT, settings.contract.start
        else:
            rules |= {"counting events": step.counting.words(), "gone_after": resolved.rule(), "refunds": settings.refunds}
            text, names = _ACTIVITY.format(days=resolved.days), step.counting.names or (ORDER,)
        rules |= {"months": "of 365.25 / 12 days", "together with": ", ".join(self._names(timelines)) or "nothing"}
        rules |= scope_rules(step.scope, "first start" if resolved is None else "first counting event")
        return defined(
            timelines, step.as_of, title="How long do customers stay?", text=text + _TEXT, rules=rules, n=n, names=names
        )

    def _notes(self, timelines: Timelines, resolved: Resolved | None, lives: Lives, found: Compared) -> tuple[str, ...]:
        out = []
        if resolved is not None:
            out.append(f"{resolved.why}; nobody can be lost before day {resolved.days + 1} of her life")
            out.append(FIRST if self.ends == "first" else LAST)
            out.append(f"{claim()}: “one-year” tells who did order a year on, which comes nearest to it")
        if self.by in TRAITS and self.by not in timelines.meta.properties:
            out.append(f"{self.by} is as it stands at the as-of: who stayed may be in a segment because she stayed")
        out += small_groups(lives, timelines.settings.small_group)
        if len(lives) < timelines.settings.small_group:
            out.append(f"only {counted(len(lives), 'customer')}: read everything with care")
        return (*out, *cox_notes(found))


def _months(value: Any) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(f"months is a number, not {value!r}", "write it as months=12") from error


def _days(value: Any) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(f"days is a number, not {value!r}", "write it as days=365") from error


_ACTIVITY = (
    "A life runs from the first counting event to the first day on which the bridge does not count the customer any more, "
    "after {days} silent days; who has not left by the as-of is cut off (censored) there. "
)
_CONTRACT = (
    "A life runs from the day of the first start event to the day of the end event; pauses are neither; who has not left by "
    "the as-of is cut off (censored) there. "
)
_TEXT = (
    "Survival is the Kaplan-Meier share that stays longer, with log-log 95 % intervals; at risk are those who were watched for "
    "so long and had not left the day before. Segments are compared by the log-rank test, properties by Cox's proportional "
    "hazards (Efron's ties): a hazard ratio of 1.20 goes together with leaving 1.2 times as often at every time, the other "
    "properties being alike. It names no cause."
)
