"""The bridge: start + new + returned - lost = end, with retention and churn per period (DESIGN 6, SEMANTICS 12, 13, 15).

S  base at the instant the period begins          E  base at the instant it ends
new       in E, not in S, first-ever counting event in the period or later
returned  in E, not in S, was a customer before
lost      in S, not in E                          CRR = (E - new - returned) / S
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge_walks import (
    NUMBERS,
    Counting,
    Days,
    Spells,
    activity_spells,
    contract_spells,
    counting_of,
    tally_spells,
)
from holdfast.analyses.definitions import counted, defined, long_date, percent, scope_rules
from holdfast.analyses.gone_after import Resolved, resolve_gone_after
from holdfast.analyses.rates import churn_rate, retention_rate
from holdfast.analyses.scope import Condition, Scope, last_events, segment_code
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Contract
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.money_retention import MoneyRetention
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["Bridge", "BridgeStep", "Span", "shown", "span_of"]


@dataclass(frozen=True)
class Span:
    """The periods asked about.

    periods    all of them, from the first to the last · snapshots  int64 day index of each beginning, and of the last one's end
    complete   per period: whether it is over
    first_day  local day of the first event of the data
    """

    periods: Periods
    snapshots: npt.NDArray[np.int64]
    complete: npt.NDArray[np.bool_]
    first_day: int

    def place(self, label: str) -> int:
        """The place of the period of that label; UsageError with the span when there is none."""
        return self.periods.find(str(label))


def span_of(timelines: Timelines, as_of: AsOf, unit: Unit, first: str | date | None, last: str | date | None) -> Span:
    """The periods from the one named (or dated) `first` to `last`; None: where the data begin, and the as-of's period.

    The last period in progress ends with the as-of's day. Raises UsageError for a period outside the data.
    """
    end = day_of(as_of.last)
    begin = min(timelines.zone.day_at(timelines.meta.first_second), end)
    every = Periods.covering(unit, begin, end, timelines.settings.week_start)
    low = 0 if first is None else _find(every, first)
    high = len(every) - 1 if last is None else _find(every, last)
    if low > high:
        raise UsageError(f"the first {unit} {first} comes after the last {last}", "turn them round")
    periods = Periods(unit, every.starts[low : high + 2])
    return Span(periods, np.minimum(periods.starts, end + 1), periods.closed(max(as_of.day, 0)), begin)


def _find(periods: Periods, name: str | date) -> int:
    if isinstance(name, str):
        if name in periods.labels() or not _ISO_DATE.fullmatch(name):
            return periods.find(name)
        name = date.fromisoformat(name)
    place = int(np.searchsorted(periods.starts, day_of(name), side="right")) - 1
    if not 0 <= place < len(periods):
        raise UsageError(f"{name} is outside the data", f"they run from {periods.label(0)} to {periods.labels()[-1]}")
    return place


_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class BridgeStep:
    """Counts of one shard: sums "size" [segments, snapshots] as differences, "new", "returned", "lost" [segments, periods].

    contract  a contract base; None: an activity base with `gone_after` days
    number, at, only  place in NUMBERS, period and segment code (-1: all) of the people to name; number None: nobody
    """

    scope: Scope
    as_of: AsOf
    counting: Counting
    snapshots: npt.NDArray[np.int64]
    segments: int
    gone_after: int = 0
    contract: Contract | None = None
    number: int | None = None
    at: int = -1
    only: int = -1

    def __call__(self, shard: Shard) -> Tally:
        """The counts of a shard."""
        spells, segment, _ = self.stays(shard)
        size = np.zeros((self.segments, len(self.snapshots)), np.int64)
        new, returned, lost = np.zeros((3, self.segments, len(self.snapshots) - 1), np.int64)
        mark = np.zeros(0 if self.number is None else len(segment), np.uint8)
        number = -1 if self.number is None else self.number
        tally_spells(
            spells.offsets, spells.begin, spells.end, spells.first, segment, size, new, returned, lost,
            number, self.at, self.only, mark,
        )  # fmt: skip
        rows: dict[str, Any] = {} if self.number is None else {"ids": shard.ids(mark)}
        n = int(np.count_nonzero((segment >= 0) & (spells.first >= 0)))
        return Tally({"size": size, "new": new, "returned": returned, "lost": lost, "n": n}, rows)

    def stays(self, shard: Shard) -> tuple[Spells, npt.NDArray[np.int32], Days | None]:
        """When each customer of a shard was one, her segment (-1: out of scope), and her counting days (activity base)."""
        days = None
        if self.contract is not None:
            spells, entry = contract_spells(shard, self.contract, self.as_of.until, self.snapshots)
        else:
            days = self.counting.days(shard, entries=not self.scope.trivial)
            spells, entry = activity_spells(days, self.snapshots, self.gone_after), days.entry
        return spells, self._segments(shard, spells.first, entry), days

    def _segments(self, shard: Shard, first: npt.NDArray[np.int32], entry: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        if self.scope.trivial:
            return np.zeros(shard.high - shard.low, np.int32)
        if self.scope.moment == "current":
            entry = last_events(shard, self.as_of, first >= 0)
        return self.scope.segments(shard, entry)


@dataclass(frozen=True)
class Bridge(Question):
    """Who was there at the start of each period, who came, came back and left, and who was there at its end.

    period      day, week, month, quarter, year
    first, last label or date of the first and last period; None: where the data begin, and the as-of's period
    as_of       the instant up to which rows count
    gone_after  days of silence after which a customer is gone; None: as the settings say, else suggested from the data
    measure     "customers", or "money": net revenue of a period against the one before (see `money_retention`)
    by, where, moment  segments and conditions, at the first counting event ("entry") or now ("current")

    Table: a row per segment and period with segment, period, state (complete, in progress), start, new, returned, lost, end,
    crr, crr_low, crr_high, churn, churn_low, churn_high (shares 0 to 1, null where there was nobody) and note.
    People: period="2011-03", what="start" | "new" | "returned" | "lost" | "end" | "kept", segment=…
    """

    period: Unit = "month"
    first: str | date | None = None
    last: str | date | None = None
    as_of: date | datetime | str | None = None
    gone_after: int | None = None
    measure: Literal["customers", "money"] = "customers"
    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        checked_choice("measure", self.measure, ("customers", "money"))
        if self.gone_after is not None and self.gone_after < 1:
            raise UsageError(f"gone_after cannot be {self.gone_after}", "give whole days, 1 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines once and count."""
        if self.measure == "money":
            return self._money().answer(timelines)
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        step, resolved = self.step(timelines, as_of, span)
        tally = timelines.walk(step)
        table = _table(tally, step.scope.labels(timelines), span, resolved, trim=self.first is None)
        return Answer(
            question=self,
            words=_words(table, span),
            table=table,
            definition=_definition(timelines, as_of, step, resolved, tally.sums["n"]),
            source=timelines,
            notes=_notes(table, resolved, timelines.settings.small_group),
        )

    def _money(self) -> MoneyRetention:
        from holdfast.analyses.money_retention import MoneyRetention

        return MoneyRetention(self.period, self.first, self.last, self.as_of, self.by, self.where, self.moment)

    def step(self, timelines: Timelines, as_of: AsOf, span: Span) -> tuple[BridgeStep, Resolved | None]:
        """The step that counts customers, without anyone to name, and after how many days one is gone (activity base)."""
        settings = timelines.settings
        scope = Scope(self.by, self.where, self.moment).ready(timelines, as_of)
        segments = len(scope.labels(timelines))
        if settings.base == "contract":
            if not set(settings.contract.start) & set(timelines.meta.events):
                raise UnknownName("event", settings.contract.start[0], timelines.meta.events[1:])
            nothing = Counting(as_of.until, settings.refunds)
            return BridgeStep(scope, as_of, nothing, span.snapshots, segments, contract=settings.contract), None
        counting = counting_of(settings, timelines.meta, as_of.until)
        resolved = resolve_gone_after(timelines, as_of, self.gone_after)
        return BridgeStep(scope, as_of, counting, span.snapshots, segments, resolved.days), resolved

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind one count; period= and what= name it, segment= when there are several."""
        if self.measure == "money":
            return self._money().people(timelines, **cell)
        checked_cell(cell, "period", "what", "segment")
        what = cell.get("what", "end")
        if what not in NUMBERS:
            raise UnknownName("number of the bridge", str(what), NUMBERS)
        as_of = timelines.as_of(self.as_of)
        span = span_of(timelines, as_of, self.period, self.first, self.last)
        at = span.place(cell["period"]) if "period" in cell else len(span.periods) - 1
        step, _ = self.step(timelines, as_of, span)
        only = segment_code(step.scope, timelines, cell.get("segment"))
        marked = replace(step, number=NUMBERS.index(what), at=at, only=only)
        ids = timelines.walk(marked).rows["ids"].to_pylist()
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The latest complete period as a bridge; several segments as retention over time."""
        from holdfast.charts.bridge import waterfall
        from holdfast.charts.lines import series_lines

        if self.measure == "money":
            return self._money().figure(answer)
        rows = answer.table.to_pylist()
        if len({row["segment"] for row in rows}) > 1:
            title = "Customers kept, by period"
            over = [row for row in rows if row["state"] == "complete"] or rows
            return series_lines(over, "period", "crr", "segment", title=title, subtitle=answer.words, unit="share")
        row = shown(rows)
        parts = [(name, row[name]) for name in ("start", "new", "returned", "lost", "end")] if row else []
        return waterfall(parts, title=f"Where {row['period'] if row else 'the period'} went", subtitle=answer.words)


