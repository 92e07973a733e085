"""Who leaves sooner: Cox's model over what is known of customers at entry, and its table of hazard ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.models.cox import Cox, fitted
from holdfast.analyses.survival.lives import Levels, Lives, Number, pooled

__all__ = ["COX", "Compared", "Row", "compared", "cox_table"]

MOST_LEVELS, LEAST_LEFT = 8, 5
"""Values of a property that stand by themselves, at most; and how many must have left for one to."""

ENOUGH_LEFT, PER_RATIO = 10, 10
"""Who left, in all, for a model to be fitted at all; and for each ratio, for it to be read without a warning."""


@dataclass(frozen=True)
class Row:
    """One row of the table: a value of a property, or a number.

    place     of the property among those beside · codes  of the value, in the property's own codes; None: the number
    column    of the design; None: the value that the others are compared with, and one left out of the model
    against   the value compared with; "" for that value itself
    """

    property: str
    value: str
    against: str
    place: int
    codes: tuple[int, ...] | None
    customers: int
    left: int
    column: int | None


@dataclass(frozen=True)
class Compared:
    """The model and what its columns mean.

    cox    None: too little to fit one · why  in words
    rows   of the table · n  customers in the model · out  customers left out of it
    """

    cox: Cox | None
    why: str
    rows: tuple[Row, ...]
    n: int
    out: int


def compared(lives: Lives, small: int) -> Compared:
    """Cox's model of these lives over all that is beside.

    small  customers below whom a value does not stand by itself
    A customer for whom a number is not known, or whose value is too rare even when pooled, is left out of the model. Where the
    data cannot tell all ratios at once, the first property without which they can is left out: numbers are tried first (what a
    number says a value may say too, such as a plan its fee), then the others, the last ones first.
    """
    found = _compared(lives, small, None)
    if found.cox is None or found.cox.identified or len(lives.beside) < 2:
        return found
    for place in sorted(range(len(lives.beside)), key=lambda at: (isinstance(lives.beside[at], Levels), -at)):
        other = _compared(lives, small, place)
        if other.cox is not None and other.cox.identified:
            return replace(other, why=f"{lives.beside[place].name} is left out of the hazard ratios: {found.why}")
    return found


def _compared(lives: Lives, small: int, without: int | None) -> Compared:
    rows: list[Row] = []
    columns: list[npt.NDArray[np.float64]] = []
    inside = np.ones(len(lives), np.bool_)
    for place, one in enumerate(lives.beside):
        if isinstance(one, Number):
            if place == without or len(np.unique(one.values[np.isfinite(one.values)])) < 2:
                continue
            inside &= np.isfinite(one.values)
            rows.append(_number_row(one, place, lives, len(columns)))
            columns.append(one.values)
            continue
        found, part = _levels(one, place, lives, small, len(columns))
        if place == without:
            rows += [replace(row, against=OUT, column=None) for row in found]
            continue
        rows += found
        own = [column for column in part if column is not None]
        if not own:
            continue
        columns += own
        inside &= np.isin(one.codes, [code for row in found if row.against != OUT for code in row.codes or ()])
    gone = int(lives.left[inside].sum())
    n, out = int(inside.sum()), int((~inside).sum())
    if not columns or gone < ENOUGH_LEFT:
        few = "nothing to compare by" if not columns else f"only {gone} of the {n:,} customers that can be compared left"
        return Compared(None, f"no hazard ratios: {few}", tuple(rows), n, out)
    wide = np.column_stack([column[inside] for column in columns])
    names = [f"{row.property} {row.value}" for row in rows if row.column is not None]
    cox = fitted(lives.time[inside], lives.left[inside], wide, names)
    return Compared(cox, "" if cox.identified else cox.why, tuple(rows), n, out)


OUT = "(left out)"


def _number_row(one: Number, place: int, lives: Lives, column: int) -> Row:
    known = np.isfinite(one.values)
    return Row(one.name, one.step, "", place, None, int(known.sum()), int(lives.left[known].sum()), column)


def _levels(
    one: Levels, place: int, lives: Lives, small: int, first: int
) -> tuple[list[Row], list[npt.NDArray[np.float64] | None]]:
    """The rows of a property, the largest value first, and their columns; None for the one compared with or left out."""
    narrow, rest = pooled(one, lives.left, MOST_LEVELS, small, LEAST_LEFT)
    rows: list[Row] = []
    columns: list[npt.NDArray[np.float64] | None] = []
    for code, label in enumerate(narrow.labels):
        who = narrow.codes == code
        own = [one.labels.index(name) for name in rest] if label == "(other)" and rest else [one.labels.index(label)]
        gone = int(lives.left[who].sum())
        rare = bool(rest) and label == "(other)" and (gone < LEAST_LEFT or code == 0)
        against = OUT if rare else "" if code == 0 else narrow.labels[0]
        kept = None if against in ("", OUT) else first + sum(column is not None for column in columns)
        rows.append(Row(one.name, label, against, place, tuple(own), int(who.sum()), gone, kept))
        columns.append(None if kept is None else who.astype(np.float64))
    return rows, columns


COX = pa.schema(
    [
        *((name, pa.string()) for name in ("property", "value", "against")),
        *((name, pa.int64()) for name in ("customers", "left")),
        *((name, pa.float64()) for name in ("hazard_ratio", "low", "high", "p", "proportional_p")),
    ]
)


def cox_table(found: Compared) -> pa.Table:
    """The hazard ratios: a row a value; that compared with has none."""
    ratios = found.cox.ratios() if found.cox is not None and found.cox.identified else ()
    tests = found.cox.proportional if ratios and found.cox is not None else ()
    rows: list[dict[str, Any]] = []
    for row in found.rows:
        told: dict[str, Any] = dict.fromkeys(("hazard_ratio", "low", "high", "p", "proportional_p"))
        if ratios and row.column is not None:
            one = ratios[row.column]
            told |= {"hazard_ratio": one.ratio, "low": one.low, "high": one.high, "p": one.p}
            told["proportional_p"] = tests[row.column].p if tests else None
        about = {"property": row.property, "value": row.value, "against": row.against}
        rows.append(about | {"customers": row.customers, "left": row.left} | told)
    return pa.Table.from_pylist(rows, COX)


def cox_notes(found: Compared) -> Sequence[str]:
    """What to keep in mind of the hazard ratios."""
    if found.cox is None or not found.cox.identified:
        return (found.why,) if found.rows else ()
    out = [found.why] if found.why else []
    if found.cox.events < PER_RATIO * len(found.cox.names):
        out.append(f"{found.cox.events:,} left, fewer than {PER_RATIO} for each hazard ratio: read the ratios with care")
    if found.out:
        out.append(f"{found.out:,} customers stand outside the hazard ratios: a value that is too rare, or not known")
    uneven = [one for one in found.cox.proportional[: len(found.cox.names)] if one.p < 0.05]
    if uneven:
        told = ", ".join(f"{one.name} ({'grows' if one.slope > 0 else 'falls'}, p {_p(one.p)})" for one in uneven)
        out.append(f"hazard ratios that are not the same at every time, to be read as a mean over it: {told}")
    return out


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
