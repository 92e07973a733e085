"""Taking an erased person out of what the intake keeps: rows that wait, and refused events. Of the seen index only hashes are
there, which name nobody.

In a message of the Segment vocabulary she is named by userId, anonymousId and previousId; another person's message from a
device of hers stays, without the device. What a shop sent in its own words, and what is no JSON, goes as soon as one of its
values is her id, or one holds it whole; a short id counts only where ids stand, for an order of 17 cups is not customer 17's.
In a shop whose ids have a beginning in front of them she is called without it, and its numbers are never those of others.
An id that is an address is hers in any case of letters: a guest is called by her address in small ones, however she typed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec
from django.db.models import Q

from holdfast.events.identity import ANONYMOUS
from holdfast.server.customers.identity import chunks
from holdfast.server.customers.models import Customer
from holdfast.server.customers.naming import ERASED_WORD, LEAST, LEAST_DIGITS, as_written, in_every_case, in_text, spellings
from holdfast.server.intake.digesting import stepping
from holdfast.server.intake.inbox import Inbox, Row, inbox
from holdfast.server.intake.kept import BATCHES
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.replaying import REPLAY
from holdfast.server.intake.unpacking import WEBHOOK

__all__ = ["forget", "nobodys", "refused"]

PORTION = 500
WHO = ("customer", "user", "client", "buyer", "person", "visitor", "member", "traits")
WHOSE = ("anonymous", "previous", "distinct", *WHO)
"""Fields where ids stand: customer, customer_id, userId, …; "id" in what is called after one of WHO."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
AT_ONCE = 200
"""Ids that are asked for at once: SQLite takes conditions to a depth of 1,000."""

NOTHING = b'{"batch": []}'


class _Person:
    """The ids of one erased person, and what it is to be named."""

    def __init__(self, ids: frozenset[str]) -> None:
        self.customers = {one for one in ids if not one.startswith(ANONYMOUS)}
        self.devices = {one.removeprefix(ANONYMOUS) for one in ids if one.startswith(ANONYMOUS)}
        self.every = {*ids, *self.devices}
        self.long = {one for one in self.every if len(one) >= (LEAST_DIGITS if one.isdigit() else LEAST)}
        self.mails = {one for one in self.long if "@" in one}
        self._words, self._mails = as_written(self.long), in_text(self.mails)
        self._behind: dict[str, _Person] = {}

    def in_shop(self, kind: str) -> tuple[_Person, str]:
        """She as the shop calls her that sends messages of this kind, and the kind without the shop."""
        if not kind.startswith(WEBHOOK):
            return self, kind
        _, _, rest = kind.partition(":")
        source, _, topic = rest.partition(":")
        return self.behind(source.partition("/")[2]), topic

    def behind(self, prefix: str) -> _Person:
        """She as a shop calls her that has this in front of its ids; guests are called by their addresses alone."""
        if not prefix:
            return self
        if prefix not in self._behind:
            bare = {one.removeprefix(prefix) for one in self.customers if one.startswith(prefix) and "@" not in one} - {""}
            numbers = {one for one in self.customers - self.long if one.isdigit()}
            ids = (self.customers - numbers) | bare | {f"{ANONYMOUS}{one}" for one in self.devices}
            self._behind[prefix] = _Person(frozenset(ids))
        return self._behind[prefix]

    @cached_property
    def others(self) -> set[str]:
        """Ids of other customers that are an address of hers in other letters."""
        called: set[str] = set()
        for part in chunks(sorted(self.mails), AT_ONCE):
            named = Q()
            for one in part:
                named |= Q(person__iexact=one)
            called.update(Customer.objects.filter(named).order_by().values_list("person", flat=True))
        return called - self.every

    def without(self, message: Any) -> Any:
        """The message without her: None where it is hers or cannot tell, else the message, a device of hers taken off."""
        if not isinstance(message, dict):
            return None if self.within(message, "id", "user") else message
        customer, device = _id(message.get("userId")), _id(message.get("anonymousId"))
        properties = message.get("properties")
        previous = {_id(message.get("previousId")), _id(properties.get("previousId") if isinstance(properties, dict) else None)}
        if customer in self.customers or (customer is None and device in self.devices) or not previous.isdisjoint(self.every):
            return None
        rest = {name: value for name, value in message.items() if name != "anonymousId"} if device in self.devices else message
        text = _ENCODER.encode(rest).decode()
        hers = self._words.search(text) or (self._mails.search(text) and customer not in self.others)
        return None if hers else rest

    def within(self, value: Any, field: str = "", owner: str = "") -> bool:
        """Whether a value is one of her ids, holds one whole, or is a list or object with such a value.

        field  what the value is called; of a whole body its kind, which tells whether it is about a customer
        owner  what the object is called in which it stands
        """
        if isinstance(value, dict):
            return any(self.within(one, name, field) for name, one in value.items())
        if isinstance(value, list):
            return any(self.within(one, field, owner) for one in value)
        text = _id(value)
        if text is None:
            return False
        told = _tells_who(field, owner)
        if text in (self.every if told else self.long) or self._words.search(text):
            return True
        return self._mails.search(text) is not None and not (told and text in self.others)


def forget(ids: frozenset[str]) -> int:
    """Take a person out of what waits and of what was refused; how many messages are gone.

    ids  her person ids, anonymous ones with "anon:"
    """
    if not ids:
        return 0
    person, box = _Person(ids), inbox()
    with stepping():
        gone = _of_refused(person)  # first: what is sent in again meanwhile is found where it waits then
        gone += sum(_of_row(box, row, person) for row in _waiting(box))
    box.wipe()
    return gone


