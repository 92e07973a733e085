"""A trial from a plain table: a row a customer, with the arm, what happened afterwards and what was known before.

1. A row without an arm, or without one of the outcomes, is left out and counted; so are those that say nan or null there.
2. Where there are ids: who stands in two arms is left out with all her rows; of rows that repeat an id the first counts.
3. Every column that is neither arm, outcome nor id is a feature: numbers where all that is known of it are numbers, else text.
   A text with nearly as many values as rows, and a column that is the same for all, say nothing and are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.uplift.trial import Feature, Outcome, Trial, feature_of_texts
from holdfast.errors import InputError, UnknownName, UsageError

__all__ = ["CONTROLS", "MOST_ARMS", "arms_of", "trial_of_table"]

CONTROLS = ("control", "control group", "no e-mail", "no email", "no mail", "none", "holdout", "untreated", "0", "false")
"""Names by which a control arm is known when none is given."""

IDS = ("customer_id", "customerid", "customer", "user_id", "userid", "id")
"""Columns that hold the customer when none is given, in lower case."""

UNKNOWN = ("", "nan", "null", "none", "na")
"""Texts that say a number is not known, in lower case; an arm may be called none."""

MOST_ARMS = 20
MOST_TEXTS = 100
"""A text column with more values than this and than one in twenty rows is a name or a remark, no feature."""


def trial_of_table(
    source: Any, *, arm: str, outcomes: Sequence[str], control: str | None = None, customer: str | None = None,
    features: Sequence[str] | None = None, leave_out: Sequence[str] = (),
) -> Trial:  # fmt: skip
    """The trial in a table.

    source    path of a CSV, Excel, JSON-lines or Parquet file, or an Arrow, pandas, Polars or DuckDB frame
    arm       column of the arm · control  its value for control; None: the one that is called so
    outcomes  columns of what happened afterwards: 0 or 1, or numbers
    customer  column of the id; None: the one that is called so, if any
    features  columns of what was known before; None: all others but `leave_out`

    Raises UnknownName for a column or value that is not there, UsageError for one arm only or an outcome that is no number or
    the same for all, InputError for a table without rows.
    """
    table, name = _read(source)
    columns = table.column_names
    for wanted in (arm, *outcomes, *(features or ()), *leave_out, *([customer] if customer else [])):
        if wanted not in columns:
            raise UnknownName("column", wanted, columns)
    if not outcomes:
        raise UsageError("no outcome is named", f"say what happened afterwards: one or more of {', '.join(columns)}")
    customer = customer or next((column for column in columns if column.lower() in IDS and column != arm), None)
    table, left = _usable(table, arm, outcomes, customer, name)
    labels, codes = arms_of([text.strip() for text in table[arm].to_pylist()], control, arm)
    used = {arm, customer, *outcomes, *leave_out}
    chosen = list(features) if features is not None else [column for column in columns if column not in used]
    found, notes = _features(table, [column for column in chosen if column not in {arm, customer, *outcomes}])
    kept = _outcomes(table, outcomes)
    ids = None if customer is None else table[customer]
    return Trial(labels, codes, kept, found, ids, left, notes)


def _read(source: Any) -> tuple[pa.Table, str]:
    """The table as text columns, and its name."""
    from holdfast.events.options import ImportOptions
    from holdfast.events.sources import open_source

    _, opened = open_source(source, ImportOptions())
    batches = [chunk.table for chunk in opened.chunks()]
    if not sum(batch.num_rows for batch in batches):
        raise InputError(f"{opened.name} has no rows", "give a table with a row a customer")
    table = pa.Table.from_batches(batches)
    return table.cast(pa.schema([(column, pa.string()) for column in table.column_names])), opened.name


def _usable(
    table: pa.Table, arm: str, outcomes: Sequence[str], customer: str | None, name: str
) -> tuple[pa.Table, tuple[tuple[str, int], ...]]:
    """The rows that can be used, and why how many others cannot."""
    left = []
    needed = [(arm, "no arm"), *((outcome, f"no {outcome}") for outcome in outcomes)]
    needed += [(customer, "no id")] if customer is not None else []
    for column, reason in needed:
        gone = UNKNOWN if column in outcomes else ("", "nan", "null") if column == arm else ("",)
        texts = pc.utf8_lower(pc.utf8_trim_whitespace(table[column]))
        known = pc.invert(pc.is_in(pc.fill_null(texts, ""), pa.array(gone)))
        left.append((reason, table.num_rows - int(pc.sum(known.cast(pa.int64())).as_py() or 0)))
        table = table.filter(known)
    if customer is not None:
        table, doubled = _once(table, arm, customer)
        left += doubled
    if table.num_rows == 0:
        reasons = ", ".join(f"{reason}: {rows:,}" for reason, rows in left if rows)
        raise InputError(f"no row of {name} can be used ({reasons})", "every row needs an arm and its outcomes")
    return table, tuple((reason, rows) for reason, rows in left if rows)


def _once(table: pa.Table, arm: str, customer: str) -> tuple[pa.Table, list[tuple[str, int]]]:
    ids, arms = table[customer].to_pylist(), table[arm].to_pylist()
    if len(set(ids)) == len(ids):
        return table, []
    seen: dict[str, set[str]] = {}
    for one, own in zip(ids, arms, strict=True):
        seen.setdefault(one, set()).add(own.strip())
    first = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
    mixed = np.array([len(seen[one]) > 1 for one in ids])
    again = np.array([first[one] != place for place, one in enumerate(ids)]) & ~mixed
    kept = table.filter(pa.array(~(mixed | again)))
    return kept, [("id stands in two arms", int(mixed.sum())), ("id stands there already", int(again.sum()))]


def arms_of(values: Sequence[str], control: str | None, column: str) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """The arms, control first and the others in the order of their names, and each customer's code.

    UnknownName where the control value is not there; UsageError where there is one arm only, too many, or none called control.
    """
    found = sorted(Counter(values))
    if len(found) > MOST_ARMS:
        raise UsageError(f"{column} has {len(found):,} values", f"an arm has at most {MOST_ARMS}; name the column of the arm")
    named = [one for one in found if one.strip().lower() in CONTROLS]
    if control is None and len(named) != 1:
        raise UsageError(f"which value of {column} is control?", f"choose one of {', '.join(found)}")
    control = named[0] if control is None else control
    if control not in found:
        raise UnknownName(f"value of {column}", control, found)
    if len(found) == 1:
        raise UsageError(f"all customers are {control}", "an effect needs an arm that was mailed and one that was not")
    labels = (control, *(one for one in found if one != control))
    codes = {label: code for code, label in enumerate(labels)}
    return labels, np.array([codes[value] for value in values], np.int64)


def _outcomes(table: pa.Table, names: Sequence[str]) -> tuple[Outcome, ...]:
    out = []
    for name in dict.fromkeys(names):
        values = _numbers(table[name])
        if values is None:
            odd = next((text for text in table[name].to_pylist() if _number(text) is None), "")
            raise UsageError(f"{name} is no number: {odd!r}", "an outcome is 0 or 1, or an amount")
        if (values == values[0]).all():
            raise UsageError(f"{name} is {values[0]:g} for everyone", "an outcome that never varies has no effect to measure")
        out.append(Outcome.of(name, values))
    return tuple(out)


def _features(table: pa.Table, names: Sequence[str]) -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    out, names_only, same = list[Feature](), list[str](), list[str]()
    for name in names:
        values = _numbers(table[name])
        if values is None:
            texts = pc.dictionary_encode(pc.fill_null(pc.utf8_trim_whitespace(table[name]), "")).combine_chunks()
            labels = tuple(text or "(not known)" for text in texts.dictionary.to_pylist())
            if len(labels) > MOST_TEXTS and len(labels) > table.num_rows / 20:
                names_only.append(name)
                continue
            feature = feature_of_texts(name, texts.indices.to_numpy(zero_copy_only=False), labels)
        else:
            feature = Feature(name, values)
        if feature.constant:
            same.append(name)
        else:
            out.append(feature)
    notes = [f"left out, as nearly every customer has her own: {', '.join(names_only)}"] if names_only else []
    notes += [f"left out, as they are the same for all: {', '.join(same)}"] if same else []
    return tuple(out), tuple(notes)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """The column as numbers, not-a-number where nothing stands; None where something else does, or nothing at all."""
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    trimmed = pc.utf8_trim_whitespace(texts)
    lower = pc.utf8_lower(trimmed)
    known = pc.if_else(pc.is_in(lower, pa.array(UNKNOWN)), None, trimmed)
    if known.null_count == len(known):
        return None
    truth = pc.is_in(lower, pa.array(["true", "false"]))
    if int(pc.sum(truth.cast(pa.int64())).as_py() or 0) == len(known) - known.null_count:
        known = pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", None))
    try:
        values = pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return None if np.isinf(values).any() else np.asarray(values, np.float64)


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
