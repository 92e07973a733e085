"""Risk from a plain table: one row a customer, one column that says who left. No timelines are needed.

    found = risk_of_table("telco.csv", outcome="Churn", positive="Yes", id="customerID")

Kinds of columns are guessed: numbers are numbers (blanks are not known), everything else is a category; a text column with more
than 60 values tells nothing and is left out. Every row is scored by models that have not seen it (five folds, drawn with the
seed; calibrated on folds within). There is no time in such a table: it tells who was like those who left, not who will leave.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.risk.encoding import Table
from holdfast.analyses.risk.learners import calibrated, fit_logistic, fit_trees
from holdfast.analyses.risk.measures import Estimate, difference, odds_to
from holdfast.analyses.risk.reasons import LEAST_PART, NOTHING
from holdfast.analyses.risk.tables import measured
from holdfast.analyses.threads import one_thread
from holdfast.errors import InputError, UnknownName, UsageError

if TYPE_CHECKING:
    import pandas

__all__ = ["TableRisk", "risk_of_table"]

Floats = npt.NDArray[np.float64]

FOLDS = 5
INNER = 3
"""Folds within, for the calibration."""

LEAST = 40
NUMERIC_SHARE = 0.95
MOST_VALUES = 60
MOST_REASONS = 3


@dataclass(frozen=True)
class TableRisk:
    """What came out of a plain table.

    words   in a sentence or two · notes  what to keep in mind
    table   a row a customer, the highest risk first: customer, risk (by the chosen model, out of fold), left, reasons
    models  logistic and trees, out of fold: n, left, Brier, AUC, average precision, lift, calibration slope and intercept, each
            with low and high; `used` for the chosen one
    better  Brier of the logistic less that of the trees, paired by row
    """

    words: str
    table: pa.Table = field(repr=False)
    models: pa.Table = field(repr=False)
    better: Estimate
    notes: tuple[str, ...] = ()

    def to_csv(self, path: str | Path | None = None) -> str:
        """The table as CSV, written to `path` when one is given."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in self.table.columns), strict=True))
        if path is not None:
            Path(path).write_text(text.getvalue(), encoding="utf-8")
        return text.getvalue()

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas frame."""
        return self.table.to_pandas()


@dataclass(frozen=True)
class _Read:
    """Columns as models take them: names (numbers first), the table, labels of each category by code, what is to be said."""

    names: tuple[str, ...]
    table: Table
    labels: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def risk_of_table(
    source: Any,
    outcome: str,
    positive: str = "Yes",
    id: str | None = None,  # noqa: A002 - what such columns are called
    folds: int = FOLDS,
    seed: int = 0,
) -> TableRisk:
    """The risk of each row of a table, out of fold.

    source    a pandas frame, an Arrow table, or the path of a CSV file (also .gz) · outcome  column that says who left
    positive  its value for who left · id  column of the customer; None: rows are numbered
    folds     2 or more · seed  of the folds and the trees; equal seeds give equal answers
    Raises UnknownName for a column or value that is not there, UsageError when too few left or stayed, InputError for a file
    that cannot be read.
    """
    given = _arrow(source)
    for name in (outcome, *([id] if id is not None else [])):
        if name not in given.column_names:
            raise UnknownName("column", name, given.column_names)
    y, ids = _outcome(given[outcome], positive), _ids(given, id)
    if folds < 2 or min(y.sum(), len(y) - y.sum()) < max(LEAST, folds):
        raise UsageError(
            f"{int(y.sum()):,} left and {int(len(y) - y.sum()):,} stayed, in {folds} folds",
            f"{LEAST} of each are needed to learn from, and 2 folds or more",
        )
    read = _columns(given.drop_columns([outcome, *([id] if id is not None else [])]))
    with one_thread("trees"):
        return _answered(read, y, ids, _dealt(len(y), folds, seed), seed)


def _answered(read: _Read, y: npt.NDArray[np.int64], ids: list[str], fold: npt.NDArray[np.int64], seed: int) -> TableRisk:
    fits = {
        "logistic": fit_logistic,
        "trees": lambda table, truth, group=None: fit_trees(table, truth, group, seed),
    }
    scores, parts = {}, {}
    for name, fit in fits.items():
        scores[name], parts[name] = _out_of_fold(fit, read.table, y, fold, len(read.names))
    chances = {name: odds_to(score) for name, score in scores.items()}
    better = difference(y, chances["logistic"], chances["trees"])
    chosen = "trees" if (better.low or 0.0) > 0 else "logistic"
    rows = [{"model": name, "used": name == chosen, **measured(y, p)} for name, p in chances.items()]
    reasons = _reasons(read, parts[chosen])
    order = np.lexsort((np.arange(len(y)), -chances[chosen]))
    table = pa.table(
        {
            "customer": pa.array([ids[at] for at in order], pa.string()), "risk": chances[chosen][order],
            "left": pa.array((y == 1)[order]), "reasons": pa.array([reasons[at] for at in order], pa.string()),
        }
    )  # fmt: skip
    return TableRisk(_words(rows, chosen), table, pa.Table.from_pylist(rows), better, (*read.notes, *_told(better, chosen)))


def _out_of_fold(
    fit: Any, table: Table, y: npt.NDArray[np.int64], fold: npt.NDArray[np.int64], count: int
) -> tuple[Floats, Floats]:
    """Each row's calibrated log-odds, and what each column adds to it, by the model that had not seen it."""
    score, parts = np.zeros(len(y)), np.zeros((len(y), count))
    for one in np.unique(fold):
        inside = fold == one
        rest = np.arange(int((~inside).sum()))
        model, _ = calibrated(fit, table.take(~inside), y[~inside], rest, rest % INNER)
        part = table.take(inside)
        score[inside] = model.logits(part)
        parts[inside] = model.learner.parts(part, np.arange(count), count) * model.line.slope
    return score, parts


