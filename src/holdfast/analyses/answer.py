"""A Question is a frozen value; an Answer is a frozen value that can show itself.

Every analysis is one file here: a frozen dataclass that inherits from `Question` and knows how to `answer(timelines)`, what its
numbers mean (`definition`), how to draw itself (`figure`) and who is behind a cell (`people`).
"""

from __future__ import annotations

import csv
import io
import json
import math
from abc import ABC, abstractmethod
from calendar import day_name
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from holdfast.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["Answer", "Definition", "People", "Question"]


@dataclass(frozen=True)
class Definition:
    """What an answer's numbers mean (SEMANTICS 30).

    title     the question in words
    text      the definition in words, one sentence a rule
    version   grows when the meaning changes
    rules     the chosen values of named choices, such as {"clock": "calendar", "refunds": "order"}
    zone, week_start, as_of   how time was read
    data      the data version: the arrival number of the last event inside
    coverage  share of counting events that belong to a customer, 0 to 1; None when there are none
    n         how many customers are in scope
    money_coverage  share of the money of orders that belongs to a customer; None where it is not about orders or there is none
    """

    title: str
    text: str
    version: int
    rules: dict[str, Any]
    zone: str
    week_start: int
    as_of: date
    data: int
    coverage: float | None
    n: int
    money_coverage: float | None = None

    def line(self) -> str:
        """The definition's small print in one line."""
        covered = "" if self.coverage is None else f" · coverage {100 * self.coverage:.1f} %"
        covered += "" if self.money_coverage is None else f" ({100 * self.money_coverage:.1f} % of the money)"
        chosen = "".join(f" · {name} {value}" for name, value in self.rules.items())
        weeks = f"weeks from {day_name[self.week_start - 1]}"
        upto = f"as of {self.as_of} · data to row {self.data:,}"
        return f"definition v{self.version} · {self.zone} · {weeks}{chosen} · {upto}{covered} · n {self.n:,}"


@dataclass(frozen=True)
class People:
    """Exactly the customers behind a number.

    ids   their ids, sorted
    cell  which number
    """

    ids: tuple[str, ...]
    cell: dict[str, Any]

    def __len__(self) -> int:
        return len(self.ids)


class Question(ABC):
    """Something to ask of timelines. Subclasses are frozen dataclasses."""

    @abstractmethod
    def answer(self, timelines: Timelines) -> Answer:
        """Walk the timelines and give the answer."""

    @abstractmethod
    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers behind one number of the table; `cell` names it by the table's key columns."""

    @abstractmethod
    def figure(self, answer: Answer) -> go.Figure:
        """The picture of an answer."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came out.

    question    what was asked
    words       the answer in one or two sentences
    table       Arrow table, long form: every number with its n and interval
    definition  what the numbers mean
    notes       warnings and remarks: small groups, censoring, fallbacks
    extra       further tables by name (curves, tests), each an Arrow table
    source      the timelines that were asked
    """

    question: Question
    words: str
    table: pa.Table
    definition: Definition
    source: Timelines = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    extra: dict[str, pa.Table] = field(default_factory=dict)

    def people(self, **cell: Any) -> People:
        """Exactly the customers behind one number, named by the table's key columns, such as cohort="2011-01", period=3."""
        return self.question.people(self.source, **cell)

    def figure(self) -> go.Figure:
        """The picture, a Plotly figure."""
        return self.question.figure(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas frame."""
        return self.table.to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values: question, words, table, notes, definition, extra tables."""
        return {
            "question": {"name": type(self.question).__name__, **plain(self.question)},
            "words": self.words,
            "table": _table(self.table),
            "notes": list(self.notes),
            "definition": plain(self.definition),
            "extra": {name: _table(table) for name, table in self.extra.items()},
        }

    def to_json(self) -> str:
        """The answer as JSON; a number that is not known is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_csv(self, path: str | Path | None = None) -> str:
        """The table as CSV, written to `path` when one is given."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.table.column_names)
        writer.writerows([["" if value is None else value for value in row] for row in _table(self.table)["rows"]])
        if path is not None:
            Path(path).write_text(text.getvalue(), encoding="utf-8")
        return text.getvalue()


def plain(value: Any) -> Any:
    """A value as JSON can hold it: dates as ISO text, decimals as numbers, not-a-number as None; no fields hidden from repr."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value) if item.repr}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _table(table: pa.Table) -> dict[str, Any]:
    columns = [column.to_pylist() for column in table.columns]
    return {"columns": table.column_names, "rows": [[plain(value) for value in row] for row in zip(*columns, strict=True)]}


def checked_cell(cell: dict[str, Any], *keys: str) -> None:
    """Raise UnknownName, which lists the keys, unless a cell is named by these keys alone."""
    for key in sorted(set(cell) - set(keys)):
        raise UnknownName("cell key", key, keys)


def checked_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Raise UsageError unless the value is one of the choices."""
    if value not in choices:
        raise UsageError(f"{name} cannot be {value!r}", f"choose one of {', '.join(map(str, choices))}")
