"""The words by which customers are found: without accents and case, in any script, from the beginning of each word.

The words of a name are kept with the words behind them ("ada novak" and "novak ada"), which finds whoever has both at once.
A word that is the beginning of another one of the same customer is left out: whoever types its beginning finds the longer one.
Scripts that write without blanks (Chinese, Japanese) give every ending of a run of signs, so that any part of a name is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

__all__ = ["LONGEST", "folded", "parts", "phone_words", "stored", "words_of"]

LONGEST = 48
"""Signs of a word that count."""

RUN = 12
"""Signs of a run without blanks whose every part is found."""

PHRASE = 3
"""Words of a name that stand in one row, so that a search for two of them is one look at the index."""

MOST = 64
"""Words of one customer: those of names and addresses first, then whole ids, then their parts."""

PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that Unicode does not take apart into a base and an accent."""

TWO_DIGITS = frozenset(
    str(code)
    for codes in (
        (20, 27),
        range(30, 35),
        (36, 39, 40, 41),
        range(43, 50),
        range(51, 59),
        range(60, 67),
        (81, 82, 84, 86),
        range(90, 96),
    )
    for code in (*codes, 98)
)
"""Country codes of two digits; 1 and 7 have one, all others three (ITU-T E.164: no code is the beginning of another)."""

NO_DIGIT = re.compile(r"\D")
WORD = re.compile(r"[a-z0-9]+")
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def folded(text: str) -> str:
    """The text without accents and case: Łódź and lodz are the same; so are full-width and plain letters."""
    if text.isascii():
        return text.lower().strip()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(sign))
    return bare.translate(PLAIN).strip()


def parts(text: str) -> list[str]:
    """The words of a folded text: runs of letters, digits and marks."""
    if text.isascii():
        return WORD.findall(text)
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in text)
    return kept.split()


def phone_words(phone: str) -> list[str]:
    """A number as digits without leading zeros; an international one also without its country code."""
    digits = NO_DIGIT.sub("", phone)
    bare = digits.lstrip("0")
    if not phone.strip().startswith("+") and not digits.startswith("00"):
        return [bare]
    size = 1 if bare[:1] in ("1", "7") else 2 if bare[:2] in TWO_DIGITS else 3
    return [bare, bare[size:].lstrip("0")]


def words_of(names: Iterable[str], emails: Iterable[str], phones: Iterable[str], ids: Iterable[str]) -> frozenset[str]:
    """All words of a customer.

    names   names and firms: each of their words, with those that follow it, the last one by the first
    emails  whole, the parts before the @, the domain
    phones  digits
    ids     whole, and their parts
    """
    found: list[str] = []
    for name in names:
        ring = parts(folded(name))
        found += [*_phrases(ring), *(one for part in ring for one in _endings(part))]
    for email in emails:
        whole = folded(email)
        local, _, domain = whole.partition("@")
        found += [whole, domain, *parts(local)]
    for phone in phones:
        found += phone_words(phone)
    wholes = [folded(one) for one in ids]
    found += [*wholes, *(part for whole in wholes for part in parts(whole))]
    cut = sorted({word[:LONGEST] for word in found} - {""})
    longest = {word for word, after in zip(cut, [*cut[1:], ""], strict=False) if not after.startswith(word)}
    return frozenset([word for word in dict.fromkeys(word[:LONGEST] for word in found) if word in longest][:MOST])


def stored(word: str) -> bytes:
    """A word as it stands in the table."""
    return word[:LONGEST].encode("utf-8", "replace")


def _phrases(ring: list[str]) -> list[str]:
    """Each word of a name with those behind it, in a ring: "ada maria novak", "maria novak ada", "novak ada maria"."""
    twice, size = [*ring, *ring], min(len(ring), PHRASE)
    return [" ".join(twice[start : start + size]) for start in range(len(ring))]


def _endings(part: str) -> list[str]:
    if part.isascii():
        return []
    return [run[start:] for run in UNSPACED.findall(part) for start in range(min(len(run), RUN))]
