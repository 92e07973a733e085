"""Taste as traits: favourites, discounts and the next order, for `--by` and `--where` of any other question.

From events alone (the products of orders are in the lake, which a workspace reads), as of the question's own as-of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from holdfast.analyses.next_order.question import prepared
from holdfast.analyses.next_order.walk import Orders
from holdfast.analyses.taste.judge import DISCOUNT, DUE, NO_FAVOURITE, Judge
from holdfast.analyses.taste.kinds import CLOCK, LEAST, found_rhythm, kind_of, named
from holdfast.analyses.taste.question import learned_of
from holdfast.analyses.taste.walk import Kind
from holdfast.errors import UsageError
from holdfast.timelines.attributes import NOT_KNOWN
from holdfast.timelines.walk import Shard

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["FAVOURITE", "TasteTrait", "labels", "trait"]

FAVOURITE = "favourite_"
"""A trait of this beginning is the favourite of a kind: category, brand, channel, hour, day."""


@dataclass(frozen=True)
class TasteTrait:
    """The taste of each customer in one respect, by what was learned of everyone; it travels with a step."""

    name: str
    judge: Judge

    @property
    def labels(self) -> tuple[str, ...]:
        """The values by code."""
        return self.judge.labels(self.name)

    def codes(self, shard: Shard) -> npt.NDArray[Any]:
        """The value code per customer of a shard; kept with the columns."""
        return shard.once(
            ("taste", self.name, self.judge.rhythm.as_of, self.judge.rhythm.mode), lambda: self.judge.codes(shard, self.name)
        )


def labels(name: str, meta: Meta) -> tuple[str, ...]:
    """The values by code; UsageError where the data know nothing of it."""
    if name in ("discount", "due"):
        return DISCOUNT if name == "discount" else DUE
    return (NOT_KNOWN, NO_FAVOURITE, *_kind(name, meta).labels)


def trait(name: str, timelines: Timelines, as_of: AsOf) -> TasteTrait:
    """The trait as of an instant: one walk learns what is usual, kept for the next question."""
    rhythm = found_rhythm(timelines, as_of)
    if name == "discount" and not rhythm.discounts:
        raise UsageError(
            "the orders say nothing of a coupon, a discount or a promotion", "bring in orders with such a property, as coupon"
        )
    kinds = () if name in ("discount", "due") else (_kind(name, timelines.meta),)
    key = ("taste learned", name, as_of, rhythm.mode)
    if key not in timelines.source.kept:
        timelines.source.kept[key] = learned_of(timelines, kinds, rhythm)
    pace = prepared(timelines, Orders(as_of, rhythm.mode)) if name == "due" else None
    return TasteTrait(name.removeprefix(FAVOURITE), Judge(kinds, rhythm, timelines.source.kept[key], LEAST, pace))


def _kind(name: str, meta: Meta) -> Kind:
    kind = name.removeprefix(FAVOURITE)
    for known in CLOCK:
        if kind == known.name:
            return known
    by = named(meta, kind)
    if by is None:
        raise UsageError(f"the data hold no {kind}", f"bring in events with a property {kind}, or rename one with --map")
    return kind_of(meta, kind, by)
