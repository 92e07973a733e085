"""Reading Parquet files, Excel workbooks, and the frames other libraries make: Arrow, pandas, Polars, DuckDB.

Everything becomes text columns (floats by their shortest exact text), except times, which keep their type.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import InputError
from holdfast.events.archive import check_workbook
from holdfast.events.chunks import Chunk, unique_names, without_large_fields
from holdfast.events.options import ImportOptions
from holdfast.events.refusals import Refusal, refusal

__all__ = ["Frame", "ParquetFile", "Sheet", "open_excel", "open_frame", "open_parquet", "text_column"]

_ROWS = 100_000


@dataclass(frozen=True)
class Frame:
    """An Arrow table made from a frame of another library. See `chunks.Source`."""

    name: str
    table: pa.Table
    columns: tuple[str, ...]
    kind: str
    limit: int

    @property
    def total(self) -> int | None:
        """Rows of the table."""
        return int(self.table.num_rows)

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """The library the frame came from."""
        return {"frame": (self.kind, "the type of the object", 1.0)}

    def warnings(self) -> tuple[str, ...]:
        """Nothing: a frame has been read already."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """The rows, 100,000 at a time."""
        yield from _text_chunks(self.table.to_batches(max_chunksize=_ROWS), self.columns, self.limit)


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file, read in batches. See `chunks.Source`."""

    path: Path
    columns: tuple[str, ...]
    total: int | None
    limit: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """Nothing to guess: Parquet says what it holds."""
        return {}

    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """The rows, 100,000 at a time; damage found while reading is an InputError."""
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                yield from _text_chunks(file.iter_batches(batch_size=_ROWS), self.columns, self.limit)
        except (pa.ArrowException, OSError) as reason:
            raise _damaged(self.path, reason) from None


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook; formula cells hold the value they had when the workbook was saved. See `chunks.Source`."""

    path: Path
    sheet: str
    reason: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    first_row: int
    limit: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def total(self) -> int | None:
        """Rows under the header."""
        return len(self.rows)

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """The sheet chosen."""
        return {"sheet": (self.sheet, self.reason, 1.0)}

    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """The rows, 100,000 at a time."""
        for begin in range(0, len(self.rows), _ROWS):
            yield self._chunk(begin, self.rows[begin : begin + _ROWS])

    def _chunk(self, begin: int, rows: tuple[tuple[Any, ...], ...]) -> Chunk:
        numbers = np.arange(self.first_row + begin, self.first_row + begin + len(rows), dtype=np.int64)
        empty = np.array([all(cell in ("", None) for cell in row) for row in rows], dtype=bool)
        refused: tuple[Refusal, ...] = tuple(refusal(int(number), "empty_row") for number in numbers[empty])
        kept = [row for row, none in zip(rows, empty, strict=True) if not none]
        arrays = [pa.array([_cell(row[place]) for row in kept], pa.string()) for place in range(len(self.columns))]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(self.columns))
        return without_large_fields(Chunk(numbers[~empty], batch, refused), self.limit)


def open_parquet(path: Path, options: ImportOptions) -> ParquetFile:
    """Opens a Parquet file; InputError where it is damaged, encrypted or too wide."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names, rows = list(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as reason:
        raise _damaged(path, reason) from None
    if not names or rows == 0:
        raise InputError(f"{path.name} has no rows", "export it again")
    return ParquetFile(path, unique_names([str(name) for name in names]), rows, options.field_limit)


def _damaged(path: Path, reason: Exception) -> InputError:
    return InputError(f"{path.name} is damaged or cut off: {str(reason)[:200]}", "download or export it again")


def open_frame(source: Any, options: ImportOptions) -> Frame:
    """Takes an Arrow Table, RecordBatch or RecordBatchReader, a pandas or Polars frame, or a DuckDB relation; readers are
    read whole."""
    kind = f"{type(source).__module__.split('.')[0]} {type(source).__name__}"
    try:
        table = _arrow_table(source)
    except (pa.ArrowException, TypeError, ValueError) as reason:
        raise InputError(f"the {kind} cannot be read as a table: {str(reason)[:200]}", "give each column one type") from None
    if table.num_columns == 0 or table.num_rows == 0:
        raise InputError(f"the {kind} has no rows", "check how it was made")
    return Frame(
        options.source or kind, table, unique_names([str(name) for name in table.column_names]), kind, options.field_limit
    )


