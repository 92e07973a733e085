"""Reading JSON lines (NDJSON), a JSON list of objects, and refusals files.

Nested objects become columns with dotted names (`properties.revenue`); lists stay JSON text. Numbers keep their digits: they
never become floats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from holdfast.errors import InputError
from holdfast.events.chunks import MAX_COLUMNS, Chunk
from holdfast.events.options import ImportOptions
from holdfast.events.refusals import MARK, Refusal, refusal
from holdfast.events.text import Survey, decoded, survey

__all__ = ["JsonLines", "looks_like_json", "open_jsonl"]

_ROWS = 50_000
_LARGEST_LIST = 500_000_000
_DECODER = msgspec.json.Decoder(float_hook=str)


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON objects, recognised; `replay` where it is a refusals file. See `chunks.Source`."""

    path: Path
    found: Survey
    columns: tuple[str, ...]
    replay: bool
    whole: bool
    field_limit: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def total(self) -> int | None:
        """Lines of the file; unknown for a JSON list."""
        return None if self.whole else self.found.lines or None

    def facts(self) -> dict[str, tuple[str, str, float]]:
        """Encoding as recognised, and whether this is a refusals file."""
        one = self.found.encoding
        facts = {"encoding": (one.value, one.reason, one.confidence)}
        if self.replay:
            facts["replay"] = ("refusals", "the lines are refusals of an earlier import", 1.0)
        return facts

    def warnings(self) -> tuple[str, ...]:
        """Damage found while surveying the bytes."""
        return (f"{self.found.bad_bytes:,} places are no valid text and became \ufffd",) if self.found.bad_bytes else ()

    def chunks(self) -> Iterator[Chunk]:
        """The rows, 50,000 at a time."""
        rows: list[int] = []
        kept: list[dict[str, str | None]] = []
        refused: list[Refusal] = []
        for row, item in _items(self.path, self.found, self.whole, self.field_limit):
            one = _unwrap(item) if self.replay else (row, item)
            if isinstance(one[1], Refusal):
                refused.append(one[1])
            else:
                rows.append(one[0])
                kept.append(_flat(one[1]))
            if len(rows) + len(refused) >= _ROWS:
                yield self._chunk(rows, kept, refused)
                rows, kept, refused = [], [], []
        if rows or refused:
            yield self._chunk(rows, kept, refused)

    def _chunk(self, rows: list[int], kept: list[dict[str, str | None]], refused: list[Refusal]) -> Chunk:
        arrays = [pa.array([one.get(name) or None for one in kept], pa.string()) for name in self.columns]
        return Chunk(
            np.array(rows, dtype=np.int64), pa.RecordBatch.from_arrays(arrays, names=list(self.columns)), tuple(refused)
        )


def looks_like_json(head: str) -> bool:
    """Whether a text begins like JSON lines or a JSON list of objects."""
    start = head.lstrip("\ufeff \t\r\n")
    return start.startswith("{") or start[:200].replace(" ", "").replace("\n", "").replace("\r", "").startswith("[{")


def open_jsonl(path: Path, options: ImportOptions) -> JsonLines:
    """Recognises a file of JSON objects: reads it once for its columns; InputError where no line is an object."""
    found = survey(path, options.encoding)
    head = "".join(decoded(path, found, 4096)).lstrip("\ufeff \t\r\n")
    whole, replay = head.startswith("["), head.startswith("{") and MARK in head.split("\n", 1)[0]
    names: dict[str, None] = {}
    for _, item in _items(path, found, whole, options.field_limit):
        one = _unwrap(item)[1] if replay else item
        if not isinstance(one, Refusal):
            names.update(dict.fromkeys(_flat(one)))
        if len(names) > MAX_COLUMNS:
            raise InputError(f"{path.name} has more than {MAX_COLUMNS:,} different keys", "keep the keys you need")
    if not names:
        raise InputError(f"{path.name} holds no JSON object with values", "write one object a line")
    return JsonLines(path, found, tuple(names), replay, whole, options.field_limit)


def _items(path: Path, found: Survey, whole: bool, limit: int) -> Iterator[tuple[int, Any]]:
    """Row number and object; or a Refusal in the object's place."""
    if whole:
        yield from _list_items(path, found)
        return
    for row, line in enumerate(_lines(path, found), start=1):
        if not line.strip():
            continue
        yield row, _decode(row, line, limit)


def _decode(row: int, line: str, limit: int) -> Any:
    if len(line) > limit:
        return refusal(row, "field_too_large", f"more than {limit:,} characters", raw=line)
    try:
        item = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError, ValueError):
        return refusal(row, "not_json", raw=line[:100_000])
    return item if isinstance(item, dict) else refusal(row, "not_json", raw=line[:100_000])


def _lines(path: Path, found: Survey) -> Iterator[str]:
    pending = ""
    for text in decoded(path, found):
        *whole, pending = (pending + text).split("\n")
        yield from whole
    yield pending


def _list_items(path: Path, found: Survey) -> Iterator[tuple[int, Any]]:
    text = ""
    for piece in decoded(path, found):
        text += piece
        if len(text) > _LARGEST_LIST:
            raise InputError(f"{path.name} is one JSON list of more than 500 MB", "write it as JSON lines: one object a line")
    try:
        items = _DECODER.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, RecursionError, UnicodeError, ValueError) as reason:
        raise InputError(f"{path.name} is no valid JSON: {reason}", "export it again, or write one object a line") from None
    for row, item in enumerate(items, start=1):
        yield row, item if isinstance(item, dict) else refusal(row, "not_json", raw=json.dumps(item)[:1000])


def _unwrap(item: Any) -> tuple[int, Any]:
    """The row inside a line of a refusals file; a row that was never cut into columns is refused again."""
    if isinstance(item, Refusal):
        return item.row, item
    row = item.get("row")
    number = row if isinstance(row, int) else 0
    values = item.get("values")
    if isinstance(values, dict):
        return number, values
    raw = item.get("raw")
    again = refusal(number, "wrong_fields", 'write the fields into "values"', raw=raw if isinstance(raw, str) else None)
    return number, again


def _flat(item: dict[str, Any], prefix: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for key, value in item.items():
        name = (prefix + str(key)).replace("\0", "").strip() or "column1"
        if isinstance(value, dict):
            flat.update(_flat(value, name + "."))
        else:
            flat[name] = _text(value)
    return flat


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False).replace("\\u0000", "")
    return str(value).replace("\0", "")
