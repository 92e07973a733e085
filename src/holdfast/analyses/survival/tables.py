"""The tables, words and notes of survival."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from holdfast.analyses.claims import CLAIMS
from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.statistics import Survival
from holdfast.analyses.survival.compare import Compared
from holdfast.analyses.survival.lives import Lives

__all__ = [
    "claim",
    "curve_table",
    "groups_table",
    "likeliest",
    "log_rank_table",
    "reached",
    "small_groups",
    "survival_table",
    "watched_table",
]

_SHARES = ("survival", "low", "high")
_COUNTS = ("customers", "at_risk", "left")


def reached(curve: Survival, lives: Lives, code: int, at: float) -> tuple[float | None, float | None, float | None]:
    """The curve's height at a time with its interval; nothing where nobody was watched so long and not all have left."""
    if not (lives.time[lives.segment == code] >= at).any() and (not len(curve.survival) or curve.survival[-1] > 0):
        return None, None, None
    return curve.at(at)


def survival_table(
    lives: Lives, curves: dict[int, Survival], key: str, at: Sequence[float], times: Sequence[float]
) -> pa.Table:
    """A row a segment and time: segment, the time by its name (and in days), customers, at_risk, left, survival, low, high.

    key  "months" or "time": the name of the times `at`; times  the same as they stand in the lives
    """
    schema = pa.schema(
        [
            *(("segment", pa.string()), (key, pa.float64())),
            *([("days", pa.int64())] if key == "months" else []),
            *((name, pa.int64()) for name in _COUNTS),
            *((name, pa.float64()) for name in _SHARES),
        ]
    )
    rows = []
    for code, curve in curves.items():
        own = lives.segment == code
        when, left = lives.time[own], lives.left[own]
        for label, time in zip(at, times, strict=True):
            share, low, high = reached(curve, lives, code, time)
            rows.append(
                {
                    "segment": lives.labels[code], key: float(label), "days": int(time), "customers": len(when),
                    "at_risk": int((when >= time).sum()), "left": int((left & (when <= time)).sum()),
                    "survival": share, "low": low, "high": high,
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, schema)


def curve_table(lives: Lives, curves: dict[int, Survival], key: str) -> pa.Table:
    """Every step of every curve: segment, the time, at_risk (just before), left (then), survival, low, high."""
    parts = []
    for code, curve in curves.items():
        parts.append(
            pa.table(
                {
                    "segment": pa.array([lives.labels[code]] * len(curve.time), pa.string()),
                    key: pa.array(curve.time),
                    "at_risk": pa.array(curve.at_risk), "left": pa.array(curve.events), "survival": pa.array(curve.survival),
                    "low": pa.array(curve.low, from_pandas=True), "high": pa.array(curve.high, from_pandas=True),
                }
            )
        )  # fmt: skip
    empty = {"segment": pa.array([], pa.string()), key: pa.array([], pa.float64())}
    empty |= {name: pa.array([], pa.int64()) for name in ("at_risk", "left")} | {
        name: pa.array([], pa.float64()) for name in _SHARES
    }
    return pa.concat_tables(parts) if parts else pa.table(empty)


TICKS = 6


def watched_table(lives: Lives, key: str, longest: float) -> pa.Table:
    """How many were watched until some times, evenly spread up to the longest: segment, the time, at_risk."""
    rows = []
    for code in lives.shown():
        when = lives.time[lives.segment == code]
        for tick in range(TICKS + 1):
            at = longest * tick / TICKS
            at = float(round(at)) if longest >= 2 * TICKS else at
            rows.append({"segment": lives.labels[code], key: at, "at_risk": int((when >= at).sum())})
    return pa.Table.from_pylist(rows, pa.schema([("segment", pa.string()), (key, pa.float64()), ("at_risk", pa.int64())]))


def groups_table(lives: Lives, curves: dict[int, Survival], unit: str) -> pa.Table:
    """A row a segment: customers, left, expected_left (were all curves one), the median life, the longest watched."""
    test = lives.log_rank()
    order = sorted(curves)
    expected = dict(zip(order, test.expected, strict=True)) if test is not None else {}
    median = f"median_{unit}"
    rows = []
    for code, curve in curves.items():
        own = lives.segment == code
        half = curve.quantile(0.5)
        rows.append(
            {
                "segment": lives.labels[code], "customers": int(own.sum()), "left": int(lives.left[own].sum()),
                "expected_left": expected.get(code), median: half[0], f"{median}_low": half[1], f"{median}_high": half[2],
                f"longest_{unit}": float(lives.time[own].max()),
            }
        )  # fmt: skip
    counts = [("segment", pa.string()), ("customers", pa.int64()), ("left", pa.int64())]
    reals = ["expected_left", median, f"{median}_low", f"{median}_high", f"longest_{unit}"]
    return pa.Table.from_pylist(rows, pa.schema([*counts, *((name, pa.float64()) for name in reals)]))


def log_rank_table(lives: Lives) -> pa.Table:
    """One row where there are several segments, else none: groups, chi_square, degrees, p."""
    test = lives.log_rank()
    told = {"groups": [], "chi_square": [], "degrees": [], "p": []} if test is None else {
        "groups": [test.degrees + 1], "chi_square": [test.chi_square], "degrees": [test.degrees], "p": [test.p]
    }  # fmt: skip
    kinds = {"groups": pa.int64(), "chi_square": pa.float64(), "degrees": pa.int64(), "p": pa.float64()}
    return pa.table({name: pa.array(told[name], kind) for name, kind in kinds.items()})


def claim() -> str:
    """What others say of one year, with who says it."""
    one = next(each for each in CLAIMS if each.about == "one year")
    return f"others say: {one.text} ({one.source})"


def likeliest(lives: Lives, curves: dict[int, Survival], found: Compared, noun: str, at: float, told: str) -> str:
    """The answer in a few sentences.

    noun  what the customers are, as in "are still customers" · at, told  a time, as it stands in the lives and in words
    """
    if not len(lives):
        return "There is nobody whose life could be told."
    said = [_shares(lives, curves, noun, at, told)]
    test = lives.log_rank()
    if test is not None:
        apart = "differ" if test.p < 0.05 else "do not differ by more than chance may give"
        p = "< 0.001" if test.p < 0.001 else f"{test.p:.3f}"
        said.append(f"The curves of {test.degrees + 1} segments {apart} (log-rank p {p}).")
    said += _ratio(found)
    return " ".join(said)


def _shares(lives: Lives, curves: dict[int, Survival], noun: str, at: float, told: str) -> str:
    if len(curves) > 1:
        largest = list(curves)[:4]
        each = [f"{lives.labels[code]} {percent(reached(curves[code], lives, code, at)[0])}" for code in largest]
        return f"Still {noun} {told}: {', '.join(each)}."
    [(code, curve)] = curves.items()
    share, low, high = reached(curve, lives, code, at)
    everyone, gone = counted(len(lives), "customer"), int(lives.left.sum())
    if share is None:
        return f"Of {everyone} {f'{gone:,}' if gone else 'nobody'} left; nobody was watched until {told}."
    return f"{percent(share, low, high)} of {everyone} are still {noun} {told}; {gone:,} left in all."


def _ratio(found: Compared) -> list[str]:
    """The hazard ratio that is surest to be none of chance."""
    if found.cox is None or not found.cox.identified:
        return []
    rows = [(found.cox.ratios()[row.column], row) for row in found.rows if row.column is not None]
    one, row = min(rows, key=lambda pair: pair[0].p)
    if one.p >= 0.05:
        return []
    named = row.property.replace("_", " ")
    whose = f"{row.value} of {named}" if row.codes is None else f"{named} {row.value} against {row.against}"
    often = f"{one.ratio:.2f} ({one.low:.2f} to {one.high:.2f}) times as often at any time"
    return [f"Together with {whose}, the rest being alike, customers leave {often}."]


def small_groups(lives: Lives, small: int) -> list[str]:
    """A note on segments that are small."""
    sizes = np.bincount(lives.segment, minlength=len(lives.labels))
    few = [lives.labels[code] for code in lives.shown() if sizes[code] < small]
    return (
        [f"fewer than {small} customers, read with care: {', '.join(few[:12])}" + (" …" if len(few) > 12 else "")]
        if few
        else []
    )
