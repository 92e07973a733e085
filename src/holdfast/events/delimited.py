"""Reading separated text (CSV, TSV, ;, |, blanks) in blocks, each row with its true line number.

A block ends at a line end outside quotes. Arrow parses it; where Arrow cannot, or where rows and lines do not agree one to one
(line ends inside quotes, quotes that never close), the careful parser in `rows_by_hand` does, and refuses what is no row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from holdfast.errors import InputError
from holdfast.events.chunks import Chunk, unique_names, without_large_fields
from holdfast.events.options import ImportOptions
from holdfast.events.refusals import Refusal, refusal
from holdfast.events.text import Found, Survey, decoded, find_header, find_separator, joined, lines_above, sample_lines, survey

__all__ = ["Delimited", "open_delimited", "rows_by_hand"]

_BLOCK = 8_000_000
_LARGEST_BLOCK = 64_000_000
_LONGEST_ROW_LINES = 200


@dataclass(frozen=True)
class Delimited:
    """A separated text file, recognised. See `chunks.Source`."""

    path: Path
    found: Survey
    separator: Found
    header: Found
    above: int
    skip: int
    columns: tuple[str, ...]
    field_limit: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def total(self) -> int | None:
        """Lines less the header: exact where no field holds a line end."""
        return max(0, self.found.lines - self.skip) if self.found.lines else None

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """Encoding, separator and header as recognised."""
        shown = {"encoding": self.found.encoding, "separator": self.separator, "header": self.header}
        if self.above:
            shown["above"] = Found(f"{self.above} lines", "they stand above the header and are no rows of the table", 0.8)
        return {name: (one.value, one.reason, one.confidence) for name, one in shown.items()}

    def warnings(self) -> tuple[str, ...]:
        """Damage found while surveying the bytes."""
        said = []
        if self.found.bad_bytes:
            said.append(f"{self.found.bad_bytes:,} places are no valid text and became \ufffd")
        if self.found.zero_bytes:
            said.append(f"{self.found.zero_bytes:,} NUL bytes were taken out")
        return tuple(said)

    def chunks(self) -> Iterator[Chunk]:
        """The rows, a block at a time."""
        line = 1
        for block in _blocks(decoded(self.path, self.found)):
            start, line = line, line + block.count(b"\n")
            if start == 1:
                block, start = _without_lines(block, self.skip), 1 + self.skip
            block = block.rstrip(b"\r\n\x1a") if line and not block.endswith(b"\n") else block
            if block:
                yield self._parse(block, start)

    def _parse(self, block: bytes, start: int) -> Chunk:
        quick = None if self.separator.value == "whitespace" else _rows_by_arrow(block, start, self)
        chunk = quick or rows_by_hand(block.decode("utf-8"), start, self.columns, self.separator.value)
        return without_large_fields(chunk, self.field_limit)


def open_delimited(path: Path, options: ImportOptions) -> Delimited:
    """Recognises a separated text file; InputError where it cannot be a table."""
    found = survey(path, options.encoding)
    lines = sample_lines(path, found)
    above = 0 if options.separator or _begins_at_once(lines) else lines_above(lines)
    lines = joined(lines[above:])
    separator = Found(options.separator, "given", 1.0) if options.separator else find_separator(lines)
    said = bool(lines) and lines[0].lower().startswith("sep=")
    rows = [_fields(line, separator.value) for line in lines[said : said + 2]]
    if not rows:
        raise InputError(f"{path.name} has no rows", "export it again")
    header = Found(options.header, "given", 1.0) if options.header else find_header(rows[0], rows[1] if len(rows) > 1 else [])
    named = header.value == "first row"
    columns = unique_names(
        [" ".join(name.splitlines()) for name in rows[0]]
        if named
        else [f"column{place}" for place in range(1, len(rows[0]) + 1)]
    )
    before = above + int(said) + (1 + lines[int(said)].count("\n") if named else 0)
    skip = _lines_before_rows(path, found, before)
    return Delimited(path, found, separator, header, above, skip, columns, options.field_limit)


def _begins_at_once(lines: list[str]) -> bool:
    """Whether the first line is one of the table's."""
    try:
        return find_separator(lines).confidence >= 0.5
    except InputError:
        return False


def _lines_before_rows(path: Path, found: Survey, wanted: int) -> int:
    """How many physical lines stand before the first row, where `wanted` of them are not blank."""
    if not wanted:
        return 0
    text = "".join(decoded(path, found, 262_144))
    for place, line in enumerate(text.split("\n"), start=1):
        wanted -= bool(line.strip())
        if wanted == 0:
            return place
    return 1


