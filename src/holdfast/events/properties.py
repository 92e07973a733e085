"""JSON built column by column: objects of text properties, and products, without a Python loop over the rows."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_numbers", "json_objects", "json_texts"]


def json_texts(texts: pa.Array) -> pa.Array:
    """Each text as a JSON string with quotes; null stays null."""
    coded = pc.dictionary_encode(texts)
    if len(coded.dictionary) * 2 <= len(texts):
        return _quoted(coded.dictionary).take(coded.indices)
    return _quoted(texts)


def _quoted(texts: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(texts, r"[\x00-\x1f]")).as_py():
        return pa.array(
            [None if text is None else json.dumps(text, ensure_ascii=False) for text in texts.to_pylist()], pa.string()
        )
    escaped = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")


def json_numbers(values: pa.Array) -> pa.Array:
    """Each decimal as a JSON number without needless zeros; null stays null."""
    texts = pc.cast(values, pa.string())
    return pc.replace_substring_regex(pc.replace_substring_regex(texts, r"(\.\d*?)0+$", r"\1"), r"\.$", "")


def json_objects(names: Sequence[str], values: Sequence[pa.Array], rows: int, *, quoted: bool = False) -> pa.Array:
    """A JSON object per row of the values present, keys in the order given; null where a row has none.

    values  text columns, or with `quoted` columns that are JSON already
    """
    body: pa.Array = pa.repeat(pa.scalar(""), rows)
    for name, column in zip(names, values, strict=True):
        if column.null_count == rows:
            continue
        key = json.dumps(name, ensure_ascii=False) + ": "
        written = column if quoted else json_texts(column)
        part = pc.fill_null(pc.binary_join_element_wise(pa.scalar(", " + key), written, ""), "")
        body = pc.binary_join_element_wise(body, part, "")
    inner = pc.utf8_slice_codeunits(body, 2)
    objects = pc.binary_join_element_wise("{", inner, "}", "")
    return pc.if_else(pc.equal(inner, ""), pa.scalar(None, pa.string()), objects)
