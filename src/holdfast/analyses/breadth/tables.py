"""The tables of breadth: staying by number of features, features by number of users, the trend and the comparison alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.statistics import wilson
from holdfast.analyses.stratified import mantel_haenszel, trend_of_shares

__all__ = ["FEW_USE", "alike_table", "early_table", "ever_table", "trend_table", "used_table"]

FEW_USE = 0.1
"""A feature used by a smaller share of the customers is rarely used."""

_SHARE = [(name, pa.float64()) for name in ("share", "low", "high")]
EARLY = pa.schema(
    [
        *((name, pa.int64()) for name in ("features", "customers")),
        *_SHARE,
        ("stayed", pa.int64()),
        *((name, pa.float64()) for name in ("stay_share", "stay_share_low", "stay_share_high")),
    ]
)
EVER = pa.schema([*((name, pa.int64()) for name in ("features", "customers")), *_SHARE])
USED = pa.schema(
    [("feature", pa.string()), *((name, pa.int64()) for name in ("customers", "n")), *_SHARE]
    + [(name, pa.int64()) for name in ("only", "show")]
)
TREND = pa.schema([("slope_share", pa.float64()), ("z", pa.float64()), ("p", pa.float64()), ("n", pa.int64())])
ALIKE = pa.schema([("group", pa.string()), ("n", pa.int64()), ("stayed", pa.int64()), *_SHARE, ("p", pa.float64())])


def shared(hits: int, n: int) -> dict[str, float | None]:
    """A share with its interval under the names share, low, high."""
    low, high = wilson(hits, n)
    return {"share": hits / n if n else None, "low": low, "high": high}


def early_table(sums: dict[str, Any]) -> pa.Table:
    """A row a number of features used in the first days, up to the largest that anyone used."""
    cells = sums["early"].sum(axis=1)
    n = int(cells.sum())
    rows = []
    for features in range(_largest(cells.sum(axis=1)) + 1):
        size, stayed = int(cells[features].sum()), int(cells[features, 1])
        stay = {
            f"stay_share{end}": value for end, value in zip(("", "_low", "_high"), shared(stayed, size).values(), strict=True)
        }
        rows.append({"features": features, "customers": size, **shared(size, n), "stayed": stayed, **stay})
    return pa.Table.from_pylist(rows, EARLY)


def ever_table(sums: dict[str, Any]) -> pa.Table:
    """A row a number of features ever used."""
    n = int(sums["ever"].sum())
    rows = [
        {"features": features, "customers": int(sums["ever"][features]), **shared(int(sums["ever"][features]), n)}
        for features in range(_largest(sums["ever"]) + 1)
    ]
    return pa.Table.from_pylist(rows, EVER)


def _largest(counts: npt.NDArray[np.int64]) -> int:
    filled = np.flatnonzero(counts)
    return int(filled[-1]) if len(filled) else -1


def used_table(sums: dict[str, Any], names: tuple[str, ...]) -> pa.Table:
    """A row a feature, the least used first: who used it, who nothing else, and who uses few features and not this one."""
    n = int(sums["entered"].sum())
    few = int(sums["few"])
    rows = [
        {
            "feature": name, "customers": int(sums["used"][place]), "n": n, **shared(int(sums["used"][place]), n),
            "only": int(sums["only"][place]), "show": few - int(sums["narrow"][place]),
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["customers"], row["feature"])), USED)


def trend_table(early: npt.NDArray[np.int64]) -> pa.Table:
    """The Cochran-Armitage test over the number of features; nothing in it where nothing varies."""
    cells = early.sum(axis=1)
    trend = trend_of_shares(cells[:, 1], cells.sum(axis=1), np.arange(len(cells)))
    row = (
        {"slope_share": None, "z": None, "p": None}
        if trend is None
        else {"slope_share": trend.slope, "z": trend.z, "p": trend.p}
    )
    return pa.Table.from_pylist([{**row, "n": int(cells.sum())}], TREND)


def alike_table(early: npt.NDArray[np.int64], few: int, small: int) -> pa.Table:
    """More than few features, few of them, and the difference within strata (none where fewer than `small` can be compared)."""
    more, others = early[few + 1 :].sum(axis=0), early[: few + 1].sum(axis=0)
    rows = []
    for group, cells in ((f"more than {few}", more), (f"{few} or fewer", others)):
        size, stayed = int(cells.sum()), int(cells[:, 1].sum())
        rows.append({"group": group, "n": size, "stayed": stayed, **shared(stayed, size), "p": None})
    within = mantel_haenszel(more[:, 1], more.sum(axis=1), others[:, 1], others.sum(axis=1))
    told = (
        (within.difference, within.low, within.high, within.p)
        if within.fewest >= small and within.p is not None
        else (None,) * 4
    )
    rows.append(
        {
            "group": "difference among customers alike", "n": within.compared, "stayed": None,
            **dict(zip(("share", "low", "high", "p"), told, strict=True)),
        }
    )  # fmt: skip
    return pa.Table.from_pylist(rows, ALIKE)