def _arrow_table(source: Any) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, pa.RecordBatchReader):
        return source.read_all()
    room = type(source).__module__.split(".")[0]
    if room == "pandas":
        return _from_pandas(source)
    if room == "polars":
        return (source.collect() if hasattr(source, "collect") else source).to_arrow()
    if hasattr(source, "to_arrow_table"):
        return source.to_arrow_table()
    if hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    raise InputError(
        f"a {type(source).__name__} is no file and no frame", "give a path, or an Arrow, pandas, Polars or DuckDB table"
    )


def _from_pandas(frame: Any) -> pa.Table:
    named = [name for name in frame.index.names if name is not None]
    flat = frame.reset_index() if named else frame
    flat = flat.copy(deep=False)
    flat.columns = list(unique_names([str(name) for name in flat.columns]))
    arrays = []
    for name in flat.columns:
        try:
            arrays.append(pa.Array.from_pandas(flat[name]))
        except (pa.ArrowException, TypeError, ValueError):
            arrays.append(pa.array([None if cell is None or cell != cell else str(cell) for cell in flat[name]], pa.string()))
    columns = [pa.chunked_array([one]) if isinstance(one, pa.Array) else one for one in arrays]
    return pa.Table.from_arrays(columns, names=list(flat.columns))


def _text_chunks(batches: Any, columns: tuple[str, ...], limit: int) -> Iterator[Chunk]:
    row = 1
    for batch in batches:
        if batch.num_rows == 0:
            continue
        arrays = [text_column(column) for column in batch.columns]
        numbers = np.arange(row, row + batch.num_rows, dtype=np.int64)
        row += batch.num_rows
        yield without_large_fields(Chunk(numbers, pa.RecordBatch.from_arrays(arrays, names=list(columns))), limit)


def text_column(column: Any) -> pa.Array:
    """A column of any type as text (null stays null), except times, which keep their type."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text_column(column.dictionary_decode())
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return column
    if pa.types.is_string(kind):
        return _clean(column)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _clean(pc.cast(column, pa.string()))
    if pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        return _float_texts(finite)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_null(kind):
        return pa.array([_cell(value) for value in column.to_pylist()], pa.string())
    try:
        return pc.cast(column, pa.string())
    except pa.ArrowException:
        return pa.array([_cell(value) for value in column.to_pylist()], pa.string())


def _float_texts(column: pa.Array) -> pa.Array:
    """Floats as their shortest text; whole numbers without point and exponent, as ids among missing values become floats."""
    wide = pc.cast(column, pa.float64())
    whole = pc.and_(pc.equal(pc.floor(wide), wide), pc.less(pc.abs(wide), 2.0**53))
    digits = pc.cast(pc.cast(pc.if_else(whole, wide, pa.scalar(0.0)), pa.int64()), pa.string())
    return pc.if_else(whole, digits, pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0$", ""))


def _clean(column: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring(column, "\0")).as_py():
        column = pc.replace_substring(column, "\0", "")
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _cell(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").replace("\0", "") or None
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).replace("\\u0000", "")
    return str(value).replace("\0", "") or None


def open_excel(path: Path, options: ImportOptions) -> Sheet:
    """Opens a sheet of a workbook (.xlsx, .xls, .xlsb, .ods); InputError where it is damaged, encrypted, empty or a bomb."""
    from python_calamine import CalamineError, CalamineWorkbook

    check_workbook(path)
    try:
        book = CalamineWorkbook.from_path(path)
        name, why = _choose_sheet(book, options.sheet)
        cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except InputError:
        raise
    except (CalamineError, OSError, ValueError) as reason:
        raise InputError(f"{path.name} cannot be read as a workbook: {reason}", "save it again without a password") from None
    start = next((place for place, row in enumerate(cells) if sum(cell not in ("", None) for cell in row) > 1), None)
    if start is None or start + 1 >= len(cells):
        raise InputError(f"sheet {name!r} of {path.name} has no rows under a header", "name another with --sheet")
    columns = unique_names([str(cell) for cell in cells[start]])
    return Sheet(path, name, why, columns, tuple(tuple(row) for row in cells[start + 1 :]), start + 2, options.field_limit)


def _choose_sheet(book: Any, wanted: str | None) -> tuple[str, str]:
    names = list(book.sheet_names)
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"the workbook has no sheet {wanted!r}", f"it has {', '.join(names[:12])}")
        return wanted, "given"
    for name in names:
        if book.get_sheet_by_name(name).total_height > 1:
            return name, "the first sheet that holds rows" if len(names) > 1 else "the only sheet"
    raise InputError("the workbook has no sheet with rows", "check the file")
