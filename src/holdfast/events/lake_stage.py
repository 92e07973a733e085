"""The staging folder of an append: files written but not in the table yet, their numbering, and what a kill leaves of them."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import InputError
from holdfast.events.lake_files import LakeFile, read_files, write_files
from holdfast.events.schema import EVENTS

__all__ = ["contents", "leftovers", "moved_in", "moved_out", "numbered", "rewritten", "staging", "swept"]

STAGING = "_staging"
"""Delta leaves folders with an underscore alone."""

MOVED = "moved.txt"

Current = Callable[[], set[str]]
"""Names of the files that the table holds now."""


@contextmanager
def staging(table: Path, current: Current) -> Iterator[Path]:
    """A folder for files that are not in the table yet; afterwards it is gone, with what was moved in but not committed."""
    stage = table / STAGING / uuid.uuid4().hex
    stage.mkdir(parents=True)
    try:
        yield stage
    finally:
        swept(table, stage, current)


def leftovers(table: Path) -> list[Path]:
    """Staging folders that are there: a living writer's, or what killed writers left."""
    return sorted((table / STAGING).glob("*"))


def swept(table: Path, stage: Path, current: Current) -> None:
    """Remove a staging folder, and its files in the table's folder that no commit took."""
    noted = stage / MOVED
    if noted.exists():
        for name in set(noted.read_text().split()) - current():
            (table / name).unlink(missing_ok=True)
    shutil.rmtree(stage, ignore_errors=True)


def moved_in(stage: Path, table: Path, files: Sequence[LakeFile]) -> None:
    """Move staged files into the table's folder, their names noted first, so that a sweep after a kill finds them."""
    (stage / MOVED).write_text("\n".join(file.name for file in files))
    for file in files:
        (stage / file.name).rename(table / file.name)


def moved_out(stage: Path, table: Path, files: Sequence[LakeFile]) -> None:
    """Take files that no commit took back into their staging folder."""
    for file in files:
        (table / file.name).rename(stage / file.name)


def numbered(batches: Iterable[pa.RecordBatch], first: int, batch: str) -> Iterator[pa.RecordBatch]:
    """The batches with sequences from `first` on and the name of their import. InputError for another schema."""
    for each in batches:
        if each.schema.names != EVENTS.names:
            raise InputError(f"events need the columns {', '.join(EVENTS.names)}; got {', '.join(each.schema.names)}")
        yield _replaced(each, first, pa.array([batch] * each.num_rows, pa.string()))
        first += each.num_rows


def rewritten(stage: Path, files: Sequence[LakeFile], without: npt.NDArray[np.int64], first: int) -> tuple[LakeFile, ...]:
    """The staged files again without some sequences, numbered from `first`; the old ones are deleted."""

    def kept() -> Iterator[pa.RecordBatch]:
        number = first
        for batch in contents(stage, files):
            stays = ~np.isin(batch["sequence"].to_numpy(), without, assume_unique=True)
            rest = _replaced(batch.filter(pa.array(stays)), number)
            number += rest.num_rows
            yield rest

    written = tuple(write_files(stage, kept()))
    for file in files:
        (stage / file.name).unlink()
    return written


def contents(folder: Path, files: Sequence[LakeFile], columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
    """All rows of these files in a folder, with these columns (none named: all)."""
    with ExitStack() as stack:
        opened = [stack.enter_context(pa.OSFile(str(folder / file.name))) for file in files]
        yield from read_files(opened, columns or EVENTS.names, None)


def _replaced(batch: pa.RecordBatch, first: int, label: pa.Array | None = None) -> pa.RecordBatch:
    given = {"sequence": pa.array(np.arange(first, first + batch.num_rows, dtype=np.int64))}
    if label is not None:
        given["batch"] = label
    arrays = [_cast(given.get(field.name, batch[field.name]), field) for field in EVENTS]
    return pa.RecordBatch.from_arrays(arrays, schema=EVENTS)


def _cast(array: pa.Array, field: pa.Field) -> pa.Array:
    if not field.nullable and array.null_count:
        raise InputError(f"events need a value in every row of {field.name}; {array.null_count} are empty")
    return array if array.type == field.type else pc.cast(array, field.type)
