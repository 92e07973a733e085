"""A funnel the slow way: every chain there is, tried one by one, straight from the definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pyarrow as pa

from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Happened:
    """One event: seconds since the start, its name, the value of the key."""

    at: float
    name: str
    item: str | None = None


@dataclass(frozen=True)
class Asked:
    """What a chain is; window and gap in seconds, None for none."""

    steps: tuple[tuple[str, ...], ...]
    order: str = "ordered"
    window: float | None = None
    session_gap: float | None = None
    broken_by: tuple[str, ...] = ()
    keyed: bool = False


def timelines_of(people: dict[str, Sequence[Happened]], settings: Settings | None = None) -> Timelines:
    """The timelines of those people."""
    rows = [(who, one.name, one.item, START + timedelta(seconds=one.at)) for who, all_ in people.items() for one in all_]
    who, name, item, at = zip(*rows, strict=True)
    table = pa.table(
        {
            "customer_id": who,
            "event": name,
            "item": pa.array(item, pa.string()),
            "time": pa.array(at, pa.timestamp("us", tz="UTC")),
        }
    )
    return Timelines.from_arrow(table, settings or Settings())


def best(events: Sequence[Happened], asked: Asked) -> tuple[int, ...]:
    """The places of the chain that counts; empty when there is none."""
    for depth in range(len(asked.steps), 0, -1):
        found = [chain for chain in combinations(range(len(events)), depth) if _is_chain(chain, events, asked)]
        if found and asked.order == "any":
            return min(found, key=lambda chain: (chain[-1], *(-place for place in chain)))
        if found:
            return min(found, key=lambda chain: (chain[-1], -chain[0], chain))
    return ()


def could_go_on(events: Sequence[Happened], asked: Asked, until: float) -> bool:
    """Whether what is missing, were it to happen right now, would complete a chain that has begun."""
    if len(best(events, asked)) == len(asked.steps):
        return False
    values = sorted({one.item for one in events if one.item}) if asked.keyed else [None]
    for missing in _missing(asked):
        for value in values:
            later = [*events, *(Happened(until, step[0], value) for step in missing)]
            if any(
                chain[0] < len(events) and _is_chain(chain, later, asked)
                for chain in combinations(range(len(later)), len(asked.steps))
            ):
                return True
    return False


def _missing(asked: Asked) -> Iterator[tuple[tuple[str, ...], ...]]:
    for size in range(1, len(asked.steps)):
        if asked.order == "any":
            yield from combinations(asked.steps, size)
        else:
            yield asked.steps[-size:]


def _is_chain(chain: tuple[int, ...], events: Sequence[Happened], asked: Asked) -> bool:
    chosen = [events[place] for place in chain]
    first, last = chosen[0], chosen[-1]
    if asked.window is not None and last.at - first.at > asked.window:
        return False
    if asked.session_gap is not None and not _one_session(events[chain[0] : chain[-1] + 1], asked.session_gap):
        return False
    if asked.keyed and (first.item is None or len({one.item for one in chosen}) > 1):
        return False
    if any(_breaks(one, first.item, asked) for one in events[chain[0] : chain[-1] + 1]):
        return False
    if asked.order == "any":
        return _fits(chosen, asked.steps)
    if any(one.name not in step for one, step in zip(chosen, asked.steps, strict=False)):
        return False
    between = [one for one in events[chain[0] : chain[-1] + 1] if not asked.keyed or one.item == first.item]
    return asked.order == "ordered" or len(between) == len(chosen)


def _one_session(events: Sequence[Happened], gap: float) -> bool:
    return all(b.at - a.at < gap for a, b in pairwise(events))


def _breaks(one: Happened, item: str | None, asked: Asked) -> bool:
    return one.name in asked.broken_by and (not asked.keyed or one.item in (None, item))


def _fits(chosen: Sequence[Happened], steps: Sequence[tuple[str, ...]]) -> bool:
    """Whether each is a step of its own, no step used twice (steps are alike or share no name)."""
    room = Counter(steps)
    for one in chosen:
        step = next((step for step in room if one.name in step), None)
        if step is None or room[step] == 0:
            return False
        room[step] -= 1
    return True


def starting_in(events: Sequence[Happened], asked: Asked, first: float, after: float) -> tuple[int, ...]:
    """The best chain among those that start from `first` until before `after`."""
    for depth in range(len(asked.steps), 0, -1):
        for chain in combinations(range(len(events)), depth):
            if first <= events[chain[0]].at < after and _is_chain(chain, events, asked):
                return chain
    return ()


def unkeyed(asked: Asked) -> Asked:
    """The same without the key."""
    return replace(asked, keyed=False)
