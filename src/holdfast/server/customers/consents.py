"""What somebody allows: the fold of her consents, and writing down a new one.

consents(person)                          what holds now, of all her ids: a row for each channel, topic, brand, …
history(person)                           everything that was ever said, newest first
record_consent(person, "channel", "email", "no", source="page", who="agnes@example.com")
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from holdfast.server.customers.models import Consent, ids_of
from holdfast.server.customers.resolving import ANONYMOUS

if TYPE_CHECKING:
    from holdfast.server.customers.merging import Joined

__all__ = ["FORBIDDEN", "KINDS", "consents", "history", "latest", "record_consent"]

KINDS = ("channel", "topic", "brand", "category", "frequency", "purpose")
"""What a consent can be about; channel first, as pages list them."""

FORBIDDEN = "no"

Held = dict[tuple[str, str], Consent]
"""What holds of each kind and name."""


def consents(person: str) -> list[Consent]:
    """What holds now: the latest record of each kind and name under any of her ids, by kind and name.

    Where two customers were merged, and one of them had forbidden what the other allowed, it stays forbidden until she says
    otherwise after the merge (SEMANTICS 28).
    """
    from holdfast.server.customers.merging import merges

    records = sorted(Consent.objects.filter(person__in=ids_of(person)), key=_when)
    joined = merges(person) if len({one.person for one in records}) > 1 else []
    return _listed(_folded(records, person, sorted(joined, key=lambda one: one.at)))


def _folded(records: list[Consent], person: str, joined: list[Joined]) -> Held:
    """What holds of the records of all ids of a person: each merge takes the stricter of its two sides, later words count."""
    sides: dict[str, Held] = {}
    side = {one: one for link in joined for one in (link.previous, link.person)}
    bare = {one.person: one.person.removeprefix(ANONYMOUS) for one in records}
    side = {one: side.get(one) or side.get(bare[one], person) for one in bare} | side
    waiting = [*joined]
    for one in records:
        while waiting and waiting[0].at < one.at:
            _join(sides, side, waiting.pop(0))
        sides.setdefault(side[one.person], {})[one.kind, one.name] = one
    for link in waiting:
        _join(sides, side, link)
    whole: Held = {}
    for name in sorted(sides, key=lambda one: one != person):
        whole = _stricter(whole, sides[name])
    return whole


def _join(sides: dict[str, Held], side: dict[str, str], link: Joined) -> None:
    """Two sides are one from here on."""
    one, other = side[link.previous], side[link.person]
    if one != other:
        sides[other] = _stricter(sides.pop(one, {}), sides.get(other, {}))
        side.update({name: other for name, its in side.items() if its == one})


def _stricter(one: Held, other: Held) -> Held:
    """Of each kind and name what is forbidden, where either forbids it; else what was said later."""
    both = {**one, **other}
    for key in one.keys() & other.keys():
        both[key] = max((one[key], other[key]), key=lambda said: (said.state == FORBIDDEN, _when(said)))
    return both


def latest(records: Iterable[Consent]) -> list[Consent]:
    """The latest of each kind and name; what was written down here goes before an event of the same instant."""
    return _listed({(one.kind, one.name): one for one in sorted(records, key=_when)})


def _listed(held: Held) -> list[Consent]:
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(held.values(), key=lambda one: (order.get(one.kind, len(order)), one.name))


def history(person: str) -> list[Consent]:
    """All that was ever said, newest first."""
    return sorted(Consent.objects.filter(person__in=ids_of(person)), key=_when, reverse=True)


def record_consent(
    person: str, kind: str, name: str, state: str, *, source: str, who: str = "", at: datetime | None = None
) -> Consent:
    """Write down that she allowed or forbade something. ValueError for a kind that is none."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of consent: {', '.join(KINDS)}")
    when = at or datetime.now(UTC)
    return Consent.objects.create(
        person=person, kind=kind, name=name, state=state, at=when, day=when.astimezone(UTC).date(), source=source, who=who
    )


def _when(one: Consent) -> tuple[datetime, bool, int]:
    return one.at, one.sequence is None, one.id if one.sequence is None else one.sequence
