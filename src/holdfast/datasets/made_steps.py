"""The steps of sessions: a walk over the pages by the planted probabilities, then cart and checkout, then what else is done."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from holdfast.datasets.made_people import MadePeople, drawn_share
from holdfast.datasets.made_recipe import EXTRAS, LANDING, LANDING_OF_GLANCES, LEAVES_CART_AT, WAYS, MadeStream
from holdfast.datasets.made_visits import BROWSE, BUY, CART, GLANCE, Visits

__all__ = [
    "ADDED",
    "KINDS",
    "LIST",
    "ORDERED",
    "PRODUCT",
    "Stepped",
    "drawn_steps",
]

Ints = npt.NDArray[np.int64]

KINDS = (
    "home", "search", "list", "product", "added", "cart", "checkout", "shipping", "payment", "review", "ordered", "ticket",
    *EXTRAS,
)  # fmt: skip
"""What a step is. The first four are the browsing pages."""

LIST, PRODUCT, ADDED, CART_SEEN = 2, 3, 4, 5
ORDERED, TICKET = KINDS.index("ordered"), KINDS.index("ticket")
WISH = KINDS.index("Wishlist Product Added")

_LONGEST = 40
_CART, _EXTRA = 100, 200
_MOST_LINES = 3


@dataclass(frozen=True)
class Stepped:
    """Steps in no order: the visit each belongs to, its place within it, what it is, and the cart line whose product it shows.

    line  0, 1, 2: the product of that line of the visit's cart; -1: any product
    """

    visit: Ints
    place: Ints
    kind: Ints
    line: Ints

    @staticmethod
    def of(visit: Ints, place: Ints | int, kind: Ints | int, line: Ints | int = -1) -> Stepped:
        """Steps of visits; single numbers stand for all."""
        return Stepped(visit, *(np.broadcast_to(np.asarray(one, np.int64), visit.shape) for one in (place, kind, line)))


def drawn_steps(recipe: MadeStream, people: MadePeople, visits: Visits, lines: Ints, random: np.random.Generator) -> Stepped:
    """All steps, by visit and place.

    lines  how many products the cart of a visit gets, 0 for none
    """
    parts = [*_walks(visits, random), *_carts(visits, lines, random), *_extras(recipe, people, visits, random)]
    joined = Stepped(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Stepped)))
    order = np.lexsort((joined.place, joined.visit))
    return Stepped(*(getattr(joined, field.name)[order] for field in fields(Stepped)))


def _walks(visits: Visits, random: np.random.Generator) -> list[Stepped]:
    """The browsing pages. A session that fills a cart walks on to a product: a stop that does not bend the ways."""
    count = len(visits)
    glances = visits.intent == GLANCE
    fills = visits.intent >= CART
    length = np.where(glances, 1, np.where(fills, 1, 2) + random.geometric(0.35, count) - 1)
    page = np.where(glances, drawn_share(LANDING_OF_GLANCES, count, random), drawn_share(LANDING, count, random))
    on, bounds, parts = np.arange(count), np.cumsum(WAYS, axis=1), []
    for place in range(_LONGEST):
        over = (place + 1 >= length[on]) & (~fills[on] | (page == PRODUCT))
        parts.append(Stepped.of(on, place, page, np.where(fills[on] & over, 0, -1)))
        on, page = on[~over], page[~over]
        page = (random.random(len(on))[:, None] >= bounds[page, :-1]).sum(axis=1)
    return parts


def _carts(visits: Visits, lines: Ints, random: np.random.Generator) -> list[Stepped]:
    parts = []
    for line in range(_MOST_LINES):
        has = np.flatnonzero(lines > line)
        if line:
            parts.append(Stepped.of(has, _CART + 2 * line, PRODUCT, line))
        parts.append(Stepped.of(has, _CART + 2 * line + 1, ADDED, line))
    filled = np.flatnonzero(lines > 0)
    last = drawn_share(LEAVES_CART_AT, len(filled), random)
    last[visits.intent[filled] == BUY] = ORDERED - CART_SEEN
    for kind in range(CART_SEEN, ORDERED + 1):
        parts.append(Stepped.of(filled[last >= kind - CART_SEEN], _CART + 10 + kind, kind))
    return parts


def _extras(recipe: MadeStream, people: MadePeople, visits: Visits, random: np.random.Generator) -> list[Stepped]:
    """What ends a session of more than one page: wishes of the first one, then this and that, then a ticket."""
    longer = visits.intent >= BROWSE
    early = visits.day < people.start[visits.who] + recipe.cause_days
    wishes = np.where(visits.first, people.wishes[visits.who], 0)
    parts = [Stepped.of(np.flatnonzero(wishes > wish), _EXTRA + wish, WISH) for wish in range(int(wishes.max()))]
    for place, (name, odds) in enumerate(EXTRAS.items()):
        done = longer & (random.random(len(visits)) < odds)
        if name == recipe.cause:
            done &= ~early
        parts.append(Stepped.of(np.flatnonzero(done), _EXTRA + 10 + place, KINDS.index(name)))
    return [*parts, Stepped.of(_tickets(recipe, people, visits, longer, random), _EXTRA + 50, TICKET)]


def _tickets(
    recipe: MadeStream, people: MadePeople, visits: Visits, longer: npt.NDArray[np.bool_], random: np.random.Generator
) -> Ints:
    others = np.flatnonzero(longer & ~people.slows[visits.who] & (random.random(len(visits)) < recipe.tickets))
    late = np.flatnonzero(people.ticket[visits.who] & (visits.day > recipe.slow_day))
    _, firsts = np.unique(visits.who[late], return_index=True)
    return np.concatenate([others, late[firsts]])
