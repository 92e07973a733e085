"""One model against what came: by frequency, week by week, counts before the split, money; as tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.holdout.candidates import SAMPLE, thinned
from holdfast.analyses.holdout.intervals import likely_counts
from holdfast.analyses.holdout.spending import in_money
from holdfast.analyses.models.buying import Buying
from holdfast.analyses.models.histories import Histories
from holdfast.analyses.models.plain_rate import own_rate
from holdfast.analyses.occasions import Occasions
from holdfast.analyses.statistics import Z95, wilson
from holdfast.timelines.zone import date_of

__all__ = [
    "FREQUENCIES",
    "MODELS",
    "SCHEMAS",
    "Covered",
    "Forecast",
    "bands",
    "counts_table",
    "coverage_table",
    "covered",
    "frequency_table",
    "money_table",
    "tracking_table",
]

Numbers = npt.NDArray[np.float64]

FREQUENCIES = ("0", "1", "2", "3", "4", "5", "6", "7+")
"""The bands by occasions after the first before the split, as the papers show them."""

MOST = 500
"""Counts are told apart up to so many; the last one stands for all above."""


@dataclass(frozen=True)
class Forecast:
    """What one model, and the plain rate beside it, foretold of every customer known at the split.

    rows             all of them · histories  the same grouped, in weeks · weeks  from the split to the as-of
    model            fitted before the split
    expected, plain  occasions foretold, [customers]
    """

    rows: Occasions
    histories: Histories
    weeks: float
    model: Buying
    expected: Numbers
    plain: Numbers

    @staticmethod
    def of(rows: Occasions, model: Buying) -> Forecast:
        """The forecast of a model for rows that know what came later."""
        histories = rows.histories(model.fit.unit_days)
        weeks = (rows.until - rows.day) / histories.unit_days
        place = histories.place
        plain = own_rate(histories)[place] * weeks
        return Forecast(rows, histories, weeks, model, model.expected(histories, weeks)[place], plain)


def bands(rows: Occasions) -> npt.NDArray[np.int64]:
    """Each customer's place in FREQUENCIES."""
    return np.minimum(rows.x, len(FREQUENCIES) - 1).astype(np.int64)


FREQUENCY = pa.schema(
    [("frequency", pa.string()), ("customers", pa.int64())]
    + [(name, pa.float64()) for name in ("actual", "low", "high", "expected", "plain")]
)


def frequency_table(told: Forecast) -> pa.Table:
    """Occasions after the split by occasions before it: the actual mean with its interval, and what was foretold."""
    out = []
    for place, name in enumerate(FREQUENCIES):
        own = bands(told.rows) == place
        later, n = told.rows.later_x[own], int(own.sum())
        if n:
            mean = float(later.mean())
            half = Z95 * float(later.std(ddof=1)) / math.sqrt(n) if n > 1 else None
            bounds = {"low": None if half is None else max(mean - half, 0.0), "high": None if half is None else mean + half}
            means = {"actual": mean, **bounds, "expected": told.expected[own].mean(), "plain": told.plain[own].mean()}
        else:
            means = dict.fromkeys(FREQUENCY.names[2:])
        out.append({"frequency": name, "customers": n, **means})
    return pa.Table.from_pylist(out, FREQUENCY)


COUNTS = pa.schema(
    [("frequency", pa.string()), ("customers", pa.int64()), ("expected", pa.float64()), ("n", pa.int64())]
    + [(name, pa.float64()) for name in ("share", "low", "high")]
)


def counts_table(told: Forecast) -> pa.Table:
    """How many customers had how many occasions before the split, and how many the model expects: does it fit?"""
    T, place = np.unique(told.histories.T, return_inverse=True)
    people = np.bincount(place, told.histories.customers, len(T))
    expected = people @ told.model.counts(T, len(FREQUENCIES) - 1)
    real, n = np.bincount(bands(told.rows), minlength=len(FREQUENCIES)), len(told.rows)
    out = []
    for at, name in enumerate(FREQUENCIES):
        k = int(real[at])
        low, high = wilson(k, n)
        row = {"frequency": name, "customers": k, "expected": float(expected[at]), "n": n}
        out.append({**row, "share": k / n if n else None, "low": low, "high": high})
    return pa.Table.from_pylist(out, COUNTS)


TRACKING = pa.schema(
    [("week", pa.int64()), ("until", pa.date32()), ("calibration", pa.bool_())]
    + [(name, pa.int64()) for name in ("orders", "actual")]
    + [(name, pa.float64()) for name in ("expected", "error_share", "conditional", "plain")]
)


