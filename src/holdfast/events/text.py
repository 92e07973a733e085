"""Recognising a text file: its encoding, separator and header. Simple, deterministic rules, each with its reason.

Encoding: a byte-order mark decides. Else bytes that are valid UTF-8 are UTF-8; so are those where good multi-byte letters
outnumber bad
bytes (the bad ones become U+FFFD and are counted). Else zero bytes at every other place are UTF-16. Else Windows-1252, or
Latin-1 where a byte has no meaning in Windows-1252.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.errors import InputError
from holdfast.events.archive import pieces

__all__ = [
    "SEPARATORS",
    "Found",
    "Survey",
    "decoded",
    "find_header",
    "find_separator",
    "joined",
    "lines_above",
    "sample_lines",
    "survey",
]

SEPARATORS = ("\t", ";", "|", ",")
"""In order of preference where several cut every line into the same number of fields."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDEFINED_IN_1252 = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_CONTROL = bytes(set(range(32)) - {0, 9, 10, 12, 13, 26, 27}) + b"\x7f"
_SAMPLE_BYTES = 262_144
_HEADER_LINES = 30
_LINES_ABOVE = 20


@dataclass(frozen=True)
class Found:
    """A value recognised in a file, with the reason and a confidence from 0 to 1."""

    value: str
    reason: str
    confidence: float


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes of a text file tells.

    encoding   codec name, with reason
    lines      line ends counted
    bad_bytes  places that are no valid text in the encoding
    zero_bytes NUL bytes inside the text
    old_mac    lines end with CR alone
    """

    encoding: Found
    lines: int
    bad_bytes: int
    zero_bytes: int
    old_mac: bool


def survey(path: Path, encoding: str | None = None) -> Survey:
    """Reads every byte once: recognises the encoding, counts lines, proves that the archive is whole; binary rubbish is an
    InputError."""
    head, lines, returns, zeros, bad, good, undefined = b"", 0, 0, 0, 0, 0, False
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces(path):
        head = head or piece[:_SAMPLE_BYTES]
        lines += piece.count(b"\n")
        returns += piece.count(b"\r")
        zeros += piece.count(b"\0")
        if not piece.isascii():
            text = decoder.decode(piece)
            # a replacement character that stands in the file itself is valid text
            wrong = max(0, text.count("\ufffd") - piece.count(b"\xef\xbf\xbd"))
            bad += wrong
            good += len(text) - len(text.encode("ascii", "ignore")) - wrong
            undefined = undefined or any(byte in piece for byte in _UNDEFINED_IN_1252)
        else:
            bad += decoder.decode(piece).count("\ufffd")
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise InputError(f"{path.name} holds no text", "export it again")
    found = _encoding(head, bad, good, undefined)
    _refuse_rubbish(path, head, found.value)
    if encoding is not None:
        found = Found(_known_codec(encoding), "given", 1.0)
    wide = found.value.startswith(("utf-16", "utf-32"))
    spoiled = bad if found.value.startswith("utf-8") else 0
    return Survey(found, lines, spoiled, 0 if wide else zeros, lines == 0 and returns > 0)


def _known_codec(name: str) -> str:
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError, TypeError):
        raise InputError(f"there is no encoding called {name!r}", "use utf-8, utf-16, cp1252 or latin-1") from None
    return name


def _encoding(head: bytes, bad: int, good: int, undefined: bool) -> Found:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Found(name, "the file begins with a byte-order mark", 1.0)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.3 * len(head) / 2 and min(even, odd) < 0.05 * len(head) / 2:
        return Found("utf-16-le" if odd > even else "utf-16-be", "every other byte is zero", 0.9)
    if bad == 0:
        return Found("utf-8", "all bytes are valid UTF-8", 1.0 if good else 0.99)
    if good > bad:
        return Found("utf-8", f"{good:,} letters are valid UTF-8, {bad:,} places are damaged", 0.7)
    if undefined:
        return Found("latin-1", "not valid UTF-8, and has bytes that Windows-1252 leaves open", 0.6)
    return Found("cp1252", "not valid UTF-8; the usual encoding of Windows exports", 0.8)


def _refuse_rubbish(path: Path, head: bytes, encoding: str) -> None:
    shown = (
        head if not encoding.startswith(("utf-16", "utf-32")) else head.decode(encoding, "replace").encode("utf-8", "replace")
    )
    controls = sum(shown.count(byte) for byte in _CONTROL)
    zeros = shown.count(0)
    if controls > 0.02 * len(shown) or zeros > 0.2 * len(shown):
        raise InputError(
            f"{path.name} is not a text table: it is full of control characters",
            "export it as CSV, Excel, JSON lines or Parquet",
        )


def decoded(path: Path, found: Survey, stop_after: int | None = None) -> Iterator[str]:
    """The text of the file in pieces, without NUL characters; bad bytes become U+FFFD."""
    decoder = codecs.getincrementaldecoder(found.encoding.value)("replace")
    for piece in pieces(path, stop_after):
        text = decoder.decode(piece).replace("\0", "")
        yield text.replace("\r", "\n") if found.old_mac else text
    yield decoder.decode(b"", stop_after is None).replace("\0", "")


def sample_lines(path: Path, found: Survey) -> list[str]:
    """The first whole lines of the file, at most 256 kB."""
    text = "".join(decoded(path, found, _SAMPLE_BYTES))
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    whole = lines[:-1] if len(text) > 200_000 and len(lines) > 1 else lines
    return joined([line for line in whole[:1000] if line.strip()])


def joined(lines: list[str]) -> list[str]:
    """The lines with a header put together that has line ends inside its quotes."""
    for last in range(1, min(_HEADER_LINES, len(lines)) + 1):
        header = "\n".join(lines[:last])
        if header.count('"') % 2 == 0:
            return [header, *lines[last:]]
    return lines


def lines_above(lines: list[str]) -> int:
    """How many lines stand above the header of a table (a title, remarks); 0 where no table begins below.

    They have half as many fields as the table at most: a header with a name too many is no title.
    """
    for above in range(1, min(_LINES_ABOVE, len(lines) - 2) + 1):
        rest = joined(lines[above:])
        found = _best_separator(rest)
        if found is None or found.confidence < 0.8:
            continue
        rows = _cut([*lines[:above], rest[0], rest[1]], found.value)
        titles = all(2 * len(row) <= len(rows[-2]) for row in rows[:above])
        return above if titles and find_header(rows[-2], rows[-1]).value == "first row" else 0
    return 0


def find_separator(lines: list[str]) -> Found:
    """The separator that cuts the most lines into as many fields as the first line; runs of blanks where none does."""
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return Found(lines[0].strip()[4], "the first line says so", 1.0)
    found = _best_separator(lines)
    if found is not None and found.confidence >= 0.5:
        return found
    counts = [len(line.split()) for line in lines]
    if counts and counts[0] > 1 and counts.count(counts[0]) >= 0.9 * len(counts):
        return Found("whitespace", f"each line has {counts[0]} words and no separator", 0.8)
    if found is not None:
        return replace(found, reason=f"only {found.reason}")
    raise InputError("the file has no separator that makes a table of it", "give one with --separator, or export it as CSV")


def _best_separator(lines: list[str]) -> Found | None:
    best, share = "", 0.0
    for separator in SEPARATORS:
        rows = _cut(lines, separator)
        width = len(rows[0]) if rows else 0
        fitting = sum(len(row) == width for row in rows) / max(1, len(rows)) if width > 1 else 0.0
        if fitting > share + 0.05:
            best, share = separator, fitting
    return Found(best, f"{share:.0%} of the first lines have as many fields as the first", round(share, 2)) if best else None


def _cut(lines: list[str], separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return [line.split(separator) for line in lines]


def find_header(first: list[str], second: list[str]) -> Found:
    """Whether the first row names the columns: it does when no field of it is a number or a date."""
    numbers = [
        field for field in first if field.strip() and sum(letter.isdigit() for letter in field) > 0.5 * len(field.strip())
    ]
    if numbers:
        return Found("none", f"the first row holds a value: {numbers[0].strip()[:40]}", 0.9)
    if second and any(any(letter.isdigit() for letter in field) for field in second):
        return Found("first row", "the first row holds only words, the second holds numbers", 0.95)
    return Found("first row", "the first row holds only words", 0.8)
