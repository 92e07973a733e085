"""What every analysis needs before its walk: the as-of, who is in scope and in which segment, coverage, money as money.

--by country        a segment per value, frozen at the first counting order (or "current")
--where country=France,Germany  rfm=Champions  country!=France
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from holdfast.analyses.answer import checked_choice
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import MONEY_UNITS, ORDER
from holdfast.timelines.attributes import Moment, events_before, order_events, value_at, value_labels
from holdfast.timelines.columns import Meta
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = [
    "EVERYONE",
    "TRAITS",
    "Condition",
    "Scope",
    "ToldTrait",
    "Trait",
    "coverage",
    "money",
    "money_coverage",
    "parse_where",
    "segment_code",
]

EVERYONE = "everyone"
TRAITS = {
    "breadth": "holdfast.analyses.breadth.trait",
    "lifecycle": "holdfast.analyses.lifecycle.trait",
    "rfm": "holdfast.analyses.rfm.trait",
    "stage": "holdfast.analyses.stages.trait",
    "status": "holdfast.analyses.status_trait",
    "persona": "holdfast.analyses.personas.trait",
    "cluster": "holdfast.analyses.clusters.trait",
    "signs": "holdfast.analyses.early_signs.trait",
    "favourite_category": "holdfast.analyses.taste.trait",
    "favourite_brand": "holdfast.analyses.taste.trait",
    "favourite_channel": "holdfast.analyses.taste.trait",
    "favourite_hour": "holdfast.analyses.taste.trait",
    "favourite_day": "holdfast.analyses.taste.trait",
    "discount": "holdfast.analyses.taste.trait",
    "due": "holdfast.analyses.taste.trait",
    "next_order": "holdfast.analyses.next_order.trait",
    "unusual_on": "holdfast.analyses.next_order.trait",
    "value": "holdfast.analyses.value.trait",
    "value_at_risk": "holdfast.analyses.value.trait",
    "p_alive": "holdfast.analyses.value.trait",
    "risk": "holdfast.analyses.risk.trait",
    "reason": "holdfast.analyses.risk.trait",
    "next_items": "holdfast.analyses.recommend.trait",
}
"""Attributes that no event carries and an analysis works out, each with the file that does. Such a file has

    labels(name, meta) -> tuple of the values by code, code 0 "(not known)"
    trait(name, timelines, as_of) -> Trait, a picklable value that travels with a step

and may serve several names.
"""


class Trait(Protocol):
    """A worked-out attribute: a picklable value that knows each customer's code in any shard."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        ...

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of the shard."""
        ...


@runtime_checkable
class ToldTrait(Trait, Protocol):
    """A trait that is more than its band: a number, a date, a text of the customer's own."""

    def told(self, shard: Shard) -> pa.Array:
        """What is known of each customer of the shard, null where nothing is."""
        ...


@dataclass(frozen=True)
class Condition:
    """One condition of a scope: the property has (or, negated, has none of) these values."""

    name: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.name}{'!=' if self.negated else '='}{','.join(self.values)}"


def parse_where(texts: Sequence[str]) -> tuple[Condition, ...]:
    """Conditions from texts such as `country=France,Germany` or `country!=France`; UsageError when one is neither."""
    found = []
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not name.strip("! "):
            raise UsageError(f"{text!r} is no condition", "write it as country=France or country!=France")
        negated = name.endswith("!")
        found.append(Condition(name.rstrip("! ").strip(), tuple(part.strip() for part in values.split(",")), negated))
    return tuple(found)


