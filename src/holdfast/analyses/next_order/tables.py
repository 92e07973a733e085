"""The tables, words and notes of the next order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.models.rhythm import Numbers, Rhythm, Waits
from holdfast.analyses.next_order.walk import (
    BANDS,
    DECIMALS,
    MONTH,
    ONE_ORDER,
    OVERDUE,
    RANGES,
    UNUSUAL,
    WEEK,
    NextStep,
    band_of,
)
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import wilson
from holdfast.settings import Settings

__all__ = [
    "CHECK",
    "LEAST_REPEATERS",
    "Told",
    "check_table",
    "model_table",
    "notes",
    "summary_table",
    "table_of",
    "told_of",
    "words",
]

LEAST_REPEATERS = 30
"""Customers with a second order day below whom what is usual is hardly known."""

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer", "segment", "band")),
        ("order_days", pa.int64()),
        *((name, pa.float64()) for name in ("usual_days", "regularity")),
        ("last_order", pa.date32()),
        ("days_silent", pa.int64()),
        *((name, pa.date32()) for name in ("next_order", "half_from", "half_to", "next_low", "next_high", "unusual_on")),
        ("value", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Told:
    """What is told of customers with a wait, [customers]: days from the last order, and codes.

    usual, regularity  her own typical wait and k · expected  the next order · half, most  the ranges (low, high)
    unusual  the first day on which her silence is unusual · band  codes
    """

    usual: Numbers
    regularity: Numbers
    expected: Numbers
    half: tuple[Numbers, Numbers]
    most: tuple[Numbers, Numbers]
    unusual: Numbers
    band: Any


def told_of(rhythm: Rhythm, waits: Waits, unusual: float) -> Told:
    """Everything that is told of customers with a wait."""
    k = rhythm.regularity(waits)
    half, most = (tuple(rhythm.quantile_now(waits, share, k) for share in shares) for shares in RANGES.values())
    return Told(
        np.round(rhythm.quantile(waits, 0.5, k), DECIMALS), np.round(k, DECIMALS), rhythm.quantile_now(waits, 0.5, k),
        (half[0], half[1]), (most[0], most[1]),
        np.floor(rhythm.quantile(waits, unusual, k) + 0.5), band_of(rhythm, waits, unusual, k),
    )  # fmt: skip


def table_of(rows: dict[str, Any], step: NextStep, labels: Sequence[str], margin: float | None) -> pa.Table:
    """A row per customer, most money first, then by id."""
    waits = Waits(rows["n"], rows["total"], rows["logs"], rows["silent"])
    if step.rhythm is None or not len(waits):
        return SCHEMA.empty_table()
    told, last = told_of(step.rhythm, waits, step.unusual), step.orders.end - waits.silent
    names = rows["ids"].cast(pa.string())
    most_first = [("money", "descending"), ("id", "ascending")]
    order = pc.sort_indices(pa.table({"money": rows["money"], "id": names}), sort_keys=most_first)
    columns = {
        "customer": names, "segment": pa.array(labels, pa.string()).take(pa.array(rows["segment"])),
        "band": pa.array(BANDS, pa.string()).take(pa.array(told.band)), "order_days": waits.n.astype(np.int64) + 1,
        "usual_days": told.usual, "regularity": told.regularity, "last_order": _dates(last),
        "days_silent": waits.silent.astype(np.int64), "next_order": _dates(last + told.expected),
        "half_from": _dates(last + told.half[0]), "half_to": _dates(last + told.half[1]),
        "next_low": _dates(last + told.most[0]), "next_high": _dates(last + told.most[1]),
        "unusual_on": _dates(last + told.unusual), "value": [_worth(units, margin) for units in rows["money"].tolist()],
    }  # fmt: skip
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA).take(order)


LAST_DAY = 65_535
"""The last day index: 2149-06-06."""


def _dates(days: Numbers) -> pa.Array:
    return pa.array(np.minimum(days, LAST_DAY).astype(np.int32)).cast(pa.date32())


def _worth(units: int, margin: float | None) -> float | None:
    return money(units * (1 if margin is None else margin))


SUMMARY = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "band")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "value")),
    ]
)


def summary_table(sums: dict[str, Any], labels: Sequence[str], margin: float | None) -> pa.Table:
    """How many of each segment stand how to their next order, and the money that they have brought."""
    out = []
    for code, label in enumerate(labels):
        n = int(sums["customers"][code].sum())
        if len(labels) > 1 and n == 0:
            continue
        for band in range(len(BANDS) - 1, 0, -1):
            k = int(sums["customers"][code, band])
            low, high = wilson(k, n)
            share = {"share": k / n if n else None, "low": low, "high": high}
            value = _worth(sums["money"][code, band], margin)
            out.append({"segment": label, "band": BANDS[band], "customers": k, "n": n, **share, "value": value})
    return pa.Table.from_pylist(out, SUMMARY)


CHECK = pa.schema(
    [
        *((name, pa.date32()) for name in ("judged", "until")),
        *((name, pa.string()) for name in ("line", "outcome")),
        *((name, pa.int64()) for name in ("n", "k")),
        *((name, pa.float64()) for name in ("share", "low", "high", "expected_share")),
    ]
)


def check_table(sums: dict[str, Any], judged: date, until: date) -> pa.Table:
    """What was told at an earlier day and what came of it: a line a range, and a line a band.

    expected_share: what the model foretold of just these customers.
    """
    out = []
    for line, sum_ in sums.items():
        n, k, foretold = (int(one) for one in sum_)
        low, high = wilson(k, n)
        expected = foretold / n / 1e6 if n else None
        outcome = "came within it" if line in RANGES else "did not come back"
        share = {"share": k / n if n else None, "low": low, "high": high, "expected_share": expected}
        out.append({"judged": judged, "until": until, "line": line, "outcome": outcome, "n": n, "k": k, **share})
    return pa.Table.from_pylist(out, CHECK)


MODEL = pa.schema(
    [
        *((name, pa.float64()) for name in ("r", "alpha_days", "mu", "sigma", "a", "b")),
        *((name, pa.int64()) for name in ("customers", "repeaters")),
        ("converged", pa.bool_()),
    ]
)


def model_table(rhythm: Rhythm | None) -> pa.Table:
    """One row: what is usual; none where nothing is known."""
    if rhythm is None:
        return MODEL.empty_table()
    row = {
        "r": rhythm.r, "alpha_days": rhythm.alpha, "mu": rhythm.mu, "sigma": rhythm.sigma, "a": rhythm.a, "b": rhythm.b,
        "customers": rhythm.customers, "repeaters": rhythm.repeaters, "converged": rhythm.converged,
    }  # fmt: skip
    return pa.Table.from_pylist([row], MODEL)


def words(summary: pa.Table, settings: Settings) -> str:
    """The answer in a sentence or two."""
    rows = summary.to_pylist()
    customers = {band: sum(row["customers"] for row in rows if row["band"] == band) for band in BANDS}
    value = sum(row["value"] for row in rows if row["band"] == BANDS[UNUSUAL])
    once, everyone = customers[BANDS[ONE_ORDER]], sum(customers.values())
    known = everyone - once
    if not everyone:
        return "Nobody has ordered."
    if not known:
        return f"None of {counted(everyone, 'customer')} has ordered on a second day: no rhythm is known."
    week, month = customers[BANDS[WEEK]], customers[BANDS[MONTH]]
    silent, late = customers[BANDS[UNUSUAL]], customers[BANDS[OVERDUE]]
    noun = "profit" if settings.margin is not None else "revenue"
    brought = f"; they have brought {value:,.0f} {settings.currency} of {noun}" if value else ""
    silence = "one is" if silent == 1 else f"{silent:,} are"
    return (
        f"Of {counted(known, 'customer')} with a rhythm of their own {week:,} are due within 7 days and "
        f"{month:,} more within 30; "
        f"{late:,} are overdue and {silence} silent for longer than is usual for them, "
        f"{percent(silent / known, *wilson(silent, known))}{brought}."
    )


def notes(summary: pa.Table, check: pa.Table, rhythm: Rhythm | None, shown: tuple[int, int], small: int) -> tuple[str, ...]:
    """What to keep in mind.

    shown  rows in the table, and how many there could be
    """
    out = []
    rows = summary.to_pylist()
    if shown[1] > shown[0]:
        out.append(f"{shown[1] - shown[0]:,} more: “limit” lists more of them, the CSV has all")
    once = sum(row["customers"] for row in rows if row["band"] == BANDS[ONE_ORDER])
    if once:
        out.append(
            f"{counted(once, 'customer has', 'customers have')} ordered on one day only and no rhythm yet: holdfast repeat"
        )
    if rhythm is not None and rhythm.repeaters < LEAST_REPEATERS:
        out.append(
            f"what is usual was learned from {counted(rhythm.repeaters, 'customer')} with a second order: read with care"
        )
    few = sorted({row["segment"] for row in rows if 0 < row["n"] < small})
    if few:
        out.append(f"fewer than {small} customers, read with care: {', '.join(few[:12])}")
    if any(row["customers"] for row in rows if row["band"] != BANDS[ONE_ORDER]):
        out.append("dates are those of customers who go on ordering: who has left has no next order")
    if rhythm is not None and not rhythm.converged:
        out.append("the search for what is usual did not come to rest: read the dates with care")
    if not check.num_rows:
        out.append("there is too little past to look back at what earlier dates were worth")
    return (*out, *(_checked(check) if check.num_rows else ()))


def _checked(check: pa.Table) -> tuple[str, ...]:
    lines = {row["line"]: row for row in check.to_pylist()}
    most, silent, rest = (lines[name] for name in ("80 % range", "unusual silence", "not overdue"))
    out = []
    if most["n"]:
        out.append(
            f"looking back from {most['judged']} at everyone: of {most['n']:,} who came back and whose 80 % range was over by "
            f"the as-of, {_share(most)} came within it{_foretold(most)}"
        )
    if silent["n"] and rest["n"]:
        out.append(
            f"of {silent['n']:,} in unusual silence then, {_share(silent)} have not come back since"
            f"{_foretold(silent)}; of {rest['n']:,} not overdue, {_share(rest)}{_foretold(rest)}"
        )
    return tuple(out)


def _share(line: dict[str, Any]) -> str:
    return percent(line["share"], line["low"], line["high"])


def _foretold(line: dict[str, Any]) -> str:
    """What was foretold of just these customers."""
    return f" ({percent(line['expected_share'])} foretold)"
