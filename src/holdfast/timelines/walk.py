"""Walking: one small loop along each timeline, threads side by side, partial results added.

A *step* is a function from a shard (a range of customers) to a partial: a frozen value that adds with `+`. Shards stand in
customer order and partials are added in that order, so neither the number of shards nor of threads changes an answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.timelines.columns import Columns
from holdfast.timelines.purchases import Purchases, RefundMode, purchases

__all__ = ["Partial", "Shard", "Source", "Tally", "added", "walk_columns"]

EVENTS_A_SHARD = 1_000_000


class Partial(Protocol):
    """What a step gives: it adds to its own kind."""

    def __add__(self, other: Self, /) -> Self: ...


P = TypeVar("P", bound=Partial)


class Source:
    """Columns in memory or mapped, with what is derived from them kept for the next question."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._purchases: dict[tuple[int, RefundMode], Purchases] = {}
        self._settling = Lock()
        self.kept: dict[Any, Any] = {}

    def purchases(self, until: int, mode: RefundMode) -> Purchases:
        """The purchases as of an instant; computed once and kept (the latest four)."""
        key = (until, mode)
        with self._settling:
            found = self._purchases.get(key)
            if found is None:
                while len(self._purchases) >= 4:
                    self._purchases.pop(next(iter(self._purchases)))
                found = self._purchases[key] = purchases(self.columns, until, mode)
            return found


@dataclass(frozen=True)
class Shard:
    """A range of customers: places `low` to `high` (exclusive) of the columns.

    Steps hand whole columns and the range to their loop; offsets are those of the whole column.
    """

    source: Source
    low: int
    high: int

    @property
    def columns(self) -> Columns:
        """The columns this is a range of."""
        return self.source.columns

    def once(self, key: tuple[Any, ...], make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """What `make` gives for this range: made at the first asking under that key, then kept with the columns."""
        kept, whole = self.source.kept, (*key, self.low, self.high)
        if whole not in kept:
            kept[whole] = make()
        found: npt.NDArray[Any] = kept[whole]
        return found

    def ids(self, chosen: Any) -> pa.LargeStringArray:
        """The ids of the chosen customers: a bool or uint8 array with one value a customer of the range."""
        places = np.flatnonzero(chosen) + self.low
        return self.columns.ids().take(pa.array(places))


@dataclass(frozen=True)
class Tally:
    """The usual partial: named arrays, of which some add up and some are laid end to end.

    sums  name → array; equal shapes, added element by element
    rows  name → numpy array or Arrow array; laid end to end, in customer order
    """

    sums: dict[str, Any]
    rows: dict[str, Any]

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            {name: value + other.sums[name] for name, value in self.sums.items()},
            {name: _end_to_end(value, other.rows[name]) for name, value in self.rows.items()},
        )


def _end_to_end(a: Any, b: Any) -> Any:
    if isinstance(a, pa.Array | pa.ChunkedArray):
        parts = [chunk for side in (a, b) for chunk in (side.chunks if isinstance(side, pa.ChunkedArray) else [side])]
        return pa.chunked_array(parts)
    return np.concatenate([a, b])


def walk_columns(source: Source, step: Callable[[Shard], P], threads: int | None = None) -> P:
    """Run a step over all customers and add what it gives.

    threads  how many walk side by side; default: the cores of the machine
    """
    threads = threads or os.cpu_count() or 1
    shards = _shards(source, threads)
    if len(shards) == 1 or threads == 1:
        return added([step(shard) for shard in shards])
    return added(list(_pool(threads).map(step, shards)))


def added(parts: list[P]) -> P:
    """The parts added in their order, neighbours first: rows laid end to end are copied a few times, not once a part."""
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [one + other for one, other in zip(parts[::2], parts[1::2], strict=False)] + odd
    return parts[0]


def _shards(source: Source, threads: int) -> list[Shard]:
    """Ranges of customers with about as many events each."""
    offsets = source.columns.offsets
    total = int(offsets[-1])
    wanted = 1 if total < EVENTS_A_SHARD // 10 else max(2 * threads, min(64, total // EVENTS_A_SHARD))
    cuts = np.searchsorted(offsets, np.linspace(0, total, wanted + 1)[1:-1])
    edges = [0, *sorted({int(cut) for cut in cuts if 0 < cut < len(offsets) - 1}), len(offsets) - 1]
    return [Shard(source, low, high) for low, high in pairwise(edges)]


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="walk")