def tracking_table(told: Forecast, repeats: npt.NDArray[np.int64]) -> pa.Table:
    """Week by week from the first order of all: repeat occasions, cumulative, and what was expected of them.

    repeats      occasions after the first by local day (`RepeatsStep`)
    orders       of the week · actual  cumulative · expected  cumulative, of people of whom only the first order is known
    error_share  expected by actual, less 1 · conditional  from the split on: what had come, and what the model foretells of
                 each customer by her history · plain  the same by the plain rate
    """
    rows, unit = told.rows, told.histories.unit_days
    first = int(rows.first.min())
    ends = _week_ends(first, rows.day, rows.until, int(unit))
    births = np.bincount(rows.first.astype(np.int64) - first, minlength=rows.until - first + 1)
    ages = told.model.new(np.arange(rows.until - first + 1) / unit)
    total = np.cumsum(repeats[first : rows.until + 1])
    born = np.flatnonzero(births)
    conditional = _conditional(told, [day for day in ends if day >= rows.day])
    known, plain = float(rows.x.sum()), float(told.plain.sum()) / max(told.weeks, 1e-9)
    out, before = [], 0
    for day in ends:
        actual = int(total[day - first])
        seen = born[born <= day - first]
        expected = float(births[seen] @ ages[day - first - seen])
        held = day >= rows.day
        out.append(
            {
                "week": -(-(day - first + 1) // int(unit)), "until": date_of(day), "calibration": day <= rows.day,
                "orders": actual - before, "actual": actual, "expected": expected,
                "error_share": expected / actual - 1 if actual else None,
                "conditional": known + conditional[day] if held else None,
                "plain": known + plain * (day - rows.day) / unit if held else None,
            }
        )  # fmt: skip
        before = actual
    return pa.Table.from_pylist(out, TRACKING)


def _week_ends(first: int, split: int, until: int, unit: int) -> list[int]:
    """The last days of the weeks from the first day on, and those of the two halves."""
    return sorted({*range(first + unit - 1, until + 1, unit), split, until})


def _conditional(told: Forecast, days: list[int]) -> dict[int, float]:
    """The occasions foretold of all from the split to each day, by their histories; the course by a sample of many."""
    histories = thinned(told.rows, SAMPLE).histories(told.histories.unit_days)
    times = np.array([(day - told.rows.day) / histories.unit_days for day in days])
    several: Any = getattr(told.model, "expected_at", None)
    if several is None:
        course = np.array([float(histories.customers @ told.model.expected(histories, float(t))) for t in times])
    else:
        course = histories.customers @ several(histories, times)
    scale = float(told.expected.sum()) / course[-1] if course[-1] > 0 else 1.0
    return dict(zip(days, map(float, course * scale), strict=True))


@dataclass(frozen=True)
class Covered:
    """Whether each customer's later occasions lie within her 90 % interval.

    inside  bool [customers] · width  int64 [customers]: counts in her interval less 1 · said  the mean chance it claims
    """

    inside: npt.NDArray[np.bool_]
    width: npt.NDArray[np.int64]
    said: float


def covered(model: Buying, rows: Occasions) -> Covered:
    """The intervals of a model for rows that know what came later."""
    histories = rows.histories(model.fit.unit_days)
    weeks = (rows.until - rows.day) / histories.unit_days
    most = min(int(rows.later_x.max(initial=0)) + 1, MOST)
    low, high, held = likely_counts(model.chances(histories, weeks, most))
    place = histories.place
    seen = np.minimum(rows.later_x, most)
    return Covered((low[place] <= seen) & (seen <= high[place]), (high - low)[place], float(held[place].mean()))


COVERAGE = pa.schema(
    [("frequency", pa.string()), ("customers", pa.int64()), ("n", pa.int64())]
    + [(name, pa.float64()) for name in ("share", "low", "high", "width")]
)


def coverage_table(found: Covered, rows: Occasions) -> pa.Table:
    """How many customers' orders lie within their 90 % interval, by frequency and in all; width in orders."""
    band, out = bands(rows), []
    for place, name in enumerate((*FREQUENCIES, "all")):
        own = np.ones(len(band), np.bool_) if name == "all" else band == place
        k, n = int(found.inside[own].sum()), int(own.sum())
        low, high = wilson(k, n)
        told = {"frequency": name, "customers": k, "n": n, "share": k / n if n else None, "low": low, "high": high}
        out.append({**told, "width": float(found.width[own].mean()) if n else None})
    return pa.Table.from_pylist(out, COVERAGE)


MONEY = pa.schema(
    [("forecast", pa.string()), ("customers", pa.int64())]
    + [(name, pa.float64()) for name in ("expected", "actual", "error_share", "mae", "correlation")]
)


def money_table(told: Forecast, spending: Any, margin: float | None) -> pa.Table:
    """The money after the split: foretold occasions by the foretold value of one, and at each customer's plain rates."""
    both = in_money(told.expected, told.plain, told.rows, spending, 1.0 if margin is None else margin)
    out = []
    for name, one in zip((told.model.fit.model, "plain rate"), both, strict=True):
        error = {"expected": one.expected, "actual": one.actual, "error_share": one.error if one.actual else None}
        known = None if math.isnan(one.correlation) else one.correlation
        out.append({"forecast": name, "customers": one.customers, **error, "mae": one.mae, "correlation": known})
    return pa.Table.from_pylist(out, MONEY)


MODELS = pa.schema(
    [("model", pa.string()), ("serves", pa.bool_()), ("identified", pa.bool_()), ("log_likelihood", pa.float64())]
    + [("customers", pa.int64())]
    + [(name, pa.float64()) for name in ("expected", "actual", "error_share", "mae", "rmse", "correlation")]
    + [(name, pa.float64()) for name in ("coverage", "low", "high")]
    + [("why", pa.string())]
)

SCHEMAS = {"frequency": FREQUENCY, "tracking": TRACKING, "models": MODELS, "coverage": COVERAGE, "counts": COUNTS,
           "money": MONEY}  # fmt: skip
"""The tables of the answer by name."""
