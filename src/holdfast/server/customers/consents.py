"""What somebody allows: the fold of her consents, and writing down a new one.

consents(person)                          what holds now, of all her ids: a row for each channel, topic, brand, …
history(person)                           everything that was ever said, newest first
record_consent(person, "channel", "email", "no", source="page", who="agnes@example.com")
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from holdfast.server.customers.models import Consent, ids_of

__all__ = ["KINDS", "consents", "history", "latest", "record_consent"]

KINDS = ("channel", "topic", "brand", "category", "frequency", "purpose")
"""What a consent can be about; channel first, as pages list them."""


def consents(person: str) -> list[Consent]:
    """What holds now: the latest record of each kind and name under any of her ids, by kind and name."""
    return latest(Consent.objects.filter(person__in=ids_of(person)))


def latest(records: Iterable[Consent]) -> list[Consent]:
    """The latest of each kind and name; what was written down here goes before an event of the same instant."""
    held: dict[tuple[str, str], Consent] = {}
    for one in sorted(records, key=_when):
        held[one.kind, one.name] = one
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