def refused(ids: frozenset[str]) -> list[RefusedEvent]:
    """The refused events that name a person, newest first; of those that were kept together only hers. Not to be saved."""
    person = _Person(ids)
    return [_hers(one, person) for one in _naming(person)]


def nobodys(kind: str, message: str) -> bool:
    """Whether a refused event would be, sent in again, of a customer who is called by the word that stands for the erased."""
    from holdfast.server.sources.messages import Message
    from holdfast.server.sources.registry import meant

    said: list[Any] = []
    if kind.startswith(WEBHOOK):
        with suppress(ValueError):  # not understood
            _, source, topic = kind.split(":", 2)
            said = [one.body for one in meant(source, topic, message.encode()) if isinstance(one, Message)]
    else:
        said = [_decoded(message.encode())]
    return any(isinstance(one, dict) and ERASED_WORD in str(one.get("userId")) for one in said)


def _naming(person: _Person) -> list[RefusedEvent]:
    from holdfast.server.sources.models import Connection

    mails = {spelling for one in in_every_case(person.mails) for spelling in spellings(one)}
    prefixes = Connection.objects.order_by().values_list("prefix", flat=True).distinct()
    called = {one for prefix in ("", *prefixes) for one in person.behind(prefix).every}
    every, found = sorted({*called, *(json.dumps(one)[1:-1] for one in called), *mails}), dict[int, RefusedEvent]()
    for start in range(0, len(every), AT_ONCE):
        named = Q()
        for one in every[start : start + AT_ONCE]:
            how = "icontains" if one in mails else "contains"
            named |= Q(**{f"message__{how}": one}) | Q(**{f"sentence__{how}": one})
        found |= {one.pk: one for one in RefusedEvent.objects.filter(named).iterator(PORTION) if _names(one, person)}
    return [found[number] for number in sorted(found, reverse=True)]


def _hers(refused: RefusedEvent, person: _Person) -> RefusedEvent:
    together = _together(refused)
    if together is not None:
        hers = [message for message in together["batch"] if person.within(message, refused.kind)]
        refused.message = _ENCODER.encode({**together, "batch": hers}).decode()
    return refused


def _together(refused: RefusedEvent) -> dict[str, Any] | None:
    """The batch as which many refused messages are kept; None where a refusal speaks of one thing."""
    body = _decoded(refused.message.encode()) if refused.kind in BATCHES else None
    return body if isinstance(body, dict) and isinstance(body.get("batch"), list) else None


def _waiting(box: Inbox) -> Iterator[Row]:
    after = 0
    while rows := box.take(after, PORTION):
        yield from rows
        after = rows[-1].id


def _of_row(box: Inbox, row: Row, person: _Person) -> int:
    """How many messages of a row were hers; the row is written anew without them."""
    body = _decoded(row.body)
    kind = row.kind.split(":", 2)[2] if row.kind.startswith(REPLAY) else row.kind
    if kind.startswith(WEBHOOK) or not isinstance(body, dict):
        named, topic = person.in_shop(kind)
        if not named.within(body, topic):
            return 0
        box.replace(row.id, "batch", NOTHING)
        return 1
    alone = not isinstance(body.get("batch"), list)
    messages = [body] if alone else body["batch"]
    kept = [rest for message in messages if (rest := person.without(message)) is not None]
    if kept == messages:
        return 0
    if alone and not kept:
        box.replace(row.id, "batch", NOTHING)
    else:
        box.replace(row.id, row.kind, _ENCODER.encode(kept[0] if alone else {**body, "batch": kept}))
    return len(messages) - len(kept)


def _of_refused(person: _Person) -> int:
    theirs, gone = [], 0
    for one in _naming(person):
        together = _together(one)
        others = [] if together is None else [message for message in together["batch"] if not person.within(message, one.kind)]
        left = _ENCODER.encode({**(together or {}), "batch": others}).decode()
        if others and not person.within(one.sentence) and not person.within(_decoded(left.encode()), one.kind):
            RefusedEvent.objects.filter(pk=one.pk).update(message=left)
            gone += len(together["batch"]) - len(others) if together else 0
        else:
            theirs.append(one.pk)
    for start in range(0, len(theirs), PORTION):
        RefusedEvent.objects.filter(pk__in=theirs[start : start + PORTION]).delete()
    return gone + len(theirs)


def _names(refused: RefusedEvent, person: _Person) -> bool:
    """Whether a refusal names her anywhere: it is of no use to anybody else."""
    named, topic = person.in_shop(refused.kind)
    return named.within(_decoded(refused.message.encode()), topic) or named.within(refused.sentence)


def _decoded(body: bytes) -> Any:
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return body.decode("utf-8", "replace")


def _tells_who(field: str, owner: str) -> bool:
    """Whether a field holds ids of people: one that is so called, or the id of what is."""
    small = "".join(filter(str.isalnum, field)).lower()
    if small == "id":
        return any(one in owner.lower() for one in WHO)
    return small in WHO or (small.endswith("id") and small.removesuffix("id").endswith(WHOSE))


def _id(value: Any) -> str | None:
    """A value as ids are read: without blanks around it, 17850.0 as 17850."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    return str(value).strip().removesuffix(".0") or None
