"""Two ids are one person, or are not after all: said by `alias` events, which go the way of all events and can be taken back.

    merge("17-old", into="17", by=user)      shown at once, in the lake a moment later
    unmerge("17-old", "17", by=user)         takes it back
    merges("17")                             what was merged with her, newest first, each can be taken back
    doubles()                                customers that may be the same (one e-mail or phone under several ids)

Nothing is ever merged because an address is the same: a family shares one. Somebody decides.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Lower

from holdfast.errors import UsageError
from holdfast.server.customers.models import AliasCall, Consent, Customer, KnownAs, shown_person
from holdfast.server.customers.resolving import ANONYMOUS

__all__ = ["Double", "Joined", "doubles", "merge", "merges", "unmerge"]

SOURCE = "holdfast"


@dataclass(frozen=True)
class Joined:
    """One merge: `previous` is shown as `person` since `at`."""

    previous: str
    person: str
    at: datetime


@dataclass(frozen=True)
class Double:
    """Customers that share an address: `by` is "email" or "phone", `shared` its value."""

    by: str
    shared: str
    customers: tuple[Customer, ...]


def merge(person: str, into: str, by: Any) -> None:
    """Say that `person` is really `into`; she is shown so at once. UsageError when both are one already,
    or when there is none of them.

    by  the user or token who decides; kept in the audit log
    """
    one, whole = shown_person(person), shown_person(into)
    if one == whole:
        raise UsageError("these two are one customer already", "choose another one")
    rows = Customer.objects.filter(person__in=(one, whole)).count()
    if whole.startswith(ANONYMOUS) or rows + (one.startswith(ANONYMOUS) and _only_seen(one)) < 2:
        raise UsageError("both have to be customers, and who is kept has to be a known one", "choose another one")
    _say(one, whole, unmerge=False)
    _audited(by, "customer.merge", whole, one)


def unmerge(person: str, previous: str, by: Any) -> None:
    """Take back the merge by which `previous` is `person`; both are shown as before at once. UsageError when they are not
    merged.

    In a chain (a was merged with b, b with c) the link is taken back that `previous` was joined by: a leaves b, though b is c.
    What she forbade while the two were one stays forbidden to both: nobody knows whose word it was.
    """
    if shown_person(previous) != shown_person(person) or person == previous:
        raise UsageError("these two are not merged", "open the customer again")
    whole = shown_person(person)
    links = [one for one in merges(whole) if previous in (one.previous, f"{ANONYMOUS}{one.previous}")]
    links = links or [one for one in merges(whole) if one.person == previous] or [Joined(previous, whole, datetime.now(UTC))]
    forbidden = _forbidden_since(whole, min(one.at for one in links))
    for one in links:
        _say(one.previous, one.person, unmerge=True)
    _forbid(forbidden, {shown_person(side) for one in links for side in (one.previous, one.person)})
    _audited(by, "customer.unmerge", whole, previous)


def merges(person: str) -> list[Joined]:
    """The merges of known ids with this person that hold now, newest first."""
    names = {person, *KnownAs.objects.filter(person=person).values_list("known_as", flat=True)}
    calls = AliasCall.objects.filter(Q(previous__in=names) & Q(customer__in=names)).order_by("time_us", "sequence")
    held: dict[frozenset[str], AliasCall] = {}
    for call in calls:
        held[frozenset([call.previous, call.customer])] = call
    standing = [call for call in held.values() if not call.unmerge]
    return [Joined(one.previous, one.customer, _moment(one.time_us)) for one in reversed(standing)]


def doubles(limit: int = 100) -> list[Double]:
    """Shown customers that share an e-mail address or a phone number, those with the fewest sharers first."""
    return [*_sharing("email", limit), *_sharing("phone", limit)][:limit]


def _sharing(field: str, limit: int) -> Iterator[Double]:
    """Addresses in any case: Ann@Example.com is ann@example.com."""
    shown = Customer.objects.filter(merged_into="").exclude(**{field: ""}).annotate(same=Lower(field))
    values = shown.order_by().values("same").annotate(n=Count("id")).filter(n__gt=1).order_by("n", "same")[:limit]
    rows = shown.filter(same__in=[row["same"] for row in values]).order_by("same", "id")
    for _same, theirs in groupby(rows, key=lambda row: row.same):
        people = tuple(theirs)
        yield Double(field, str(getattr(people[0], field)), people)


def _say(previous: str, whole: str, *, unmerge: bool) -> None:
    """Put the alias event into the inbox, and show it at once."""
    from holdfast.server.customers.identity import told_here
    from holdfast.server.intake.inbox import Arrived, inbox

    now_us = time.time_ns() // 1000
    properties = {"previousId": previous, **({"unmerge": "true"} if unmerge else {})}
    call = {
        "type": "alias",
        "messageId": f"holdfast-{uuid.uuid4().hex}",
        "timestamp": _moment(now_us).isoformat(timespec="microseconds"),
        "userId": whole,
        "previousId": previous,
        "properties": properties,
    }
    inbox().put([Arrived(now_us, SOURCE, "alias", json.dumps(call).encode())])
    told_here(previous, whole, now_us, unmerge=unmerge)


def _only_seen(visitor: str) -> bool:
    """Whether an anonymous one has events and no profile, since she left nothing of herself."""
    from holdfast.server.customers.figures import figures

    return not Customer.objects.filter(person=visitor).exists() and bool(figures([visitor]))


def _forbidden_since(person: str, since: datetime) -> list[Consent]:
    """What was forbidden on her page after a merge, and still is."""
    from holdfast.server.customers.consents import FORBIDDEN, consents

    said = (one for one in consents(person) if one.state == FORBIDDEN)
    return [one for one in said if one.sequence is None and one.at > since]


def _forbid(forbidden: list[Consent], persons: set[str]) -> None:
    """Keep for each of these persons what was forbidden while they were one."""
    shown = set(Customer.objects.filter(person__in=persons).values_list("person", flat=True))
    for one in forbidden:
        for person in sorted(shown - {one.person}):
            Consent.objects.create(
                person=person,
                kind=one.kind,
                name=one.name,
                state=one.state,
                at=one.at,
                day=one.day,
                source=one.source,
                who=one.who,
            )


def _audited(by: Any, action: str, person: str, other: str) -> None:
    from holdfast.server.people.audit import record

    record(by, action, subject=person, other=other)


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).replace(microsecond=time_us % 1_000_000)
