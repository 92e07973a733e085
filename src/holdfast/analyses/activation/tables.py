"""The tables of activation: shares by entry cohort, the curve by day, and the early ones' staying beside the others'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.scope import EVERYONE
from holdfast.analyses.statistics import Survival, kaplan_meier, newcombe, wilson
from holdfast.analyses.stratified import mantel_haenszel

__all__ = ["curve_table", "later_table", "reached_table", "reaching_curve"]

DAY = 86_400
LONGEST_CURVE = 90

REACHED = pa.schema(
    [
        ("cohort", pa.string()),
        *((name, pa.int64()) for name in ("days", "n", "activated")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)
CURVE = pa.schema([("days", pa.int64()), ("at_risk", pa.int64()), *((name, pa.float64()) for name in ("share", "low", "high"))])
LATER = pa.schema(
    [
        ("group", pa.string()),
        *((name, pa.int64()) for name in ("n", "stayed")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)
DIFFERENCE = pa.schema([("compared", pa.string()), *((name, pa.float64()) for name in ("share", "low", "high", "p"))])


def reached_table(rows: dict[str, Any], labels: list[str], within: tuple[int, ...]) -> pa.Table:
    """A row a cohort with customers ("everyone" first) and number of days.

    rows  of a `ReachStep` · labels  of the cohorts · within  days
    """
    out = []
    sizes = np.bincount(rows["cohort"], minlength=len(labels))
    for days in within:
        seen = rows["seen"] >= days * DAY
        hit = seen & (rows["seconds"] >= 0) & (rows["seconds"] <= days * DAY)
        observed, reached = (np.bincount(rows["cohort"][part], minlength=len(labels)) for part in (seen, hit))
        out.append(_share(EVERYONE, days, int(reached.sum()), int(observed.sum())))
        for place in np.flatnonzero(sizes):
            out.append(_share(labels[place], days, int(reached[place]), int(observed[place])))
    order = {label: place for place, label in enumerate([EVERYONE, *labels])}
    return pa.Table.from_pylist(sorted(out, key=lambda row: (order[row["cohort"]], row["days"])), REACHED)


def _share(label: str, days: int, hit: int, n: int) -> dict[str, Any]:
    low, high = wilson(hit, n)
    return {
        "cohort": label, "days": days, "n": n, "activated": hit, "share": hit / n if n else None, "low": low, "high": high
    }  # fmt: skip


def reaching_curve(rows: dict[str, Any]) -> Survival:
    """Kaplan and Meier's curve of not yet having reached the value, in days."""
    reached = rows["seconds"] >= 0
    return kaplan_meier(np.where(reached, rows["seconds"], rows["seen"]) / DAY, reached)


def curve_table(curve: Survival, rows: dict[str, Any]) -> pa.Table:
    """A row a day: the share that has reached the value within so many times 24 hours, and who is watched longer."""
    longest = min(LONGEST_CURVE, int(rows["seen"].max()) // DAY) if len(rows["seen"]) else -1
    leaving = np.sort(np.where(rows["seconds"] >= 0, rows["seconds"], rows["seen"]))
    out = []
    for days in range(1, longest + 1):
        survival, low, high = curve.at(days)
        at_risk = len(leaving) - int(np.searchsorted(leaving, days * DAY, side="right"))
        out.append(
            {
                "days": days, "at_risk": at_risk, "share": 1 - survival,
                "low": None if high is None else 1 - high, "high": None if low is None else 1 - low,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(out, CURVE)


def later_table(rows: dict[str, Any], first_days: int) -> tuple[pa.Table, pa.Table]:
    """Those who reached the value in the first days and the others: who stayed; the difference, plain and within cohorts."""
    inside = rows["stayed"] >= 0
    early = ((rows["days"] >= 0) & (rows["days"] < first_days))[inside]
    stayed, cohort = rows["stayed"][inside] == 1, rows["cohort"][inside]
    out, cells = [], []
    counts: list[int] = []
    for group, who in (("early", early), ("not early", ~early)):
        n, hits = int(who.sum()), int((who & stayed).sum())
        low, high = wilson(hits, n)
        out.append({"group": group, "n": n, "stayed": hits, "share": hits / n if n else None, "low": low, "high": high})
        size = int(cohort.max()) + 1 if len(cohort) else 1
        counts += [hits, n]
        cells += [np.bincount(cohort[who & stayed], minlength=size), np.bincount(cohort[who], minlength=size)]
    plain = newcombe(counts[0], counts[1], counts[2], counts[3])
    within = mantel_haenszel(cells[0], cells[1], cells[2], cells[3])
    differences = [
        {"compared": "at first sight", **dict(zip(("share", "low", "high"), plain or (None, None, None), strict=True))},
        {"compared": "within entry cohorts", "share": within.difference, "low": within.low, "high": within.high, "p": within.p},
    ]
    return pa.Table.from_pylist(out, LATER), pa.Table.from_pylist(differences, DIFFERENCE)
