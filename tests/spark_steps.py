"""Steps that executors import: what a walk sees, laid bare, so that two engines can be compared array by array."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.timelines.attributes import value_labels
from holdfast.timelines.columns import Columns, Orders
from holdfast.timelines.walk import Shard, Tally


def laid_bare(columns: Columns, low: int = 0, high: int | None = None) -> dict[str, Any]:
    """Every array of a range of customers; offsets as lengths, so that ranges can be laid end to end."""
    high = columns.customers if high is None else high
    events = slice(int(columns.offsets[low]), int(columns.offsets[high]))
    orders = slice(int(columns.orders.offsets[low]), int(columns.orders.offsets[high]))
    micro = columns.micro if len(columns.micro) else np.zeros(len(columns.second), np.uint32)
    named = {"code": columns.code, "day": columns.day, "second": columns.second, "micro": micro}
    out = {name: array[events] for name, array in {**named, **columns.properties}.items()}
    out |= {f"orders.{f.name}": getattr(columns.orders, f.name)[orders] for f in fields(Orders) if f.name != "offsets"}
    out |= {"lengths": np.diff(columns.offsets[low : high + 1]), "orders": np.diff(columns.orders.offsets[low : high + 1])}
    return {**out, "id_hash": columns.id_hash[low:high], "id": columns.ids()[low:high]}


@dataclass(frozen=True)
class LaidBare:
    """Everything that the columns hold, and the purchases as of an instant."""

    until: int

    def __call__(self, shard: Shard) -> Tally:
        bought = shard.source.purchases(self.until, "order")
        some = slice(int(bought.offsets[shard.low]), int(bought.offsets[shard.high]))
        rows = laid_bare(shard.columns, shard.low, shard.high)
        sums = {"orders": some.stop - some.start, "revenue": int(bought.amount[some].sum())}
        return Tally(sums, {**rows, "bought.amount": bought.amount[some], "bought.day": bought.day[some]})


@dataclass(frozen=True)
class Whereabouts:
    """The folder in which each part is walked: an executor has its own."""

    def __call__(self, shard: Shard) -> Tally:
        return Tally({"customers": shard.high - shard.low}, {"folder": np.array([str(Path.cwd())])})


@dataclass(frozen=True)
class Misled:
    """A step that asks for a property which is not kept."""

    def __call__(self, shard: Shard) -> Tally:
        return Tally({"n": len(value_labels(shard.columns.meta, "planet"))}, {})


def same_arrays(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Assert that two layings-bare are equal, array by array, kind by kind."""
    assert a.keys() == b.keys()
    for name in a:
        if isinstance(a[name], np.ndarray):
            assert a[name].dtype == b[name].dtype, name
            assert np.array_equal(a[name], b[name]), name
        else:
            assert a[name].to_pylist() == b[name].to_pylist(), name
