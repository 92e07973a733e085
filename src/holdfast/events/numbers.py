"""Numbers as people write them, to exact decimals: decimal comma, thousands, currency signs, brackets for minus.

Nothing passes through a float. Values are read with nine decimals; what is finer is kept as "a little more" (ROUND_05UP), so
that a later half-even rounding to four decimals is the rounding of the full number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_05UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["LIMIT", "NUMBER", "QUANTITY", "DecimalGuess", "Numbers", "decimal_sign", "parse_numbers", "to_minor"]

NUMBER = pa.decimal128(21, 9)
"""Prices and amounts while they are read: twelve digits before the point, nine after."""

QUANTITY = pa.decimal128(16, 4)
"""Quantities while they are read; quantity × price then fits 38 digits exactly."""

LIMIT = Decimal(10) ** 12
"""Amounts of a trillion or more are refused as absurd."""

_STEP = Decimal(1).scaleb(-9)
_SPACES = "\u00a0\u202f\u2009 "
_DASHES = "-\u2212\u2013\u2014"
_MONEY_SIGNS = re.compile(r"(?:[€$£¥₹]|\b[A-Za-z]{3}\b|\bkr\.?|\bzł)")
_PLAIN = {".": r"^[+-]?\d{1,12}(\.\d{1,9})?$", ",": r"^[+-]?\d{1,12}(,\d{1,9})?$"}
_SLOW = {
    ".": re.compile(r"^(?:\d+|\d{1,3}(?:[,'’ ]\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?$"),
    ",": re.compile(r"^(?:\d+|\d{1,3}(?:[.'’ ]\d{3})+)?(?:,\d*)?(?:[eE][+-]?\d{1,3})?$"),
}


@dataclass(frozen=True)
class DecimalGuess:
    """The decimal sign of a file ("." or ","), why, and whether the values could be read both ways."""

    sign: str
    reason: str
    ambiguous: bool


@dataclass(frozen=True)
class Numbers:
    """Numbers read: `values` decimal128(21, 9), `bad` (text that is no number), `absurd` (a trillion or more), all of one
    length."""

    values: pa.Array
    bad: pa.Array
    absurd: pa.Array


def decimal_sign(texts: pa.Array, *, separator: str = ",") -> DecimalGuess:
    """Decides the decimal sign from all values of the number columns: the last sign of two, or a sign not before three
    digits."""
    tail = r"[^\d]*$"
    tests = {
        "comma": [
            rf"\.\d{{3}},\d+{tail}",
            rf"(?:^|[^\d.,])\d+,(?:\d{{1,2}}|\d{{4,}}){tail}",
            rf"\d\.\d{{3}}\.\d{{3}}{tail}",
            rf"(?:^|\D)0,\d+{tail}",
            rf"\d,[{_DASHES}]",
        ],
        "dot": [
            rf",\d{{3}}\.\d*{tail}",
            rf"(?:^|[^\d.,])\d*\.(?:\d{{1,2}}|\d{{4,}}){tail}",
            rf"\d,\d{{3}},\d{{3}}{tail}",
            rf"(?:^|\D)0\.\d+{tail}",
            rf"\d\.[{_DASHES}]",
        ],
        "either_comma": [rf"^[^,.]*\d,\d{{3}}{tail}"],
        "either_dot": [rf"^[^,.]*\d\.\d{{3}}{tail}"],
    }
    n = {name: sum(_count(texts, pattern) for pattern in patterns) for name, patterns in tests.items()}
    if n["comma"] > n["dot"]:
        return DecimalGuess(",", f"{n['comma']} values have the comma as their last sign", n["dot"] > 0)
    if n["dot"]:
        return DecimalGuess(".", f"{n['dot']} values have the point as their last sign", n["comma"] > 0)
    if n["either_comma"]:
        sign = "," if separator == ";" else "."
        return DecimalGuess(
            sign, "values such as 1,234 can be read both ways; read as " + ("1.234" if sign == "," else "1234"), True
        )
    if n["either_dot"]:
        return DecimalGuess(".", "values such as 1.234 can be read both ways; read as decimals", True)
    return DecimalGuess(".", "no value has a decimal sign", False)


def _count(texts: pa.Array, pattern: str) -> int:
    return int(pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0)


def parse_numbers(texts: pa.Array, sign: str = ".") -> Numbers:
    """Reads texts (string array, null: no value) as exact decimals with decimal sign `sign`."""
    plain = pc.fill_null(pc.match_substring_regex(texts, _PLAIN[sign]), True)
    if pc.all(plain).as_py() is not False:
        dotted = texts if sign == "." else pc.replace_substring(texts, ",", ".")
        no = pa.repeat(pa.scalar(False), len(texts))
        return Numbers(pc.cast(pc.replace_substring(dotted, "+", ""), NUMBER), no, no)
    coded = pc.dictionary_encode(texts)
    read = [_read(text, sign) for text in coded.dictionary.to_pylist()]
    values = pa.array([_exact(one) for one in read], NUMBER)
    bad = pa.array([one is None for one in read], pa.bool_())
    absurd = pa.array([one is not None and abs(one) >= LIMIT for one in read], pa.bool_())
    flags = [pc.fill_null(flag.take(coded.indices), False) for flag in (bad, absurd)]
    return Numbers(values.take(coded.indices), flags[0], flags[1])


def _read(text: str, sign: str) -> Decimal | None:
    body = _MONEY_SIGNS.sub("", text) if not _is_exponent(text) else text
    for space in _SPACES:
        body = body.replace(space, " ")
    body, negative = _minus(body.strip())
    if not any(letter.isdigit() for letter in body) or not _SLOW[sign].match(body):
        return None
    thousands, point = (",", ".") if sign == "." else (".", ",")
    for mark in (thousands, "'", "’", " "):
        body = body.replace(mark, "")
    try:
        value = Decimal(body.replace(point, "."))
    except InvalidOperation:
        return None
    return -value if negative else value


def _is_exponent(text: str) -> bool:
    return re.match(r"^\s*[+-]?[\d.,]+[eE][+-]?\d+\s*$", text) is not None


def _minus(body: str) -> tuple[str, bool]:
    if body.startswith("(") and body.endswith(")"):
        return body[1:-1].strip(), True
    bare = body.rstrip(_DASHES)
    if bare.endswith((",", ".")):
        body = bare  # in "12,-" the dash stands for no cents, it is no minus
    for dash in _DASHES:
        if body.startswith(dash):
            return body[1:].strip(), True
        if body.endswith(dash):
            return body[:-1].strip(), True
    return body.removeprefix("+").strip(), False


def _exact(value: Decimal | None) -> Decimal | None:
    if value is None or abs(value) >= LIMIT:
        return None
    exact = value.quantize(_STEP, rounding=ROUND_05UP)
    return exact if abs(exact) < LIMIT else None


def to_minor(amounts: pa.Array) -> tuple[pa.Array, int]:
    """Decimals of any scale to whole ten-thousandths (int64), rounded half-even, and how many had finer decimals."""
    four = pc.round(amounts, ndigits=4, round_mode="half_to_even")
    rounded = int(pc.sum(pc.not_equal(four, amounts)).as_py() or 0)
    narrow = pc.cast(four, pa.decimal128(18, 4), safe=True)
    return _unscaled(narrow), rounded


def _unscaled(amounts: Any) -> pa.Array:
    """The whole number inside decimal128(18, 4): its low 64 bits, which hold every value below 10^18."""
    import numpy as np

    flat = amounts.combine_chunks() if isinstance(amounts, pa.ChunkedArray) else amounts
    words = np.frombuffer(flat.buffers()[1], dtype="<i8") if len(flat) else np.empty(0, "<i8")
    low = words[0::2][flat.offset : flat.offset + len(flat)]
    return pa.array(low, pa.int64(), mask=flat.is_null().to_numpy(zero_copy_only=False))
