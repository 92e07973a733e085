"""The walk of a card: sizes, money, facets, trend, what came before leaving, the customer nearest to the centre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.clusters.features import FEATURES, features_of
from holdfast.analyses.clusters.model import compared
from holdfast.analyses.personas.facets import REASON, Facet
from holdfast.analyses.personas.rules import PersonaRule
from holdfast.analyses.personas.walk import count_money
from holdfast.analyses.personas.who import Who
from holdfast.analyses.scope import Trait
from holdfast.timelines.walk import Shard, Tally
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    from holdfast.analyses.status_trait import StatusTrait

__all__ = ["CardStep", "CardWanted", "GroupMoves", "Held", "JourneyStep"]

KEPT, GONE, NEVER = 1, 2, 3


class Held(Trait, Protocol):
    """Which group everybody is in, and was in at earlier instants."""

    def codes_at(self, shard: Shard, instants: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
        """The group codes as of several instants (UTC seconds, exclusive)."""
        ...


@dataclass(frozen=True)
class CardWanted:
    """Whom to name: group codes, and within them a part of the card and its item (-1 for any)."""

    groups: tuple[int, ...]
    part: str = "size"
    item: int = -1


@dataclass(frozen=True)
class CardStep:
    """A step over all that a card says, for every group at once.

    rule, who   which events are steps, the instant; who is in · held  which group everybody is in · size  groups and nobody
    standing    who is still a customer; None: the data cannot say
    gone_days   days of silence after which one who never was a customer counts as gone; 0: cannot be said
    facets      what is told of each customer · months  instants of the trend, the last one the as-of
    days        days since the last event that are told apart · last_days  days before the last step that are looked at
    breadth, discount  properties of the features · wanted  whom to name
    """

    rule: PersonaRule
    who: Who
    held: Held
    size: int
    standing: StatusTrait | None
    gone_days: int
    facets: tuple[Facet, ...]
    months: tuple[int, ...]
    days: int
    last_days: int
    breadth: str | None
    discount: str | None
    wanted: CardWanted | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums by group code, see `_sums`; or rows `customer` alone when someone is wanted."""
        code = self.group(shard)
        if self.wanted is not None:
            return Tally({}, {"customer": shard.ids(self._found(shard, self.wanted, code))})
        return Tally(self._sums(shard, code), {})

    def group(self, shard: Shard) -> npt.NDArray[np.int64]:
        """The group of each customer of the shard, 0 for those out of scope."""
        return np.where(self.who.segments(shard) >= 0, self.held.codes(shard), 0).astype(np.int64)

    def _sums(self, shard: Shard, code: npt.NDArray[np.int64]) -> dict[str, Any]:
        standing = self._standing(shard)
        money = count_money(shard, self.rule, day_of(self.who.as_of.last), code, standing, self.size, self.days)
        left = self._left(shard, standing)
        did = np.zeros((self.size, 3, len(shard.columns.meta.events)), np.int64)
        self._before(shard, code, left, did, -1, np.zeros(0, np.uint8))
        sums = money | {"did": did, "left": np.bincount(code * 4 + left, minlength=4 * self.size).reshape(self.size, 4)}
        for place, facet in enumerate(self.facets):
            sums[f"facet {place}"] = self._told(shard, facet, code, left)
        sums["months"] = np.zeros((len(self.months), self.size), np.int64)
        inside = self.who.segments(shard) >= 0
        for place, earlier in enumerate(self.held.codes_at(shard, self.months) if self.months else ()):
            sums["months"][place] = np.bincount(earlier[inside], minlength=self.size)
        return sums | self._centres(shard, code)

    def _told(self, shard: Shard, facet: Facet, code: Any, left: Any) -> npt.NDArray[np.int64]:
        """Customers by group and value; of the reason only those who are gone."""
        width = len(facet.labels)
        group = np.where(left == GONE, code, 0) if facet.name == REASON else code
        cell = group * width + facet.codes(shard, self.rule)
        return np.bincount(cell, minlength=self.size * width).reshape(self.size, width)

    def _standing(self, shard: Shard) -> npt.NDArray[np.uint8]:
        if self.standing is None:
            return np.full(shard.high - shard.low, NEVER, np.uint8)
        return np.asarray(self.standing.codes(shard), np.uint8)

    def _left(self, shard: Shard, standing: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """1 kept, 2 gone, 0 cannot be said; who never was a customer by her silence."""
        columns = shard.columns
        silent = np.zeros(shard.high - shard.low, np.int64)
        _silence(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.day, columns.second, self.rule.until),
            *(day_of(self.who.as_of.last), silent),
        )
        quiet = np.where(silent >= self.gone_days, GONE, KEPT) if self.gone_days else np.zeros_like(silent)
        return np.where(standing == NEVER, quiet, standing).astype(np.int64)

    def _before(self, shard: Shard, code: Any, left: Any, did: Any, target: int, mark: Any) -> None:
        columns = shard.columns
        _before_last(
            *(shard.low, shard.high, columns.offsets, columns.code, columns.second, self.rule.until),
            *(self.last_days * 86_400, code, left, did, target, mark),
        )

    def _centres(self, shard: Shard, code: npt.NDArray[np.int64]) -> dict[str, Any]:
        """Sums, squares and numbers of the compared features by group."""
        rows = self.compared(shard)
        known = ~np.isnan(rows)
        held = np.where(known, rows, 0.0)
        out = {}
        for name, values in (("total", held), ("square", held * held), ("known", known.astype(np.float64))):
            out[name] = np.array([np.bincount(code, column, self.size) for column in values.T])
        return out

    def compared(self, shard: Shard) -> npt.NDArray[np.float64]:
        """The features of the shard's customers as they are compared."""
        return compared(features_of(shard, self.rule, self.breadth, self.discount, day_of(self.who.as_of.last)))

    def _found(self, shard: Shard, wanted: CardWanted, code: Any) -> Any:
        found = np.isin(code, wanted.groups)
        if wanted.part == "size":
            return found
        standing = self._standing(shard)
        if wanted.part == "standing":
            return found & (standing == wanted.item)
        left = self._left(shard, standing)
        if wanted.part == "before leaving":
            mark = np.zeros(len(code), np.uint8)
            did = np.zeros((self.size, 3, len(shard.columns.meta.events)), np.int64)
            self._before(shard, code, left, did, wanted.item, mark)
            return found & (mark == 1) & (left == GONE)
        facet = next(one for one in self.facets if one.name == wanted.part)
        found &= facet.codes(shard, self.rule) == wanted.item
        return found & (left == GONE) if facet.name == REASON else found


