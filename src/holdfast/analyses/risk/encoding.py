"""From rows to what a model sees: logarithms, missing values, standardised columns with bends, values of properties.

A *bend* is max(x − q, 0) at the terciles q of a feature with many values (a linear spline), so that a logistic regression can
follow what is no straight line. Every column remembers its source, so that contributions add up by feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Column", "Encoder", "Table", "encoder_of", "frequent"]

Floats = npt.NDArray[np.float64]

BENDS = (1 / 3, 2 / 3)
MANY_VALUES = 12
LEAST_OF_VALUE = 30
LEAST_SHARE = 0.01
MOST_OF_PROPERTY = 12


@dataclass(frozen=True)
class Table:
    """Rows as models take them.

    numbers float64 [rows, numeric features], not-a-number where not known, logarithms taken where they are wanted
    codes   int32 [rows, properties]
    """

    numbers: Floats
    codes: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, places: Any) -> Table:
        """Some of the rows."""
        return Table(self.numbers[places], self.codes[places])


@dataclass(frozen=True)
class Column:
    """One column of the design: of which source, how made.

    source  place of the feature; properties come after the numeric ones
    how     "value", "bend", "missing", "is" · at  the bend, or the code · middle, spread  of the training rows
    """

    source: int
    how: str
    at: float
    middle: float
    spread: float


@dataclass(frozen=True)
class Encoder:
    """Makes the design of a logistic regression: standardised columns; a value.

    columns  the columns · fill  value for what is not known, by numeric feature · bounds  lowest and highest value kept
    """

    columns: tuple[Column, ...]
    fill: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]

    def design(self, table: Table) -> Floats:
        """The design [rows, columns]."""
        out = np.empty((len(table), len(self.columns)))
        for place, column in enumerate(self.columns):
            out[:, place] = (self._plain(table, column) - column.middle) / column.spread
        return out

    def _plain(self, table: Table, column: Column) -> Floats:
        numeric = table.numbers.shape[1]
        if column.source >= numeric:
            return np.asarray(table.codes[:, column.source - numeric] == int(column.at), np.float64)
        return _made(
            table.numbers[:, column.source], column.how, column.at, self.fill[column.source], self.bounds[column.source]
        )

    @property
    def sources(self) -> npt.NDArray[np.int64]:
        """The source of each column."""
        return np.array([column.source for column in self.columns], np.int64)


def _made(values: Floats, how: str, at: float, fill: float, bounds: tuple[float, float]) -> Floats:
    missing = ~np.isfinite(values)
    if how == "missing":
        return np.asarray(missing, np.float64)
    known = np.clip(np.where(missing, fill, values), *bounds)
    return np.asarray(np.maximum(known - at, 0.0) if how == "bend" else known)


def encoder_of(table: Table) -> Encoder:
    """The encoder of training rows: features that do not vary are left out, and so are equal columns."""
    columns: list[Column] = []
    fill, bounds, seen = [], [], set[bytes]()
    for source in range(table.numbers.shape[1]):
        values = table.numbers[:, source]
        known = values[np.isfinite(values)]
        middle = float(np.median(known)) if len(known) else 0.0
        fill.append(middle)
        bounds.append((float(np.quantile(known, 0.005)), float(np.quantile(known, 0.995))) if len(known) else (0.0, 0.0))
        made = [("value", 0.0), ("missing", 0.0)]
        if len(np.unique(known)) >= MANY_VALUES:
            made[1:1] = [("bend", cut) for cut in sorted({float(np.quantile(known, share)) for share in BENDS})]
        for how, at in made:
            _added(columns, seen, source, how, at, _made(values, how, at, middle, bounds[-1]))
    for place in range(table.codes.shape[1]):
        for code in frequent(table.codes[:, place]):
            source = table.numbers.shape[1] + place
            _added(columns, seen, source, "is", float(code), np.asarray(table.codes[:, place] == code, np.float64))
    return Encoder(tuple(columns), tuple(fill), tuple(bounds))


def frequent(codes: npt.NDArray[np.int32]) -> tuple[int, ...]:
    """The codes that at least 1 % of the rows and 30 of them have, the commonest first, at most twelve."""
    counts = np.bincount(codes)
    enough = max(LEAST_OF_VALUE, LEAST_SHARE * len(codes))
    return tuple(int(code) for code in np.argsort(-counts, kind="stable")[:MOST_OF_PROPERTY] if counts[code] >= enough)


def _added(columns: list[Column], seen: set[bytes], source: int, how: str, at: float, values: Floats) -> None:
    spread = float(values.std())
    few = how in ("missing", "is") and min(values.sum(), len(values) - values.sum()) < LEAST_OF_VALUE
    if spread < 1e-9 or few or values.tobytes() in seen:
        return
    seen.add(values.tobytes())
    columns.append(Column(source, how, at, float(values.mean()), spread))