@dataclass(frozen=True)
class Scope:
    """Who is asked about, and in which segment each one stands.

    by      property that splits customers into segments; None: all are one segment
    where   conditions that all must hold
    moment  value at the customer's entry (default) or now
    traits  worked-out attributes that `ready` found, by name; they are always values of the as-of
    """

    by: str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    traits: tuple[tuple[str, Trait], ...] = ()

    def __post_init__(self) -> None:
        checked_choice("moment", self.moment, ("entry", "current"))

    def ready(self, timelines: Timelines, as_of: AsOf) -> Scope:
        """This scope with the traits that it names worked out as of an instant, so that its steps can travel."""
        names = {name for name in (self.by, *(condition.name for condition in self.where)) if name in TRAITS}
        names -= set(timelines.meta.properties)
        if not names:
            return self
        traits = tuple((name, import_module(TRAITS[name]).trait(name, timelines, as_of)) for name in sorted(names))
        for condition in self.where:
            if condition.name in names:
                _known(condition, dict(traits)[condition.name].labels)
        return replace(self, traits=traits)

    @property
    def trivial(self) -> bool:
        """Whether everyone is in, in one segment."""
        return self.by is None and not self.where

    def labels(self, timelines: Timelines) -> tuple[str, ...]:
        """The segments, by code."""
        if self.by is None:
            return (EVERYONE,)
        return self._values(timelines.meta, self.by)

    def segments(self, shard: Shard, events: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The segment code of each customer of the shard, -1 for those out of scope.

        events  int64 [customers of the shard]: place of the entry event in the timeline (or of the last counted event when
                current values are asked for); -1 for customers who did not enter, who are out of scope
        """
        out = np.zeros(shard.high - shard.low, np.int32)
        if self.by is not None:
            out = self._codes(shard, self.by, events).astype(np.int32)
        for condition in self.where:
            values = np.array(self._values(shard.columns.meta, condition.name))
            held = np.isin(values, condition.values)[self._codes(shard, condition.name, events)]
            out[held == condition.negated] = -1
        out[events < 0] = -1
        return out

    def _values(self, meta: Meta, name: str) -> tuple[str, ...]:
        if name in TRAITS and name not in meta.properties:
            labels: tuple[str, ...] = import_module(TRAITS[name]).labels(name, meta)
            return labels
        return value_labels(meta, name)

    def _codes(self, shard: Shard, name: str, events: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        trait = dict(self.traits).get(name)
        if trait is not None:
            return trait.codes(shard)
        if name in TRAITS and name not in shard.columns.meta.properties:
            raise UsageError(f"this question cannot be split or filtered by {name}", "use --by or --where with a property")
        return value_at(shard, name, events)

    def by_first_order(self, shard: Shard, as_of: AsOf, mode: Any) -> npt.NDArray[np.int32]:
        """The segment of each customer by her first counting order (or her last event before the as-of for current values)."""
        bought = shard.source.purchases(as_of.until, mode)
        some = np.diff(bought.offsets[shard.low : shard.high + 1]) > 0
        if self.trivial:
            return np.where(some, 0, -1).astype(np.int32)
        return self.at(shard, as_of, order_events(shard, bought, np.where(some, 0, -1).astype(np.int64)))

    def at(self, shard: Shard, as_of: AsOf, entry: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """The segment of each customer by her entry (or her last event before the as-of for current values).

        entry  int64 [customers of the shard]: place of the entry event in the timeline, -1 for those who did not enter
        """
        if self.moment == "current" and not self.trivial:
            return self.segments(shard, last_events(shard, as_of, entry >= 0))
        return self.segments(shard, entry)


def _known(condition: Condition, labels: tuple[str, ...]) -> None:
    """Raise UnknownName for a value that the trait does not have; a property may take any value, a trait only its own."""
    for value in condition.values:
        if value not in labels:
            raise UnknownName(f"value of {condition.name}", value, labels)


def segment_code(scope: Scope, timelines: Timelines, label: str | None) -> int:
    """The code of a segment's label, -1 (all) for None or "everyone"; UnknownName lists the segments."""
    labels = scope.labels(timelines)
    if label is None or label == EVERYONE:
        return -1
    if label not in labels:
        raise UnknownName("segment", str(label), labels)
    return labels.index(label)


def last_events(shard: Shard, as_of: AsOf, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The place of each customer's last event before the as-of; -1 for those not among."""
    columns = shard.columns
    places = events_before(shard.low, shard.high, columns.offsets, columns.second, as_of.until) - 1
    return np.where(among, places, -1)


def coverage(timelines: Timelines, as_of: AsOf, names: Sequence[str] = (ORDER,)) -> float | None:
    """The share of those events that belong to a customer, 0 to 1; None when there are none (SEMANTICS 29)."""
    counts = event_counts(timelines, as_of, names)
    total = counts[0] + counts[1]
    return counts[0] / total if total else None


def event_counts(timelines: Timelines, as_of: AsOf, names: Sequence[str]) -> tuple[int, int]:
    """How many of those events before the as-of belong to a customer, and how many to nobody."""
    key = ("coverage", as_of.until, tuple(names))
    kept = timelines.source.kept
    if key not in kept:
        wanted = np.isin(np.array(timelines.meta.events), list(names))
        nobody = timelines.source.columns.nobody
        outside = int(np.count_nonzero(wanted[nobody.code[nobody.second < as_of.until]]))
        kept[key] = (timelines.walk(lambda shard: _count(shard, wanted, as_of.until)).n, outside)
    found: tuple[int, int] = kept[key]
    return found


def money_coverage(timelines: Timelines, as_of: AsOf) -> float | None:
    """The share of the money of all orders, before refunds, that belongs to a customer; None when there is none."""
    key = ("money coverage", as_of.until)
    kept = timelines.source.kept
    if key not in kept:
        nobody, names = timelines.source.columns.nobody, timelines.meta.events
        of_orders = nobody.code == (names.index(ORDER) if ORDER in names else 0)
        outside = int(nobody.amount[of_orders & (nobody.code > 0) & (nobody.second < as_of.until)].sum())
        inside = timelines.walk(lambda shard: _gross(shard, as_of.until)).n
        kept[key] = inside / (inside + outside) if inside + outside > 0 else None
    found: float | None = kept[key]
    return found


@dataclass(frozen=True)
class _Count:
    n: int

    def __add__(self, other: _Count) -> _Count:
        return _Count(self.n + other.n)


def _count(shard: Shard, wanted: npt.NDArray[np.bool_], until: int) -> _Count:
    columns = shard.columns
    span = slice(columns.offsets[shard.low], columns.offsets[shard.high])
    return _Count(int(np.count_nonzero(wanted[columns.code[span]] & (columns.second[span] < until))))


def _gross(shard: Shard, until: int) -> _Count:
    orders = shard.columns.orders
    span = slice(orders.offsets[shard.low], orders.offsets[shard.high])
    return _Count(int(orders.amount[span][(orders.refund[span] == 0) & (orders.second[span] < until)].sum()))


def money(units: Any) -> float | None:
    """Whole ten-thousandths as an amount of the currency; None stays None."""
    return None if units is None else round(float(units) / MONEY_UNITS, 4)
