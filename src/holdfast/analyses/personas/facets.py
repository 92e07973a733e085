"""Facets of a card: each customer's favourite hour, weekday, category, platform, channel, and the reason she gave.

Category and brand are properties of events; where no event has them, they are those of the products of orders.

A favourite is the value that a customer has most often; of several the one that got there first. So every customer stands under
exactly one value of a facet, shares add up, and intervals are of independent customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from holdfast.analyses.personas.rules import PersonaRule
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard
from holdfast.timelines.zone import Zone

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.order_lines import OrderLines

__all__ = ["REASON", "Facet", "Ordered", "facets_of", "told_by_products"]

LIKED = ("category", "product_category", "department", "brand")
COMING = (
    *("platform", "device", "device_type", "channel", "acquisition_channel", "source", "utm_source", "medium", "utm_medium"),
    *("campaign", "utm_campaign", "referrer", "country"),
)
PRODUCTS = ("category", "brand")
"""What the products of orders can tell."""

REASON = "reason"
MOST_VALUES = 5_000

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, eq=False)
class Ordered:
    """The favourites that the products of orders tell: person (hash of the id, ascending) and the code of the value."""

    person: npt.NDArray[np.uint64]
    code: npt.NDArray[np.int64]

    def codes(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The value code of each customer of the shard, 0 where none is known."""
        own = np.asarray(shard.columns.id_hash[shard.low : shard.high])
        at = np.minimum(np.searchsorted(self.person, own), max(len(self.person) - 1, 0))
        return np.where(self.person[at] == own, self.code[at], 0) if len(self.person) else np.zeros(len(own), np.int64)


@dataclass(frozen=True)
class Facet:
    """One facet: its name, how it is found, the property it rests on (None where it is none), and its values by code.

    ordered  of a kind "ordered": what the products of orders tell
    """

    name: str
    kind: Literal["hour", "weekday", "favourite", "ordered", "last"]
    property: str | None
    labels: tuple[str, ...]
    ordered: Ordered | None = None

    def codes(self, shard: Shard, rule: PersonaRule) -> npt.NDArray[np.int64]:
        """The value code of each customer of the shard, 0 where none is known."""
        if self.ordered is not None:
            return self.ordered.codes(shard)
        if self.property is None:
            return _times(shard, rule)[self.kind == "weekday"].astype(np.int64)
        columns, out = shard.columns, np.zeros(shard.high - shard.low, np.int64)
        values = columns.properties[self.property]
        if self.kind == "last":
            _last(shard.low, shard.high, columns.offsets, columns.second, values, rule.until, out)
        else:
            counts = np.zeros(len(self.labels), np.int64)
            _favourite(shard.low, shard.high, columns.offsets, columns.second, values, rule.until, counts, out)
        return out

    def timed(self) -> bool:
        """Whether it is a time: its values have an order of their own."""
        return self.kind in ("hour", "weekday")

    def rests_on(self) -> str:
        """What the facet is read from, in words."""
        if self.timed():
            return "the times at which visits begin"
        if self.property is None:
            return f"the {self.name} of the products of orders, the value met most often"
        return f"the property {self.property}, {'its last value' if self.kind == 'last' else 'the value met most often'}"


def facets_of(meta: Meta, lines: OrderLines | None = None, until: int = 0) -> tuple[Facet, ...]:
    """The facets that the data allow.

    lines  what was in the orders, None: unknown · until  UTC second, exclusive, up to which orders count
    """
    found = [
        Facet("hour", "hour", None, (NOT_KNOWN, *(f"{hour:02d}:00" for hour in range(24)))),
        Facet("weekday", "weekday", None, (NOT_KNOWN, *DAYS)),
    ]
    if lines is not None:
        found += [facet for name in told_by_products(meta) for facet in _ordered(name, lines, until)]
    for names in (LIKED, COMING):
        for name in sorted(meta.properties, key=str.lower):
            if name.lower() in names and _usable(meta, name):
                found.append(Facet(name, "favourite", name, (NOT_KNOWN, *meta.properties[name][1:])))
    reason = [name for name in meta.properties if name.lower() == REASON and len(meta.properties[name]) <= MOST_VALUES]
    found += [Facet(REASON, "last", name, (NOT_KNOWN, *meta.properties[name][1:])) for name in reason[:1]]
    return tuple(found)


def told_by_products(meta: Meta) -> tuple[str, ...]:
    """What only the products of orders can tell: category and brand, where events have no such property."""
    known = {name.lower() for name in meta.properties if _usable(meta, name)}
    return tuple(name for name in PRODUCTS if name not in known)


def _usable(meta: Meta, name: str) -> bool:
    return 2 < len(meta.properties[name]) <= MOST_VALUES


