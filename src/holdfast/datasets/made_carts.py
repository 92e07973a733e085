"""The catalogue of the made stream, and what lies in the carts."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.datasets.made_people import MadePeople, drawn_share
from holdfast.datasets.made_recipe import BRANDS, CATEGORIES, PERSONAS, MadeStream
from holdfast.datasets.made_visits import CART, Visits

__all__ = ["PRODUCTS", "Carts", "brand_of", "category_of", "drawn_carts", "drawn_products", "price_of", "product_text"]

Ints = npt.NDArray[np.int64]

_ORDINARY, _DEAR = 14, 6
_EACH = _ORDINARY + _DEAR
PRODUCTS = len(CATEGORIES) * _EACH
"""The products are 0, 1, …: twenty a category, of which the last six are dear."""

MOST_LINES = 3
_LINES = (0.6, 0.3, 0.1)
_LOW, _HIGH, _REPEAT = 3, 4, len(PERSONAS) - 1


def category_of(product: Ints) -> Ints:
    """The place of a product's category."""
    return product // _EACH


def brand_of(product: Ints) -> Ints:
    """The place of a product's brand."""
    return product % len(BRANDS)


def price_of(product: Ints) -> Ints:
    """Cents: 4.00 to 23.97 of ordinary products, 150.00 to 306.00 of dear ones."""
    place = product % _EACH
    ordinary = 400 + (product * 37 % 200) * 10 - product % 4
    dear = 15_000 + (product * 29 % 100) * 150
    found: Ints = np.where(place < _ORDINARY, np.clip(ordinary, 400, 2_397), dear)
    return found


def drawn_products(favourite: Ints, recipe: MadeStream, random: np.random.Generator, dear: float = 0.15) -> Ints:
    """One product for each favourite category given; of the dear ones with the chance given."""
    count = len(favourite)
    category = np.where(random.random(count) < recipe.favourite, favourite, random.integers(0, len(CATEGORIES), count))
    ordinary = random.integers(0, _ORDINARY, count)
    return category * _EACH + np.where(random.random(count) < dear, _ORDINARY + ordinary % _DEAR, ordinary)


def product_text(product: int, quantity: int) -> str:
    """A line of a cart as JSON."""
    one = np.array([product])
    category, brand = CATEGORIES[category_of(one)[0]], BRANDS[brand_of(one)[0]]
    return json.dumps(
        {
            "product_id": str(product),
            "name": f"{brand} {category} {product}",
            "category": category,
            "brand": brand,
            "quantity": quantity,
            "price": int(price_of(one)[0]) / 100,
        }
    )


@dataclass(frozen=True)
class Carts:
    """What lies in the cart of each visit at its end.

    lines     how many products, 0 without a cart · product, quantity [visits, 3]
    coupon    whether it is ordered with one · discount, revenue  cents
    """

    lines: Ints
    product: Ints
    quantity: Ints
    coupon: npt.NDArray[np.bool_]
    discount: Ints
    revenue: Ints


def drawn_carts(recipe: MadeStream, people: MadePeople, visits: Visits, random: np.random.Generator) -> Carts:
    """Fill the carts: of one-time low buyers with a piece or two of ordinary products, of one-time high with a dear one."""
    count, persona = len(visits), people.persona[visits.who]
    lines = np.where(visits.intent >= CART, 1 + drawn_share(_LINES, count, random), 0)
    lines[(persona == _LOW) & (lines > 2)] = 2
    favourite = np.repeat(people.favourite[visits.who], MOST_LINES)
    product = drawn_products(favourite, recipe, random, dear=0.0).reshape(count, MOST_LINES)
    high = persona == _HIGH
    product[high, 0] += _ORDINARY - product[high, 0] % _EACH + random.integers(0, _DEAR, int(high.sum()))
    several = random.integers(1, MOST_LINES, (count, MOST_LINES), endpoint=True)
    quantity = np.where((persona == _REPEAT)[:, None], several, 1)
    cost = (price_of(product) * quantity * (np.arange(MOST_LINES) < lines[:, None])).sum(axis=1)
    odds = np.where(people.seeker[visits.who], recipe.coupon_of_seekers, recipe.coupon_of_others)
    coupon = (random.random(count) < odds) & (persona == _REPEAT)
    discount = np.where(coupon, np.rint(cost * recipe.coupon_takes), 0).astype(np.int64)
    return Carts(lines, product, quantity, coupon, discount, cost - discount)