def _table(tally: Tally, labels: tuple[str, ...], span: Span, resolved: Resolved | None, trim: bool) -> pa.Table:
    size = tally.sums["size"].cumsum(axis=1)
    moves = {name: tally.sums[name] for name in ("new", "returned", "lost")}
    busy = np.flatnonzero(size.any(axis=0)[1:] | moves["new"].any(axis=0))
    from_period = int(busy[0]) if trim and len(busy) else 0
    filled = -1 if resolved is None else span.first_day + resolved.days
    names = span.periods.labels()
    rows = []
    for code, label in enumerate(labels):
        if not size[code].any() and len(labels) > 1:
            continue
        for place in range(from_period, len(span.periods)):
            start, end = int(size[code, place]), int(size[code, place + 1])
            new, returned, lost = (int(moves[name][code, place]) for name in ("new", "returned", "lost"))
            kept, churn = retention_rate(start, end, new + returned), churn_rate(start, lost)
            notes = [kept.reason, "base still filling" if span.snapshots[place] < filled else ""]
            rows.append(
                {
                    "segment": label, "period": names[place], "state": "complete" if span.complete[place] else "in progress",
                    "start": start, "new": new, "returned": returned, "lost": lost, "end": end,
                    "crr": kept.share, "crr_low": kept.low, "crr_high": kept.high,
                    "churn": churn.share, "churn_low": churn.low, "churn_high": churn.high,
                    "note": "; ".join(filter(None, notes)),
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period", "state")),
        *((name, pa.int64()) for name in ("start", "new", "returned", "lost", "end")),
        *((name, pa.float64()) for name in ("crr", "crr_low", "crr_high", "churn", "churn_low", "churn_high")),
        ("note", pa.string()),
    ]
)


