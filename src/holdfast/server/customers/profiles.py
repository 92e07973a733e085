"""The rows of customers: what was told under each id, and what is shown of the person that these ids are.

`told` brings in what events told under single ids; `refreshed` works out what is shown, from the rows and the alias map alone,
so that the same facts give the same rows whichever way they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from holdfast.server.customers.facts import Told, later, shown_fields
from holdfast.server.customers.identity import chunks
from holdfast.server.customers.models import Account, Customer, CustomerWord, KnownAs
from holdfast.server.customers.resolving import ANONYMOUS
from holdfast.server.customers.rows import inserted, known, stamped, updated, words_added
from holdfast.server.customers.words import stored, words_of

__all__ = ["Telling", "firms_told", "refreshed", "told"]

SHOWN = ("name", "email", "phone", "account", "city", "country")
ASKED = 5_000
"""Customers looked up at once."""

LONGEST = {name: Customer._meta.get_field(name).max_length for name in SHOWN}


@dataclass
class Telling:
    """What events told under one id: its first event among them, and traits."""

    first_us: int
    told: Told = field(default_factory=dict)


def told(tellings: dict[str, Telling]) -> set[str]:
    """Bring in what was told under these ids; those whose rows wait for `refreshed`, since they are tied to other ids."""
    compared = _compared(tellings)
    changed = {row.person: row for part in chunks(compared.changed) for row in Customer.objects.filter(person__in=part)}
    for person, row in changed.items():
        row.told, row.first_us = later(row.told, tellings[person].told), min(row.first_us, tellings[person].first_us)
    plain = _alone([*changed, *compared.stamped, *compared.fresh])
    for person in changed.keys() & plain:
        _show(changed[person], [changed[person]])
    updated(changed.values())
    stamped(compared.stamped.values())
    _worded({row: ([], []) for person, row in changed.items() if person in plain})
    made = [_made(person, tellings[person], shown=person in plain) for person in compared.fresh]
    inserted(made)
    words_added((row.id, word) for row in made if row.person in plain for word in sorted(_words(row, [], [])))
    return {*changed, *compared.stamped, *compared.fresh} - plain


@dataclass
class _Compared:
    """Tellings beside the rows that are there.

    fresh    who has no row
    changed  whose row says something else from now on
    stamped  who said the same as before, only later: number and telling, by id
    """

    fresh: list[str]
    changed: list[str] = field(default_factory=list)
    stamped: dict[str, tuple[int, Told]] = field(default_factory=dict)


def _compared(tellings: dict[str, Telling]) -> _Compared:
    there: set[str] = set()
    out = _Compared([])
    for part in chunks(sorted(tellings), ASKED):
        for number, person, first_us, was in known(part):
            there.add(person)
            both = later(was, tellings[person].told)
            if tellings[person].first_us < first_us or _texts(both) != _texts(was):
                out.changed.append(person)
            elif both != was:
                out.stamped[person] = (number, both)
    out.fresh = [person for person in tellings if person not in there]
    return out


def _texts(told: Told) -> dict[str, str]:
    return {name: one[2] for name, one in told.items()}


def refreshed(persons: Iterable[str]) -> None:
    """Work out anew what is shown of these persons, and which of their ids are shown at all."""
    for part in chunks(sorted(set(persons))):
        _refreshed(part)


def firms_told(firms: dict[str, Told]) -> None:
    """Bring in what `group` calls told of firms."""
    for part in chunks(sorted(firms)):
        rows = {row.account: row for row in Account.objects.filter(account__in=part)}
        for account in part:
            row = rows.setdefault(account, Account(account=account))
            row.told = later(row.told, firms[account])
            row.traits = {name: one[2] for name, one in row.told.items()}
            row.name = shown_fields(row.traits, LONGEST)["name"]
        Account.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=["account"], update_fields=["name", "traits", "told"]
        )


def _alone(ids: list[str]) -> set[str]:
    """Of these ids, those that are neither another person nor have other ids."""
    tied: set[str] = set()
    if not KnownAs.objects.exists():
        return set(ids)
    for part in chunks(sorted(ids)):
        tied.update(KnownAs.objects.filter(known_as__in=part).values_list("known_as", flat=True))
        tied.update(KnownAs.objects.filter(person__in=part).values_list("person", flat=True))
    return set(ids) - tied


def _made(person: str, telling: Telling, *, shown: bool) -> Customer:
    row = Customer(person=person, told=later(telling.told), first_us=telling.first_us, first_seen=_moment(telling.first_us))
    if shown:
        _show(row, [row])
    return row


def _refreshed(persons: list[str]) -> None:
    wholes = dict(KnownAs.objects.filter(known_as__in=persons).values_list("known_as", "person"))
    targets = sorted({wholes.get(one, one) for one in persons} | set(persons))
    members: dict[str, list[str]] = {}
    for part in chunks(targets):
        for known_as, person in KnownAs.objects.filter(person__in=part).values_list("known_as", "person"):
            members.setdefault(person, []).append(known_as)
    wanted = {*targets, *(one for those in members.values() for one in those)}
    rows = {row.person: row for part in chunks(sorted(wanted)) for row in Customer.objects.filter(person__in=part)}
    into = {one: person for person, those in members.items() for one in those} | wholes
    for person, row in rows.items():
        if person in into:
            _hide(row, into[person])
        else:
            _show(row, [row, *(rows[one] for one in sorted(members.get(person, ())) if one in rows)])
    updated(rows.values())
    others = {person: sorted(members.get(person, ())) for person in rows}
    _worded({row: (others[person], [rows[one] for one in others[person] if one in rows]) for person, row in rows.items()})


def _show(row: Customer, ids: list[Customer]) -> None:
    """What is shown of a person with the rows of her ids."""
    row.merged_into = ""
    whole = later(*(one.told for one in ids))
    row.traits = {name: one[2] for name, one in whole.items()}
    for name, value in shown_fields(row.traits, LONGEST).items():
        setattr(row, name, value)
    row.first_seen = _moment(min(one.first_us for one in ids))


def _hide(row: Customer, person: str) -> None:
    """An id that is really another person shows nothing of itself."""
    row.merged_into, row.traits, row.first_seen = person, {}, _moment(row.first_us)
    for name in SHOWN:
        setattr(row, name, "")


def _worded(rows: dict[Customer, tuple[list[str], list[Customer]]]) -> None:
    """Bring the words of these customers, with their other ids and the rows of these, level with what is known of them."""
    was: dict[int, set[bytes]] = {}
    for part in chunks(row.id for row in rows):
        for customer, word in CustomerWord.objects.filter(customer__in=part).values_list("customer_id", "word"):
            was.setdefault(customer, set()).add(bytes(word))
    fresh: list[tuple[int, bytes]] = []
    for row, others in rows.items():
        now = _words(row, *others)
        old = was.get(row.id, set())
        if old - now:
            CustomerWord.objects.filter(customer=row, word__in=sorted(old - now)).delete()
        fresh += [(row.id, word) for word in sorted(now - old)]
    words_added(fresh)


def _words(row: Customer, others: list[str], merged: list[Customer]) -> set[bytes]:
    """Her words: of what is shown, of what was told under ids merged with hers (an old address), of all her ids."""
    if row.merged_into:
        return set()
    ids = [one for one in (row.person, *others) if not one.startswith(ANONYMOUS)] or [row.person.removeprefix(ANONYMOUS)]
    told = [shown_fields({name: one[2] for name, one in other.told.items()}, LONGEST) for other in merged]
    said = [{name: getattr(row, name) for name in SHOWN}, *told]
    names, emails, phones = ([one[name] for one in said if one[name]] for name in ("name", "email", "phone"))
    return {stored(word) for word in words_of([*names, row.account], emails, phones, ids)}


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).replace(microsecond=time_us % 1_000_000)
