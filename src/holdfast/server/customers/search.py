"""Finding customers as one types: by the beginnings of words of name, e-mail, phone, id and firm, all of them at once.

The table of words is read by ranges of its index (`lookup.py`). At most CANDIDATES are ranked, so that one letter costs no more
than a whole name.

    found("ann sm")    [Hit(person="17", name="Ann Smith", …), …]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.db.models import QuerySet

from holdfast.server.customers.lookup import numbers_of
from holdfast.server.customers.models import Customer, shown_person
from holdfast.server.customers.words import folded, parts

__all__ = ["Hit", "found"]

CANDIDATES = 120
AROUND = re.compile(r"^\W+|\W+$")
WORDS = 8
"""Words of a search that count."""


@dataclass(frozen=True)
class Hit:
    """One customer that was found, with what a list shows of her."""

    person: str
    name: str
    email: str
    phone: str
    account: str
    city: str
    country: str
    id: int

    @property
    def shown_name(self) -> str:
        """Her name, else her e-mail address, else her id."""
        return self.name or self.email or self.person


COLUMNS = tuple(one.name for one in fields(Hit))


def found(text: str, limit: int = 20) -> list[Hit]:
    """The customers that match every word of the text, best first: that very id or address, then names, then the rest.

    Nothing is found for a text without letters and digits.
    """
    exact = _exact(text.strip())
    rest: dict[int, Hit] = {}
    for words in _readings(text):
        rest.update((one.id, one) for one in _candidates(words))
        if rest:
            break
    for one in exact:
        rest.pop(one.id, None)
    wanted = [folded(word) for word in text.split()]
    ranked = sorted(rest.values(), key=lambda one: _rank(one, wanted))
    return [*exact, *ranked][:limit]


def _exact(text: str) -> list[Hit]:
    """Who has this very id, or this very e-mail address."""
    if not text:
        return []
    shown = _shown().values_list(*COLUMNS)
    ids = [Hit(*row) for row in shown.filter(person__in={shown_person(text), text})]
    if "@" not in text:
        return ids
    there = shown.exclude(email="")  # what the index is of
    mails = there.filter(email__in={text, text.lower()}).exclude(id__in=[one.id for one in ids])
    return [*ids, *(Hit(*row) for row in mails[:CANDIDATES])]


def _readings(text: str) -> Iterable[tuple[str, ...]]:
    """The ways to read a text, until one finds somebody: as a phone number, as it is typed, without signs around its words
    (<ann@example.com>, @example.com), its words taken apart at signs."""
    typed = tuple(dict.fromkeys(folded(word) for word in text.split()))[:WORDS]
    bare = tuple(dict.fromkeys(AROUND.sub("", word) for word in typed))
    apart = tuple(dict.fromkeys(part for word in typed for part in parts(word)))[:WORDS]
    ways = [way for way in (typed, bare, apart) if way and all(parts(word) for word in way)]
    if re.fullmatch(r"[\d\s()+./-]{4,}", text.strip()):
        ways.insert(0, (re.sub(r"\D", "", text).lstrip("0"),))
    return dict.fromkeys(way for way in ways if all(way))


def _candidates(words: tuple[str, ...]) -> list[Hit]:
    """Shown customers with a word of each beginning."""
    numbers = list(dict.fromkeys(numbers_of(words, 2 * CANDIDATES)))[:CANDIDATES]
    return [Hit(*row) for row in _shown().filter(id__in=numbers).values_list(*COLUMNS)]


def _shown() -> QuerySet[Customer]:
    return Customer.objects.filter(merged_into="")


def _rank(one: Hit, wanted: list[str]) -> tuple[int, int, int, str, int]:
    """Better comes first: whole words of the name, then beginnings in it, then the address."""
    names = parts(folded(one.name))
    whole = sum(word in names for word in wanted)
    begun = sum(any(name.startswith(word) for name in names) for word in wanted)
    mail = folded(one.email)
    mailed = sum(mail.startswith(word) for word in wanted)
    return -begun, -whole, -mailed, folded(one.name) or "\uffff", one.id
