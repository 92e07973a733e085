"""Texts that name a person beyond doubt, and finding them where they stand whole (`whole.py`), as JSON and URLs write them too.

Whole, so that customer-1 is not found in customer-12, nor ann@example.com in mary_ann@example.com. Addresses, names and numbers
are found in any case of letters; an id of letters alone only as it is written, for "martin" is not every Martin.

A text that somebody else has too (a family's address, the same name twice, one of us who is a customer) tells nothing: whoever
finds it does not know whose it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, quote_plus

from django.db.models import Q

from holdfast.server.customers.facts import shown_fields
from holdfast.server.customers.identity import chunks
from holdfast.server.customers.models import Customer
from holdfast.server.customers.resolving import ANONYMOUS
from holdfast.server.customers.trait_names import SHOWN, plain
from holdfast.server.customers.whole import ANYWHERE, Tier, kind_of, tiers

__all__ = [
    "ERASED_WORD",
    "LEAST",
    "LEAST_DIGITS",
    "Sought",
    "Words",
    "as_written",
    "in_bytes",
    "in_every_case",
    "in_text",
    "shared",
    "spellings",
    "texts_of",
]

LEAST = 6
"""A shorter text is found by chance."""

LEAST_DIGITS = 9
"""So is a shorter number: an order, an amount, an instant."""

AT_ONCE = 100
"""Texts that are asked for at once."""

ERASED_WORD = "[…]"
"""What stands where somebody was named."""

TOLD = frozenset(name for field in ("email", "phone", "name") for name in SHOWN[field])
HEXED = re.compile("[<>&'`+]")
"""Signs that some write in JSON by their number (.NET, Go, PHP)."""


@dataclass(frozen=True)
class Sought:
    """What is looked for in bytes.

    plain  one of these is there, in small letters, wherever one is found: quick to rule out
    tiers  what finds them
    """

    plain: tuple[bytes, ...]
    tiers: tuple[Tier[bytes], ...]

    @property
    def longest(self) -> int:
        """Bytes of the longest text."""
        return max((len(one) for one in self.plain), default=0)

    def within(self, window: bytes) -> Iterator[re.Match[bytes]]:
        """Where they stand in these bytes."""
        small = window.lower()
        if any(one in small for one in self.plain):
            for tier in self.tiers:
                yield from tier.hits(window)


@dataclass(frozen=True)
class Words:
    """What is looked for in texts."""

    tiers: tuple[Tier[str], ...]

    def search(self, text: str) -> re.Match[str] | None:
        """Where one of them stands, if any does."""
        return next((hit for tier in self.tiers for hit in tier.hits(text)), None)

    def sub(self, word: str, text: str) -> str:
        """The text with a word in place of each of them."""
        for tier in self.tiers:
            spans = [hit.span() for hit in tier.hits(text)]
            for start, end in reversed(spans):
                text = text[:start] + word + text[end:]
        return text


def texts_of(rows: Iterable[Customer], ids: Iterable[str]) -> list[str]:
    """The texts that name the person of these rows and ids: ids, addresses, phone numbers, whole names."""
    found: set[str] = {one.removeprefix(ANONYMOUS) for one in ids}
    for row in rows:
        told = {name: str(one[2]) for name, one in row.told.items() if one[2]}
        said = {value for name, value in told.items() if plain(name) in TOLD}
        said |= {row.email, row.phone, row.name, shown_fields(told, _AS_LONG)["name"]}
        found |= {one.strip() for one in said if "@" in one or " " in one.strip() or any(sign.isdigit() for sign in one)}
    return sorted(one for one in found if len(one) >= (LEAST_DIGITS if one.isdigit() else LEAST))


def shared(texts: Iterable[str], ids: Iterable[str]) -> set[str]:
    """Those of the texts that another customer, or one of us, is called or reached by as well."""
    from holdfast.server.people.models import User

    told, hers = {one.casefold(): one for one in texts}, set(ids)
    others: set[str] = set()
    for part in chunks(sorted(told.values()), AT_ONCE):
        wanted = Q()
        for one in part:
            wanted |= Q(email__iexact=one) | Q(phone=one) | Q(name__iexact=one) | Q(person__iexact=one)
        rows = Customer.objects.filter(wanted).order_by().values_list("person", "email", "phone", "name")
        others |= {value for row in rows if row[0] not in hers for value in row}
    ours = [value for pair in User.objects.values_list("email", "name") for value in pair]
    also = {one for one in told.values() if any(in_text([one]).search(value) for value in ours)}
    return {told[one.casefold()] for one in others if one.casefold() in told} | also


def spellings(text: str) -> set[str]:
    """A text as it is written plainly, in JSON, in XML and in a URL."""
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    in_json |= {HEXED.sub(_by_number, one) for one in in_json} | {one.replace("/", "\\/") for one in in_json}
    in_json |= {one.replace("@", "\\u0040") for one in in_json}
    in_json |= {one.replace("\\", "\\\\") for one in in_json}  # JSON in JSON
    in_url = {written(text, safe=safe) for written in (quote, quote_plus) for safe in ("", "/", "/@")}
    return {text, escape(text, quote=False)} | in_json | in_url


def in_every_case(texts: Iterable[str]) -> set[str]:
    """The texts also in small and in capital letters, é as one sign and as two.

    Bytes, SQLite and what JSON escapes know no case but of plain letters.
    """
    forms = {normalize(form, one) for one in texts for form in ("NFC", "NFD")} | {*texts}
    return {case for one in forms for case in (one, one.lower(), one.upper())}


def in_text(texts: Iterable[str]) -> Words:
    """What finds any of the texts in a text; nothing where there are none."""
    return _words(frozenset(texts))


def as_written(texts: Iterable[str]) -> Words:
    """The same, in no other case than theirs."""
    kinds = sorted(_by_kind(texts).items())
    return Words(tuple(_tier(kind, tier, re.NOFLAG) for kind, every in kinds for tier in tiers(_spelled(every))))


def in_bytes(texts: Iterable[str], *, apart: bool = True) -> Sought:
    """The same for bytes: UTF-8, or what Western Europe's Excel writes.

    apart  as words; else wherever they stand, as in a file of a database, where columns stand beside each other
    """
    found: list[Tier[bytes]] = []
    plain: set[bytes] = set()
    for kind, every in sorted(_by_kind(texts).items()):
        written = _written(kind, every)
        plain |= {code for one in written for code in _codes(one)}
        found += [_tier_of_bytes(kind if apart else ANYWHERE, tier, _flags(kind)) for tier in tiers(written)]
    return Sought(tuple(sorted({one.lower() for one in plain})), tuple(found))


@lru_cache(maxsize=8)
def _words(texts: frozenset[str]) -> Words:
    kinds = sorted(_by_kind(texts).items())
    return Words(tuple(_tier(kind, tier, _flags(kind)) for kind, every in kinds for tier in tiers(_written(kind, every))))


def _by_kind(texts: Iterable[str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for one in texts:
        kinds.setdefault(kind_of(one), []).append(one)
    return kinds


def _written(kind: str, texts: list[str]) -> set[str]:
    return _spelled(texts if kind == "word" else in_every_case(texts))


def _spelled(texts: Iterable[str]) -> set[str]:
    return {spelling for one in texts for spelling in spellings(one)}


def _flags(kind: str) -> re.RegexFlag:
    return re.NOFLAG if kind == "word" else re.IGNORECASE


def _tier(kind: str, written: list[str], flags: re.RegexFlag) -> Tier[str]:
    begins = "".join(sorted({re.escape(one[0]) for one in written}))  # what begins otherwise is ruled out at once
    return Tier(kind, re.compile(f"(?=[{begins}])(?:{'|'.join(re.escape(one) for one in sorted(written))})", flags))


def _tier_of_bytes(kind: str, written: list[str], flags: re.RegexFlag) -> Tier[bytes]:
    every = sorted({code for one in written for code in _codes(one)}, key=lambda one: (-len(one), one))
    begins = b"".join(sorted({re.escape(one[:1]) for one in every}))
    return Tier(kind, re.compile(b"(?=[%b])(?:%b)" % (begins, b"|".join(re.escape(one) for one in every)), flags))


def _codes(text: str) -> set[bytes]:
    """The bytes of a text."""
    try:
        return {text.encode(), text.encode("cp1252")}
    except UnicodeEncodeError:
        return {text.encode("utf-8", "replace")}


def _by_number(sign: re.Match[str]) -> str:
    return f"\\u{ord(sign[0]):04x}"


_AS_LONG: dict[str, Any] = dict.fromkeys(SHOWN, 254)
