"""The tables of drivers: a row a behaviour at its best threshold, and a row a threshold."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from holdfast.analyses.drivers.tested import Best, Threshold
from holdfast.analyses.statistics import newcombe, two_proportion_z, wilson

__all__ = ["driver_rows", "threshold_rows"]

_FLOATS = (
    *("did_share", "did_share_low", "did_share_high", "others_share", "others_share_low", "others_share_high"),
    *("share_difference", "share_difference_low", "share_difference_high", "plain_p"),
    *("adjusted_share", "adjusted_share_low", "adjusted_share_high", "chi_square", "p"),
)
_COUNTS = ("n", "did", "did_stayed", "others", "others_stayed")
_KINDS = [
    *((name, pa.string()) for name in ("behaviour", "kind")),
    *((name, pa.int64()) for name in _COUNTS),
    *((name, pa.float64()) for name in _FLOATS),
]
_ENDS = [("compared_share", pa.float64()), ("youden", pa.float64()), ("reason", pa.string())]
THRESHOLDS = pa.schema([*_KINDS, *_ENDS])
DRIVERS = pa.schema([*_KINDS, ("p_adjusted", pa.float64()), ("tested", pa.int64()), ("finding", pa.string()), *_ENDS])


def driver_rows(best: list[Best], n: int) -> pa.Table:
    """A row a behaviour, the surest first; n is how many customers are in scope."""
    rows = [{**_row(one.at, n), "p_adjusted": one.p, "tested": one.tested, "finding": one.finding} for one in best]
    return pa.Table.from_pylist(rows, DRIVERS)


def threshold_rows(every: list[list[Threshold]]) -> pa.Table:
    """A row a behaviour and threshold, in the order of the behaviours."""
    rows = [_row(one, one.did + one.others) for own in every for one in own]
    return pa.Table.from_pylist(rows, THRESHOLDS)


def _row(at: Threshold, n: int) -> dict[str, Any]:
    row: dict[str, Any] = {"behaviour": at.behaviour, "kind": at.kind}
    row |= {name: getattr(at, name) for name in _COUNTS}
    for side, hits, size in (("did", at.did_stayed, at.did), ("others", at.others_stayed, at.others)):
        low, high = wilson(hits, size) if size else (None, None)
        row |= {f"{side}_share": hits / size if size else None, f"{side}_share_low": low, f"{side}_share_high": high}
    row |= _three("share_difference", newcombe(at.did_stayed, at.did, at.others_stayed, at.others))
    tested = two_proportion_z(at.did_stayed, at.did, at.others_stayed, at.others)
    row["plain_p"] = None if tested is None else tested[1]
    within = at.within
    row |= _three("adjusted_share", None if within is None else (within.difference, within.low, within.high))
    row["chi_square"], row["p"] = (None, None) if within is None else (within.chi_square, within.p)
    row["compared_share"] = None if within is None or not n else within.compared / n
    return {**row, "youden": at.youden, "reason": at.reason}


def _three(name: str, values: tuple[float | None, ...] | None) -> dict[str, float | None]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), values or (None, None, None), strict=True))
