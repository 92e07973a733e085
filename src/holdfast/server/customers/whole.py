"""Where a text stands whole: as a word of its kind, and not as a part of what names somebody else.

Each kind is made longer by something else. A name by letters, and by a hyphen with a letter behind it ("Jo-Ann Smith"), while
it ends at any sign, as in "Ann Smith_orders.csv". An address by what addresses consist of: "mary_ann@…", "x.ann@…" and
"ann@example.com.au" are others, but the ending of a file behind a dot is none of it. An id by those signs too, and by "@".
"O'" before any of them makes another of it, "d'" and "l'" only before a consonant: before a vowel French elides a letter so.

What stands beside a text is read before it is judged, as JSON and URLs write it: "\\u0430" and "%D0%B0" are the letter а,
"\\u003c" is a sign. A sign that follows nothing joins nothing: "-ann@example.com" in a list is Ann's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import AnyStr, Generic
from unicodedata import combining
from urllib.parse import unquote

__all__ = ["AROUND", "Tier", "kind_of", "stands_whole", "tiers"]

AROUND = 32
"""Letters, or bytes, on either side of a text that are looked at."""

FILE = r"(?:csv|tsv|txt|jsonl?|ndjson|xlsx?|xlsm|ods|parquet|zip|gz|pdf|xml|html?|log|eml|vcf|docx?|png|jpe?g)(?![^\W_])"
"""The ending of a file behind a dot."""

ANYWHERE = "anywhere"
"""The kind of what is found wherever it stands."""

_WITHIN_ID = rf"\w|[-+@]+[^\W_]|\.(?!{FILE})[^\W_]"
_BEFORE_ID = re.compile(r"_\Z|[^\W_](?:[-+_@]|\.(?!\.))*\Z")

LONGER = {
    "name": (re.compile(r"[^\W_]\Z|[^\W\d_]-\Z"), re.compile(r"[^\W_]|-[^\W\d_]")),
    "address": (
        re.compile(r"[^\W_](?:[-+_]|\.(?!\.))*\Z"),
        re.compile(rf"[^\W_]|-[^\W\d_]|\.(?!{FILE})[^\W_]", re.IGNORECASE),
    ),
    "id": (_BEFORE_ID, re.compile(_WITHIN_ID, re.IGNORECASE)),
    "word": (_BEFORE_ID, re.compile(_WITHIN_ID, re.IGNORECASE)),
}
"""What stands before and behind a text of each kind where it is part of something longer."""

_LED = re.compile(r"(?<!\w)(?:o\\*'{1,2}.|[dl]\\*'{1,2}[b-df-gj-np-tv-xz])\Z", re.IGNORECASE | re.DOTALL)
"""What stands before a text, with its first letter, where it is part of a name such as O'Brien."""

_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})|\\+[nrtbf]|(?:%[0-9a-fA-F]{2})+")
_CUT = re.compile(r"(?<!\\)(?:\\\\)*\\[nrtbfu]|%[0-9a-fA-F]{2}")
"""An escape whose last letter would be the first one of a text."""


@dataclass(frozen=True)
class Tier(Generic[AnyStr]):
    """Texts of one kind of which none begins another, so that there is but one to judge at each place.

    kind     name, address, id, word (an id of letters alone), or anywhere
    pattern  finds them wherever they stand
    """

    kind: str
    pattern: re.Pattern[AnyStr]

    def hits(self, text: AnyStr) -> Iterator[re.Match[AnyStr]]:
        """Where one of them stands whole."""
        place = 0
        while (hit := self.pattern.search(text, place)) is not None:
            start, end = hit.span()
            around = (text[max(0, start - AROUND) : start], hit[0], text[end : end + AROUND])
            if self.kind == ANYWHERE or stands_whole(self.kind, *(_read(one) for one in around)):
                yield hit
                place = end
            else:
                place = start + 1


def kind_of(text: str) -> str:
    """What kind of word a text is."""
    if "@" in text:
        return "address"
    if " " in text:
        return "name"
    return "word" if text.isalpha() else "id"


def stands_whole(kind: str, before: str, text: str, after: str) -> bool:
    """Whether a text of a kind is whole between what stands before it and behind it."""
    if any(cut.start() < len(before) < cut.end() for cut in _CUT.finditer(before + text[:2])):
        return False
    if "%" in text:  # a URL writes a blank so, and a real plus as %2B
        before, after = before.replace("+", " "), after.replace("+", " ")
    longer_before, longer_behind = LONGER[kind]
    said = _plainly(before)
    return not (longer_before.search(said) or _LED.search(said + text[:1]) or longer_behind.match(_plainly(after)))


def tiers(spellings: Iterable[str]) -> list[list[str]]:
    """The spellings in lists of which none has one that begins another; the longer ones first."""
    found: list[list[str]] = []
    begun: list[str] = []
    for small, one in sorted((one.casefold(), one) for one in spellings):
        while begun and not (small.startswith(begun[-1]) and small != begun[-1]):
            begun.pop()
        begun.append(small)
        if len(found) < len(begun):
            found.append([])
        found[len(begun) - 1].append(one)
    return found[::-1]


def _read(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "ignore")


def _plainly(text: str) -> str:
    """A text as JSON or a URL means it; a mark above a letter is a letter."""
    said = _ESCAPE.sub(_meant, text)
    return said if said.isascii() else "".join("x" if combining(one) else one for one in said)


def _meant(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return unquote(escape[0]) if escape[0][0] == "%" else "\n"
