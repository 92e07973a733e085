"""Who an id really is, worked out for a few ids at a time: the rules of `holdfast.events.identity` without Arrow, so that the
web can show a merge at once. A law in the tests holds both equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["ANONYMOUS", "Said", "Seen", "pairs"]

ANONYMOUS = "anon:"

When = tuple[int, int]


class Said(NamedTuple):
    """An alias call, as `holdfast.events.identity.Statement`."""

    time_us: int
    sequence: int
    previous: str
    customer: str
    unmerge: bool


class Seen(NamedTuple):
    """The first sighting of an anonymous id with a customer id."""

    anonymous: str
    customer: str
    time_us: int
    sequence: int


def pairs(sightings: Iterable[Seen], statements: Iterable[Said]) -> dict[str, str]:
    """Id → the person it really is, of all ids that are another person.

    sightings   all of the anonymous ids in question
    statements  all that are connected with the ids in question, directly or by other ids
    """
    said = list(statements)
    known = _known(one for one in said if not one.previous.startswith(ANONYMOUS))
    owners = _owners(sightings, said)
    devices = {ANONYMOUS + device: known.get(customer, customer) for device, customer in owners.items()}
    return known | devices


def _standing(statements: Iterable[Said]) -> tuple[list[Said], dict[frozenset[str], When]]:
    """The aliases that no later unmerge took back, and the last unmerge of each pair."""
    ordered = sorted(statements)
    ended = {_pair(one): (one.time_us, one.sequence) for one in ordered if one.unmerge}
    never = (-(2**63), -1)
    return [s for s in ordered if not s.unmerge and (s.time_us, s.sequence) > ended.get(_pair(s), never)], ended


def _pair(one: Said) -> frozenset[str]:
    return frozenset([one.previous, one.customer])


def _known(statements: Iterable[Said]) -> dict[str, str]:
    """Known id → the id that its person keeps."""
    aliases, _ = _standing(statements)
    group: dict[str, set[str]] = {}
    for alias in aliases:
        whole = group.get(alias.previous, {alias.previous}) | group.get(alias.customer, {alias.customer})
        group.update(dict.fromkeys(whole, whole))
    joined: dict[int, list[Said]] = {}
    for alias in aliases:
        joined.setdefault(id(group[alias.previous]), []).append(alias)
    keeps = {whole: _kept(those) for whole, those in joined.items()}
    return {one: keeps[id(whole)] for one, whole in group.items() if keeps[id(whole)] != one}


def _kept(aliases: list[Said]) -> str:
    """Of those never named as previous the one joined last; in a circle simply the last."""
    left = {alias.previous for alias in aliases}
    return max([alias for alias in aliases if alias.customer not in left] or aliases).customer


def _owners(sightings: Iterable[Seen], statements: list[Said]) -> dict[str, str]:
    """Anonymous id → the customer it was first seen or joined with."""
    aliases, ended = _standing(statements)
    rows = [(one.time_us, one.sequence, one.customer, one.anonymous) for one in sightings if _stands(one, ended)]
    rows += [(one.time_us, one.sequence, one.customer, one.previous.removeprefix(ANONYMOUS)) for one in aliases]
    first: dict[str, str] = {}
    for _, _, customer, device in sorted(rows):
        first.setdefault(device, customer)
    return first


def _stands(one: Seen, ended: dict[frozenset[str], When]) -> bool:
    ends = (ended.get(frozenset([name, one.customer])) for name in (one.anonymous, ANONYMOUS + one.anonymous))
    return all(end is None or (one.time_us, one.sequence) > end for end in ends)
