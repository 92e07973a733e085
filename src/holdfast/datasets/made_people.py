"""The customers of the made stream: who they are, what they will do, as arrays with one place a customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from holdfast.datasets.made_recipe import CATEGORIES, CHANNELS, COUNTRIES, PERSONAS, PLATFORMS, MadeStream

__all__ = ["MadePeople", "drawn_people", "drawn_share"]

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_BOUNCER, _BROWSER, _ABANDONER, _LOW, _HIGH, _REPEAT = range(len(PERSONAS))


@dataclass(frozen=True)
class MadePeople:
    """One place a customer.

    persona · favourite · platform · channel · country  places in the recipe's lists
    start · leave     first day, and the day after the last possible one
    stays · slows · ticket · seeker  what is planted (see `MadeStream`)
    wishes            wishlist additions of the first session
    interval          own days between orders, 0 where she has no habit
    visit             mean days between sessions
    hour              usual hour of the day, UTC
    firm              number of the firm, -1 for none
    """

    persona: Ints
    favourite: Ints
    platform: Ints
    channel: Ints
    country: Ints
    start: Ints
    leave: Ints
    stays: Flags
    slows: Flags
    ticket: Flags
    seeker: Flags
    wishes: Ints
    interval: Ints
    visit: npt.NDArray[np.float64]
    hour: npt.NDArray[np.float64]
    firm: Ints

    def __len__(self) -> int:
        return len(self.persona)


def drawn_people(recipe: MadeStream, random: np.random.Generator) -> MadePeople:
    """Draw the customers."""
    count = recipe.customers
    persona = random.permutation(_exact(list(PERSONAS.values()), count))
    start = random.integers(0, recipe.days - 120, count, endpoint=True)
    wishes = _wishes(recipe, persona, random)
    odds = np.where(wishes >= recipe.cause_times, recipe.stays_with, recipe.stays_without)
    stays = (random.random(count) < odds) & (persona != _BOUNCER)
    leave = np.where(stays, recipe.days, start + recipe.leaves_after_days)
    slows = stays & (start <= recipe.slow_day - 90) & (random.random(count) < recipe.slows_share)
    shortest, longest = recipe.interval_days
    interval = np.clip(np.rint(random.lognormal(np.log(21), 0.4, count)), shortest, longest).astype(np.int64)
    return MadePeople(
        persona=persona,
        favourite=random.integers(0, len(CATEGORIES), count),
        platform=drawn_share(PLATFORMS.values(), count, random),
        channel=random.integers(0, len(CHANNELS), count),
        country=drawn_share(COUNTRIES.values(), count, random),
        start=start,
        leave=leave,
        stays=stays,
        slows=slows,
        ticket=slows & (random.random(count) < recipe.slows_with_ticket),
        seeker=(persona == _REPEAT) & (random.random(count) < recipe.discount_seekers),
        wishes=wishes,
        interval=np.where((persona == _REPEAT) & stays, interval, 0),
        visit=np.clip(random.lognormal(np.log(4.0), 0.5, count), *recipe.visit_days),
        hour=np.clip(random.normal(15.0, 3.0, count), 8.0, 20.0),
        firm=_firms(recipe, random),
    )


def drawn_share(shares: Iterable[float], count: int, random: np.random.Generator) -> Ints:
    """Places drawn in proportion to shares."""
    bounds = np.cumsum(list(shares))
    return np.minimum(np.searchsorted(bounds / bounds[-1], random.random(count), side="right"), len(bounds) - 1)


def _exact(shares: list[float], count: int) -> Any:
    """Places in exactly these shares, to the nearest whole number."""
    bounds = np.rint(np.cumsum(shares) * count).astype(np.int64)
    return np.searchsorted(bounds, np.arange(count), side="right")


def _wishes(recipe: MadeStream, persona: Ints, random: np.random.Generator) -> Ints:
    """How often each wishes in her first session; bouncers never do."""
    often, seldom = recipe.wishers
    count, draw = len(persona), random.random(len(persona))
    many = random.integers(recipe.cause_times, recipe.cause_times + 3, count, endpoint=True)
    few = random.integers(1, recipe.cause_times, count)
    found = np.where(draw < often, many, np.where(draw < often + seldom, few, 0))
    return np.where(persona == _BOUNCER, 0, found)


def _firms(recipe: MadeStream, random: np.random.Generator) -> Ints:
    count = recipe.customers
    firms = max(1, round(count * recipe.in_firms / 5))
    return np.where(random.random(count) < recipe.in_firms, random.integers(0, firms, count), -1)
