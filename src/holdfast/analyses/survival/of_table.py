"""Survival of any table of durations: an export with one row a customer, how long she was there, and whether she left then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import counted
from holdfast.analyses.survival.compare import Compared, compared, cox_notes, cox_table
from holdfast.analyses.survival.lives import WHATS, Levels, Lives, Number, chosen_rows
from holdfast.analyses.survival.tables import (
    curve_table,
    groups_table,
    likeliest,
    log_rank_table,
    small_groups,
    survival_table,
    watched_table,
)
from holdfast.errors import InputError, UnknownName, UsageError
from holdfast.timelines.attributes import NOT_KNOWN

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["TableSurvival", "read_table"]

YES = ("1", "true", "yes", "y", "t", "churned", "dead")
"""What says that somebody left, in a column named without a value."""

EVERYONE = "everyone"
MOST_TIMES = 6


@dataclass(frozen=True)
class RowsDefinition(Definition):
    """The definition of an answer about rows of a table, which know no zone and no events."""

    def line(self) -> str:
        """The definition's small print in one line."""
        chosen = "".join(f" · {name} {value}" for name, value in self.rules.items())
        return f"definition v{self.version}{chosen} · read on {self.as_of} · n {self.n:,}"


@dataclass(frozen=True)
class TableSurvival(Question):
    """How long do the rows of a table stay?

    rows      the table, one row a customer
    duration  column of how long each was watched, in any one unit
    event     column that says whether she left then: "status" (yes, true, 1), or with the value that means so: "Churn=Yes"
    by        column that splits rows into segments
    together  columns that Cox's model compares: numbers as they are, texts by their values
    at        times that the table tells of; empty: six, evenly spread
    id        column of the customers' ids; None: the row's number, from 1
    called    the table, as people say it, and read_on: when it was read, for the definition
    small     rows below which a group is marked

    Table: a row per segment and time: segment, time, customers, at_risk, left, survival, low, high. Extra tables and people as
    in `Survival`, with time= in the place of months=.
    """

    rows: pa.Table = field(repr=False, compare=False)
    duration: str
    event: str
    by: str | None = None
    together: tuple[str, ...] = ()
    at: tuple[float, ...] = ()
    id: str | None = None
    called: str = "the table"
    read_on: date = date(1970, 1, 1)
    small: int = 30

    def ask(self) -> Answer:
        """The answer; no timelines are needed."""
        from holdfast.events.schema import EVENTS
        from holdfast.timelines.timelines import Timelines

        return self.answer(Timelines.build([pa.RecordBatch.from_pylist([], schema=EVENTS)]))

    def answer(self, timelines: Timelines) -> Answer:
        """The answer from the rows; the timelines only stand behind it, nothing in them is asked."""
        lives, ids = self._lives()
        curves = lives.curves()
        found = compared(lives, self.small)
        at = self._times(lives)
        told = at[len(at) // 2] if at else 0.0
        rules = {"rows": self.called, "duration": self.duration, "event": self.event}
        rules |= {"by": self.by} if self.by else {}
        rules |= {"together with": ", ".join(self.together)} if self.together else {}
        return Answer(
            question=self,
            words=likeliest(lives, curves, found, "there", told, f"after {told:g} ({self.duration})"),
            table=survival_table(lives, curves, "time", at, at),
            definition=RowsDefinition("How long do they stay?", _TEXT, 1, rules, "", 1, self.read_on, 0, None, len(lives)),
            source=timelines,
            notes=self._notes(lives, found, len(self.rows) - len(ids)),
            extra={
                "groups": groups_table(lives, curves, "time"),
                "log_rank": log_rank_table(lives),
                "cox": cox_table(found),
                "curve": curve_table(lives, curves, "time"),
                "watched": watched_table(lives, "time", max(at, default=0.0)),
            },
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:  # noqa: ARG002 - the manner of every question
        """The rows behind one number, by their ids: what=, time=, segment=; or property= and value= of the table cox."""
        checked_cell(cell, "what", "time", "segment", "property", "value")
        what = cell.get("what", "customers")
        checked_choice("what", what, WHATS)
        if what == "at risk" and "time" not in cell:
            raise UsageError("at risk needs a time", "add time=12")
        lives, ids = self._lives()
        mask = chosen_rows(what, lives.time, lives.left, float(cell["time"]) if "time" in cell else None)
        if "segment" in cell and cell["segment"] != EVERYONE:
            if cell["segment"] not in lives.labels:
                raise UnknownName("segment", str(cell["segment"]), lives.labels)
            mask &= lives.segment == lives.labels.index(cell["segment"])
        if "property" in cell or "value" in cell:
            mask &= self._has(lives, cell)
        return People(tuple(sorted(ids[place] for place in np.flatnonzero(mask))), {**cell, "what": what})

    def figure(self, answer: Answer) -> go.Figure:
        """The curves with their bands, and how many were still watched."""
        from holdfast.charts.survival import survival_chart

        return survival_chart(
            answer.extra["curve"].to_pydict(), answer.extra["groups"].to_pylist(), answer.extra["watched"].to_pylist(), "time",
            title="How long they stay",
            subtitle=answer.words, x=self.duration
        )  # fmt: skip

    def _has(self, lives: Lives, cell: dict[str, Any]) -> npt.NDArray[np.bool_]:
        rows = [
            row for row in compared(lives, self.small).rows if row.property == cell.get("property") and row.codes is not None
        ]
        if not rows:
            raise UnknownName("property of the hazard ratios", str(cell.get("property")), self.together)
        own = {row.value: row for row in rows}
        if cell.get("value") not in own:
            raise UnknownName("value", str(cell.get("value")), own)
        row = own[cell["value"]]
        one = lives.beside[row.place]
        assert isinstance(one, Levels)
        return np.asarray(np.isin(one.codes, row.codes or ()))

    def _lives(self) -> tuple[Lives, list[str]]:
        """The lives and ids of the rows that can be used: a duration that is known, above 0 or ended at once."""
        time, known = _numbers(self._column(self.duration), self.duration)
        left = self._left()
        good = known & (time >= 0) & ((time > 0) | left)
        names = (
            [str(value) for value in self._column(self.id).to_pylist()] if self.id else [str(i + 1) for i in range(len(time))]
        )
        places = np.flatnonzero(good)
        kept = self.rows.take(pa.array(places))
        codes, labels = (
            _coded(kept.column(self.by))
            if self.by and self._column(self.by)
            else (np.zeros(len(places), np.int64), (EVERYONE,))
        )
        beside = tuple(self._beside(kept, name) for name in self.together)
        return Lives(time[good], left[good], codes, labels, beside), [names[place] for place in places]

    def _beside(self, kept: pa.Table, name: str) -> Levels | Number:
        self._column(name)
        column = kept.column(name)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            return Number(name, _numbers(column, name)[0], "each 1 more")
        codes, labels = _coded(column)
        return Levels(name, codes, labels)

    def _left(self) -> npt.NDArray[np.bool_]:
        name, sign, value = self.event.partition("=")
        texts = [_text(one) for one in self._column(name).to_pylist()]
        meant = (value.strip().lower(),) if sign else YES
        if sign and texts and not any(text == meant[0] for text in texts):
            raise UnknownName(f"value of {name}", value, sorted({text for text in texts if text}))
        return np.array([text in meant for text in texts], np.bool_)

    def _column(self, name: str) -> pa.ChunkedArray:
        if name not in self.rows.column_names:
            raise UnknownName("column", name, self.rows.column_names)
        return self.rows.column(name)

    def _times(self, lives: Lives) -> tuple[float, ...]:
        if self.at or not len(lives):
            return self.at
        last = float(lives.time.max())
        spread = [last * part / MOST_TIMES for part in range(1, MOST_TIMES + 1)]
        return tuple(sorted({float(round(time)) if last >= 2 * MOST_TIMES else round(time, 3) for time in spread}))

    def _notes(self, lives: Lives, found: Compared, out: int) -> tuple[str, ...]:
        notes = [f"{counted(out, 'row')} left out: no duration, or one of 0 without leaving"] if out else []
        notes += small_groups(lives, self.small) if self.by else []
        if len(lives) < self.small:
            notes.append(f"only {counted(len(lives), 'row')}: read everything with care")
        return (*notes, *cox_notes(found))


def read_table(path: str | Path) -> pa.Table:
    """A table of a CSV file (also .gz; commas, or tabs in a .tsv) or a Parquet file; InputError where it is none."""
    from pyarrow import csv, parquet

    place = Path(path)
    if not place.exists():
        raise InputError(f"{place} is not there", "name a CSV or Parquet file")
    try:
        if place.suffix == ".parquet":
            return parquet.read_table(place)
        tabs = ".tsv" in place.suffixes
        return csv.read_csv(place, parse_options=csv.ParseOptions(delimiter="\t" if tabs else ","))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{place} cannot be read as a table: {error}", "give a CSV with a heading line, or Parquet") from error


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip().lower()


def _numbers(column: pa.ChunkedArray, name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The values as float64, nan where there is none; and which are known. UsageError where a value is no number."""
    try:
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise UsageError(f"{name} is no number: {error}", "name a column of numbers") from error
    found = np.asarray(values, np.float64)
    return found, np.isfinite(found)


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """The code of each value, and the values by code in their order; what is not known is a value of its own."""
    texts = [NOT_KNOWN if value is None else str(value) for value in column.to_pylist()]
    labels, codes = (
        np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
        if texts
        else (np.zeros(0, "<U1"), np.zeros(0, np.int64))
    )
    return np.asarray(codes, np.int64), tuple(map(str, labels)) or (EVERYONE,)


_TEXT = (
    "Each row is a customer watched for its duration; where the event column says so she left then, else watching was cut off "
    "(censored). Survival is the Kaplan-Meier share that stays longer, with log-log 95 % intervals; at risk are those watched "
    "until that time who had not left before it. Segments are compared by the log-rank test, columns by Cox's proportional "
    "hazards (Efron's ties): a hazard ratio goes together with leaving so many times as often at every time. It names no cause."
)
