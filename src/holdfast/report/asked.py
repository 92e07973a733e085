"""Everything the report asks, once, and the rows that its pictures need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from holdfast.events.schema import ORDER, REFUND

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer
    from holdfast.timelines.timelines import Timelines

__all__ = ["Asked", "Quality", "ask_all", "month_name"]


@dataclass(frozen=True)
class Quality:
    """What the workspace knows about its data beyond the timelines.

    events    rows in the lake; None where there is no lake
    imports   file, when, rows, refused, repeated rows: a row an import
    refused   reason → how many rows wait to be put right
    """

    events: int | None = None
    imports: tuple[tuple[str, str, int, int, int], ...] = ()
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """The answers by name, and the month that the report tells about.

    month     label of the last complete month whose base is filled, or of the last complete one; None: there is none
    answers   bridge, money, cohorts, cohort_money, within_90, week_8, year, repeat, orders, rfm, concentration, clv,
              gone_after, and stickiness where there are events that are no orders
    """

    timelines: Timelines
    month: str | None
    answers: dict[str, Answer]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of an answer's table."""
        found: list[dict[str, Any]] = self.answers[name].table.to_pylist()
        return found

    def row(self, name: str) -> dict[str, Any] | None:
        """The row of the report's month; None where there is none."""
        return next((row for row in self.rows(name) if row.get("period") == self.month), None)

    @property
    def month_name(self) -> str:
        """The month in words, such as November 2011."""
        return month_name(self.month) if self.month else "the last month"

    @property
    def currency(self) -> str:
        """The currency that money is counted in."""
        return self.timelines.settings.currency

    @property
    def as_of(self) -> date:
        """The last date that counts."""
        return self.answers["bridge"].definition.as_of


def ask_all(timelines: Timelines, as_of: date | str | None = None) -> Asked:
    """Ask every question of the report."""
    from holdfast.analyses.bridge import Bridge
    from holdfast.analyses.clv import PlainClv
    from holdfast.analyses.cohorts import Cohorts
    from holdfast.analyses.concentration import Concentration
    from holdfast.analyses.gone_after import GoneAfter
    from holdfast.analyses.money_retention import MoneyRetention
    from holdfast.analyses.orders import Orders
    from holdfast.analyses.repeat import Repeat
    from holdfast.analyses.rfm import Rfm
    from holdfast.analyses.stickiness import Stickiness

    questions: dict[str, Any] = {
        "bridge": Bridge(as_of=as_of),
        "year": Bridge(period="year", as_of=as_of),
        "money": MoneyRetention(as_of=as_of),
        "cohorts": Cohorts(as_of=as_of),
        "cohort_money": Cohorts(measure="cumulative revenue", as_of=as_of),
        "within_90": Cohorts(clock="elapsed", brackets=(90,), as_of=as_of),
        "week_8": Cohorts(period="week", clock="elapsed", periods=9, as_of=as_of),
        "repeat": Repeat(as_of=as_of),
        "orders": Orders(as_of=as_of),
        "rfm": Rfm(as_of=as_of),
        "concentration": Concentration(as_of=as_of),
        "clv": PlainClv(as_of=as_of),
        "gone_after": GoneAfter(as_of=as_of),
    }
    if set(timelines.meta.events) - {ORDER, REFUND, ""}:
        questions["stickiness"] = Stickiness(as_of=as_of)
    answers = {name: question.answer(timelines) for name, question in questions.items()}
    return Asked(timelines, _month(answers["bridge"].table.to_pylist()), answers)


def month_name(label: str) -> str:
    """A month's label in words: 2011-11 is November 2011."""
    return f"{date.fromisoformat(f'{label}-01'):%B %Y}"


def _month(rows: list[dict[str, Any]]) -> str | None:
    over = [row for row in rows if row["state"] == "complete" and row["start"] > 0]
    filled = [row for row in over if not row["note"]]
    chosen = filled or over
    return str(chosen[-1]["period"]) if chosen else None
