"""What can be done in the first days: every event, every value of a property; which properties are had rather than done.

A property that hardly any customer ever changes (her country, her cohort) is an *attribute*: she has it, she does not do it,
and how often her events carry it says no more than how many events she has. Its values are compared once, as had or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from holdfast.analyses.drivers.loops import values_vary
from holdfast.errors import UsageError
from holdfast.timelines.attributes import property_name
from holdfast.timelines.columns import Meta
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["EVENT", "SAMPLE", "Behaviours", "VaryStep", "attributes_told", "behaviours_of"]

EVENT = "event"
MOST_BEHAVIOURS = 500
MOST_VALUES = 50

SAMPLE = 10_000
"""So many customers, drawn by the hash of their id, say which behaviours are nearly the same, and which properties vary."""

VARIES = 0.02
"""A property is a behaviour where at least this share of the customers with two or more of its values to compare has two."""


@dataclass(frozen=True)
class Behaviours:
    """What can be done: every event, every value of the touched properties.

    names       "Product Viewed", "category=shoes" · kinds  EVENT, or the property
    sources     where they are read: EVENT, or a property; each has a block of names · sizes  how many names each has
    attributes  properties that customers have rather than do: compared once
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    sizes: tuple[int, ...]
    attributes: tuple[str, ...] = ()

    def part(self, *, of_events: bool) -> Behaviours:
        """Those that are events, or those that are values."""
        chosen = [place for place, kind in enumerate(self.kinds) if (kind == EVENT) == of_events]
        read = [place for place, source in enumerate(self.sources) if (source == EVENT) == of_events]
        names, kinds = (tuple(texts[place] for place in chosen) for texts in (self.names, self.kinds))
        sources, sizes = tuple(self.sources[place] for place in read), tuple(self.sizes[place] for place in read)
        return Behaviours(names, kinds, sources, sizes, self.attributes)

    def columns(self, shard: Shard) -> list[tuple[Any, npt.NDArray[np.int32]]]:
        """Each column to read and, by its codes, which behaviour a code is (-1: none)."""
        columns, out, first = shard.columns, [], 0
        for source, size in zip(self.sources, self.sizes, strict=True):
            lookup = np.arange(first - 1, first + size, dtype=np.int32)
            lookup[0] = -1
            out.append((columns.code if source == EVENT else columns.properties[source], lookup))
            first += size
        return out


def behaviours_of(meta: Meta, touched: Sequence[str] | None) -> Behaviours:
    """The behaviours of some columns.

    touched  properties whose values count as behaviours; None: all kept ones with at most MOST_VALUES values
    Raises UnknownName for a property that is not kept, UsageError when they are too many to compare.
    """
    if touched is None:
        chosen = [name for name, values in meta.properties.items() if len(values) - 1 <= MOST_VALUES]
    else:
        chosen = list(dict.fromkeys(property_name(meta, name) for name in touched))
    names, kinds, sizes = list(meta.events[1:]), [EVENT] * len(meta.events[1:]), [len(meta.events[1:])]
    for name in chosen:
        values = meta.properties[name][1:]
        names += [f"{name}={value}" for value in values]
        kinds += [name] * len(values)
        sizes.append(len(values))
    if len(names) > MOST_BEHAVIOURS:
        raise UsageError(
            f"{len(names):,} behaviours are too many to compare",
            f"touch properties with fewer values, {MOST_BEHAVIOURS} in all",
        )
    return Behaviours(tuple(names), tuple(kinds), (EVENT, *chosen), tuple(sizes))


def attributes_told(behaviours: Behaviours, timelines: Timelines, as_of: AsOf) -> Behaviours:
    """The behaviours with their attributes named: properties with several values in the data, but hardly within a customer."""
    looked = tuple(
        source for source, size in zip(behaviours.sources, behaviours.sizes, strict=True) if source != EVENT and size > 1
    )
    if not looked:
        return behaviours
    sampled = min((1 << 64) - 1, (1 << 64) * SAMPLE // max(timelines.customers, 1))
    step, kept = VaryStep(looked, as_of.until, sampled), timelines.source.kept
    if step not in kept:
        kept[step] = timelines.walk(step).sums["seen"]
    return replace(
        behaviours,
        attributes=tuple(
            name for name, (n, several) in zip(looked, kept[step], strict=True) if several < VARIES * max(int(n), 1)
        ),
    )


@dataclass(frozen=True)
class VaryStep:
    """How many customers of a sample have several values of a property.

    properties  which · until  UTC second, exclusive · sampled  customers whose id has a hash up to this are in the sample
    """

    properties: tuple[str, ...]
    until: int
    sampled: int

    def __call__(self, shard: Shard) -> Tally:
        """Sums "seen" int64 [properties, 2]: customers with two events or more that carry it, and those with two values."""
        columns, seen = shard.columns, np.zeros((len(self.properties), 2), np.int64)
        chosen = columns.id_hash[shard.low : shard.high] <= np.uint64(self.sampled)
        for place, name in enumerate(self.properties):
            values = columns.properties[name]
            values_vary(shard.low, shard.high, columns.offsets, columns.second, self.until, values, chosen, seen[place])
        return Tally({"seen": seen}, {})
