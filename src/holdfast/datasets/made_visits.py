"""The sessions of the made stream: on which day who comes, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.datasets.made_people import MadePeople
from holdfast.datasets.made_recipe import MadeStream

__all__ = ["BROWSE", "BUY", "CART", "GLANCE", "Visits", "drawn_visits"]

Ints = npt.NDArray[np.int64]

GLANCE, BROWSE, CART, BUY = range(4)
_BOUNCER, _BROWSER, _ABANDONER, _LOW, _HIGH, _REPEAT = range(6)

_ODDS = np.array(
    [[1, 0, 0], [0.30, 0.70, 0], [0.25, 0.50, 0.25], [0.25, 0.65, 0.10], [0.25, 0.65, 0.10], [0.25, 0.60, 0.15]]
).cumsum(axis=1)
"""Persona → how likely her sessions glance, browse, fill a cart; those with an order are planned apart."""


@dataclass(frozen=True)
class Visits:
    """The sessions, by customer and day; one a day at most.

    who · day · intent (place in INTENTS) · first (a customer's first session)
    """

    who: Ints
    day: Ints
    intent: Ints
    first: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.who)


def drawn_visits(recipe: MadeStream, people: MadePeople, random: np.random.Generator) -> Visits:
    """All sessions: the planned orders, and the visits of the days between."""
    buyer, bought = _orders(recipe, people, random)
    visitor, came = _comings(recipe, people, random)
    who, day = np.concatenate([buyer, visitor]), np.concatenate([bought, came])
    _, places = np.unique(who * (recipe.days + 1) + day, return_index=True)
    who, day, buys = who[places], day[places], places < len(buyer)
    first = np.r_[True, who[1:] != who[:-1]]
    return Visits(who, day, _intents(people, who, buys, first, random), first)


def _intents(
    people: MadePeople, who: Ints, buys: npt.NDArray[np.bool_], first: npt.NDArray[np.bool_], random: np.random.Generator
) -> Ints:
    persona = people.persona[who]
    intent: Ints = (random.random(len(who))[:, None] >= _ODDS[persona]).sum(axis=1)
    intent[first & (persona != _BOUNCER) & (intent == GLANCE)] = BROWSE
    intent[first & (persona == _ABANDONER)] = CART
    intent[buys] = BUY
    return intent


def _slowed(recipe: MadeStream, people: MadePeople, day: Ints) -> Ints:
    """The days of those who slow down, drawn apart after the day on which they do; `day` is [customers, any]."""
    late = recipe.slow_day + np.rint((day - recipe.slow_day) / recipe.slows_to).astype(np.int64)
    found: Ints = np.where(people.slows[:, None] & (day > recipe.slow_day), late, day)
    return found


def _within(recipe: MadeStream, people: MadePeople, day: Ints) -> tuple[Ints, Ints]:
    """(who, day) of the days that lie in the stream and in the customer's time."""
    real = _slowed(recipe, people, day)
    who, place = np.nonzero((real >= 0) & (real < np.minimum(people.leave, recipe.days)[:, None]))
    return who, real[who, place]


def _comings(recipe: MadeStream, people: MadePeople, random: np.random.Generator) -> tuple[Ints, Ints]:
    most = int(1.2 * recipe.days / recipe.visit_days[0]) + 10
    gaps = 1 + np.floor(random.exponential(1.0, (len(people), most)) * (people.visit - 0.5)[:, None]).astype(np.int64)
    day = people.start[:, None] + np.cumsum(gaps, axis=1) - gaps[:, :1]
    bouncer = people.persona == _BOUNCER
    day[bouncer, 1:] = -1
    again = bouncer & (random.random(len(people)) < 0.2)
    day[again, 1] = people.start[again] + random.integers(1, recipe.leaves_after_days, int(again.sum()))
    return _within(recipe, people, day)


def _orders(recipe: MadeStream, people: MadePeople, random: np.random.Generator) -> tuple[Ints, Ints]:
    """The days of orders: one of a one-time buyer; two in the first week of a repeat buyer, then her habit if she stays."""
    count, most = len(people), int(recipe.days / (0.7 * recipe.interval_days[0])) + 3
    jitter = np.clip(random.lognormal(0.0, 0.15, (count, most)), 0.7, 1.4)
    gaps = np.rint(people.interval[:, None] * jitter).astype(np.int64)
    gaps[:, 0] = random.integers(0, recipe.leaves_after_days - 2, count)
    gaps[:, 1] = 1 + np.floor(random.random(count) * (recipe.leaves_after_days - 1 - gaps[:, 0])).astype(np.int64)
    day = people.start[:, None] + np.cumsum(gaps, axis=1)
    day[(people.persona == _REPEAT) & ~people.stays, 2:] = -1
    day[(people.persona == _LOW) | (people.persona == _HIGH), 1:] = -1
    day[people.persona < _LOW] = -1
    return _within(recipe, people, day)
