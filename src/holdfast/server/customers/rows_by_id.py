"""A table with a row of each customer, kept as a file in order of the hash of the id, so that one row is found by halving.

    write(path, table, "customer", {"as_of": "2026-11-01"})
    rows = RowsById.open(path)
    rows.row("17"), rows.about["as_of"]

The file is mapped, not read: only the pages that a look-up touches take memory. The worker looks only at what is said of it,
without the compiler that hashes ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["RowsById", "write"]

HASH = " hash"


@dataclass(frozen=True)
class RowsById:
    """A mapped table: where it stands, its rows, the hashes of their ids, what is said of the whole."""

    path: Path
    table: pa.Table
    hashes: Any
    name: str
    about: dict[str, str]

    @staticmethod
    def open(path: Path) -> RowsById:
        """Map a table that `write` wrote."""
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        about = about_of(path)
        return RowsById(path, table.drop_columns([HASH]), table[HASH].to_numpy(), about["id column"], about)

    def row(self, person: str) -> dict[str, Any] | None:
        """The row of a person; None when there is none."""
        from holdfast.timelines.text import hash_strings

        mark = hash_strings(pa.array([person], pa.string()))[0]
        place = int(np.searchsorted(self.hashes, mark))
        while place < len(self.hashes) and self.hashes[place] == mark:
            row: dict[str, Any] = self.table.slice(place, 1).to_pylist()[0]
            if row[self.name] == person:
                return row
            place += 1
        return None


def about_of(path: Path) -> dict[str, str]:
    """What is said of a table as a whole."""
    with pa.memory_map(str(path)) as file:
        metadata = pa.ipc.open_file(file).schema.metadata
        return {name.decode(): value.decode() for name, value in metadata.items()}


def write(path: Path, table: pa.Table, name: str, about: dict[str, str]) -> None:
    """Write a table in order of the hashes of its ids, under its name when it is whole.

    name   the column with the ids
    about  what is said of the table as a whole
    """
    from holdfast.timelines.text import hash_strings

    chunks = pc.cast(table[name], pa.string()).chunks
    hashes = hash_strings(pa.concat_arrays(chunks)) if chunks else np.empty(0, np.uint64)
    ordered = table.append_column(HASH, pa.array(hashes)).take(np.argsort(hashes, kind="stable")).combine_chunks()
    told = ordered.replace_schema_metadata({**about, "id column": name})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with pa.OSFile(str(draft), "wb") as file, pa.ipc.new_file(file, told.schema) as writer:
        writer.write_table(told)
    draft.replace(path)
