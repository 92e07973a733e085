"""Ids from content: the same event gets the same id however often and in whichever file it arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Seen", "content", "digests"]

_BETWEEN = "\x1f"
_ABSENT = "\x00"


def content(columns: list[pa.Array]) -> pa.Array:
    """The columns of each row joined to one text, null told from empty."""
    texts = [_text(one) for one in columns]
    joined = pc.binary_join_element_wise(*texts, _BETWEEN, null_handling="replace", null_replacement=_ABSENT)
    # columns that hold nothing at all join to one text, not to one a row
    return pa.repeat(joined, len(columns[0])) if isinstance(joined, pa.Scalar) else joined


def _text(column: pa.Array) -> Any:
    if column.null_count == len(column):
        return pa.scalar(_ABSENT)
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def digests(connection: Any, texts: pa.Array) -> tuple[pa.Array, np.ndarray[Any, Any]]:
    """MD5 of each text as 32 hexadecimal letters, and its first half as uint64 (for counting repetitions)."""
    if len(texts) == 0:
        return pa.array([], pa.string()), np.empty(0, np.uint64)
    connection.register("batch", pa.table({"content": texts}))
    found = connection.sql("select md5(content) as id from batch").to_arrow_table()["id"].combine_chunks()
    connection.unregister("batch")
    ids = pc.cast(found, pa.string())
    return ids, _short(ids)


def _short(ids: pa.Array) -> np.ndarray[Any, Any]:
    """The first 16 of 32 hexadecimal letters as uint64, without a loop over the rows."""
    letters = np.frombuffer(pc.cast(ids, pa.binary(32)).buffers()[1], np.uint8)[: 32 * len(ids)].reshape(-1, 32)[:, :16]
    digits = np.where(letters >= ord("a"), letters - (ord("a") - 10), letters - ord("0")).astype(np.uint8)
    joined = np.ascontiguousarray(digits[:, 0::2] << 4 | digits[:, 1::2])
    return joined.view(">u8").ravel().astype(np.uint64)


class Seen:
    """Counts how often each 64-bit digest has come, in 8 bytes a distinct digest: sorted runs, merged when they grow alike."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray[Any, Any]] = []
        self._repeats: dict[int, int] = {}

    def occurrences(self, short: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """For each digest: the how-manieth time this is, from 1, in the order given."""
        if len(short) == 0:
            return np.empty(0, np.int64)
        order = np.argsort(short, kind="stable")
        ordered = short[order]
        first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        sizes = np.diff(np.r_[first, len(ordered)])
        uniques = ordered[first]
        before = self._before(uniques)
        times = np.empty(len(short), np.int64)
        times[order] = np.arange(len(short)) - np.repeat(first, sizes) + 1 + np.repeat(before, sizes)
        for place in np.flatnonzero(before + sizes > 1):
            self._repeats[int(uniques[place])] = int(before[place] + sizes[place])
        self._add(uniques[before == 0])
        return times

    def contains(self, short: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which digests have come before (bool array)."""
        found = np.zeros(len(short), dtype=bool)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, short), len(run) - 1)
            found |= run[places] == short
        return found

    def _before(self, uniques: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        counts = self.contains(uniques).astype(np.int64)
        for place in np.flatnonzero(counts):
            counts[place] = self._repeats.get(int(uniques[place]), 1)
        return counts

    def _add(self, fresh: np.ndarray[Any, Any]) -> None:
        if len(fresh) == 0:
            return
        self._runs.append(fresh)
        while len(self._runs) > 1 and 2 * len(self._runs[-1]) > len(self._runs[-2]):
            self._runs[-2:] = [np.sort(np.concatenate(self._runs[-2:]), kind="stable")]
