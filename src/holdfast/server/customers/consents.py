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

FORBIDDEN = "no"


def consents(person: str) -> list[Consent]:
    """What holds now: the latest record of each kind and name under any of her ids, by kind and name.

    Where two customers were merged, and one of them had forbidden what the other allowed, it stays forbidden until she says
    otherwise after the merge (SEMANTICS 28).
    """
    from holdfast.server.customers.merging import merges

    records = list(Consent.objects.filter(person__in=ids_of(person)))
    joined = merges(person) if len({one.person for one in records}) > 1 else []
    if not joined:
        return latest(records)
    merged_at = max(one.at for one in joined)
    merged = {one.previous for one in joined} | {one.person for one in joined}
    sides: dict[str, list[Consent]] = {}
    for one in records:
        if one.at <= merged_at:
            sides.setdefault(one.person if one.person in merged else person, []).append(one)
    before = [one for side in sides.values() for one in latest(side)]
    strict = {(one.kind, one.name): one for one in before if one.state == FORBIDDEN}
    kept = [one for one in before if (one.kind, one.name) not in strict]
    after = [one for one in records if one.at > merged_at]
    return latest([*strict.values(), *kept, *after])


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