def _ordered(name: str, lines: OrderLines, until: int) -> Iterator[Facet]:
    """The favourite among the products of the orders before an instant; of equals the one that got there first."""
    places, second = (lines.orders[column].to_numpy() for column in ("place", "second"))
    told, at = lines.lines[name], lines.lines["place"].to_numpy()
    if not len(places) or not len(at):
        return
    spot = np.minimum(np.searchsorted(places, at), len(places) - 1)
    # An order that a later arrival replaced has lines, too, but no place among the orders.
    good = told.is_valid().to_numpy() & (places[spot] == at) & (second[spot] < until)
    values = told.filter(pa.array(good)).combine_chunks().dictionary_encode()
    if not 2 <= len(values.dictionary) < MOST_VALUES:
        return
    person, code = lines.orders["person"].to_numpy()[spot[good]], values.indices.to_numpy().astype(np.int64)
    order = np.lexsort((np.arange(len(code)), second[spot[good]], person))
    person, code = person[order], code[order]
    who, value = _most_met(person, code)
    yield Facet(name, "ordered", None, (NOT_KNOWN, *values.dictionary.to_pylist()), Ordered(who, value + 1))


def _most_met(person: Any, code: Any) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Of touches in order of person and time: each person once, and the value met most often."""
    by_value = np.lexsort((np.arange(len(code)), code, person))
    new = np.r_[True, (np.diff(person[by_value]) != 0) | (np.diff(code[by_value]) != 0)]
    start = np.flatnonzero(new)
    nth = np.zeros(len(code), np.int64)
    nth[by_value] = np.arange(len(code)) - np.repeat(start, np.diff(np.r_[start, len(code)]))
    best = np.lexsort((np.arange(len(code)), -nth, person))
    firsts = best[np.r_[True, np.diff(person[best]) != 0]]
    return person[firsts], code[firsts]


@njit(cache=True, nogil=True)
def _favourite(low: int, high: int, offsets: Any, second: Any, values: Any, until: int, counts: Any, out: Any) -> None:
    for customer in range(low, high):
        most = 0
        stop = offsets[customer]
        for i in range(offsets[customer], offsets[customer + 1]):
            if second[i] >= until:
                break
            stop = i + 1
            if values[i] != 0:
                counts[values[i]] += 1
                if counts[values[i]] > most:
                    most = counts[values[i]]
                    out[customer - low] = values[i]
        for i in range(offsets[customer], stop):
            counts[values[i]] = 0


@njit(cache=True, nogil=True)
def _last(low: int, high: int, offsets: Any, second: Any, values: Any, until: int, out: Any) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            if second[i] < until and values[i] != 0:
                out[customer - low] = values[i]
                break


def _times(shard: Shard, rule: PersonaRule) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The favourite hour and weekday of each customer of the shard; those of the latest question are kept with the columns."""
    key, asked = ("favourite times", shard.low, shard.high), (rule.kinds, rule.gap, rule.until)
    found = shard.source.kept.get(key)
    if found is None or found[0] != asked:
        columns, size = shard.columns, shard.high - shard.low
        zone, hours, days = Zone.named(columns.meta.zone), np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        _favourite_times(
            *(
                shard.low,
                shard.high,
                columns.offsets,
                columns.code,
                columns.day,
                columns.second,
                np.array(rule.kinds, np.uint8),
            ),
            *(rule.gap, rule.until, zone.starts, zone.offsets, hours, days),
        )
        found = shard.source.kept[key] = (asked, (hours, days))
    times: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] = found[1]
    return times


@njit(cache=True, nogil=True)
def _favourite_times(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, kinds: Any, gap: int, until: int, starts: Any,
    shifts: Any, hours: Any, days: Any,
) -> None:  # fmt: skip
    by_hour, by_day = np.zeros(25, np.int64), np.zeros(8, np.int64)
    for customer in range(low, high):
        by_hour[:] = 0
        by_day[:] = 0
        most_hour = most_day = 0
        before = np.int64(-1)
        for i in range(offsets[customer], offsets[customer + 1]):
            now = np.int64(second[i])
            if now >= until:
                break
            if kinds[code[i]] < 2:
                continue
            begins = before < 0 or now - before >= gap
            before = now
            if not begins:
                continue
            hour = (now + shifts[np.searchsorted(starts, now, side="right") - 1]) % 86_400 // 3_600 + 1
            by_hour[hour] += 1
            if by_hour[hour] > most_hour:
                most_hour = by_hour[hour]
                hours[customer - low] = hour
            weekday = (np.int64(day[i]) + 3) % 7 + 1
            by_day[weekday] += 1
            if by_day[weekday] > most_day:
                most_day = by_day[weekday]
                days[customer - low] = weekday
