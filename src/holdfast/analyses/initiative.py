"""Before and after an initiative: did the cohorts that entered after it stay differently? (MISSION 0.11)

The cohorts of a few whole periods on either side of a date are pooled and compared. The period in which the date falls is left
out, unless the date begins it. Two groups at two times differ in more than the initiative, so the answer says "together with",
never "because of" (SEMANTICS 32); to know a cause, compare arms drawn at random: `Cohorts(by="arm")` has the test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.definitions import counted, defined, long_date, percent, scope_rules
from holdfast.analyses.rates import rate
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.statistics import newcombe, two_proportion_z
from holdfast.errors import UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods, Unit
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["BeforeAfter"]

TEXT = (
    "Pooled over whole cohorts on either side of the date: of those who entered, the share who came back in the k-th period "
    "after. Only cohorts whose k-th period is over count. The difference has Newcombe's 95 % interval and a z-test. Groups "
    "at different times differ in more than the initiative: this goes together with it, and is no proof of a cause."
)
SIDES = ("before", "after")


@dataclass(frozen=True)
class BeforeAfter(Question):
    """Cohorts before a date against cohorts after it.

    when      the date of the initiative, ISO text or a date
    name      what it was, for the words
    period    length of the cohorts · at  which period after entry is compared
    cohorts   how many whole cohorts on either side, at most
    as_of, by, where, moment   as in `Cohorts`; `by` must stay None (compare segments with `where`)

    The table has a row a side: side, first, last (cohorts), cohorts, size, customers, rate, low, high. Extra: difference.
    """

    when: date | str
    name: str = "the initiative"
    period: Unit = "month"
    at: int = 1
    cohorts: int = 3
    as_of: AsOf | date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        if self.at < 1 or self.cohorts < 1:
            raise UsageError("at and cohorts count from 1", "compare period 1 of 3 cohorts on either side, for example")

    def answer(self, timelines: Timelines) -> Answer:
        """Walk the cohorts and compare the two sides."""
        grid = self._grid().answer(timelines)
        cells = {
            row["cohort"]: row for row in grid.table.to_pylist() if row["period"] == self.at and row["state"] == "complete"
        }
        sides = {side: [cells[name] for name in names if name in cells] for side, names in self._sides(timelines).items()}
        rows = [_row(side, cells_) for side, cells_ in sides.items()]
        as_of = timelines.as_of(self.as_of)
        return Answer(
            question=self,
            words=self._words(rows),
            table=pa.Table.from_pylist(rows),
            definition=defined(
                *(timelines, as_of), title=f"Before and after {self.name}", text=TEXT, rules=self._rules(),
                n=sum(row["size"] for row in rows),
            ),
            notes=self._notes(rows, timelines.settings.small_group),
            extra={"difference": pa.Table.from_pylist([_difference(rows)])},
            source=timelines,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of a side: side="before" or "after", and count="customers" (came back, default) or "size"."""
        checked_cell(cell, "side", "count")
        side = cell.get("side")
        checked_choice("side", side, SIDES)
        names = set(self._sides(timelines)[str(side)])
        table = self._grid().answer(timelines).table.to_pylist()
        whole = [r["cohort"] for r in table if r["cohort"] in names and r["period"] == self.at and r["state"] == "complete"]
        count = cell.get("count", "customers")
        found = [self._grid().people(timelines, cohort=name, period=self.at, count=count).ids for name in whole]
        return People(tuple(sorted(one for ids in found for one in ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The two rates with their intervals."""
        from holdfast.charts.initiative import two_rates

        return two_rates(answer.table.to_pylist(), f"Before and after {self.name}", answer.words)

    def _grid(self) -> Cohorts:
        return Cohorts(period=self.period, as_of=self.as_of, where=self.where, moment=self.moment)

    def _day(self) -> int:
        try:
            return day_of(date.fromisoformat(self.when) if isinstance(self.when, str) else self.when)
        except ValueError as error:
            raise UsageError(f"{self.when!r} is no date", "write it as 2011-09-01") from error

    def _sides(self, timelines: Timelines) -> dict[str, list[str]]:
        """The cohorts of either side, by label."""
        day, last = self._day(), timelines.as_of(self.as_of).day
        first = min(timelines.zone.day_at(timelines.meta.first_second), last)
        if not first < day <= last:
            raise UsageError(f"{self.when} has no data on both sides", f"it runs from {date_of(first)} to {date_of(last)}")
        periods = Periods.covering(self.period, first, last, timelines.settings.week_start)
        labels, starts = periods.labels(), periods.starts
        before = [label for label, end in zip(labels, starts[1:], strict=True) if end <= day]
        after = [label for label, start in zip(labels, starts[:-1], strict=True) if start >= day]
        return {"before": before[-self.cohorts :], "after": after[: self.cohorts]}

    def _rules(self) -> dict[str, Any]:
        chosen = {"when": str(self.when), "period": self.period, "at": self.at, "cohorts a side": self.cohorts}
        return chosen | scope_rules(Scope(None, self.where, self.moment), "entry")

    def _words(self, rows: list[dict[str, Any]]) -> str:
        before, after = rows
        if not before["size"] or not after["size"]:
            empty = "before" if not before["size"] else "after"
            return f"No whole cohort {empty} {self.when} has its {self.period} {self.at} behind it yet."
        found = _difference(rows)
        points = f"{100 * found['difference']:+.1f} points ({100 * found['low']:+.1f} to {100 * found['high']:+.1f})"
        sure = (
            "no more than chance may give, so neither an effect nor its absence is shown."
            if found["low"] <= 0 <= found["high"]
            else "more than chance would give. It goes together with it and does not prove a cause."
        )
        day = long_date(date_of(self._day()))
        return (
            f"Of {counted(after['size'], 'customer')} who entered after {self.name} ({day}) {_told(after)} came back in "
            f"{self.period} {self.at}, of {before['size']:,} before it {_told(before)}: {points}, {sure}"
        )

    def _notes(self, rows: list[dict[str, Any]], small: int) -> tuple[str, ...]:
        few = [f"fewer than {small} customers {row['side']}" for row in rows if row["size"] < small]
        return (
            *few,
            "seasons and other changes are in this difference too; only a control group drawn at random takes them out",
        )


def _row(side: str, cells: list[dict[str, Any]]) -> dict[str, Any]:
    size, customers = sum(cell["size"] for cell in cells), sum(cell["customers"] for cell in cells)
    found = rate(customers, size)
    span = {"first": cells[0]["cohort"], "last": cells[-1]["cohort"]} if cells else {"first": None, "last": None}
    shares = {"rate": found.share, "low": found.low, "high": found.high}
    return {"side": side, **span, "cohorts": len(cells), "size": size, "customers": customers, **shares}


def _told(row: dict[str, Any]) -> str:
    return percent(row["rate"], row["low"], row["high"])


def _difference(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """After minus before, with its interval and p."""
    before, after = ((row["customers"], row["size"]) for row in rows)
    gap, test = newcombe(*after, *before), two_proportion_z(*after, *before)
    values = gap or (None, None, None)
    return {"difference": values[0], "low": values[1], "high": values[2], "p": test[1] if test else None}
