"""In the analyst: the whole table of an answer as a file, in the form that the command line writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from holdfast.server.csv_files import FORMULA, guarded, lines

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Answer

__all__ = ["MANY_ROWS", "Form", "written"]

Form = Literal["csv", "json"]

MANY_ROWS = 20_000
"""Tables of more rows are written by columns, in the same words, which takes less time a row."""


def written(answer: Answer, form: Form, *, segmented: bool) -> bytes:
    """The answer as a file: its table as CSV, or all of it as JSON.

    segmented  whether the question was split; else the column `segment`, which says the same in every row, is left out
    """
    if not segmented:
        answer = replace(answer, table=_whole(answer.table), extra={name: _whole(one) for name, one in answer.extra.items()})
    if form == "json":
        return answer.to_json().encode()
    return _by_columns(answer.table) if answer.table.num_rows > MANY_ROWS else "".join(_by_rows(answer.table)).encode()


def _whole(table: pa.Table) -> pa.Table:
    return table.drop_columns(["segment"]) if table.column_names[:1] == ["segment"] else table


def _by_rows(table: pa.Table) -> Iterator[str]:
    from holdfast.analyses.answer import plain

    def cell(value: object) -> str:
        """As the command line writes it; what people wrote is no formula."""
        if isinstance(value, str):
            return guarded(value)
        known = plain(value)
        return "" if known is None else str(known)

    columns = [[cell(value) for value in column.to_pylist()] for column in table.columns]
    yield from lines([table.column_names, *zip(*columns, strict=True)], "\n")


def _by_columns(table: pa.Table) -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    texts = pa.table({name: _texts(table.column(name)) for name in table.column_names})
    csv.write_csv(texts, sink, csv.WriteOptions(quoting_style="needed", include_header=False))
    return "".join(lines([table.column_names], "\n")).encode() + bytes(sink.getvalue())


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    from holdfast.analyses.answer import plain

    if pa.types.is_floating(column.type):  # Arrow writes 5.0 as 5, and 1e+20 otherwise than by rows
        numbers = column.to_numpy()
        texts = pa.array([repr(value) for value in numbers.tolist()], pa.string())
        return pa.chunked_array([pc.if_else(pc.is_finite(pa.array(numbers)), texts, None)])
    if not any(alike(column.type) for alike in (pa.types.is_integer, pa.types.is_date, pa.types.is_boolean, _is_text)):
        known = (plain(value) for value in column.to_pylist())
        return pa.chunked_array([pa.array([None if value is None else str(value) for value in known], pa.string())])
    texts = column.cast(pa.string())
    if pa.types.is_boolean(column.type):
        return pc.utf8_capitalize(texts)
    if _is_text(column.type):
        return pc.replace_substring_regex(texts, f"^([{''.join(FORMULA).replace('-', '')}-])", r"'\1")
    return texts


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))
