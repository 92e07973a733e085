"""From timelines and lines to what lists are made of, kept for the next question of the same timelines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.analyses.recommend.quality import Judged, judged, later_of, tuned
from holdfast.analyses.recommend.sales import Sales, sales_of
from holdfast.analyses.recommend.taught import Ground, Recipe, Taught, ground, taught
from holdfast.analyses.scope import Scope
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = [
    "CATALOGUES",
    "LEAST_DAYS",
    "Asked",
    "Measured",
    "catalogue_of",
    "grounded",
    "measured",
    "prepared",
    "sold_before",
    "split_days",
]

CATALOGUES = (30, 60, 90, 180, 365)
"""Days without a sale after which a product is out of the catalogue: the least that hardly any pause outlasts."""

PAUSES = 0.99
"""The share of the pauses between two selling days of a product that the catalogue's days hold."""

PART, LEAST_DAYS, MOST_DAYS = 6, 14, 90
"""Lists are judged by the last sixth of the data, between two weeks and three months."""

UNTUNED = Recipe(300.0)


@dataclass(frozen=True)
class Asked:
    """What lists depend on besides the data; the fields as in `Recommend`."""

    as_of: AsOf
    exclude: tuple[str, ...]
    available: tuple[str, ...]
    catalogue_days: int | None
    test_days: int | None


@dataclass(frozen=True)
class Measured:
    """The lists as they would have been, judged by what came after.

    day    the last local day that they knew · days  how many days judge them
    ways   (of, way) → how it did
    """

    day: int
    days: int
    recipe: Recipe
    ways: dict[tuple[str, str], Judged]
    people: Sales


WAYS = {
    "all": ("chosen", "own frequency", "lately", "popularity"),
    "again": ("chosen", "own frequency", "lately", "popularity"),
    "new": ("chosen", "model", "lately", "popularity"),
}
"""What is judged by which ways of making lists."""


def sold_before(timelines: Timelines, asked: Asked, lines: OrderLines | None, scope: Scope) -> Sales | None:
    """The sales up to the as-of; None where no product is known."""
    key = ("recommend sales", asked.as_of, asked.exclude, scope)
    made: Sales | None = _kept(
        timelines, key, lines, lambda: sales_of(timelines, asked.as_of, lines, exclude=asked.exclude, scope=scope)
    )
    return made


def prepared(timelines: Timelines, asked: Asked, lines: OrderLines | None, sales: Sales) -> Taught:
    """What lists of today are made of."""
    last = day_of(asked.as_of.last)
    key = ("recommend taught", asked)

    def make() -> Taught:
        days = split_days(sales, asked.test_days)
        recipe = UNTUNED if days is None else tuned(sales, last, days)
        return taught(_ground(sales, asked), recipe)

    found: Taught = _kept(timelines, key, lines, make)
    return replace(found, sales=sales)


def grounded(timelines: Timelines, asked: Asked, lines: OrderLines | None, sales: Sales) -> Ground:
    """What is known of today without any model."""
    found: Ground = _kept(timelines, ("recommend ground", asked), lines, lambda: _ground(sales, asked))
    return replace(found, sales=sales)


def _ground(sales: Sales, asked: Asked) -> Ground:
    return ground(sales, day_of(asked.as_of.last), catalogue_days=catalogue_of(sales, asked), available=asked.available)


def measured(timelines: Timelines, asked: Asked, lines: OrderLines | None, sales: Sales) -> Measured | None:
    """The lists of the past, judged; None where the data are too short.

    What they are made of is read as of the day before: neither later orders nor later refunds are known to them.
    """
    days = split_days(sales, asked.test_days)
    if days is None:
        return None
    last = day_of(asked.as_of.last)
    before = replace(asked, as_of=timelines.as_of(date_of(last - days)))

    def make() -> Measured | None:
        known = sold_before(timelines, before, lines, Scope())
        if known is None:
            return None
        recipe = tuned(known, last - days, days)
        mind = taught(_ground(known, before), recipe)
        later = later_of(known, sales, last - days, last)
        ways = judged(mind, later, [(of, way) for of, some in WAYS.items() for way in some])
        return Measured(last - days, days, recipe, ways, known)

    found: Measured | None = _kept(timelines, ("recommend measured", asked), lines, make)
    return found


def split_days(sales: Sales, asked: int | None) -> int | None:
    """How many last days judge the lists; None where the data hold fewer than four times LEAST_DAYS."""
    if not len(sales.item):
        return None
    days = sales.day[sales.order]
    span = int(days.max() - days.min()) + 1
    if span < 4 * LEAST_DAYS:
        return None
    return asked if asked is not None else min(max(span // PART, LEAST_DAYS), MOST_DAYS)


def catalogue_of(sales: Sales, asked: Asked) -> int:
    """The days of the catalogue: as asked, or told by the pauses of the products."""
    if asked.catalogue_days is not None:
        return asked.catalogue_days
    size = int(sales.day.max(initial=0)) + 1
    # with an index np.unique sorts, which is eight times as fast as its hashing of such numbers
    sold = np.unique(sales.item * size + sales.day[sales.order], return_index=True)[0]
    same = np.diff(sold // size) == 0
    pauses = np.diff(sold)[same]
    if not len(pauses):
        return CATALOGUES[2]
    share = [np.mean(pauses <= days) for days in CATALOGUES]
    return next((days for days, part in zip(CATALOGUES, share, strict=True) if part >= PAUSES), CATALOGUES[-1])


def _kept(timelines: Timelines, key: Any, lines: Any, make: Any) -> Any:
    """What `make` gives, kept with the timelines as long as the lines are the same."""
    kept = timelines.source.kept
    if key not in kept or kept[key][0] is not lines:
        kept[key] = (lines, make())
    return kept[key][1]
