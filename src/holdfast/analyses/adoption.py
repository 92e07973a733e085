"""Adoption: who uses which platform (device, channel, integration) or feature, since when, and whether they stay.

1. Used means at least one event with that value (or of that name) up to the as-of, of all customers who entered.
2. The curve: of the customers who had entered by the end of a period, how many had used it by then.
3. Staying: who used it in the first days against who did not, at first sight and among customers alike, adjusted for the number
   of values (Drivers with one threshold). It goes together with staying; it need not cause it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from holdfast.analyses.adoption_tables import adopted_table, combined_table, curve_table
from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.drivers import Drivers, points
from holdfast.analyses.drivers.behaviours import EVENT
from holdfast.analyses.first_days import Window, staying_told, told_days, window_of
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.strata import ADJUSTABLE, EVERYONE_ALIKE
from holdfast.analyses.use_walk import MOST_FEATURES, Features, Use, UseStep, features_of
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["USUAL_PLATFORMS", "Adoption"]

USUAL_PLATFORMS = ("platform", "device", "device_type", "channel", "integration")
"""Properties that name a platform; the first that is kept is taken."""

USED: dict[str, bool | str] = {"used": True, "not used": False, "only": "only"}
EARLY = {f"{said}{and_then}": f"{did}{and_then}" for said, did in (("early", "did"), ("not early", "did not"))
         for and_then in ("", " and stayed", " and left")}  # fmt: skip
"""Use in the first days, and what the drivers call it."""


@dataclass(frozen=True)
class Adoption(Question):
    """Who uses which platform or feature, since when, and whether they stay.

    of        the property whose values are adopted, or "event"; None: platform, device, device_type, channel or integration,
              the first that is kept, else the events
    period    of the curve
    first_days, horizon_days, start, staying, adjust  as in `Drivers`
    as_of     the instant up to which rows count · where, moment  conditions, at the entry or now

    Table: a row a value, the most used first: customers who ever used it, share of n, only (used no other), then of those
    observed to the end early (used it in the first days), early_share that stayed, others_share, adjusted_share (the difference
    among customers alike), p_adjusted, finding. Extra tables: curve (value, period, known, adopted, share), combined (customers
    by number of values used).
    People: value="mobile", what="used" | "not used" | "only", with period="2024-03" as it was then; what="early" | "not early",
    each with " and stayed", " and left"; or values=2 for those who use so many; nothing: all who came.
    """

    of: str | None = None
    period: Unit = "month"
    first_days: int = 7
    horizon_days: int = 60
    start: str | tuple[str, ...] | None = None
    staying: str | tuple[str, ...] | None = None
    adjust: tuple[str, ...] = ADJUSTABLE
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        for name in self.adjust:
            checked_choice("adjust", name, ADJUSTABLE)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk for the use, then ask the drivers about the same values."""
        as_of = timelines.as_of(self.as_of)
        step, periods = self._step(timelines, as_of)
        sums = timelines.walk(step).sums
        drivers = timelines.ask(self._drivers(step.features))
        table = adopted_table(sums, step.features, drivers.table)
        n = int(sums["entered"].sum())
        return Answer(
            question=self,
            words=_words(table, sums, step.features, self),
            table=table,
            definition=self._definition(timelines, step.window, step.features, drivers.definition.rules, n),
            source=timelines,
            notes=(*_notes(table, step.features, timelines), *staying_told(step.window, timelines)),
            extra={"curve": curve_table(sums, step.features.names, periods.labels()), "combined": combined_table(sums)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers who used a value (by the end of a period), or so many values; or by use in the first days."""
        checked_cell(cell, "value", "what", "period", "values")
        as_of = timelines.as_of(self.as_of)
        step, periods = self._step(timelines, as_of)
        if "values" in cell:
            wanted = _of_number(cell)
        else:
            name, what = cell.get("value"), cell.get("what", "used")
            if not cell:
                return People(tuple(sorted(timelines.walk(replace(step, wanted=Use())).rows["customer"].to_pylist())), cell)
            if name not in step.features.names:
                raise UnknownName("value", str(name), step.features.names)
            if what in EARLY:
                return self._early(timelines, step.features, cell, EARLY[what])
            if what not in USED:
                raise UnknownName("what", str(what), (*USED, *EARLY))
            wanted = Use(feature=step.features.names.index(name), used=USED[what])
            if "period" in cell:
                if what == "only":
                    raise UsageError("only is told of all the time", "leave period= out")
                wanted = replace(wanted, by=periods.find(cell["period"]))
        found = timelines.walk(replace(step, wanted=wanted)).rows["customer"]
        return People(tuple(sorted(found.to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The share of customers who have used each value, over time."""
        from holdfast.charts.adoption import adopting

        return adopting(answer.extra["curve"].to_pylist(), title="Who has used it by then", subtitle=answer.words)

    def _early(self, timelines: Timelines, features: Features, cell: dict[str, Any], what: str) -> People:
        if "period" in cell:
            raise UsageError(f"{cell['what']} is told of the first days", "leave period= out")
        name = cell["value"] if features.source == EVENT else f"{features.source}={cell['value']}"
        return People(self._drivers(features).people(timelines, behaviour=name, n=1, what=what).ids, cell)

    def _drivers(self, features: Features) -> Drivers:
        touched = () if features.source == EVENT else (features.source,)
        return Drivers(
            *(self.first_days, self.horizon_days, self.start, self.staying, touched, 1, self.adjust),
            *(self.as_of, self.where, self.moment),
        )

    def _step(self, timelines: Timelines, as_of: AsOf) -> tuple[UseStep, Periods]:
        window = window_of(
            *(timelines, as_of), start=self.start, staying=self.staying, first_days=self.first_days,
            horizon_days=self.horizon_days, scope=Scope(where=self.where, moment=self.moment),
        )  # fmt: skip
        features = features_of(timelines.meta, self.of, USUAL_PLATFORMS)
        first = timelines.zone.day_at(timelines.meta.first_second)
        last = max(timelines.zone.day_at(as_of.until - 1), first)
        periods = Periods.covering(self.period, first, last, timelines.settings.week_start)
        return UseStep(window, features, EVERYONE_ALIKE, 0, periods.of_day().clip(0), len(periods)), periods

    def _definition(self, timelines: Timelines, window: Window, features: Features, said: dict[str, Any], n: int) -> Any:
        rules = {"clock": "calendar", "of": features.source, "period": self.period, **window.rules()}
        rules |= {"alike in": said["alike in"]} | scope_rules(window.scope, "entry")
        names = (ORDER,) if window.start is None else window.start
        title = f"Who uses which {_noun(features)}, and since when?"
        return defined(timelines, window.as_of, title=title, text=_TEXT, rules=rules, n=n, names=names)


def _of_number(cell: dict[str, Any]) -> Use:
    """Who uses so many values."""
    number = cell["values"]
    if not isinstance(number, int) or not 0 <= number <= MOST_FEATURES:
        raise UsageError(f"values cannot be {number!r}", f"give a number, 0 to {MOST_FEATURES} ({MOST_FEATURES}: or more)")
    if cell.keys() - {"values"}:
        raise UsageError("a value and a number of values are two questions", "give value=, or values=")
    return Use(ever=number)


def _words(table: pa.Table, sums: dict[str, Any], features: Features, question: Adoption) -> str:
    rows, n = table.to_pylist(), int(sums["entered"].sum())
    if not n:
        return "Nobody has entered yet: adoption cannot be said."
    if not rows or not rows[0]["customers"]:
        return f"None of {n:,} customers has used any {features.source}."
    if len(rows) == 1:
        only = f"{rows[0]['value']}, the only {_noun(features)} in the data"
        return f"{percent(rows[0]['share'])} of {counted(n, 'customer')} {'has' if n == 1 else 'have'} used {only}."
    most = ", ".join(f"{percent(row['share'])} {'have used ' if row is rows[0] else ''}{row['value']}" for row in rows[:3])
    several = int(sums["ever"][2:].sum())
    said = f"Of {n:,} customers {most}; {percent(several / n)} more than one of {len(rows):,}."
    passing = [row for row in rows if row["finding"].startswith("stay")]
    if not passing:
        return f"{said} None of them goes together with staying beyond chance."
    row = min(passing, key=lambda row: (row["p_adjusted"], -abs(row["adjusted_share"])))
    return (
        f"{said} Those who used {row['value']} in the {told_days(question.first_days)} {row['finding']} often "
        f"({percent(row['early_share'])} of {row['early']:,} against {percent(row['others_share'])}; among customers alike "
        f"{points(row['adjusted_share'])}): together with it, not because of it."
    )


def _noun(features: Features) -> str:
    return "feature" if features.source == EVENT else features.source


def _notes(table: pa.Table, features: Features, timelines: Timelines) -> list[str]:
    small = timelines.settings.small_group
    notes = ["use and staying go together; for a cause a control group is needed"]
    few = [row["value"] for row in table.to_pylist() if 0 < row["customers"] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few[:8])}")
    if features.source == EVENT:
        notes.append("no platform, device, channel or integration is kept in the data: the events themselves are shown")
    return notes


_TEXT = (
    "A customer enters with her first event of the kind named. She uses a value with her first event that carries it (for "
    "events: with the event itself). Share: of all who entered. Only: no other value. Curve: of those who had entered by the "
    "end of a period, who had used it by then. Early: used in the first days, of customers whose staying days are over, "
    "compared with the others at first sight and among customers alike (Mantel-Haenszel), p adjusted over all events and "
    "values (Benjamini-Hochberg)."
)
