"""Uplift from a plain table with a row a customer: `uplift_of_table`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.analyses.answer import Answer, Definition, People
from holdfast.analyses.uplift.asking import Swayed
from holdfast.analyses.uplift.question import TEXT
from holdfast.analyses.uplift.tables_in import trial_of_table
from holdfast.analyses.uplift.trial import Trial
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.timelines.timelines import Timelines

__all__ = ["TableDefinition", "UpliftOfTable", "uplift_of_table"]


@dataclass(frozen=True)
class TableDefinition(Definition):
    """The definition of an answer about a table: it knows no zone, no as-of and no coverage."""

    table: str = ""

    def line(self) -> str:
        """The definition's small print in one line."""
        chosen = "".join(f" · {name} {value}" for name, value in self.rules.items())
        return f"definition v{self.version} · {self.table}{chosen} · n {self.n:,}"


@dataclass(frozen=True, kw_only=True)
class UpliftOfTable(Swayed):
    """The question about a trial that was read from a table; the choices are those of `Swayed`.

    trial  what was read · table  its name · read_on  the day it was read
    """

    trial: Trial = field(repr=False, compare=False)
    table: str = "table"
    read_on: date | None = None

    def answer(self, timelines: Timelines) -> Answer:
        """The answer; the timelines give settings alone, and keep what was worked out."""
        margin = timelines.settings.margin if self.margin is None else self.margin
        definition = TableDefinition(
            title="Who would be swayed?", text=TEXT, version=1, rules=self.rules(self.trial, margin), zone="UTC", week_start=1,
            as_of=self.read_on or date.min, data=len(self.trial) - 1, coverage=None, n=len(self.trial), table=self.table,
        )  # fmt: skip
        return self.said(self.trial, timelines, definition, self._key(), "")

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of an arm, of a tenth of one, or of control, where the table names them."""
        margin = timelines.settings.margin if self.margin is None else self.margin
        choices, _ = self.choices(self.trial, margin)
        return self.behind(self.kept(self.trial, choices, timelines, self._key()), cell)

    def _key(self) -> tuple[Any, ...]:
        return ("table", self.trial)


def uplift_of_table(
    source: Any, *, arm: str, outcomes: Sequence[str] | str, control: str | None = None, customer: str | None = None,
    features: Sequence[str] | None = None, leave_out: Sequence[str] = (), settings: Settings | None = None, **choices: Any,
) -> Answer:  # fmt: skip
    """What a past randomised mailing did, who would be swayed by it, and whether choosing whom to mail pays.

    source    path of a CSV, Excel, JSON-lines or Parquet file, or an Arrow, pandas or Polars frame: a row a customer
    arm       column of the arm · control  its value for those who were not mailed; None: the one that is called so
    outcomes  columns of what happened afterwards: 0 or 1, or amounts
    customer  column of the id, None: the one that is called so, if any
    features  columns of what was known before; None: all others but `leave_out`
    settings  currency (None: amounts bear none), margin and the size of small groups
    choices   as in `Swayed`: cost, margin, value, worth, split, …

    Errors as in `tables_in.trial_of_table`.
    """
    from holdfast.timelines.timelines import Timelines

    names = (outcomes,) if isinstance(outcomes, str) else tuple(outcomes)
    trial = trial_of_table(
        source, arm=arm, outcomes=names, control=control, customer=customer, features=features, leave_out=leave_out
    )
    choices.setdefault("table", Path(source).name if isinstance(source, str | os.PathLike) else "table")
    known = {one.name for one in dataclasses.fields(UpliftOfTable)} - {"trial"}
    for name in choices:
        if name not in known:
            from holdfast.errors import UnknownName

            raise UnknownName("choice", name, known)
    return UpliftOfTable(trial=trial, **choices).answer(Timelines.build([], settings or Settings(currency="")))
