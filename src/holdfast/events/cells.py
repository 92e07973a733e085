"""Cells of a column on their way to events: cleaned texts, money in the workspace's currency, and the judge who refuses rows.

Files (`canonical`) and what arrives live (the server's intake) are understood by the same rules, so they stand here once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.numbers import parse_numbers, to_minor
from holdfast.settings import Settings

__all__ = ["EARLIEST_US", "Judge", "clean", "in_own_currency", "whole_units"]

EARLIEST_US = 86_400_000_000
"""Times before 1970-01-02 are refused: they are mostly a zero read as a time."""


class Judge:
    """Gathers the first reason for which each row of a chunk is refused."""

    def __init__(self, rows: int) -> None:
        self.codes = np.full(rows, "", dtype=object)
        self.details: dict[int, str] = {}

    def say(self, mask: Any, code: str, texts: Any = None) -> None:
        """Refuses the rows of `mask` for `code`, showing the text of `texts` that is wrong."""
        flags = pc.fill_null(mask, False).to_numpy(zero_copy_only=False) if isinstance(mask, pa.Array) else mask
        if not flags.any():
            return
        for place in np.flatnonzero(flags & (self.codes == "")):
            self.codes[place] = code
            if texts is not None:
                self.details[int(place)] = repr(str(texts[int(place)].as_py())[:80])


def clean(column: pa.Array) -> pa.Array:
    """Texts without blanks around them, null where nothing is left, each letter in one form."""
    texts = column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
    trimmed = pc.utf8_trim_whitespace(texts)
    kept = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    # é in one sign (Windows) and in two (Mac) is one letter, and the name one name
    return kept if pc.all(pc.string_is_ascii(kept)).as_py() is not False else pc.utf8_normalize(kept, form="NFC")


def in_own_currency(amount: pa.Array, codes: pa.Array, settings: Settings, judge: Judge) -> pa.Array:
    """Amounts (decimals) in the workspace's currency; a row with an amount in a currency without rate is refused.

    codes  ISO 4217 code of each row
    """
    if codes.unique().to_pylist() in ([settings.currency], []):
        return amount
    known = {settings.currency: 1.0, **dict(settings.rates)}
    judge.say(pc.and_(pc.invert(pc.is_in(codes, pa.array(list(known)))), amount.is_valid()), "currency_unknown", codes)
    coded = pc.dictionary_encode(codes)
    listed = pa.array([repr(float(known.get(name, 1.0))) for name in coded.dictionary.to_pylist()])
    return _times(amount, parse_numbers(listed).values.take(coded.indices))


def whole_units(amount: pa.Array, judge: Judge) -> tuple[pa.Array, int]:
    """Amounts as whole ten-thousandths (int64), and how many were rounded; a trillion or more is refused as absurd."""
    absurd = pc.fill_null(pc.greater_equal(pc.abs(amount), pa.scalar(10**12, pa.decimal128(13, 0))), False)
    judge.say(absurd, "amount_absurd")
    return to_minor(pc.if_else(absurd, pa.scalar(None, amount.type), amount))


def _times(amount: pa.Array, rate: pa.Array) -> pa.Array:
    """Exact product of two decimals that may need more than 38 digits."""
    wide = pa.decimal256(38, amount.type.scale)
    product = pc.multiply(pc.cast(amount, wide), pc.cast(rate, pa.decimal256(21, 9)))
    return pc.cast(pc.round(product, ndigits=12, round_mode="half_to_even"), pa.decimal256(60, 12), safe=False).cast(
        pa.decimal128(38, 12)
    )
