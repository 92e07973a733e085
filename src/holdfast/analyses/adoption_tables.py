"""The tables of adoption: a row a value with its users and their staying, the curve over time, and how many are combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.drivers.behaviours import EVENT
from holdfast.analyses.statistics import wilson, wilson_arrays
from holdfast.analyses.use_walk import Features

__all__ = ["adopted_table", "combined_table", "curve_table"]

_KEPT = (
    *("share_difference", "share_difference_low", "share_difference_high"),
    *("adjusted_share", "adjusted_share_low", "adjusted_share_high", "p_adjusted"),
)
_SIDES = tuple(f"{side}_share{end}" for side in ("early", "others") for end in ("", "_low", "_high"))
ADOPTED = pa.schema(
    [
        ("value", pa.string()),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
        *((name, pa.int64()) for name in ("only", "early", "early_stayed", "others", "others_stayed")),
        *((name, pa.float64()) for name in (*_SIDES, *_KEPT)),
        *((name, pa.string()) for name in ("finding", "reason")),
    ]
)
CURVE = pa.schema(
    [
        *((name, pa.string()) for name in ("value", "period")),
        *((name, pa.int64()) for name in ("known", "adopted")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)
COMBINED = pa.schema(
    [*((name, pa.int64()) for name in ("values", "customers")), *((name, pa.float64()) for name in ("share", "low", "high"))]
)


def adopted_table(sums: dict[str, Any], features: Features, drivers: pa.Table) -> pa.Table:
    """A row a value, the most used first.

    sums  of a `UseStep` · drivers  the table of `Drivers` at one threshold
    """
    found = {row["behaviour"]: row for row in drivers.to_pylist()}
    n, rows = int(sums["entered"].sum()), list[dict[str, Any]]()
    for place, name in enumerate(features.names):
        used = int(sums["used"][place])
        low, high = wilson(used, n)
        at = found[name if features.source == EVENT else f"{features.source}={name}"]
        row = {"value": name, "customers": used, "n": n, "share": used / n if n else None, "low": low, "high": high}
        row |= {"only": int(sums["only"][place]), "early": at["did"], "early_stayed": at["did_stayed"]}
        row |= {name: at[name] for name in ("others", "others_stayed", "finding", "reason", *_KEPT)}
        row |= {name: at[name.replace("early", "did", 1)] for name in _SIDES}
        rows.append(row)
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (-row["customers"], row["value"])), ADOPTED)


def curve_table(sums: dict[str, Any], names: tuple[str, ...], labels: list[str]) -> pa.Table:
    """A row a value and period, the most used value first: who had entered by its end, and who of them had used the value."""
    known, parts = sums["entered"].cumsum(), []
    for place in sorted(range(len(names)), key=lambda place: (-int(sums["used"][place]), names[place])):
        adopted = sums["first"][place].cumsum()
        low, high = ([None if np.isnan(one) else float(one) for one in bound] for bound in wilson_arrays(adopted, known))
        share = [int(hit) / int(size) if size else None for hit, size in zip(adopted, known, strict=True)]
        columns = {"value": [names[place]] * len(labels), "period": labels, "known": known, "adopted": adopted}
        parts.append(pa.table({**columns, "share": share, "low": low, "high": high}, schema=CURVE))
    return pa.concat_tables(parts) if parts else CURVE.empty_table()


def combined_table(sums: dict[str, Any]) -> pa.Table:
    """A row a number of different values used: none, one, several, all."""
    n, rows = int(sums["ever"].sum()), []
    for values, customers in enumerate(int(count) for count in sums["ever"]):
        if customers or values == 0:
            low, high = wilson(customers, n)
            share = customers / n if n else None
            rows.append({"values": values, "customers": customers, "share": share, "low": low, "high": high})
    return pa.Table.from_pylist(rows, COMBINED)
