"""Times as people write them, to UTC instants: ISO, day-first, month-first, yyyymmdd, epoch, offsets, local zones.

Rules: a time without offset is in the workspace's zone. A local time that happened twice (the autumn night) is the first
of the two; one that never happened (the spring night) is the instant at which the clock was put forward. Two-digit years
below 70 are
20xx. Whether 03/04 is the third of April or the fourth of March is decided from all values of the column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["FORMS", "DateGuess", "date_form", "evidence", "instants", "looks_like_times", "merge_evidence"]

FORMS = {
    "iso": "year-month-day, with or without time and offset",
    "dmy": "day first: 31/12/2024",
    "mdy": "month first: 12/31/2024",
    "compact": "yyyymmdd, yyyymmddhh or yyyymmddhhmmss",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
    "typed": "times already typed by the file",
}
"""Date forms and what each means; any of them can be given as an override."""

_CLOCK = (
    r"(?:[T ,]+(?P<h>\d{1,2})[:.h](?P<mi>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ap>[AaPp])?(?:\.?[Mm]\.?)?)?"
    r"\s*(?P<z>Z|z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*$"
)
_WORD = "[A-Za-zÀ-ÿ]"
_NTH = r"(?:\.|er|st|nd|rd|th|º)?"
_OF = r"(?:del?\s+)?"
_PARTS = (
    rf"^\s*(?:{_WORD}{{2,9}}\.?,?\s+)?(?P<a>\d{{1,4}}|{_WORD}{{3,10}}){_NTH}[-/. ]\s*{_OF}"
    rf"(?P<b>\d{{1,2}}|{_WORD}{{3,10}}){_NTH},?[-/. ]\s*{_OF}(?P<c>\d{{1,4}})" + _CLOCK
)
_COMPACT = (
    r"^\s*(?P<a>(?:19|20)\d{2})(?P<b>[01]\d)(?P<c>[0-3]\d)"
    r"(?:[T ]?(?P<h>[0-2]\d)(?:(?P<mi>[0-5]\d)(?P<s>\d{2})?)?)?(?P<f>x)?(?P<ap>x)?(?P<z>Z)?\s*$"
)
_EPOCH = {"epoch_s": r"^\d{9,10}(\.\d+)?$", "epoch_ms": r"^\d{12,13}(\.0+)?$", "epoch_us": r"^\d{15,16}$"}
_ISO = r"^\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:\D|$)"
_NUMERIC = r"^\s*(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})(?:\D|$)"
_DAY_NAMED = rf"^\s*(?:{_WORD}{{2,9}}\.?,?\s+)?\d{{1,2}}{_NTH}[-/. ]\s*{_OF}{_WORD}{{3,10}}\.?,?[-/. ]"
_MONTH_NAMED = rf"^\s*(?:{_WORD}{{3,9}},\s+)?{_WORD}{{3,10}}\.?[-/. ]\s*\d{{1,2}}{_NTH},?[-/. ]"
_ZONES = {
    "PST": "-0800", "PDT": "-0700", "MST": "-0700", "MDT": "-0600", "CDT": "-0500", "EST": "-0500", "EDT": "-0400",
    "WET": "+0000", "WEST": "+0100", "BST": "+0100", "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300",
    "JST": "+0900", "AEST": "+1000", "AEDT": "+1100",
}  # fmt: skip
"""Zones that Amazon and mail programs write out; CST and IST mean several, and stay unread."""
_SUSPICIOUS = 10
_MONTHS = {
    "jan": 1, "ene": 1, "feb": 2, "fév": 2, "fev": 2, "mar": 3, "mär": 3, "mrz": 3, "maa": 3, "apr": 4, "avr": 4, "abr": 4,
    "may": 5, "mai": 5,
    "jun": 6, "jui": 6, "jul": 7, "aug": 8, "aoû": 8, "aou": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10,
    "nov": 11, "dec": 12, "dez": 12,
    "déc": 12, "dic": 12,
}  # fmt: skip


@dataclass(frozen=True)
class DateGuess:
    """The form of a column of times, why, and whether the values leave it open."""

    form: str
    reason: str
    ambiguous: bool


def _n(mask: Any) -> int:
    return int(pc.sum(mask).as_py() or 0)


def evidence(texts: pa.Array) -> dict[str, int]:
    """How many values speak for each form; evidence of parts of a column adds up (`merge_evidence`)."""
    found = {name: _n(pc.match_substring_regex(texts, pattern)) for name, pattern in _EPOCH.items()}
    found["iso"] = _n(pc.match_substring_regex(texts, _ISO))
    found["compact"] = _n(pc.match_substring_regex(texts, _COMPACT))
    found["day_named"] = _n(pc.match_substring_regex(texts, _DAY_NAMED))
    found["month_named"] = _n(pc.match_substring_regex(texts, _MONTH_NAMED))
    parts = pc.extract_regex(texts, pattern=r"^\s*(?P<a>\d{1,2})(?P<x>[-/. ])(?P<b>\d{1,2})[-/. ](?:\d{4}|\d{2})(?:\D|$)")
    first, second = (pc.cast(pc.struct_field(parts, name), pa.int32()) for name in ("a", "b"))
    found["day_first"] = _n(pc.and_(pc.greater(first, 12), pc.less_equal(second, 12)))
    found["month_first"] = _n(pc.and_(pc.greater(second, 12), pc.less_equal(first, 12)))
    found["numeric"] = len(parts) - parts.null_count
    found["dotted"] = _n(pc.equal(pc.struct_field(parts, "x"), "."))
    found["n"] = len(texts) - texts.null_count
    return found


def merge_evidence(parts: list[dict[str, int]]) -> dict[str, int]:
    """Evidence of several parts of one column, added."""
    return {name: sum(part[name] for part in parts) for name in parts[0]} if parts else {"n": 0}


def looks_like_times(texts: pa.Array) -> bool:
    """Whether nine in ten of the values present can be read as a time in some form."""
    found = evidence(texts)
    kinds = ("iso", "compact", "day_named", "month_named", "numeric", "epoch_s", "epoch_ms")
    return found["n"] > 0 and max(found[kind] for kind in kinds) >= 0.9 * found["n"]


def date_form(found: dict[str, int], zone: str = "UTC") -> DateGuess:
    """Decides the form of a column from its evidence; where it stays open, month-first in American zones and day-first
    elsewhere."""
    if not found.get("n"):
        return DateGuess("iso", "the column has no value", True)
    best = max(
        ("iso", "compact", "numeric", "day_named", "month_named", "epoch_s", "epoch_ms", "epoch_us"),
        key=lambda kind: found[kind],
    )
    n = found["n"]
    if found[best] == 0:
        return DateGuess("iso", "no value looks like a date", True)
    if best == "numeric":
        return _numeric_form(found, zone)
    form = {"day_named": "dmy", "month_named": "mdy"}.get(best, best)
    return DateGuess(form, f"{found[best]:,} of {n:,} values are {FORMS[form]}", found[best] < n)


def _numeric_form(found: dict[str, int], zone: str) -> DateGuess:
    day, month = found["day_first"], found["month_first"]
    if day and month:
        form = "dmy" if day >= month else "mdy"
        return DateGuess(form, f"{day:,} values can only be day-first, {month:,} only month-first: the column is mixed", True)
    if day >= _SUSPICIOUS and day == found["numeric"]:
        return DateGuess("dmy", f"all {day:,} values begin with a number above 12; are these perhaps years?", True)
    if day or month:
        return DateGuess("dmy" if day else "mdy", f"{day or month:,} values can only be read so", False)
    american = zone.startswith(("America/", "US/")) and not found["dotted"]
    form, why = ("mdy", f"month-first is the custom in {zone}") if american else ("dmy", "day-first is the custom")
    return DateGuess(form, f"all {found['numeric']:,} values can be read day-first or month-first; {why}", True)


def instants(column: pa.Array, form: str, zone: str) -> tuple[pa.Array, pa.Array]:
    """Reads a column as UTC instants.

    column  strings, or timestamps / dates already typed
    form    one of FORMS
    zone    IANA zone of times without offset
    Comes back: timestamp[us, UTC] array (null where absent or unreadable), and the mask of those present but unreadable.
    """
    if pa.types.is_temporal(column.type):
        return _typed(column, zone), pa.repeat(pa.scalar(False), len(column))
    if form in ("iso", "typed"):
        for kind in (pa.timestamp("us"), pa.timestamp("us", tz="UTC")):  # all without offset, or all with one
            try:
                return _typed(pc.cast(column, kind), zone), pa.repeat(pa.scalar(False), len(column))
            except pa.ArrowInvalid:
                continue
    coded = pc.dictionary_encode(column)
    texts = coded.dictionary
    micros, good = _epoch(texts, form) if form in _EPOCH else _civil(texts, form, zone)
    times = pa.array(micros, pa.int64(), mask=~good).cast(pa.timestamp("us", tz="UTC")).take(coded.indices)
    return times, pc.and_(column.is_valid(), times.is_null())


def _typed(column: pa.Array, zone: str) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)
    return _local(pc.cast(column, pa.timestamp("us"), safe=False), zone)


def _local(naive: pa.Array, zone: str) -> pa.Array:
    placed = pc.assume_timezone(naive, zone, ambiguous="earliest", nonexistent="latest")
    return pc.cast(placed, pa.timestamp("us", tz="UTC"))


def _epoch(texts: pa.Array, form: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    scale = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}[form]
    good = pc.fill_null(pc.match_substring_regex(texts, r"^\d{1,16}(\.\d{1,6})?$"), False)
    whole = pc.if_else(good, texts, pa.scalar("0"))
    scaled = pc.multiply(pc.cast(whole, pa.decimal128(22, 6)), pa.scalar(scale, pa.decimal128(7, 0)))
    low = np.array([int(value) for value in scaled.to_pylist()], dtype=object)
    fits = np.array([value < 2**62 for value in low], dtype=bool)
    return np.where(fits, low, 0).astype(np.int64), good.to_numpy(zero_copy_only=False) & fits


def _civil(texts: pa.Array, form: str, zone: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    texts = _with_offsets(texts)
    parts = pc.extract_regex(texts, pattern=_COMPACT if form == "compact" else _PARTS)
    matched = parts.is_valid().to_numpy(zero_copy_only=False)
    get = {name: pc.struct_field(parts, name) for name in ("a", "b", "c", "h", "mi", "s", "f", "ap", "z")}
    year, month, day = _ymd(get["a"], get["b"], get["c"], form)
    days, real = _days(year, month, day)
    seconds, clock = _clock(get)
    fraction = _ints(pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(get["f"], ""), 6, "0"), 0, 6))
    micros = days * 86_400_000_000 + seconds * 1_000_000 + fraction
    good = matched & real & clock
    return _placed(np.where(good, micros, 0), get["z"], zone), good


def _with_offsets(texts: pa.Array) -> pa.Array:
    """Names of zones after a clock time as offsets."""
    if pc.any(pc.match_substring_regex(texts, r"\d *([AaPp][Mm])? *[A-Z]{3,4}\s*$")).as_py():
        for name, offset in _ZONES.items():
            texts = pc.replace_substring_regex(texts, rf"\b{name}\s*$", offset)
    return texts


def _ymd(a: pa.Array, b: pa.Array, c: pa.Array, form: str) -> tuple[np.ndarray[Any, Any], ...]:
    named_first = pc.fill_null(pc.match_substring_regex(a, r"^\D"), False).to_numpy(zero_copy_only=False)
    named_second = pc.fill_null(pc.match_substring_regex(b, r"^\D"), False).to_numpy(zero_copy_only=False)
    long_first = pc.fill_null(pc.equal(pc.utf8_length(a), 4), False).to_numpy(zero_copy_only=False)
    first, second, third = (_ints(_months(part)) for part in (a, b, c))
    if form in ("iso", "compact"):
        odd = ~long_first
        year = np.where(odd, -1, first)
        return year, second, third
    month_first = (named_first | (form == "mdy")) & ~named_second
    month = np.where(month_first, first, second)
    day = np.where(month_first, second, first)
    century = np.where(third < 70, 2000, 1900)
    year = np.where(third < 100, third + century, third)
    # an ISO value inside a day-first column is unmistakable: read it as what it says
    iso = long_first & ~named_first
    return np.where(iso, first, year), np.where(iso, second, month), np.where(iso, third, day)


def _months(part: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(part, r"^\D")).as_py():
        return part
    return pa.array([_month(text) for text in part.to_pylist()], pa.string())


def _month(text: str | None) -> str | None:
    if text is None or text.isdigit():
        return text
    low = text.lower()
    if low.startswith(("juil", "jul")):
        return "7"
    return str(_MONTHS.get(low[:3], 0))


def _ints(texts: pa.Array) -> np.ndarray[Any, Any]:
    filled = pc.fill_null(texts, "0")
    whole: np.ndarray[Any, Any] = pc.cast(pc.if_else(pc.equal(filled, ""), pa.scalar("0"), filled), pa.int64()).to_numpy(
        zero_copy_only=False
    )
    return whole


def _days(
    year: np.ndarray[Any, Any], month: np.ndarray[Any, Any], day: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    real = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (np.where(real, year, 1970) - 1970) * 12 + np.where(real, month, 1) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return start + day - 1, real & (day <= following - start)


def _clock(get: dict[str, pa.Array]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    hour, minute, second = _ints(get["h"]), _ints(get["mi"]), _ints(get["s"])
    half = pc.fill_null(pc.utf8_lower(get["ap"]), "").to_numpy(zero_copy_only=False)
    hour12 = np.where((half == "p") & (hour < 12), hour + 12, np.where((half == "a") & (hour == 12), 0, hour))
    good = (hour <= 23) & (minute <= 59) & (second <= 60) & ((half == "") | ((hour >= 1) & (hour <= 12)))
    return hour12 * 3600 + minute * 60 + np.minimum(second, 59), good


def _placed(micros: np.ndarray[Any, Any], offsets: pa.Array, zone: str) -> np.ndarray[Any, Any]:
    naive = pa.array(micros, pa.int64()).cast(pa.timestamp("us"))
    local: np.ndarray[Any, Any] = _local(naive, zone).cast(pa.int64()).to_numpy()
    given = pc.fill_null(pc.not_equal(offsets, ""), False).to_numpy(zero_copy_only=False)
    if not given.any():
        return local
    digits = pc.utf8_rpad(pc.replace_substring_regex(pc.fill_null(offsets, ""), r"[^\d+-]", ""), 5, "0")
    signs = np.where(pc.starts_with(digits, "-").to_numpy(zero_copy_only=False), -1, 1)
    hours = _ints(pc.replace_substring_regex(pc.utf8_slice_codeunits(digits, 1, 3), r"\D", ""))
    minutes = _ints(pc.replace_substring_regex(pc.utf8_slice_codeunits(digits, 3, 5), r"\D", ""))
    shifted = micros - signs * (hours * 3600 + minutes * 60) * 1_000_000
    placed: np.ndarray[Any, Any] = np.where(given, shifted, local)
    return placed
