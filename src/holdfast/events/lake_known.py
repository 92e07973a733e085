"""Which arriving rows are in the lake already: by event id, near in time, without reading the whole lake.

Two arrivals of one event carry the same id and nearly the same time (clocks may be corrected by a moment), so
only stored files and row groups within NEAR of the arriving times are read. DuckDB joins them, on disk when memory is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from holdfast.events.lake_files import LakeFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["NEAR", "near", "repeated"]

NEAR = timedelta(days=1)
"""How far apart two arrivals of one event may lie in time."""

TWICE = """
WITH candidates AS (SELECT hash(event_id) AS mark FROM read_parquet($fresh) GROUP BY mark HAVING count(*) > 1),
arrivals AS (
    SELECT sequence, row_number() OVER (PARTITION BY event_id ORDER BY sequence) AS arrival
    FROM read_parquet($fresh) WHERE hash(event_id) IN (SELECT mark FROM candidates))
SELECT sequence FROM arrivals WHERE arrival > 1
"""
"""Rows that repeat an id of an earlier row of the same import: hashes find the few candidates, the ids themselves decide."""

STORED = """
SELECT fresh.sequence FROM read_parquet($fresh) AS fresh
SEMI JOIN (SELECT event_id FROM read_parquet($stored) WHERE time BETWEEN $low AND $high) AS stored
ON fresh.event_id = stored.event_id
"""
"""Rows whose id is stored already."""


def near(files: Sequence[LakeFile], fresh: Sequence[LakeFile]) -> list[LakeFile]:
    """The stored files that could hold an event of the fresh ones."""
    margin = int(NEAR.total_seconds()) * 1_000_000
    spans = [(file.first_us - margin, file.last_us + margin) for file in fresh]
    return [file for file in files if any(file.first_us <= high and file.last_us >= low for low, high in spans)]


def repeated(folder: Path, files: Sequence[LakeFile], stage: Path, fresh: Sequence[LakeFile]) -> npt.NDArray[np.int64]:
    """Sequences, sorted, of the fresh rows (in `stage`) that are in `files` (in `folder`) or earlier in the import itself."""
    paths = [str(stage / file.name) for file in fresh]
    stored = [str(folder / file.name) for file in near(files, fresh)]
    with _engine(stage) as engine:
        found = [engine.execute(TWICE, {"fresh": paths}).fetchnumpy()["sequence"]]
        if stored:
            low = _moment(min(file.first_us for file in fresh)) - NEAR
            high = _moment(max(file.last_us for file in fresh)) + NEAR
            bound = {"fresh": paths, "stored": stored, "low": low, "high": high}
            found.append(engine.execute(STORED, bound).fetchnumpy()["sequence"])
    return np.unique(np.concatenate(found).astype(np.int64))


def _engine(stage: Path) -> DuckDBPyConnection:
    import duckdb

    engine = duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(stage / "spill")})
    engine.execute("set enable_progress_bar = false")  # it would be printed among the answers on stdout
    return engine


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