@dataclass(frozen=True)
class GroupMoves:
    """A step: how many of each group of the card stood in which at an earlier instant (UTC second, exclusive)."""

    card: CardStep
    first: int

    def __call__(self, shard: Shard) -> Tally:
        """Sum "moves" int64 [groups, groups], by code: then, now."""
        size, now = self.card.size, self.card.group(shard)
        then = next(iter(self.card.held.codes_at(shard, (self.first,)))).astype(np.int64)
        inside = now > 0
        moves = np.bincount(then[inside] * size + now[inside], minlength=size * size)
        return Tally({"moves": moves.reshape(size, size)}, {})


@dataclass(frozen=True)
class JourneyStep:
    """A step: of each group the customer nearest to its centre, with her steps.

    card  the card's step · centre  by group code and feature, spread  by feature: of the compared features
    """

    card: CardStep
    centre: tuple[tuple[float, ...], ...]
    spread: tuple[float, ...]

    def __call__(self, shard: Shard) -> Tally:
        """Rows a candidate: group, distance, hash, customer; rows a step of hers: of_hash, code, second, day."""
        code, columns = self.card.group(shard), shard.columns
        rows, centre = self.card.compared(shard), np.array(self.centre)
        apart = np.nan_to_num((rows - centre[code]) / np.array(self.spread), nan=0.0)
        distance = (apart * apart).sum(axis=1)
        picked = []
        for group in range(1, self.card.size):
            members = np.flatnonzero(code == group)
            if len(members):
                picked.append(int(members[np.argmin(distance[members])]))
        places = np.array(sorted(picked), np.int64)
        marks = np.zeros(shard.high - shard.low, np.bool_)
        marks[places] = True
        steps = [self._steps(shard, int(place)) for place in places]
        each = np.concatenate(steps) if steps else np.zeros(0, np.int64)
        owner = np.repeat(places, [len(one) for one in steps]).astype(np.int64)
        hashes = np.asarray(columns.id_hash[shard.low : shard.high])
        return Tally(
            {},
            {
                "group": code[places], "distance": distance[places], "hash": hashes[places], "customer": shard.ids(marks),
                "of_hash": hashes[owner], "code": columns.code[each].astype(np.int64),
                "second": columns.second[each].astype(np.int64), "day": columns.day[each].astype(np.int64),
            },
        )  # fmt: skip

    def _steps(self, shard: Shard, place: int) -> npt.NDArray[np.int64]:
        """Where her steps stand in the columns."""
        columns, rule = shard.columns, self.card.rule
        first, stop = (int(columns.offsets[shard.low + place + more]) for more in (0, 1))
        kinds = np.array(rule.kinds, np.uint8)[columns.code[first:stop]]
        return first + np.flatnonzero((kinds >= 1) & (columns.second[first:stop] < rule.until))


def centres_of(sums: dict[str, Any]) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]:
    """The mean of each feature by group, and its deviation over all groups together (1 where it does not vary)."""
    known = np.maximum(sums["known"], 1.0)
    centre = (sums["total"] / known).T
    n = np.maximum(sums["known"][:, 1:].sum(axis=1), 1.0)
    mean = sums["total"][:, 1:].sum(axis=1) / n
    deviation = np.sqrt(np.maximum(sums["square"][:, 1:].sum(axis=1) / n - mean * mean, 0.0))
    assert len(mean) == len(FEATURES)
    spread = tuple(float(value) if value > 1e-9 else 1.0 for value in deviation)
    return tuple(tuple(map(float, row)) for row in centre), spread


@njit(cache=True, nogil=True)
def _silence(low: int, high: int, offsets: Any, code: Any, day: Any, second: Any, until: int, today: int, out: Any) -> None:
    for customer in range(low, high):
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            if second[i] < until and code[i] != 0:
                out[customer - low] = today + 1 - np.int64(day[i])
                break


@njit(cache=True, nogil=True)
def _before_last(
    low: int, high: int, offsets: Any, code: Any, second: Any, until: int, span: int, group: Any, left: Any, did: Any,
    target: int, mark: Any,
) -> None:  # fmt: skip
    seen = np.full(did.shape[2], -1, np.int64)
    for customer in range(low, high):
        own = customer - low
        if group[own] == 0 or left[own] == 0:
            continue
        last = np.int64(-1)
        for i in range(offsets[customer + 1] - 1, offsets[customer] - 1, -1):
            now = np.int64(second[i])
            what = code[i]
            if now >= until or what == 0:
                continue
            if last < 0:
                last = now
            if now < last - span:
                break
            if seen[what] != customer:
                seen[what] = customer
                did[group[own], left[own], what] += 1
                if what == target:
                    mark[own] = 1