def _dealt(n: int, folds: int, seed: int) -> npt.NDArray[np.int64]:
    out = np.empty(n, np.int64)
    out[np.random.default_rng(seed).permutation(n)] = np.arange(n) % folds
    return out


def _arrow(source: Any) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, str | Path):
        from pyarrow import csv as arrow_csv

        try:
            return arrow_csv.read_csv(str(source))
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(
                f"{source} cannot be read as CSV: {str(error).splitlines()[0]}", "give a CSV file with a header"
            ) from error
    return pa.Table.from_pandas(source, preserve_index=False)


def _outcome(column: pa.ChunkedArray, positive: str) -> npt.NDArray[np.int64]:
    texts = [_text(value) for value in column.to_pylist()]
    if positive not in texts:
        raise UnknownName("value of the outcome", positive, sorted({text for text in texts if text}))
    return np.array([text == positive for text in texts], np.int64)


def _ids(given: pa.Table, name: str | None) -> list[str]:
    if name is None:
        return [str(place) for place in range(1, len(given) + 1)]
    return [_text(value) for value in given[name].to_pylist()]


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _columns(given: pa.Table) -> _Read:
    """Numbers and categories, by what stands in each column."""
    numbers: dict[str, Floats] = {}
    codes: dict[str, tuple[npt.NDArray[np.int32], tuple[str, ...]]] = {}
    notes = []
    for name in given.column_names:
        texts = [_text(value) for value in given[name].to_pylist()]
        blank = sum(not text for text in texts)
        values = _numbers(texts)
        if values is not None:
            numbers[name] = values
        else:
            labels = ("", *sorted({text for text in texts if text}))
            if not 2 <= len(labels) - 1 <= MOST_VALUES:
                told = "nothing varies" if len(labels) <= 2 else f"{len(labels) - 1:,} different texts"
                notes.append(f"{name} is left out: {told}")
                continue
            place = {label: code for code, label in enumerate(labels)}
            codes[name] = (np.array([place[text] for text in texts], np.int32), labels)
        if blank:
            notes.append(f"{name}: {counted(blank, 'blank value')}, not known")
    rows = len(given)
    table = Table(
        np.column_stack(list(numbers.values())) if numbers else np.zeros((rows, 0)),
        np.column_stack([code for code, _ in codes.values()]) if codes else np.zeros((rows, 0), np.int32),
    )
    return _Read((*numbers, *codes), table, tuple(labels for _, labels in codes.values()), tuple(notes))


def _numbers(texts: list[str]) -> Floats | None:
    """The column as numbers, not-a-number where blank or none; None where it is no column of numbers."""
    out = np.full(len(texts), np.nan)
    known = 0
    for place, text in enumerate(texts):
        if not text:
            continue
        known += 1
        try:
            out[place] = float(text)
        except ValueError:
            continue
    found = int(np.isfinite(out).sum())
    return out if known and found >= NUMERIC_SHARE * known and len(np.unique(out[np.isfinite(out)])) > 1 else None


def _reasons(read: _Read, parts: Floats) -> list[str]:
    """What adds most to each row's risk, in words: a category by its value, a number against the median."""
    numeric = read.table.numbers.shape[1]
    with np.errstate(all="ignore"):
        middle = [float(np.nanmedian(read.table.numbers[:, place])) for place in range(numeric)]
    order, out = np.argsort(-parts, axis=1, kind="stable"), []
    for row in range(len(parts)):
        found = [int(place) for place in order[row, :MOST_REASONS] if parts[row, place] >= LEAST_PART]
        out.append("; ".join(_reason(read, row, place, middle) for place in found) or NOTHING)
    return out


def _reason(read: _Read, row: int, place: int, middle: list[float]) -> str:
    name, numeric = read.names[place], read.table.numbers.shape[1]
    if place >= numeric:
        value = read.labels[place - numeric][int(read.table.codes[row, place - numeric])]
        return f"{name} {value or 'not known'}"
    value = float(read.table.numbers[row, place])
    if not np.isfinite(value):
        return f"{name} not known"
    beside = f"more than {middle[place]:,g}" if value < middle[place] else f"{middle[place]:,g} or less"
    return f"{name} {value:,g}" + ("" if value == middle[place] else f" (half have {beside})")


def _words(rows: list[dict[str, Any]], chosen: str) -> str:
    row = next(one for one in rows if one["model"] == chosen)
    name = "logistic regression" if chosen == "logistic" else "boosted trees"
    told = {key: f"{row[key]:.3f} ({row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f})" for key in ("auc", "slope")}
    return (
        f"Of {row['n']:,} customers {row['left']:,} left ({percent(row['left'] / row['n'])}). {name.capitalize()}, each row "
        f"scored by a model that had not seen it: AUC {told['auc']}, average precision {row['average_precision']:.3f}, "
        f"Brier {row['brier']:.4f}, calibration slope {told['slope']}."
    )


def _told(better: Estimate, chosen: str) -> tuple[str, ...]:
    if better.value is None or better.low is None or better.high is None:
        return ()
    told = f"{better.value:+.5f} ({better.low:+.5f} to {better.high:+.5f})".replace("-", "−")
    verdict = "so the trees are used" if chosen == "trees" else "not surely better, so the simpler one is used"
    return (
        f"Brier of the logistic regression less that of the trees, paired by row: {told}: {verdict}",
        "a table without time tells who was like those who left; reasons go together with leaving and need not cause it",
    )
