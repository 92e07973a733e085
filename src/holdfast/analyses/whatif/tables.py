"""The tables and words of "what if"."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted
from holdfast.analyses.whatif.months import Months, tails
from holdfast.analyses.whatif.projection import YEAR, Change, Flow, Path

__all__ = ["basis_row", "check_rows", "lever_row", "path_rows", "tables", "words"]

LEVERS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "lever", "change", "moves")),
        *((name, pa.float64()) for name in ("amount", "before", "after")),
        *((name, pa.int64()) for name in ("customers", "more_customers", "more_customers_low", "more_customers_high")),
        *((name, pa.float64()) for name in ("revenue", "more", "more_low", "more_high")),
        *((name, pa.float64()) for name in ("rise", "rise_low", "rise_high")),
        ("unit_of", pa.string()),
    ]
)

PATH = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "change")),
        ("month", pa.int64()),
        *((name, pa.int64()) for name in ("customers", "customers_low", "customers_high")),
        *((name, pa.float64()) for name in ("revenue", "revenue_low", "revenue_high")),
    ]
)

CHECK = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "period")),
        *((name, pa.int64()) for name in ("customers", "foretold", "foretold_low", "foretold_high")),
        *((name, pa.float64()) for name in ("revenue", "revenue_foretold", "revenue_foretold_low", "revenue_foretold_high")),
        ("inside", pa.bool_()),
    ]
)

FLOWS = ("churn", "new", "returned", "revenue")

BASIS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "first", "last")),
        *((name, pa.int64()) for name in ("months", "base", "lost", "start")),
        *((f"{name}{side}", pa.float64()) for name in FLOWS for side in ("", "_low", "_high")),
        ("year_kept", pa.float64()),
        ("note", pa.string()),
    ]
)

AS_IS = "as it is"


def tables(found: dict[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    """The rows as Arrow tables: levers, path, check, basis."""
    schemas = {"levers": LEVERS, "path": PATH, "check": CHECK, "basis": BASIS}
    return {name: pa.Table.from_pylist(found[name], schema) for name, schema in schemas.items()}


def _span(draws: npt.NDArray[np.float64], months: int) -> tuple[float, float]:
    """The 95 % interval from values resampled of so many months."""
    low, high = np.quantile(draws[1:], tails(months))
    return float(low), float(high)


def _whole(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """The row with these numbers of customers rounded to whole ones."""
    return row | {name: round(row[name]) for name in names}


def lever_row(
    segment: str, change: Change, flows: tuple[Flow, Flow], paths: tuple[Path, Path], margin: float | None, months: int
) -> dict[str, Any]:
    """What a lever does by the end: more customers, more money, as amounts and as a share.

    flows  before and after · paths  where the base goes with each · months  of how many the flows are
    """
    (flow, to), (was, now) = flows, paths
    part = 1.0 if margin is None else margin
    people = now.customers[:, -1] - was.customers[:, -1]
    before, after = was.revenue.sum(axis=1) * part, now.revenue.sum(axis=1) * part
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = np.where(before > 0, after / before - 1, np.nan)
    row: dict[str, Any] = {
        "segment": segment, "lever": change.lever, "change": str(change), "amount": change.amount,
        "before": _rate(flow, change), "after": _rate(to, change), "moves": _moves(flow, to, change),
        "customers": float(now.customers[0, -1]),
        "more_customers": float(people[0]), "revenue": float(after[0]), "more": float(after[0] - before[0]),
        "rise": float(rise[0]) if np.isfinite(rise[0]) else None, "unit_of": "revenue" if margin is None else "profit",
    }  # fmt: skip
    for name, draws in (("more_customers", people), ("more", after - before), ("rise", rise)):
        some = np.isfinite(draws).all()
        row[f"{name}_low"], row[f"{name}_high"] = _span(draws, months) if some else (None, None)
    return _whole(row, "customers", "more_customers", "more_customers_low", "more_customers_high")


def _rate(flow: Flow, change: Change) -> float:
    """The lever as it stands: retention of a month or year, churn, new customers a month, money a customer and month."""
    kept = 1 - flow.churn[0]
    stands = {"retention": kept, "yearly": kept**YEAR, "churn": 1 - kept}
    stands |= {"acquisition": flow.new[0], "spend": flow.revenue[0]}
    return float(stands[change.lever])


def _moves(flow: Flow, to: Flow, change: Change) -> str:
    """The lever from where it stands to where it is moved, in words."""
    before, after = _rate(flow, change), _rate(to, change)
    if change.lever in ("retention", "yearly"):
        return f"{100 * before:.1f} → {100 * after:.1f} %"
    if change.lever == "churn":
        return f"{100 * before:.2f} → {100 * after:.2f} %"
    return f"{before:,.1f} → {after:,.1f}"


def path_rows(segment: str, change: str, path: Path, margin: float | None, months: int) -> list[dict[str, Any]]:
    """Where the base goes, month by month; money summed up to the month."""
    money = np.cumsum(np.pad(path.revenue, ((0, 0), (1, 0))), axis=1) * (1.0 if margin is None else margin)
    limits = tuple(np.quantile(draws[1:], tails(months), axis=0) for draws in (path.customers, money))
    rows = []
    for month in range(path.customers.shape[1]):
        (low, high), (money_low, money_high) = (found[:, month] for found in limits)
        row: dict[str, Any] = {
            "segment": segment, "change": change, "month": month,
            "customers": float(path.customers[0, month]), "customers_low": low, "customers_high": high,
            "revenue": float(money[0, month]), "revenue_low": float(money_low), "revenue_high": float(money_high),
        }  # fmt: skip
        rows.append(_whole(row, "customers", "customers_low", "customers_high"))
    return rows


def check_rows(segment: str, then: Months, path: Path, months: int) -> list[dict[str, Any]]:
    """What was foretold of the second half of the months, beside what came.

    months  of how many it was foretold
    """
    rows = []
    for place, label in enumerate(then.labels):
        low, high = _span(path.customers[:, place + 1], months)
        money_low, money_high = _span(path.revenue[:, place], months)
        row = _whole(
            {
                "segment": segment, "period": label,
                "customers": float(then.end[place]), "foretold": float(path.customers[0, place + 1]),
                "foretold_low": low, "foretold_high": high,
                "revenue": float(then.revenue[place]), "revenue_foretold": float(path.revenue[0, place]),
                "revenue_foretold_low": money_low, "revenue_foretold_high": money_high,
                "inside": low <= float(then.end[place]) <= high,
            },
            "customers", "foretold", "foretold_low", "foretold_high",
        )  # fmt: skip
        rows.append(row)
    return rows


def basis_row(segment: str, months: Months, flow: Flow) -> dict[str, Any]:
    """The months that the flows come from, and the flows."""
    lost, start = int(months.lost.sum()), int(months.start.sum())
    stands: dict[str, float] = {}
    for name in FLOWS:
        draws = getattr(flow, name)
        low, high = _span(draws, len(months))
        stands |= {name: float(draws[0]), f"{name}_low": low, f"{name}_high": high}
    return {
        "segment": segment, "first": months.labels[0], "last": months.labels[-1],
        "months": len(months), "base": int(months.end[-1]),
        "lost": lost, "start": start, **stands, "year_kept": (1 - stands["churn"]) ** YEAR,
        "note": "the base is still filling: churn is understated" if months.filling else "",
    }  # fmt: skip


def words(found: dict[str, list[dict[str, Any]]], months: int, currency: str) -> str:
    """The answer in two sentences."""
    if not found["levers"]:
        return "What if more were kept cannot be told yet: no complete month begins with a customer."
    rows = [row for row in found["levers"] if row["lever"] == "retention"] or found["levers"]
    if len({row["segment"] for row in rows}) > 1:
        least = min(row["amount"] for row in rows)
        told = sorted((row for row in rows if row["amount"] == least), key=lambda row: -row["more"])[:4]
        return (
            f"{told[0]['change']} over {months} months: "
            + ", ".join(f"{row['segment']} {row['more']:+,.0f} {currency}" for row in told)
            + "."
        )
    basis = found["basis"][0]
    first = (
        f"{counted(basis['base'], 'customer')} now; in a month {100 * basis['churn']:.1f} % are lost (in a year "
        f"{100 * (1 - basis['year_kept']):.1f} %), {basis['new']:,.0f} come and {basis['returned']:,.0f} return. "
    )
    yearly = [row for row in found["levers"] if row["lever"] == "yearly"]
    told = [rows[0], *yearly[-1:]]
    return first + f"Over {months} months " + "; ".join(_told(row, currency) for row in told) + "."


def _told(row: dict[str, Any], currency: str) -> str:
    span = "" if row["rise_low"] is None else f" ({100 * row['rise_low']:.1f} to {100 * row['rise_high']:.1f})"
    share = "" if row["rise"] is None else f", {100 * row['rise']:+.1f} %{span}"
    return (
        f"{row['change']} ({row['moves']}) would mean {row['more_customers']:,.0f} more customers and "
        f"{row['more']:,.0f} {currency} more {row['unit_of']}{share}"
    )
