"""Finding customers as one types: by the beginnings of words of name, e-mail, phone, id and firm, all of them at once.

The table of words (`CustomerWord`) is read by ranges of its index. Of several words the rarest is looked up first, the others
are checked for its customers. At most CANDIDATES are ranked, so that one letter costs no more than a whole name.

    found("ann sm")    [Hit(person="17", name="Ann Smith", …), …]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from holdfast.server.customers.models import Customer, CustomerWord, shown_person
from holdfast.server.customers.words import folded, parts, stored

__all__ = ["Hit", "found"]

CANDIDATES = 120
COUNTED = 2_000
"""So far the customers of a beginning are counted to see which one is rarest."""

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


def found(text: str, limit: int = 20) -> list[Hit]:
    """The customers that match every word of the text, best first: that very id or address, then names, then the rest.

    Nothing is found for a text without letters and digits.
    """
    exact = _exact(text.strip())
    rest: dict[int, Customer] = {}
    for words in _readings(text):
        rest.update((one.id, one) for one in _candidates(words))
        if rest:
            break
    for one in exact:
        rest.pop(one.id, None)
    wanted = [folded(word) for word in text.split()]
    ranked = sorted(rest.values(), key=lambda one: _rank(one, wanted))
    return [_hit(one) for one in [*exact, *ranked][:limit]]


def _exact(text: str) -> list[Customer]:
    """Who has this very id, or this very e-mail address."""
    if not text:
        return []
    shown = _shown()
    ids = list(shown.filter(person__in={shown_person(text), text}))
    mails = shown.filter(email__in={text, text.lower()}).exclude(id__in=[one.id for one in ids]) if "@" in text else []
    return [*ids, *mails[:CANDIDATES]]


def _readings(text: str) -> Iterable[tuple[str, ...]]:
    """The ways to read a text, until one finds somebody: as a phone number, as it is typed, its words taken apart at signs."""
    typed = tuple(dict.fromkeys(folded(word) for word in text.split()))[:WORDS]
    apart = tuple(dict.fromkeys(part for word in typed for part in parts(word)))[:WORDS]
    ways = [way for way in (typed, apart) if way and all(parts(word) for word in way)]
    if re.fullmatch(r"[\d\s()+./-]{4,}", text.strip()):
        ways.insert(0, (re.sub(r"\D", "", text).lstrip("0"),))
    return dict.fromkeys(way for way in ways if all(way))


def _candidates(words: tuple[str, ...]) -> Sequence[Customer]:
    """Shown customers with a word of each beginning."""
    ranges = [_range(word) for word in words]
    counts = [CustomerWord.objects.filter(each)[:COUNTED].count() for each in ranges] if len(words) > 1 else [0]
    order = sorted(range(len(words)), key=lambda place: counts[place])
    rows = CustomerWord.objects.filter(ranges[order[0]])
    for place in order[1:]:
        rows = rows.filter(Exists(CustomerWord.objects.filter(ranges[place], customer=OuterRef("customer"))))
    ids = list(dict.fromkeys(rows.order_by("word", "customer").values_list("customer_id", flat=True)[: 2 * CANDIDATES]))
    return list(_shown().filter(id__in=ids[:CANDIDATES]))


def _range(word: str) -> Q:
    first = stored(word)
    return Q(word__gte=first) & Q(word__lt=first + b"\xff")


def _shown() -> QuerySet[Customer]:
    return Customer.objects.filter(merged_into="").defer("traits", "told")


def _rank(one: Customer, wanted: list[str]) -> tuple[int, int, int, str, int]:
    """Better comes first: whole words of the name, then beginnings in it, then the address."""
    names = parts(folded(one.name))
    whole = sum(word in names for word in wanted)
    begun = sum(any(name.startswith(word) for name in names) for word in wanted)
    mail = folded(one.email)
    mailed = sum(mail.startswith(word) for word in wanted)
    return -begun, -whole, -mailed, folded(one.name) or "\uffff", one.id


def _hit(one: Customer) -> Hit:
    return Hit(one.person, one.name, one.email, one.phone, one.account, one.city, one.country, one.id)
