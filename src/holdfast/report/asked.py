"""What the report asks: each section asks what it needs, and what two of them ask is answered once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from holdfast.events.schema import ORDER, REFUND

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer, Question
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["Asked", "Quality", "month_name"]


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


class Asked:
    """The answers of one report, each question asked once, all at one instant.

    as_of    the date it tells about; None: the end of the data
    quality  what the workspace knows about its data
    lines    what was in the orders; None: not known
    """

    def __init__(
        self,
        timelines: Timelines,
        as_of: date | str | None = None,
        quality: Quality | None = None,
        lines: OrderLines | None = None,
    ) -> None:
        self.timelines = timelines
        self.lines = lines
        self.quality = quality or Quality()
        self._as_of = as_of
        self._answers: dict[Question, Answer] = {}

    def ask(self, question: Question) -> Answer:
        """The answer to a question; its as-of is the report's."""
        if self._as_of is not None:
            question = replace(question, as_of=self._as_of)  # type: ignore[type-var]
        if question not in self._answers:
            self._answers[question] = question.answer(self.timelines)
        return self._answers[question]

    def rows(self, question: Question) -> list[dict[str, Any]]:
        """The rows of the table that answers a question."""
        found: list[dict[str, Any]] = self.ask(question).table.to_pylist()
        return found

    def row(self, answer: Answer) -> dict[str, Any] | None:
        """The row of the report's month; None where there is none."""
        return next((row for row in answer.table.to_pylist() if row.get("period") == self.month), None)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What was answered so far, in order."""
        return tuple(self._answers.values())

    @property
    def orders_only(self) -> bool:
        """Whether there is nothing in the data but orders and refunds."""
        return not set(self.timelines.meta.events) - {ORDER, REFUND, ""}

    @property
    def counts(self) -> bool:
        """Whether anything has happened that counts: an order, unless the settings name other events as activity."""
        return bool(set(self.timelines.settings.active or (ORDER,)) & set(self.timelines.meta.events))

    @property
    def ordered(self) -> bool:
        """Whether there are orders."""
        return ORDER in self.timelines.meta.events

    @property
    def paid(self) -> bool:
        """Whether any order has an amount."""
        from holdfast.analyses.orders import Orders

        return self.ordered and any(row["revenue"] for row in self.rows(Orders()))

    @property
    def month(self) -> str | None:
        """The last complete month whose base is filled, or the last complete one; None: there is none."""
        from holdfast.analyses.bridge import Bridge

        over = [row for row in self.rows(Bridge()) if row["state"] == "complete" and row["start"] > 0]
        chosen = [row for row in over if not row["note"]] or over
        return str(chosen[-1]["period"]) if chosen else None

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
        return self.timelines.as_of(self._as_of).last


def month_name(label: str) -> str:
    """A month's label in words: 2011-11 is November 2011."""
    return f"{date.fromisoformat(f'{label}-01'):%B %Y}"
