"""Texts that name a person beyond doubt, and finding them: as whole words, in any case, also as JSON and URLs write them.

Whole words, so that customer-1 is not found in customer-12. What makes a word longer is another thing for each kind: a name
ends at any sign, as in "Ann Smith_orders.csv"; an address goes on behind a dot, but for the ending of a file.

A text that somebody else has too (a family's address, the same name twice, one of us who is a customer) tells nothing: whoever
finds it does not know whose it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.db.models import Q

from holdfast.server.customers.facts import shown_fields
from holdfast.server.customers.identity import chunks
from holdfast.server.customers.models import Customer
from holdfast.server.customers.resolving import ANONYMOUS
from holdfast.server.customers.trait_names import SHOWN, plain

__all__ = ["ERASED_WORD", "LEAST", "Sought", "in_bytes", "in_every_case", "in_text", "shared", "spellings", "texts_of"]

LEAST = 6
"""A shorter text is found by chance."""

LEAST_DIGITS = 9
"""So is a shorter number: an order, an amount, an instant."""

AT_ONCE = 100
"""Texts that are asked for at once."""

ERASED_WORD = "[…]"
"""What stands where somebody was named."""

TOLD = frozenset(name for field in ("email", "phone", "name") for name in SHOWN[field])
ESCAPED = r"(?<=\\[nrtbf])|(?<=\\u20[0-9a-f]{2})|(?<=\\u00[ab][0-9a-f])|(?<=%[0-9a-f]{2})"
"""Signs as JSON and URLs write them, whose last letter belongs to no word."""

FILE = r"(?:csv|tsv|txt|jsonl?|ndjson|xlsx?|xlsm|ods|parquet|zip|gz|pdf|xml|html?|log|eml|vcf|docx?|png|jpe?g)(?![^\W_])"
"""The ending of a file behind a dot."""

KINDS = {
    "name": (rf"(?:(?<![^\W_])(?<![^\W\d_]-)|{ESCAPED})", r"(?![^\W_]|-[^\W\d_])"),
    "address": (rf"(?:(?<![^\W_])(?<![^\W_][-.+])|{ESCAPED})", rf"(?![^\W_]|-[^\W\d_])(?!\.(?!{FILE})[^\W_])"),
    "id": (rf"(?:(?<![^\W_])(?<!_)(?<![^\W_][-.+])|{ESCAPED})", rf"(?![^\W_]|_)(?![-+@][^\W_])(?!\.(?!{FILE})[^\W_])"),
}
"""What stands before and behind a text of each kind where it is a word."""


@dataclass(frozen=True)
class Sought:
    """What is looked for in bytes.

    plain    one of these is there, in small letters, wherever the pattern finds something: quick to rule out
    pattern  what finds it
    """

    plain: tuple[bytes, ...]
    pattern: re.Pattern[bytes]

    @property
    def longest(self) -> int:
        """Bytes of the longest text."""
        return max((len(one) for one in self.plain), default=0)

    def within(self, window: bytes) -> Iterator[re.Match[bytes]]:
        """Where it stands in these bytes."""
        small = window.lower()
        return self.pattern.finditer(window) if any(one in small for one in self.plain) else iter(())


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
            wanted |= Q(email__iexact=one) | Q(phone=one) | Q(name__iexact=one)
        rows = Customer.objects.filter(wanted).order_by().values_list("person", "email", "phone", "name")
        others |= {value for person, *values in rows if person not in hers for value in values}
    ours = [value for pair in User.objects.values_list("email", "name") for value in pair]
    also = {one for one in told.values() if any(in_text([one]).search(value) for value in ours)}
    return {told[one.casefold()] for one in others if one.casefold() in told} | also


def spellings(text: str) -> set[str]:
    """A text as it is written plainly, in JSON and in a URL."""
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], quote(text)}


def in_every_case(texts: Iterable[str]) -> set[str]:
    """The texts also in small and in capital letters: bytes, SQLite and what JSON escapes know no case but of plain letters."""
    return {case for one in texts for case in (one, one.lower(), one.upper())}


def in_text(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the texts in a text; nothing where there are none."""
    return _pattern(frozenset(texts))


def in_bytes(texts: Iterable[str], *, apart: bool = True) -> Sought:
    """The same for bytes (UTF-8).

    apart  as words; else wherever they stand, as in a file of a database, where columns stand beside each other
    """
    cases = in_every_case(texts)
    every = {spelling for one in cases for spelling in spellings(one)}
    plain = tuple(sorted({one.encode().lower() for one in every}))
    return Sought(plain, re.compile((_words(cases) if apart else _either(cases)).encode(), re.IGNORECASE))


@lru_cache(maxsize=8)
def _pattern(texts: frozenset[str]) -> re.Pattern[str]:
    return re.compile(_words(in_every_case(texts)), re.IGNORECASE)


def _words(texts: Iterable[str]) -> str:
    """A pattern that finds each of the texts as a word of its kind."""
    kinds: dict[str, list[str]] = {}
    for one in texts:
        kinds.setdefault("address" if "@" in one else "name" if " " in one else "id", []).append(one)
    either = (f"{KINDS[kind][0]}{_either(ones)}{KINDS[kind][1]}" for kind, ones in sorted(kinds.items()))
    begins = "".join(sorted({re.escape(spelling[0]) for ones in kinds.values() for one in ones for spelling in spellings(one)}))
    return f"(?=[{begins}])(?:{'|'.join(either)})" if kinds else "(?!)"  # what begins otherwise is ruled out at once


def _either(texts: Iterable[str]) -> str:
    every = {spelling for one in texts for spelling in spellings(one)}
    return f"(?:{'|'.join(re.escape(one) for one in sorted(every, key=lambda one: (-len(one), one))) or '(?!)'})"


_AS_LONG: dict[str, Any] = dict.fromkeys(SHOWN, 254)