def shown(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that the words tell about: of the last complete period with a filled base, else of the last with a start.

    Of several segments, some may be over before others: the period is the last of any.
    """
    some = [row for row in rows if row["start"] > 0]
    over = [row for row in some if row["state"] == "complete"]
    filled = [row for row in over if not row["note"]]
    return max(filled or over or some, key=lambda row: str(row["period"]), default=None)


def _words(table: pa.Table, span: Span) -> str:
    rows = table.to_pylist()
    row = shown(rows)
    if row is None:
        return "There was nobody to keep: no period begins with a customer."
    same = [other for other in rows if other["period"] == row["period"]]
    if len(same) > 1:
        largest = sorted(same, key=lambda other: -other["start"])[:4]
        told = ", ".join(f"{other['segment']} {percent(other['crr'])}" for other in largest)
        return f"Kept in {row['period']}: {told}."
    place = span.place(row["period"])
    begin, end = (long_date(date_of(int(span.snapshots[place + side]))) for side in (0, 1))
    kept = percent(row["crr"], row["crr_low"], row["crr_high"])
    return (
        f"Of the {counted(row['start'], 'customer')} on {begin}, {kept} were still customers on {end}: "
        f"{row['new']:,} new, {row['returned']:,} returned, {row['lost']:,} lost, {row['end']:,} at the end."
    )


def _notes(table: pa.Table, resolved: Resolved | None, small: int) -> tuple[str, ...]:
    notes = [] if resolved is None else [resolved.why]
    if any("filling" in note for note in table["note"].to_pylist()):
        notes.append("in the first periods the base is still filling: earlier customers are not known, new ones may be old")
    if any(0 < start < small for start in table["start"].to_pylist()):
        notes.append(f"some periods begin with fewer than {small} customers: read their rates with their intervals")
    if "in progress" in table["state"].to_pylist():
        notes.append("the last period is in progress: its end is the as-of")
    return tuple(notes)


def _definition(timelines: Timelines, as_of: AsOf, step: BridgeStep, resolved: Resolved | None, n: int) -> Any:
    settings = timelines.settings
    rules: dict[str, Any] = {"base": settings.base, "clock": "calendar"}
    if resolved is None:
        rules |= {"start": ", ".join(settings.contract.start), "end": ", ".join(settings.contract.end)}
        text, names = _CONTRACT, settings.contract.start
    else:
        rules |= {"counting events": step.counting.words(), "gone_after": resolved.rule(), "refunds": settings.refunds}
        text, names = _ACTIVITY.format(days=resolved.days), step.counting.names or ("Order Completed",)
    entry = "first start" if resolved is None else "first counting event" if step.counting.names else "first order"
    rules |= scope_rules(step.scope, entry)
    return defined(timelines, as_of, title="Do our customers stay?", text=text + _RATES, rules=rules, n=n, names=names)


_ACTIVITY = "A customer at the instant a day begins is someone with a counting event in the {days} local days before it. "
_CONTRACT = "A customer at the instant a day begins has a start event and no later end event before it; pauses are neither. "
_RATES = (
    "New: there at the end, not at the start, first-ever counting event in the period. Returned: the same, but one before. "
    "Lost: there at the start, not at the end. start + new + returned - lost = end. CRR = (end - new - returned) / start; "
    "churn = lost / start; both with Wilson 95 % intervals."
)
