"""The tables of a cohort grid: cells, pooled curve, Kaplan-Meier, medians, segments compared (SEMANTICS 7 to 11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.cohorts.grid import HIDDEN, STATES, Grid
from holdfast.analyses.statistics import (
    Survival,
    benjamini_hochberg,
    kaplan_meier,
    log_rank,
    newcombe,
    two_proportion_z,
    wilson_arrays,
)
from holdfast.events.schema import MONEY_UNITS
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.cohorts.question import Measure
    from holdfast.timelines.periods import Periods

__all__ = ["ALL", "comparison", "curve", "grid_table", "initiatives", "medians", "order_of", "survival"]

ALL = "all"
"""The cohort whose rows pool the complete cells."""

Booleans = npt.NDArray[np.bool_]


def order_of(grid: Grid, labels: Sequence[str]) -> list[int]:
    """The segments that anyone has entered, the largest first."""
    return sorted(np.flatnonzero(grid.sizes.any(axis=1)).tolist(), key=lambda s: (-int(grid.members[s]), labels[s]))


def grid_table(grid: Grid, shown: Sequence[int], labels: Sequence[str], cohorts: Sequence[str], measure: Measure) -> pa.Table:
    """The cells, long form, a segment after another, its pooled row last."""
    parts = [_segment_cells(grid, s, labels[s], cohorts, measure) for s in shown]
    if not parts:
        nothing = np.zeros((0, 0), np.int64)
        parts = [_columns("", [], nothing, nothing, nothing.astype(np.int8), None, measure)]
    return pa.concat_tables(parts)


def _segment_cells(grid: Grid, s: int, label: str, cohorts: Sequence[str], measure: Measure) -> pa.Table:
    width = grid.periods
    some = np.flatnonzero(grid.sizes[s])
    sizes = np.vstack([np.repeat(grid.sizes[s, some, None], width, axis=1), grid.people[s, None, :width]])
    kept = np.vstack([grid.retained[s, some, :width], grid.stayed[s, None, :width]])
    states = np.vstack([grid.states[s, some, :width], np.where(grid.people[s, None, :width] > 0, 0, HIDDEN)]).astype(np.int8)
    money = _money(grid, s, some, width, measure) if measure != "customers" else None
    return _columns(label, [*(cohorts[c] for c in some.tolist()), ALL], sizes, kept, states, money, measure)


def _money(grid: Grid, s: int, some: npt.NDArray[np.int64], width: int, measure: Measure) -> npt.NDArray[np.float64]:
    """Units per cell as float64 (not-a-number where there is no figure); the last row is the pooled one."""
    own = grid.money[s, some, :width]
    if measure == "cumulative revenue":
        own = own.cumsum(axis=1)
    complete = grid.states[s, some, :width] == 0
    pooled = np.where(complete, own, 0).sum(axis=0).astype(np.float64)
    if not np.array_equal(grid.people[s], grid.eligible[s]):
        pooled = np.full(width, np.nan)
    return np.vstack([own.astype(np.float64), pooled[None, :]])


def _columns(
    label: str,
    cohorts: list[str],
    sizes: npt.NDArray[np.int64],
    kept: npt.NDArray[np.int64],
    states: npt.NDArray[np.int8],
    money: npt.NDArray[np.float64] | None,
    measure: Measure,
) -> pa.Table:
    width = sizes.shape[1]
    size, state = sizes.ravel(), states.ravel()
    hidden = state == HIDDEN
    low, high = wilson_arrays(kept.ravel(), size)
    rows = len(size)
    columns: dict[str, Any] = {
        "segment": pa.array([label]).take(pa.array(np.zeros(rows, np.int64))),
        "cohort": pa.array(cohorts, pa.string()).take(pa.array(np.repeat(np.arange(len(cohorts)), width))),
        "period": pa.array(np.tile(np.arange(width), len(cohorts)), pa.int64()),
        "size": pa.array(size),
        "customers": pa.array(kept.ravel(), mask=hidden),
        "rate": pa.array(_share(kept.ravel(), size), mask=hidden),
        "low": pa.array(low, mask=hidden),
        "high": pa.array(high, mask=hidden),
        "state": pa.array(STATES).take(pa.array(state)),
        "value": pa.nulls(rows, pa.float64()),
    }
    if measure != "customers":
        units = np.zeros(0) if money is None else money.ravel()
        unknown = hidden | np.isnan(units)
        columns["value"] = pa.array(units / MONEY_UNITS, mask=unknown)
        columns["value_per_customer"] = pa.array(np.round(units / np.maximum(size, 1) / MONEY_UNITS, 4), mask=unknown)
    return pa.table(columns)


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    share: npt.NDArray[np.float64] = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share


def curve(grid: Grid, shown: Sequence[int], labels: Sequence[str]) -> pa.Table:
    """The pooled rate per period over complete cells: segment, period, n, customers, rate, low, high.

    When customers enter each period, an entry counts each time; the grid's "all" rows count each customer once.
    """
    width = grid.periods
    segments, n, kept = [], [], []
    for s in shown:
        segments += [labels[s]] * width
        n.append(grid.eligible[s, :width])
        kept.append(grid.kept[s, :width])
    whole, part = np.concatenate([*n, np.zeros(0, np.int64)]), np.concatenate([*kept, np.zeros(0, np.int64)])
    low, high = wilson_arrays(part, whole)
    nobody = whole == 0
    return pa.table(
        {
            "segment": pa.array(segments, pa.string()),
            "period": pa.array(np.tile(np.arange(width), len(shown)), pa.int64()),
            "n": pa.array(whole),
            "customers": pa.array(part, mask=nobody),
            "rate": pa.array(_share(part, whole), mask=nobody),
            "low": pa.array(low, mask=nobody),
            "high": pa.array(high, mask=nobody),
        }
    )


def initiatives(known: Sequence[tuple[str, str]], calendar: Periods) -> pa.Table:
    """The initiatives (ISO date, name) that began within the calendar, and the cohort in which each did."""
    table = calendar.of_day()
    found = [(int(table[day_of(date.fromisoformat(when))]), when, name) for when, name in known]
    rows = [{"cohort": calendar.label(place), "date": when, "name": name} for place, when, name in found if place >= 0]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("cohort", "date", "name")]))


def _returning(grid: Grid, s: int) -> Survival:
    time, happened, weight = _waits(grid, s)
    return kaplan_meier(time, happened, weight)


def _waits(grid: Grid, s: int) -> tuple[Any, Any, Any]:
    """Days, whether the first return came then, and how many customers."""
    hit, open_ = np.flatnonzero(grid.waits[0, s]), np.flatnonzero(grid.waits[1, s])
    happened = np.repeat([1, 0], [len(hit), len(open_)])
    return np.concatenate([hit, open_]), happened, np.concatenate([grid.waits[0, s, hit], grid.waits[1, s, open_]])


def survival(grid: Grid, shown: Sequence[int], labels: Sequence[str]) -> pa.Table:
    """Kaplan-Meier of the first return: segment, day, at_risk, returned, share (returned so far), low, high."""
    parts = []
    for s in shown:
        found = _returning(grid, s)
        low, high = 1 - found.high, 1 - found.low
        parts.append(
            pa.table(
                {
                    "segment": pa.array([labels[s]] * len(found.time), pa.string()),
                    "day": pa.array(found.time.astype(np.int64)),
                    "at_risk": pa.array(found.at_risk),
                    "returned": pa.array(found.events),
                    "share": pa.array(1 - found.survival),
                    "low": pa.array(low, mask=np.isnan(low)),
                    "high": pa.array(high, mask=np.isnan(high)),
                }
            )
        )
    empty = pa.schema([("segment", pa.string()), *((name, pa.int64()) for name in ("day", "at_risk", "returned"))])
    for name in ("share", "low", "high"):
        empty = empty.append(pa.field(name, pa.float64()))
    return pa.concat_tables([empty.empty_table(), *parts])


def medians(grid: Grid, shown: Sequence[int], labels: Sequence[str]) -> pa.Table:
    """Days until half have come back, late joiners included: segment, n, returned, median, low, high (null: not reached)."""
    rows = [(labels[s], int(grid.members[s]), int(grid.waits[0, s].sum()), *_returning(grid, s).quantile(0.5)) for s in shown]
    names = ("segment", "n", "returned", "median", "low", "high")
    types = (pa.string(), pa.int64(), pa.int64(), pa.float64(), pa.float64(), pa.float64())
    return pa.table([pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)], names=list(names))


_COMPARED = pa.schema(
    [
        *(("test", pa.string()), ("segment", pa.string()), ("against", pa.string()), ("period", pa.int64())),
        *(("n", pa.int64()), ("n_against", pa.int64())),
        *((name, pa.float64()) for name in ("rate", "rate_against", "difference", "low", "high")),
        *((name, pa.float64()) for name in ("statistic", "p", "p_adjusted")),
    ]
)


def comparison(grid: Grid, shown: Sequence[int], labels: Sequence[str], least: int) -> pa.Table:
    """Segments compared: one log-rank test of all first-return curves, and per period the difference of pooled rates.

    Two segments are set against each other; of more, each with at least `least` customers against the rest. Differences carry
    Newcombe's interval, the z-test's p and that p adjusted over the table (Benjamini-Hochberg). p says how likely such a
    difference is by chance alone, not what made it.
    """
    rows = [row for pair in _pairs(grid, shown, labels, least) for row in _differences(grid, *pair)]
    for row, adjusted in zip(rows, benjamini_hochberg([row["p"] for row in rows]), strict=True):
        row["p_adjusted"] = adjusted
    return pa.Table.from_pylist([*_log_rank(grid, shown), *rows], _COMPARED)


def _log_rank(grid: Grid, shown: Sequence[int]) -> list[dict[str, Any]]:
    waits = [_waits(grid, s) for s in shown]
    group = np.repeat(list(shown), [len(time) for time, _, _ in waits])
    time, happened, weight = (np.concatenate(parts) for parts in zip(*waits, strict=True))
    found = log_rank(time, happened, group, weight)
    if found is None:
        return []
    n = int(grid.members[list(shown)].sum())
    named = {"test": "log-rank", "segment": "each", "against": "one curve"}
    return [named | {"n": n, "statistic": found.chi_square, "p": found.p}]


def _pairs(grid: Grid, shown: Sequence[int], labels: Sequence[str], least: int) -> list[tuple[list[int], list[int], str, str]]:
    if len(shown) == 2:
        return [([shown[0]], [shown[1]], labels[shown[0]], labels[shown[1]])]
    large = [s for s in shown if grid.members[s] >= least]
    return [([s], [other for other in shown if other != s], labels[s], "the rest") for s in large]


def _differences(grid: Grid, ones: list[int], others: list[int], one: str, other: str) -> list[dict[str, Any]]:
    rows = []
    for k in range(grid.periods):
        k1, n1 = int(grid.kept[ones, k].sum()), int(grid.eligible[ones, k].sum())
        k2, n2 = int(grid.kept[others, k].sum()), int(grid.eligible[others, k].sum())
        found, test = newcombe(k1, n1, k2, n2), two_proportion_z(k1, n1, k2, n2)
        if found is None:
            continue
        row = {"test": "difference", "segment": one, "against": other, "period": k, "n": n1, "n_against": n2}
        row |= {"rate": k1 / n1, "rate_against": k2 / n2, "difference": found[0], "low": found[1], "high": found[2]}
        rows.append(row | {"statistic": test[0] if test else None, "p": test[1] if test else None})
    return rows
