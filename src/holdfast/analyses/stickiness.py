"""Stickiness: how many customers were active per day, week and month, and how often each came (SEMANTICS 1, 4).

1. DAU, WAU and MAU of a local date: distinct customers with a counting event in the 1, 7, 30 local dates that end with it.
2. Such a count is *complete* when its date is over and all its dates lie within the data, otherwise *in progress*.
3. Stickiness is pooled: the sum of DAU over the sum of MAU over the dates with a complete MAU, never a mean of daily ratios.
   Its interval is Wilson's with n = the mean MAU: the same people come again on the next day, so customer-days are no
   independent trials.
4. Days active: of the customers active in the last complete week (month), how many on exactly and on at least n local dates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell
from holdfast.analyses.definitions import defined, percent, scope_rules
from holdfast.analyses.scope import EVERYONE, Condition, Scope
from holdfast.analyses.statistics import wilson
from holdfast.analyses.stickiness_walk import DaysStep, Watch
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["LENGTHS", "Stickiness"]

LENGTHS = {"dau": 1, "wau": 7, "mau": 30}
"""The measures and how many local dates each looks back, its own included."""

RATIOS = (("dau", "mau"), ("dau", "wau"), ("wau", "mau"))
MOST_SEGMENTS = 200


@dataclass(frozen=True)
class Stickiness(Question):
    """How many customers were active each day, week and month, and on how many days they came.

    events    "any" event, "orders" (counting orders), or names of events
    first, last  the dates to show; None: all of the data
    as_of     the instant up to which rows count
    by, where, moment  segments and conditions, at the first counting event ("entry") or now ("current")

    Table: a row per segment and date with segment, date, dau, wau, mau, their states dau_state … (complete, in progress),
    stickiness (dau / mau), low, high. Extra tables: pooled (each ratio over the complete dates), days_active.
    People: date="2011-11-30", measure="mau"; or unit="week", days=3, count="exactly" | "at least"; segment=… if several.
    """

    events: str | tuple[str, ...] = "any"
    first: date | str | None = None
    last: date | str | None = None
    as_of: date | datetime | str | None = None
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def step(self, timelines: Timelines) -> DaysStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        labels = scope.labels(timelines)
        if len(labels) > MOST_SEGMENTS:
            raise UsageError(f"{self.by} has {len(labels):,} values", f"split by a property of at most {MOST_SEGMENTS}")
        begin, end = _span(timelines, as_of)
        watched = tuple(Watch(*period) for _, _, *period in _last_periods(timelines, as_of))
        names = self._names(timelines)
        cut = as_of.until <= timelines.meta.last_second
        return DaysStep(scope, as_of, timelines.settings.refunds, names, len(labels), begin, end, watched, cut)

    def _names(self, timelines: Timelines) -> tuple[str, ...] | None:
        """The counting events; None for counting orders."""
        if self.events == "orders":
            return None
        known = timelines.meta.events[1:]
        if self.events == "any":
            return known
        names = (self.events,) if isinstance(self.events, str) else self.events
        for name in names:
            if name not in known:
                raise UnknownName("event", name, (*known, "any", "orders"))
        return names

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once: a difference array per measure, a histogram per last period."""
        step = self.step(timelines)
        sums = timelines.walk(step).sums
        counts = sums["active"].cumsum(axis=2)[:, :, :-1]
        labels = step.scope.labels(timelines)
        table = _table(counts, labels, step)
        pooled = _pooled(counts, labels, step)
        days = _days_active(sums["days"], labels, _last_periods(timelines, step.as_of))
        return Answer(
            question=self,
            words=_words(pooled, days),
            table=self._shown(table),
            definition=self._definition(timelines, step, int(sums["n"])),
            source=timelines,
            notes=_notes(pooled, days, timelines.settings.small_group),
            extra={"pooled": pooled, "days_active": days},
        )

    def _shown(self, table: pa.Table) -> pa.Table:
        import pyarrow.compute as pc

        for bound, above in ((self.first, True), (self.last, False)):
            if bound is not None:
                limit = str(_date(bound))
                column = table["date"]
                table = table.filter(pc.greater_equal(column, limit) if above else pc.less_equal(column, limit))
        return table

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of a date (date=, measure=) or of a number of days (unit=, days=, count=); segment= if several."""
        step = self.step(timelines)
        target = _target(timelines, step, cell)
        label = cell.get("segment", EVERYONE)
        labels = step.scope.labels(timelines)
        if label != EVERYONE and label not in labels:
            raise UnknownName("segment", str(label), labels)
        only = -1 if label == EVERYONE else labels.index(label)
        rows = timelines.walk(replace(step, target=target, only=only)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """DAU, WAU and MAU over time; several segments as stickiness over time."""
        from holdfast.charts.stickiness import active_lines, stickiness_lines

        rows = answer.table.to_pylist()
        if self.by is not None:
            return stickiness_lines(rows, title="Of those active in 30 days, active on the day", subtitle=answer.words)
        return active_lines(rows, title="Active customers", subtitle=answer.words)

    def _definition(self, timelines: Timelines, step: DaysStep, n: int) -> Any:
        told = self.events if isinstance(self.events, str) else ", ".join(self.events)
        rules = {"counting events": told, "clock": "calendar"} | ({"refunds": step.mode} if self.events == "orders" else {})
        names = (ORDER,) if step.names is None else step.names
        rules |= scope_rules(step.scope, "first order" if step.names is None else "first counting event")
        return defined(timelines, step.as_of, title="How often do customers come?", text=_TEXT, rules=rules, n=n, names=names)


def _span(timelines: Timelines, as_of: AsOf) -> tuple[int, int]:
    """The first local day of the data and the last that counts."""
    end = day_of(as_of.last)
    return min(timelines.zone.day_at(timelines.meta.first_second), end), end


def _last_periods(timelines: Timelines, as_of: AsOf) -> list[tuple[Unit, str, int, int]]:
    """The last complete week and month within the data: unit, label, first day, last day."""
    begin, end = _span(timelines, as_of)
    found: list[tuple[Unit, str, int, int]] = []
    units: tuple[Unit, ...] = ("week", "month")
    for unit in units:
        periods = Periods.covering(unit, begin, end, timelines.settings.week_start)
        whole = np.flatnonzero(periods.closed(as_of.day) & (periods.starts[:-1] >= begin))
        if len(whole):
            place = int(whole[-1])
            found.append((unit, periods.label(place), int(periods.starts[place]), int(periods.starts[place + 1]) - 1))
    return found


def _date(value: date | str) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise UsageError(f"{value!r} is no date", "write it as 2011-12-09") from error


def _target(timelines: Timelines, step: DaysStep, cell: dict[str, Any]) -> Watch:
    """The days to look at and on how many of them the wanted customers were active."""
    checked_cell(cell, "date", "measure", "unit", "days", "count", "segment")
    if "unit" in cell:
        periods = {unit: (low, high) for unit, _, low, high in _last_periods(timelines, step.as_of)}
        if cell["unit"] not in periods:
            raise UnknownName("complete period", str(cell["unit"]), periods)
        low, high = periods[cell["unit"]]
        count, days = cell.get("count", "at least"), cell.get("days", 1)
        if count not in ("exactly", "at least"):
            raise UnknownName("count", str(count), ("exactly", "at least"))
        if not isinstance(days, int) or not 1 <= days <= high - low + 1:
            raise UsageError(f"days cannot be {days!r}", f"give 1 to {high - low + 1}")
        return Watch(low, high, days, days if count == "exactly" else high - low + 1)
    measure = cell.get("measure", "dau")
    if measure not in LENGTHS:
        raise UnknownName("measure", str(measure), LENGTHS)
    day = day_of(_date(cell["date"])) if "date" in cell else step.end
    if not step.begin <= day <= step.end:
        raise UsageError(f"{cell['date']} is outside the data", f"they run from {date_of(step.begin)} to {date_of(step.end)}")
    return Watch(day - LENGTHS[measure] + 1, day)


def _complete(step: DaysStep, length: int) -> Any:
    """Which days hold a complete count of that length."""
    days = np.arange(step.begin, step.end + 1)
    return (days < step.as_of.day) & (days >= step.begin + length - 1)


def _table(counts: Any, labels: tuple[str, ...], step: DaysStep) -> pa.Table:
    size = step.end - step.begin + 1
    dates = [date_of(day).isoformat() for day in range(step.begin, step.end + 1)]
    states = {f"{name}_state": np.where(_complete(step, length), "complete", "in progress") for name, length in LENGTHS.items()}
    parts = []
    for group, label in enumerate(labels):
        if len(labels) > 1 and not counts[group].any():
            continue
        dau, _, mau = counts[group]
        bounds = [wilson(int(k), int(n)) for k, n in zip(dau, mau, strict=True)]
        columns: dict[str, Any] = {"segment": [label] * size, "date": dates}
        columns |= dict(zip(LENGTHS, counts[group], strict=True)) | states
        columns["stickiness"] = [int(k) / int(n) if n else None for k, n in zip(dau, mau, strict=True)]
        columns |= {"low": [low for low, _ in bounds], "high": [high for _, high in bounds]}
        parts.append(pa.table(columns, schema=SCHEMA))
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "date")),
        *((name, pa.int64()) for name in LENGTHS),
        *((f"{name}_state", pa.string()) for name in LENGTHS),
        *((name, pa.float64()) for name in ("stickiness", "low", "high")),
    ]
)


def _pooled(counts: Any, labels: tuple[str, ...], step: DaysStep) -> pa.Table:
    """Each ratio over the dates on which its longer measure is complete."""
    names = list(LENGTHS)
    rows = []
    for group, label in enumerate(labels):
        if len(labels) > 1 and not counts[group].any():
            continue
        for above, below in RATIOS:
            days = _complete(step, LENGTHS[below])
            k, n = int(counts[group, names.index(above)][days].sum()), int(counts[group, names.index(below)][days].sum())
            size = round(n / int(days.sum())) if days.any() else 0
            low, high = wilson(round(size * k / n), size) if n else (None, None)
            rows.append(
                {"segment": label, "ratio": f"{above}/{below}", "sum_above": k, "sum_below": n, "days": int(days.sum()),
                 "n": size, "share": k / n if n else None, "low": low, "high": high}
            )  # fmt: skip
    kinds = [
        ("segment", pa.string()),
        ("ratio", pa.string()),
        *((name, pa.int64()) for name in ("sum_above", "sum_below", "days", "n")),
    ]
    return pa.Table.from_pylist(rows, pa.schema([*kinds, *((name, pa.float64()) for name in ("share", "low", "high"))]))


def _days_active(days: Any, labels: tuple[str, ...], periods: list[tuple[Unit, str, int, int]]) -> pa.Table:
    """Of the customers active in a period, how many on exactly and on at least n days."""
    rows = []
    for group, label in enumerate(labels):
        for place, (unit, name, low, high) in enumerate(periods):
            exact = days[group, place, : high - low + 2]
            n = int(exact[1:].sum())
            if len(labels) > 1 and n == 0:
                continue
            for count in range(1, high - low + 2):
                cell = {"exactly": int(exact[count]), "at_least": int(exact[count:].sum())}
                shares = {f"{key}_share": value / n if n else None for key, value in cell.items()}
                bounds = {
                    f"{key}_{side}": bound
                    for key, value in cell.items()
                    for side, bound in zip(("low", "high"), wilson(value, n), strict=True)
                }
                rows.append({"segment": label, "unit": unit, "period": name, "days": count, **cell, "n": n, **shares, **bounds})
    floats = [f"{key}_{what}" for key in ("exactly", "at_least") for what in ("share", "low", "high")]
    kinds = [
        *((name, pa.string()) for name in ("segment", "unit", "period")),
        *((name, pa.int64()) for name in ("days", "exactly", "at_least", "n")),
    ]
    return pa.Table.from_pylist(rows, pa.schema([*kinds, *((name, pa.float64()) for name in floats)]))


def _words(pooled: pa.Table, days: pa.Table) -> str:
    rows = [row for row in pooled.to_pylist() if row["ratio"] == "dau/mau" and row["share"] is not None]
    if not rows:
        return "The data hold no complete 30 days yet: stickiness cannot be said."
    if len(rows) > 1:
        told = ", ".join(
            f"{row['segment']} {percent(row['share'])}" for row in sorted(rows, key=lambda row: -row["sum_below"])[:4]
        )
        return f"Of the customers active in 30 days, on an average day were active: {told}."
    row = rows[0]
    often = [one for one in days.to_pylist() if one["unit"] == "week" and one["days"] == 2 and one["n"]]
    more = (
        f" In {often[0]['period']}, {percent(often[0]['at_least_share'])} of {often[0]['n']:,} active came on two days or more."
        if often
        else ""
    )
    return (
        f"Of the customers active in 30 days, {percent(row['share'], row['low'], row['high'])} were active on an average day "
        f"({row['sum_above'] / row['days']:,.0f} of {row['n']:,}).{more}"
    )


def _notes(pooled: pa.Table, days: pa.Table, small: int) -> tuple[str, ...]:
    notes = ["counts whose window reaches before the data or whose date is not over are marked in progress"]
    few = sorted({row["segment"] for row in pooled.to_pylist() if 0 < row["n"] < small})
    if few:
        notes.append(f"on average fewer than {small} active customers, read with care: {', '.join(few[:12])}")
    if days.num_rows == 0:
        notes.append("the data hold no complete week or month yet")
    return tuple(notes)


_TEXT = (
    "DAU, WAU and MAU of a local date: distinct customers with a counting event in the 1, 7 and 30 local dates that end with "
    "it. Complete: the date is over and the data reach back over all those dates. Stickiness is pooled over the dates with a "
    "complete MAU: sum of DAU / sum of MAU; its interval is Wilson's with n = the mean MAU. Days active: of the customers "
    "active in the last complete week or month, how many on exactly and on at least n local dates."
)