def _fields(line: str, separator: str) -> list[str]:
    if separator == "whitespace":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _blocks(texts: Iterator[str]) -> Iterator[bytes]:
    pending = b""
    for text in texts:
        pending += text.encode("utf-8", "replace")
        if len(pending) < _BLOCK:
            continue
        cut = _cut(pending)
        if not cut and len(pending) > _LARGEST_BLOCK:
            cut = pending.rfind(b"\n") + 1 or len(pending)
        if cut:
            yield pending[:cut]
            pending = pending[cut:]
    if pending:
        yield pending


def _cut(pending: bytes) -> int:
    """The place after the last line end that stands outside quotes; 0 where there is none within reach."""
    end = len(pending)
    for _ in range(1000):
        place = pending.rfind(b"\n", 0, end)
        if place < 0:
            return 0
        if pending.count(b'"', 0, place) % 2 == 0:
            return place + 1
        end = pending.rfind(b'"', 0, place)
    return 0


def _without_lines(block: bytes, lines: int) -> bytes:
    place = 0
    for _ in range(lines):
        place = block.find(b"\n", place) + 1
        if place == 0:
            return b""
    return block[place:]


def _rows_by_arrow(block: bytes, start: int, source: Delimited) -> Chunk | None:
    bad: list[tuple[int | None, int, str]] = []

    def refuse(row: Any) -> str:
        bad.append((row.number, row.actual_columns, row.text))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=list(source.columns)),
            arrow_csv.ParseOptions(
                delimiter=source.separator.value, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=refuse
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(source.columns, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if table.num_rows + len(bad) != lines or any(number is None for number, _, _ in bad):
        return None
    numbers = np.arange(start, start + lines, dtype=np.int64)
    places = np.array([number - 1 for number, _, _ in bad if number is not None], dtype=np.int64)
    refused = tuple(
        _refuse_row(start + int(number or 1) - 1, fields, text, len(source.columns)) for number, fields, text in bad
    )
    return Chunk(
        np.delete(numbers, places),
        table.combine_chunks().to_batches()[0] if table.num_rows else _nothing(source.columns),
        refused,
    )


def _nothing(columns: tuple[str, ...]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in columns], names=list(columns))


def _refuse_row(row: int, fields: int, text: str, wanted: int) -> Refusal:
    if not text.strip():
        return refusal(row, "empty_row", raw=text)
    return refusal(row, "wrong_fields", f"{fields} fields, the header has {wanted}", raw=text[:100_000])


def rows_by_hand(text: str, start: int, columns: tuple[str, ...], separator: str) -> Chunk:
    """Parses a block row by row, with line ends inside quotes; refuses rows that are none, and goes on with the next line.

    A quote that does not close within 200 lines refuses only the line on which it opens.
    """
    lines = [line.removesuffix("\r").replace("\r", " ") for line in text.removesuffix("\n").split("\n")]
    rows: list[int] = []
    kept: list[list[str]] = []
    refused: list[Refusal] = []
    place = 0
    while place < len(lines):
        fields, used = _record(lines, place, separator)
        raw = lines[place]
        if fields is None:
            refused.append(refusal(start + place, "quote_open", raw=raw[:100_000]))
        elif len(fields) != len(columns):
            refused.append(_refuse_row(start + place, len(fields), "\n".join(lines[place : place + used]), len(columns)))
        else:
            rows.append(start + place)
            kept.append(fields)
        place += used
    arrays = [pa.array([field or None for field in column], pa.string()) for column in zip(*kept, strict=True)] if kept else []
    table = pa.RecordBatch.from_arrays(arrays, names=list(columns)) if kept else _nothing(columns)
    return Chunk(np.array(rows, dtype=np.int64), table, tuple(refused))


def _record(lines: list[str], place: int, separator: str) -> tuple[list[str] | None, int]:
    """The fields of the record that begins at `place` and how many lines it takes; None where its quote never closes."""
    if separator == "whitespace":
        return lines[place].split(), 1
    if '"' not in lines[place]:
        return lines[place].split(separator), 1
    before = csv.field_size_limit(2**31 - 1)
    try:
        reader = csv.reader((line + "\n" for line in lines[place : place + _LONGEST_ROW_LINES]), delimiter=separator)
        fields = next(reader, [])
        used = reader.line_num
    except csv.Error:
        return None, 1
    finally:
        csv.field_size_limit(before)
    open_quote = used > 1 and sum(line.count('"') for line in lines[place : place + used]) % 2 == 1
    return (None, 1) if open_quote else (fields, max(1, used))
