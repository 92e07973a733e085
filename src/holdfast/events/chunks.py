"""The one form in which every reader hands over rows: a chunk of text columns with their row numbers, and the rows it
refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import InputError
from holdfast.events.refusals import Refusal, refusal

__all__ = ["MAX_COLUMNS", "Chunk", "Source", "unique_names", "without_large_fields"]

MAX_COLUMNS = 2_000
"""A table wider than this is no table of orders or events."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of a source.

    rows     row numbers as a person sees them, int64 array of shape (n,)
    table    record batch of n rows; columns are strings, or times where the source types them
    refused  rows of this stretch that are no rows of the table
    """

    rows: np.ndarray[Any, Any]
    table: pa.RecordBatch
    refused: tuple[Refusal, ...] = ()


class Source(Protocol):
    """Something that can be read several times as chunks."""

    @property
    def name(self) -> str:
        """The name shown and kept in the events."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, all different."""

    @property
    def total(self) -> int | None:
        """How many rows there are, where that is known before reading."""

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """What was recognised: name → (value, reason, confidence)."""

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before reading."""

    def chunks(self) -> Iterator[Chunk]:
        """The rows, from the start."""


def unique_names(names: list[str]) -> tuple[str, ...]:
    """Column names made usable: stripped, empty ones named by place, repeated ones numbered; too many is an InputError."""
    if len(names) > MAX_COLUMNS:
        raise InputError(
            f"the table has {len(names):,} columns; the limit is {MAX_COLUMNS:,}",
            "check the separator, or keep the columns you need",
        )
    seen: dict[str, int] = {}
    found = []
    for place, name in enumerate(names, start=1):
        clean = name.replace("\0", "").replace("\ufeff", "").strip() or f"column{place}"
        seen[clean] = seen.get(clean, 0) + 1
        candidate = clean if seen[clean] == 1 else f"{clean} ({seen[clean]})"
        while candidate in found:
            candidate += "'"
        found.append(candidate)
    return tuple(found)


def without_large_fields(chunk: Chunk, limit: int) -> Chunk:
    """Refuses the rows that hold a field longer than the limit."""
    if chunk.table.num_rows == 0 or chunk.table.nbytes < limit:
        return chunk
    large = np.zeros(chunk.table.num_rows, dtype=bool)
    for column in chunk.table.columns:
        if not pa.types.is_string(column.type):
            continue
        large |= pc.fill_null(pc.greater(pc.binary_length(column), limit), False).to_numpy(zero_copy_only=False)
    if not large.any():
        return chunk
    rows = chunk.table.filter(pa.array(large)).to_pylist()
    refused = tuple(
        refusal(
            int(row), "field_too_large", f"more than {limit:,} characters", raw=json.dumps(one, ensure_ascii=False, default=str)
        )
        for row, one in zip(chunk.rows[large], rows, strict=True)
    )
    return Chunk(chunk.rows[~large], chunk.table.filter(pa.array(~large)), (*chunk.refused, *refused))
