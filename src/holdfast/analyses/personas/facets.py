"""Facets of a card: each customer's favourite hour, weekday, category, platform, channel, and the reason she gave.

A favourite is the value that a customer has most often; of several the one that got there first. So every customer stands under
exactly one value of a facet, shares add up, and intervals are of independent customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.personas.rules import PersonaRule
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard
from holdfast.timelines.zone import Zone

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta

__all__ = ["REASON", "Facet", "facets_of"]

LIKED = ("category", "product_category", "department", "brand")
COMING = (
    *("platform", "device", "device_type", "channel", "acquisition_channel", "source", "utm_source", "medium", "utm_medium"),
    *("campaign", "utm_campaign", "referrer", "country"),
)
REASON = "reason"
MOST_VALUES = 5_000

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Facet:
    """One facet: its name, how it is found, the property it rests on (None for times), and its values by code."""

    name: str
    kind: Literal["hour", "weekday", "favourite", "last"]
    property: str | None
    labels: tuple[str, ...]

    def codes(self, shard: Shard, rule: PersonaRule) -> npt.NDArray[np.int64]:
        """The value code of each customer of the shard, 0 where none is known."""
        columns, size = shard.columns, shard.high - shard.low
        out = np.zeros(size, np.int64)
        if self.property is None:
            zone = Zone.named(columns.meta.zone)
            kinds, shifts = np.array(rule.kinds, np.uint8), (zone.starts, zone.offsets)
            _favourite_time(
                *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, kinds, rule.gap),
                *(rule.until, *shifts, self.kind == "hour", out),
            )
            return out
        values = columns.properties[self.property]
        if self.kind == "last":
            _last(shard.low, shard.high, columns.offsets, columns.second, values, rule.until, out)
        else:
            counts = np.zeros(len(self.labels), np.int64)
            _favourite(shard.low, shard.high, columns.offsets, columns.second, values, rule.until, counts, out)
        return out

    def rests_on(self) -> str:
        """What the facet is read from, in words."""
        if self.property is None:
            return "the times at which visits begin"
        return f"the property {self.property}, {'its last value' if self.kind == 'last' else 'the value met most often'}"


def facets_of(meta: Meta) -> tuple[Facet, ...]:
    """The facets that the data allow."""
    found = [
        Facet("hour", "hour", None, (NOT_KNOWN, *(f"{hour:02d}:00" for hour in range(24)))),
        Facet("weekday", "weekday", None, (NOT_KNOWN, *DAYS)),
    ]
    for names in (LIKED, COMING):
        for name in sorted(meta.properties, key=str.lower):
            if name.lower() in names and 2 < len(meta.properties[name]) <= MOST_VALUES:
                found.append(Facet(name, "favourite", name, (NOT_KNOWN, *meta.properties[name][1:])))
    reason = [name for name in meta.properties if name.lower() == REASON and len(meta.properties[name]) <= MOST_VALUES]
    found += [Facet(REASON, "last", name, (NOT_KNOWN, *meta.properties[name][1:])) for name in reason[:1]]
    return tuple(found)


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


@njit(cache=True, nogil=True)
def _favourite_time(
    low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, kinds: Any, gap: int, until: int, starts: Any,
    shifts: Any, hours: bool, out: Any,
) -> None:  # fmt: skip
    counts = np.zeros(25, np.int64)
    for customer in range(low, high):
        counts[:] = 0
        most = 0
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
            if hours:
                what = (now + shifts[np.searchsorted(starts, now, side="right") - 1]) % 86_400 // 3_600 + 1
            else:
                what = (np.int64(day[i]) + 3) % 7 + 1
            counts[what] += 1
            if counts[what] > most:
                most = counts[what]
                out[customer - low] = what
